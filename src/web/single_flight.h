/* single_flight.h: of several who are about to make the same answer, one makes it and the others wait for it (as Go's singleflight). Any
 * thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>

typedef struct SingleFlight SingleFlight;
SingleFlight *single_flight_new(void) MUST_CHECK;
void single_flight_free(SingleFlight *f);

/* True: nobody makes `key`; the caller does, and calls single_flight_end, whether it succeeded or not. False: someone else has just ended
 * it, or has not within `most_ms`; then who still lacks the answer makes it without beginning again. */
bool single_flight_begin(SingleFlight *f, const char *key, int most_ms) MUST_CHECK;
void single_flight_end(SingleFlight *f, const char *key);

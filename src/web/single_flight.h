/* single_flight.h: when several threads are about to make the same answer, one makes it and the others wait for it, as Go's package
 * singleflight does. Any thread. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>

typedef struct SingleFlight SingleFlight;
SingleFlight *single_flight_new(void) MUST_CHECK;
void single_flight_free(SingleFlight *f);

/* True: no other thread is making the answer with this key. The caller makes it, then calls single_flight_end, also when it failed.
 * False: another thread was making it, and has ended or not within `most_ms`. A caller that still has no answer makes its own, without
 * begin and end. */
bool single_flight_begin(SingleFlight *f, const char *key, int most_ms) MUST_CHECK;
void single_flight_end(SingleFlight *f, const char *key);

/* rhythm.h: the times of a given number of events in a window, in order, distributed by hour of the day and day of the week. One thread at
 * a time; allocates nothing. */
#pragma once
#include "telecom/random.h"

typedef struct Rhythm {
    int64_t until_us;
    uint64_t count, done;           /* events of the window; returned so far */
    unsigned __int128 weight, past; /* of the whole window; of its hours up to the current one's end */
    int64_t hour_from_us, hour_until_us;
    uint64_t hour_first, hour_end; /* events [first, end) of the window are in the current hour */
} Rhythm;

/* Events in [from_us, until_us); both times after 1970. An empty window puts all of them at from_us. */
void rhythm_init(Rhythm *rhythm, int64_t from_us, int64_t until_us, uint64_t count);
/* The time of the next event, not earlier than the previous one. False when all were returned. */
bool rhythm_next(Rhythm *rhythm, Random *random, int64_t *ret_us);

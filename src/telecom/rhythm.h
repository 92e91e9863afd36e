/* rhythm.h: when the events of a window happen: a given number of them, in order, with the hours of a day and the days of a week.
 * One thread at a time; no memory of its own. */
#pragma once
#include "telecom/random.h"

typedef struct Rhythm {
    int64_t until_us;
    uint64_t count, done;           /* events of the window; given out so far */
    unsigned __int128 weight, past; /* of the whole window; of its hours up to the current one's end */
    int64_t hour_from_us, hour_until_us;
    uint64_t hour_first, hour_end; /* events [first, end) of the window are in the current hour */
} Rhythm;

/* Events in [from_us, until_us); both times after 1970. An empty window puts all of them at from_us. */
void rhythm_init(Rhythm *rhythm, int64_t from_us, int64_t until_us, uint64_t count);
/* The time of the next event, never before the one before. False when all were given out. */
bool rhythm_next(Rhythm *rhythm, Random *random, int64_t *ret_us);

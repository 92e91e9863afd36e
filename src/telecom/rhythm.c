/* rhythm.c: divides the events of a window among its hours by weight, exactly; within an hour each event has a slot of equal length.
 *
 * Hours are those of the clock, so a window can begin and end at any time. The number of events up to the end of an hour is count * (weight
 * so far) / (total weight), in integers, so that rounding never adds or loses one.
 *
 * Invariant: exactly `count` times are returned, in ascending order, all within the window. */
#include "telecom/rhythm.h"

#define HOUR_US       INT64_C(3600000000)
#define CAT_OFFSET_US (2 * HOUR_US) /* Zambia is at UTC+2 all year */
#define FIRST_WEEKDAY 3             /* 1970-01-01 was a Thursday; Monday is 0 */

static const uint8_t hour_weights[24] = {14, 9, 7, 6, 8, 16, 34, 58, 74, 82, 84, 86, 88, 84, 80, 82, 88, 94, 100, 98, 90, 72, 46, 26};
static const uint8_t day_weights[7] = {96, 95, 97, 100, 108, 104, 84};

static int64_t min64(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t hour_end_after(int64_t us) {
    return us - us % HOUR_US + HOUR_US;
}

static unsigned __int128 weight_of(int64_t from_us, int64_t until_us) {
    int64_t hours = (from_us + CAT_OFFSET_US) / HOUR_US, days = hours / 24;
    return (unsigned __int128)(until_us - from_us) * hour_weights[hours % 24] * day_weights[(days + FIRST_WEEKDAY) % 7];
}

/* Makes [from, end of that hour) the current hour. */
static void enter_hour(Rhythm *r, int64_t from_us) {
    r->hour_from_us = from_us;
    r->hour_until_us = min64(hour_end_after(from_us), r->until_us);
    r->past += weight_of(from_us, r->hour_until_us);
    r->hour_first = r->hour_end;
    r->hour_end = r->weight > 0 && r->past < r->weight ? (uint64_t)(r->past * r->count / r->weight) : r->count;
}

void rhythm_init(Rhythm *r, int64_t from_us, int64_t until_us, uint64_t count) {
    *r = (Rhythm){.until_us = until_us, .count = count};
    for (int64_t at = from_us; at < until_us; at = min64(hour_end_after(at), until_us))
        r->weight += weight_of(at, min64(hour_end_after(at), until_us));
    enter_hour(r, from_us);
}

bool rhythm_next(Rhythm *r, Random *random, int64_t *ret_us) {
    if (r->done >= r->count) return false;
    while (r->done >= r->hour_end) enter_hour(r, r->hour_until_us);
    uint64_t span = r->hour_until_us > r->hour_from_us ? (uint64_t)(r->hour_until_us - r->hour_from_us) : 0;
    uint64_t slots = r->hour_end - r->hour_first, slot = r->done++ - r->hour_first;
    uint64_t within = (uint64_t)(((unsigned __int128)span * slot + (span > 0 ? random_next(random) % span : 0)) / slots);
    *ret_us = r->hour_from_us + (int64_t)within;
    return true;
}

/* clock.h: time. Wall time is microseconds since 1970-01-01T00:00:00Z (DuckDB's TIMESTAMPTZ), intervals are monotonic nanoseconds.
 *
 * The forms of a time, the same in messages, contracts and options (RFC 3339 and what of ISO 8601 is in wide use):
 *
 *     date   2026-11-24                          years 0001 to 9999 of the Gregorian calendar
 *     time   DATE, or DATE "T" CLOCK [ZONE]      "t" or one space will do for "T"; DATE alone is midnight UTC
 *     CLOCK  10:15, 10:15:00, 10:15:00.123456789 1 to 9 digits after the point, those beyond microseconds are dropped
 *     ZONE   "Z", "z", +02:00, +0200, +02        up to 14:00 either way; none: UTC
 *
 * There is no second 60 and no 24:00. The moment, in UTC, is in the years 0001 to 9999 too. */
#pragma once
#include "base/error.h"
#include "base/span.h"
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define USEC_PER_SEC    INT64_C(1000000)
#define NSEC_PER_SEC    INT64_C(1000000000)
#define CLOCK_TEXT_SIZE 32 /* for clock_format */

int64_t clock_wall_us(void);
int64_t clock_mono_ns(void);
int64_t clock_coarse_ns(void); /* the same clock some milliseconds ago, at a tenth of the cost: for each message */
static inline double clock_seconds_since(int64_t mono_ns) {
    return (double)(clock_mono_ns() - mono_ns) / (double)NSEC_PER_SEC;
}
/* For pthread_cond_timedwait: deadlines in `ms` on a condition that clock_cond_init made do not move with the wall clock. */
void clock_cond_init(pthread_cond_t *cond);
struct timespec clock_deadline(int ms);
/* "2026-11-24T10:15:00.123456Z" into text[CLOCK_TEXT_SIZE]; returns text. */
char *clock_format(int64_t wall_us, char text[CLOCK_TEXT_SIZE]);

/* What a text is when it is read as a time: one, of another form, or of the right form but no moment that there is. */
typedef enum ClockReading {
    CLOCK_READ,
    CLOCK_OTHER_FORM,
    CLOCK_NO_SUCH_DAY,  /* 2026-02-30 */
    CLOCK_NO_SUCH_HOUR, /* 24:00, 10:60, 23:59:60 */
    CLOCK_ZONE_TOO_FAR, /* +14:30 */
    CLOCK_YEAR_TOO_FAR, /* 0000-01-01, or beyond the years by its zone */
} ClockReading;
/* `ret`, only with CLOCK_READ: wall time; days since 1970-01-01. No allocation. */
ClockReading clock_read(Span text, int64_t *ret_wall_us) MUST_CHECK;
/* The same; a text without an offset is `zone_s` seconds east of UTC. *ret_has_zone, also when nothing was read: it has one. */
ClockReading clock_read_in_zone(Span text, int zone_s, int64_t *ret_wall_us, bool *ret_has_zone) MUST_CHECK;
ClockReading clock_read_date(Span text, int32_t *ret_days) MUST_CHECK;
ClockReading clock_read_time(Span text, int64_t *ret_us) MUST_CHECK; /* a CLOCK alone: microseconds of the day */
/* A number of seconds (`decimals` 0), milliseconds (3) or microseconds (6) since 1970, as JSON writes numbers; nothing is rounded: what is
 * finer than microseconds is dropped. */
ClockReading clock_read_epoch(Span number, int decimals, int64_t *ret_wall_us) MUST_CHECK;
#define CLOCK_FIRST_US INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define CLOCK_LAST_US  INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */
/* As clock_read. ERR_USAGE. */
int clock_parse(const char *text, int64_t *ret_wall_us, Error *err) MUST_CHECK;
/* strtod, of what people write in front of a unit: hexadecimal numbers, infinities and NaN are none, and set *ret_end to `text`. */
double clock_amount(const char *text, char **ret_end);
/* Reads a duration, "250ms", "10s", "5m", "2h", "7d", or a plain number of seconds. ERR_USAGE. */
int duration_parse_ms(const char *text, int64_t *ret_ms, Error *err) MUST_CHECK;

/* clock.h: time. Wall time is microseconds since 1970-01-01T00:00:00Z (DuckDB's TIMESTAMPTZ), intervals are monotonic nanoseconds. */
#pragma once
#include "base/error.h"
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
/* Reads ISO 8601 as "2026-11-24", "2026-11-24T10:15:00[.frac][Z|+hh:mm]" (no zone: UTC). ERR_USAGE. */
int clock_parse(const char *text, int64_t *ret_wall_us, Error *err) MUST_CHECK;
/* Reads a duration, "250ms", "10s", "5m", "2h", "7d", or a plain number of seconds. ERR_USAGE. */
int duration_parse_ms(const char *text, int64_t *ret_ms, Error *err) MUST_CHECK;

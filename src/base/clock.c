/* clock.c: see clock.h. */
#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int64_t clock_wall_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

int64_t clock_mono_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

void clock_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct timespec clock_deadline(int ms) {
    int64_t at = clock_mono_ns() + ms * INT64_C(1000000);
    return (struct timespec){.tv_sec = at / NSEC_PER_SEC, .tv_nsec = at % NSEC_PER_SEC};
}

int64_t clock_coarse_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

char *clock_format(int64_t wall_us, char text[CLOCK_TEXT_SIZE]) {
    int64_t us = wall_us % USEC_PER_SEC;
    time_t seconds = (time_t)(wall_us / USEC_PER_SEC);
    if (us < 0) us += USEC_PER_SEC, seconds--;
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL) memset(&tm, 0, sizeof tm);
    size_t n = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, CLOCK_TEXT_SIZE - n, ".%06dZ", (int)us);
    return text;
}

/* ".123" at *s to microseconds (further digits are dropped). */
static int64_t parse_fraction(const char **s) {
    int64_t us = 0;
    if (**s != '.') return 0;
    int64_t unit = USEC_PER_SEC / 10;
    for (++*s; **s >= '0' && **s <= '9'; ++*s, unit /= 10) us += (**s - '0') * unit;
    return us;
}

/* "Z", "+02:00", "+0200" or nothing to seconds east of UTC. */
static int parse_zone(const char *s, int *ret_seconds) {
    *ret_seconds = 0;
    if (*s == '\0' || strcmp(s, "Z") == 0) return 0;
    int hours, minutes = 0, used = 0;
    if ((*s != '+' && *s != '-') ||
        (sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 && sscanf(s + 1, "%2d%2d%n", &hours, &minutes, &used) != 2))
        return -1;
    if (s[1 + used] != '\0' || hours > 15 || minutes > 59 || hours < 0 || minutes < 0) return -1;
    *ret_seconds = (hours * 3600 + minutes * 60) * (*s == '-' ? -1 : 1);
    return 0;
}

/* timegm turns 31 April into 1 May: a date that does not exist comes back as another one. */
static bool to_seconds(const struct tm *written, int64_t *ret) {
    struct tm tm = *written;
    *ret = (int64_t)timegm(&tm);
    return tm.tm_mday == written->tm_mday && tm.tm_mon == written->tm_mon && tm.tm_sec == written->tm_sec;
}

int clock_parse(const char *text, int64_t *ret_wall_us, Error *err) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    int64_t us = 0, seconds;
    int zone = 0;
    if (rest != NULL && (*rest == 'T' || *rest == ' ')) {
        rest = strptime(rest + 1, "%H:%M:%S", &tm);
        if (rest != NULL) us = parse_fraction(&rest);
    }
    if (rest == NULL || parse_zone(rest, &zone) != 0 || !to_seconds(&tm, &seconds))
        return error_set(err, ERR_USAGE, "'%s' is not a time: write it like 2026-11-24 or 2026-11-24T10:15:00Z", text);
    *ret_wall_us = (seconds - zone) * USEC_PER_SEC + us;
    return 0;
}

int duration_parse_ms(const char *text, int64_t *ret_ms, Error *err) {
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;
    double amount = strtod(text, &end);
    if (end != text && amount >= 0 && amount < 1e9)
        for (size_t i = 0; i < ARRAY_LEN(units); i++)
            if (strcmp(end, units[i].unit) == 0) {
                *ret_ms = (int64_t)(amount * units[i].ms);
                return 0;
            }
    return error_set(err, ERR_USAGE, "'%s' is not a duration: write it like 250ms, 10s, 5m, 2h or 7d", text);
}

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
    /* not strftime's %Y, which writes the year 1 as 1 */
    size_t n = (size_t)snprintf(text, CLOCK_TEXT_SIZE, "%04d", tm.tm_year + 1900);
    n += strftime(text + n, CLOCK_TEXT_SIZE - n, "-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, CLOCK_TEXT_SIZE - n, ".%06dZ", (int)us);
    return text;
}

/* ---- reading ---- */

/* What is left of the text. */
typedef struct Rest {
    const char *at, *end;
} Rest;

/* Exactly n digits. */
static bool take_digits(Rest *r, int n, int *ret) {
    *ret = 0;
    if (r->end - r->at < n) return false;
    for (; n > 0; n--, r->at++) {
        if (*r->at < '0' || *r->at > '9') return false;
        *ret = *ret * 10 + (*r->at - '0');
    }
    return true;
}

static bool take_char(Rest *r, char c) {
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int32_t days_from_civil(int year, int month, int day) {
    int y = month <= 2 ? year - 1 : year, era = y / 400, year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static ClockReading take_date(Rest *r, int32_t *ret_days) {
    int year, month, day;
    if (!take_digits(r, 4, &year) || !take_char(r, '-') || !take_digits(r, 2, &month) || !take_char(r, '-') || !take_digits(r, 2, &day))
        return CLOCK_OTHER_FORM;
    if (year == 0) return CLOCK_YEAR_TOO_FAR;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return CLOCK_NO_SUCH_DAY;
    *ret_days = days_from_civil(year, month, day);
    return CLOCK_READ;
}

/* ".123" to microseconds; nothing there: 0. */
static bool take_fraction(Rest *r, int *ret_us) {
    enum { DIGITS_MAX = 9 };
    int unit = 100000, digits = 0, digit;
    *ret_us = 0;
    if (!take_char(r, '.')) return true;
    for (; digits < DIGITS_MAX && take_digits(r, 1, &digit); digits++, unit /= 10) *ret_us += digit * unit;
    return digits > 0;
}

/* Microseconds of the day. */
static ClockReading take_clock(Rest *r, int64_t *ret_us) {
    int hour, minute, second = 0, us = 0;
    if (!take_digits(r, 2, &hour) || !take_char(r, ':') || !take_digits(r, 2, &minute)) return CLOCK_OTHER_FORM;
    if (take_char(r, ':') && (!take_digits(r, 2, &second) || !take_fraction(r, &us))) return CLOCK_OTHER_FORM;
    *ret_us = (hour * 3600 + minute * 60 + second) * USEC_PER_SEC + us;
    return hour > 23 || minute > 59 || second > 59 ? CLOCK_NO_SUCH_HOUR : CLOCK_READ;
}

/* Seconds east of UTC; nothing there: unchanged. */
static ClockReading take_zone(Rest *r, int *ret_seconds) {
    enum { FARTHEST = 14 * 3600 };
    int hours, minutes = 0;
    if (r->at == r->end) return CLOCK_READ;
    *ret_seconds = 0;
    if (take_char(r, 'Z') || take_char(r, 'z')) return CLOCK_READ;
    bool east = take_char(r, '+');
    if (!east && !take_char(r, '-')) return CLOCK_OTHER_FORM;
    if (!take_digits(r, 2, &hours)) return CLOCK_OTHER_FORM;
    bool colon = take_char(r, ':');
    if ((colon || r->at != r->end) && !take_digits(r, 2, &minutes)) return CLOCK_OTHER_FORM;
    int seconds = hours * 3600 + minutes * 60;
    *ret_seconds = east ? seconds : -seconds;
    return minutes > 59 || seconds > FARTHEST ? CLOCK_ZONE_TOO_FAR : CLOCK_READ;
}

/* The first that is wrong, but another form before all else. */
static ClockReading first_wrong(const ClockReading *parts, size_t n) {
    ClockReading found = CLOCK_READ;
    for (size_t i = 0; i < n; i++) {
        if (parts[i] == CLOCK_OTHER_FORM) return CLOCK_OTHER_FORM;
        if (found == CLOCK_READ) found = parts[i];
    }
    return found;
}

ClockReading clock_read_in_zone(Span text, int zone_s, int64_t *ret_wall_us, bool *ret_has_zone) {
    Rest r = {text.at, text.at + text.len};
    ClockReading parts[3] = {CLOCK_READ, CLOCK_READ, CLOCK_READ};
    int32_t days = 0;
    int64_t us = 0;
    int zone = zone_s;
    *ret_has_zone = false;
    parts[0] = take_date(&r, &days);
    if (parts[0] == CLOCK_OTHER_FORM) return CLOCK_OTHER_FORM;
    if (r.at != r.end) {
        if (!take_char(&r, 'T') && !take_char(&r, ' ') && !take_char(&r, 't')) return CLOCK_OTHER_FORM;
        parts[1] = take_clock(&r, &us);
        *ret_has_zone = r.at != r.end;
        if (parts[1] != CLOCK_OTHER_FORM) parts[2] = take_zone(&r, &zone);
        if (r.at != r.end) return CLOCK_OTHER_FORM;
    }
    ClockReading found = first_wrong(parts, ARRAY_LEN(parts));
    if (found != CLOCK_READ) return found;
    int64_t at = (days * INT64_C(86400) - zone) * USEC_PER_SEC + us;
    if (at < CLOCK_FIRST_US || at > CLOCK_LAST_US) return CLOCK_YEAR_TOO_FAR;
    *ret_wall_us = at;
    return CLOCK_READ;
}

ClockReading clock_read(Span text, int64_t *ret_wall_us) {
    bool ignored;
    return clock_read_in_zone(text, 0, ret_wall_us, &ignored);
}

ClockReading clock_read_date(Span text, int32_t *ret_days) {
    Rest r = {text.at, text.at + text.len};
    int32_t days = 0;
    ClockReading found = take_date(&r, &days);
    if (r.at != r.end) return CLOCK_OTHER_FORM;
    if (found == CLOCK_READ) *ret_days = days;
    return found;
}

ClockReading clock_read_time(Span text, int64_t *ret_us) {
    Rest r = {text.at, text.at + text.len};
    int64_t us = 0;
    ClockReading found = take_clock(&r, &us);
    if (r.at != r.end) return CLOCK_OTHER_FORM;
    if (found == CLOCK_READ) *ret_us = us;
    return found;
}

/* The digits of a number, without the zeros before them, and how they are to be read: digits * 10^exponent. */
typedef struct Digits {
    int64_t value; /* of the first DIGITS_READ of them */
    int64_t count, dropped, exponent;
    bool any, inexact; /* there was a digit; one that was dropped is not 0 */
} Digits;
#define DIGITS_READ 18

static void add_digit(Digits *d, char c) {
    d->any = true;
    if (d->count == 0 && c == '0') return;
    d->count++;
    if (d->count <= DIGITS_READ) {
        d->value = d->value * 10 + (c - '0');
        return;
    }
    d->dropped++;
    d->inexact |= c != '0';
}

static bool is_digit(const Rest *r) {
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool take_exponent(Rest *r, Digits *d) {
    enum { EXPONENT_MAX = 1000000 };
    int64_t n = 0;
    if (!take_char(r, 'e') && !take_char(r, 'E')) return true;
    bool negative = take_char(r, '-');
    if (!negative) take_char(r, '+');
    if (!is_digit(r)) return false;
    for (; is_digit(r); r->at++)
        if (n < EXPONENT_MAX) n = n * 10 + (*r->at - '0');
    d->exponent += negative ? -n : n;
    return true;
}

static bool take_number(Rest *r, Digits *d) {
    for (; is_digit(r); r->at++) add_digit(d, *r->at);
    if (!d->any) return false;
    if (take_char(r, '.')) {
        if (!is_digit(r)) return false;
        for (; is_digit(r); r->at++) {
            add_digit(d, *r->at);
            d->exponent--;
        }
    }
    return take_exponent(r, d) && r->at == r->end;
}

/* value * 10^exponent, cut off at the decimal point. False: it is beyond every year. */
static bool scale_digits(Digits *d) {
    d->exponent += d->dropped;
    for (; d->exponent < 0 && d->value != 0; d->exponent++) {
        d->inexact |= d->value % 10 != 0;
        d->value /= 10;
    }
    for (; d->exponent > 0 && d->value != 0; d->exponent--)
        if (__builtin_mul_overflow(d->value, 10, &d->value)) return false;
    return true;
}

ClockReading clock_read_epoch(Span number, int decimals, int64_t *ret_wall_us) {
    Rest r = {number.at, number.at + number.len};
    Digits d = {.exponent = 6 - decimals};
    bool negative = take_char(&r, '-');
    if (!take_number(&r, &d)) return CLOCK_OTHER_FORM;
    if (!scale_digits(&d)) return CLOCK_YEAR_TOO_FAR;
    int64_t at = negative ? -d.value - d.inexact : d.value; /* towards the past, as digits of a time of day are dropped */
    if (at < CLOCK_FIRST_US || at > CLOCK_LAST_US) return CLOCK_YEAR_TOO_FAR;
    *ret_wall_us = at;
    return CLOCK_READ;
}

int clock_parse(const char *text, int64_t *ret_wall_us, Error *err) {
    if (clock_read((Span){text, strlen(text)}, ret_wall_us) == CLOCK_READ) return 0;
    return error_set(err, ERR_USAGE, "'%s' is not a time: write it like 2026-11-24 or 2026-11-24T10:15:00Z", text);
}

double clock_amount(const char *text, char **ret_end) {
    const char *number = text + strspn(text, " ");
    double amount = strtod(number, ret_end);
    if (*ret_end == number || *ret_end > number + strspn(number, "+-.0123456789eE")) *ret_end = (char *)text;
    return amount;
}

int duration_parse_ms(const char *text, int64_t *ret_ms, Error *err) {
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    char *end;
    double amount = clock_amount(text, &end);
    if (end != text && amount >= 0 && amount < 1e9)
        for (size_t i = 0; i < ARRAY_LEN(units); i++)
            if (strcmp(end, units[i].unit) == 0) {
                *ret_ms = (int64_t)(amount * units[i].ms);
                return 0;
            }
    return error_set(err, ERR_USAGE, "'%s' is not a duration: write it like 250ms, 10s, 5m, 2h or 7d", text);
}

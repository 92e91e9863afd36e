/* json_write.c: see json_write.h. Space is reserved once for each value, and filled without further checks. */
#include "base/json_write.h"

#include "base/clock.h"
#include "base/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define DAY_US       (86400 * USEC_PER_SEC)
#define NUMBER_SPACE 40 /* more than the longest number has */

/* ---- texts ---- */

static const char hex[] = "0123456789abcdef";

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

size_t json_string_size(const char *text, size_t len) {
    size_t size = len + 2;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (!is_plain(c)) size += c < 0x20 ? 5 : 1;
    }
    return size;
}

static char *put_escaped(char *to, unsigned char c) {
    *to++ = '\\';
    if (c >= 0x20) {
        *to++ = (char)c;
        return to;
    }
    *to++ = 'u';
    *to++ = '0';
    *to++ = '0';
    *to++ = hex[c >> 4];
    *to++ = hex[c & 15];
    return to;
}

void json_write_string(Buf *b, const char *text, size_t len) {
    size_t size = json_string_size(text, len);
    char *to = buf_reserve(b, size);
    *to++ = '"';
    if (size == len + 2) {
        if (len > 0) memcpy(to, text, len);
        to += len;
    } else {
        for (size_t i = 0; i < len; i++) {
            unsigned char c = (unsigned char)text[i];
            if (is_plain(c))
                *to++ = (char)c;
            else
                to = put_escaped(to, c);
        }
    }
    *to = '"';
    b->len += size;
}

void json_write_base64(Buf *b, const void *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = bytes;
    char *begin = buf_reserve(b, (len + 2) / 3 * 4 + 2), *to = begin;
    *to++ = '"';
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned triple = (unsigned)from[i] << 16 | (left > 1 ? (unsigned)from[i + 1] << 8 : 0) | (left > 2 ? from[i + 2] : 0);
        *to++ = digits[triple >> 18];
        *to++ = digits[triple >> 12 & 63];
        *to++ = left > 1 ? digits[triple >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[triple & 63] : '=';
    }
    *to++ = '"';
    b->len += (size_t)(to - begin);
}

/* ---- numbers ---- */

void json_write_uint(Buf *b, uint64_t value) {
    char digits[20];
    size_t n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    char *to = buf_reserve(b, n);
    for (size_t i = 0; i < n; i++) to[i] = digits[n - 1 - i];
    b->len += n;
}

void json_write_int(Buf *b, int64_t value) {
    if (value < 0) *buf_reserve(b, 1) = '-', b->len++;
    json_write_uint(b, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_write_double(Buf *b, double value) {
    BUG_IF(!isfinite(value));
    char memory[1024];
    yyjson_alc pool;
    yyjson_val number = {0};
    size_t n;
    if (!yyjson_alc_pool_init(&pool, memory, sizeof memory)) BUG("no memory for a number");
    unsafe_yyjson_set_real(&number, value);
    char *text = yyjson_val_write_opts(&number, 0, &pool, &n, NULL);
    BUG_IF(text == NULL);
    memcpy(buf_reserve(b, n), text, n);
    b->len += n;
}

void json_write_float(Buf *b, float value) {
    BUG_IF(!isfinite(value));
    char *to = buf_reserve(b, NUMBER_SPACE);
    int n = 0;
    for (int digits = 6; digits <= 9; digits++) {
        n = snprintf(to, NUMBER_SPACE, "%.*g", digits, (double)value);
        if (strtof(to, NULL) == value) break;
    }
    b->len += (size_t)n;
}

/* ---- times ---- */

static char *put_digits(char *to, unsigned value, int n) {
    for (int i = n - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
    return to + n;
}

/* The proleptic Gregorian date of a day (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static char *put_date(char *to, int64_t days) {
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned day_of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100), m = (5 * day_of_year + 2) / 153;
    unsigned month = m < 10 ? m + 3 : m - 9, day = day_of_year - (153 * m + 2) / 5 + 1;
    to = put_digits(to, (unsigned)(year_of_era + era * 400 + (month <= 2)), 4);
    *to++ = '-';
    to = put_digits(to, month, 2);
    *to++ = '-';
    return put_digits(to, day, 2);
}

static char *put_clock(char *to, int64_t day_us, int digits) {
    unsigned seconds = (unsigned)(day_us / USEC_PER_SEC), us = (unsigned)(day_us % USEC_PER_SEC);
    to = put_digits(to, seconds / 3600, 2);
    *to++ = ':';
    to = put_digits(to, seconds / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, seconds % 60, 2);
    *to++ = '.';
    return put_digits(to, digits == 3 ? us / 1000 : us, digits);
}

bool json_write_date(Buf *b, int64_t days) {
    if (days < CLOCK_FIRST_US / DAY_US || days > CLOCK_LAST_US / DAY_US) return false;
    char *begin = buf_reserve(b, NUMBER_SPACE), *to = begin;
    *to++ = '"';
    to = put_date(to, days);
    *to++ = '"';
    b->len += (size_t)(to - begin);
    return true;
}

bool json_write_time(Buf *b, int64_t wall_us, int nanos) {
    if (wall_us < CLOCK_FIRST_US || wall_us > CLOCK_LAST_US) return false;
    int64_t days = wall_us / DAY_US, day_us = wall_us % DAY_US;
    if (day_us < 0) day_us += DAY_US, days--;
    char *begin = buf_reserve(b, NUMBER_SPACE), *to = begin;
    *to++ = '"';
    to = put_date(to, days);
    *to++ = 'T';
    to = put_clock(to, day_us, 6);
    if (nanos >= 0) to = put_digits(to, (unsigned)nanos, 3);
    *to++ = 'Z';
    *to++ = '"';
    b->len += (size_t)(to - begin);
    return true;
}

bool json_write_clock(Buf *b, int64_t day_us, int digits) {
    if (day_us < 0 || day_us >= DAY_US) return false;
    char *begin = buf_reserve(b, NUMBER_SPACE), *to = begin;
    *to++ = '"';
    to = put_clock(to, day_us, digits);
    *to++ = '"';
    b->len += (size_t)(to - begin);
    return true;
}

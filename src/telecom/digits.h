/* digits.h: writes numbers and text without printf, for code that runs once per event. Each function writes no NUL and returns the end. */
#pragma once
#include <stdint.h>
#include <string.h>

static inline char *put_bytes(char *out, const char *bytes, size_t n) {
    memcpy(out, bytes, n);
    return out + n;
}

static inline char *put_text(char *out, const char *text) {
    return put_bytes(out, text, strlen(text));
}

/* At least `width` digits, with zeros in front. */
static inline char *put_digits(char *out, uint64_t value, int width) {
    char digits[20];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (n < width) digits[n++] = '0';
    while (n > 0) *out++ = digits[--n];
    return out;
}

static inline char *put_int(char *out, int64_t value) {
    if (value < 0) *out++ = '-';
    return put_digits(out, value < 0 ? (uint64_t)-value : (uint64_t)value, 1);
}

/* 12345 -> "123.45"; not for negative values. */
static inline char *put_hundredths(char *out, int64_t value) {
    out = put_digits(out, (uint64_t)value / 100, 1);
    *out++ = '.';
    return put_digits(out, (uint64_t)value % 100, 2);
}

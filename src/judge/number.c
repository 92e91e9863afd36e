/* number.c: see number.h. */
#include "judge/number.h"

#include <string.h>

#define EXPONENT_MAX INT64_C(1000000000000000) /* beyond any that a message has room for; sums of it fit 64 bits */

static const int64_t powers_of_10[] = {1,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       1000000000,
                                       10000000000,
                                       100000000000,
                                       1000000000000,
                                       10000000000000,
                                       100000000000000,
                                       1000000000000000,
                                       10000000000000000,
                                       100000000000000000,
                                       1000000000000000000};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* "e-12" or "E+3" at `at`, to `end`. */
static int64_t read_exponent(const char *at, const char *end) {
    int64_t value = 0;
    if (at == end) return 0;
    bool negative = at[1] == '-';
    for (at += is_digit(at[1]) ? 1 : 2; at < end; at++)
        if (value < EXPONENT_MAX) value = value * 10 + (*at - '0');
    if (value > EXPONENT_MAX) value = EXPONENT_MAX;
    return negative ? -value : value;
}

Number number_read(Span text) {
    Number n = {0};
    const char *at = text.at, *end = text.at + text.len;
    int64_t seen = 0, before_point = -1, first = 0, last = 0; /* counts of digits */
    bool negative = *at == '-';
    for (at += negative; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            before_point = seen;
            continue;
        }
        if (*at != '0') {
            if (n.first == NULL) n.first = at, first = seen;
            last = seen;
        }
        seen++;
    }
    if (n.first == NULL) return n;
    n.negative = negative;
    n.digits = (size_t)(last - first + 1);
    n.exponent = (before_point < 0 ? seen : before_point) - 1 - last + read_exponent(at, end);
    return n;
}

/* The digits one after the other; 0 behind the last. */
typedef struct Digits {
    const char *at;
    size_t left;
} Digits;

static int next_digit(Digits *d) {
    if (d->left == 0) return 0;
    if (*d->at == '.') d->at++;
    d->left--;
    return *d->at++ - '0';
}

static int compare_magnitudes(const Number *a, const Number *b) {
    int64_t top_a = (int64_t)a->digits + a->exponent, top_b = (int64_t)b->digits + b->exponent;
    if (a->digits == 0 || b->digits == 0) return (a->digits != 0) - (b->digits != 0);
    if (top_a != top_b) return top_a < top_b ? -1 : 1;
    Digits x = {a->first, a->digits}, y = {b->first, b->digits};
    while (x.left > 0 || y.left > 0) {
        int p = next_digit(&x), q = next_digit(&y);
        if (p != q) return p < q ? -1 : 1;
    }
    return 0;
}

int number_compare(const Number *a, const Number *b) {
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    return a->negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

/* ---- multiples ---- */

__extension__ typedef unsigned __int128 Wide; /* a product of two numbers of 64 bits */

static uint64_t power_of_10_modulo(int64_t exponent, uint64_t modulus) {
    uint64_t result = 1 % modulus, base = 10 % modulus;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2 == 1) result = (uint64_t)((Wide)result * base % modulus);
        base = (uint64_t)((Wide)base * base % modulus);
    }
    return result;
}

bool number_is_multiple(const Number *n, const Number *step) {
    Digits d = {step->first, step->digits};
    uint64_t modulus = 0, rest = 0;
    if (n->digits == 0) return true;
    if (n->exponent < step->exponent) return false; /* its last digit is not 0, and every multiple has a 0 there */
    while (d.left > 0) modulus = modulus * 10 + (uint64_t)next_digit(&d);
    for (d = (Digits){n->first, n->digits}; d.left > 0;) rest = (uint64_t)(((Wide)rest * 10 + (uint64_t)next_digit(&d)) % modulus);
    return (Wide)rest * power_of_10_modulo(n->exponent - step->exponent, modulus) % modulus == 0;
}

/* ---- 64 bits ---- */

static int64_t end_of_range(bool negative) {
    return negative ? INT64_MIN : INT64_MAX;
}

/* The integer of the first `count` digits, with `zeros` zeros behind them; false: more than 19 digits. */
static bool take_magnitude(const Number *n, int64_t count, int64_t zeros, uint64_t *ret) {
    enum { DIGITS_MAX = 19 }; /* all of them fit 64 bits without a sign */
    Digits d = {n->first, n->digits};
    if (count + zeros > DIGITS_MAX) return false;
    *ret = 0;
    for (int64_t i = 0; i < count + zeros; i++) *ret = *ret * 10 + (uint64_t)(i < count ? next_digit(&d) : 0);
    return true;
}

/* The signed integer; the next lower one when a part of it was cut off. */
static bool apply_sign(uint64_t magnitude, bool negative, bool cut, int64_t *ret) {
    if (negative) {
        magnitude += cut;
        if (magnitude > (uint64_t)INT64_MAX + 1) return false;
        *ret = magnitude == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)magnitude;
        return true;
    }
    if (magnitude > INT64_MAX) return false;
    *ret = (int64_t)magnitude;
    return true;
}

NumberFit number_scale(const Number *n, int scale, int64_t *ret) {
    int64_t shift = n->exponent + scale, count = (int64_t)n->digits;
    uint64_t magnitude;
    *ret = 0;
    if (n->digits == 0) return NUMBER_FITS;
    bool fine = shift < 0;
    if (fine) count = count + shift > 0 ? count + shift : 0;
    bool fits = take_magnitude(n, count, fine ? 0 : shift, &magnitude) && apply_sign(magnitude, n->negative, fine, ret);
    if (!fits) *ret = end_of_range(n->negative);
    return fine ? NUMBER_TOO_FINE : fits ? NUMBER_FITS : NUMBER_TOO_LARGE;
}

/* Up to 18 characters without an exponent, whose decimals the scale has room for; false: look closer. */
static bool read_short(Span text, int scale, int64_t *ret) {
    enum { SHORT = 18 };
    bool negative = text.at[0] == '-';
    int64_t value = 0;
    int shift = scale, step = 0;
    if (text.len > SHORT) return false;
    for (size_t i = negative; i < text.len; i++) {
        unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';
        if (digit <= 9) {
            value = value * 10 + digit;
            shift -= step;
        } else if (text.at[i] == '.')
            step = 1;
        else
            return false;
    }
    if (shift < 0 || __builtin_mul_overflow(value, powers_of_10[shift], &value)) return false;
    *ret = negative ? -value : value;
    return true;
}

NumberFit number_read_scaled(Span text, int scale, int64_t *ret) {
    if (read_short(text, scale, ret)) return NUMBER_FITS;
    Number n = number_read(text);
    return number_scale(&n, scale, ret);
}

/* ---- texts ---- */

bool number_is_plain(Span text, bool decimals) {
    const char *at = text.at, *end = text.at + text.len;
    if (at < end && *at == '-') at++;
    if (at == end || !is_digit(*at)) return false;
    if (*at == '0')
        at++;
    else
        while (at < end && is_digit(*at)) at++;
    if (at == end) return true;
    if (!decimals || *at++ != '.' || at == end) return false;
    while (at < end && is_digit(*at)) at++;
    return at == end;
}

/* sort_floats.c: by their bits, eleven at a time from the lowest on: ten times as fast as qsort for ten thousands of values. */
#include "evaluate/sort_floats.h"

#include "base/memory.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 256, BITS = 11, DIGITS = 1 << BITS, PASSES = 3 };

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Ascends with the value. */
static uint32_t key_of(float v) {
    uint32_t bits;
    v += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &v, sizeof bits);
    return bits >> 31 != 0 ? ~bits : bits | UINT32_C(0x80000000);
}

static void sort_by_digit(const float *from, size_t n, unsigned shift, float *to) {
    size_t starts[DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++) starts[(key_of(from[i]) >> shift & (DIGITS - 1)) + 1]++;
    for (size_t d = 0; d < DIGITS; d++) starts[d + 1] += starts[d];
    for (size_t i = 0; i < n; i++) to[starts[key_of(from[i]) >> shift & (DIGITS - 1)]++] = from[i];
}

void sort_floats(float *values, size_t n) {
    if (n < FEW) {
        qsort(values, n, sizeof *values, by_value);
        return;
    }
    float *other = xcalloc(n, sizeof *other), *from = values, *to = other;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        sort_by_digit(from, n, pass * BITS, to);
        float *swapped = from;
        from = to;
        to = swapped;
    }
    memcpy(values, from, n * sizeof *values); /* PASSES is odd: it is `other` */
    free(other);
}

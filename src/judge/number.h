/* number.h: numbers by their digits. Nothing is rounded, and no double is made. Pure, no allocation; any thread. */
#pragma once
#include "base/span.h"
#include <stdbool.h>
#include <stdint.h>

/* The value of a JSON number: digits * 10^exponent. Borrowed from the text. */
typedef struct Number {
    const char *first; /* the first digit that is not 0; a decimal point may stand among those that follow */
    size_t digits;     /* from there to the last that is not 0; 0: the number is zero */
    int64_t exponent;  /* of the last digit */
    bool negative;     /* false for zero */
} Number;

/* `text` is a number as JSON has it (RFC 8259), -0 and 1E+400 too. */
Number number_read(Span text);
/* -1, 0 or 1, as a is less than, equal to or greater than b. */
int number_compare(const Number *a, const Number *b);

/* Whether the value is a multiple of `step`, which is above zero and has at most 18 digits. */
bool number_is_multiple(const Number *n, const Number *step);

typedef enum NumberFit {
    NUMBER_FITS,      /* *ret is value * 10^scale */
    NUMBER_TOO_FINE,  /* it has more decimals; *ret is the next lower integer, as far as 64 bits go */
    NUMBER_TOO_LARGE, /* for 64 bits; *ret is the end of the range */
} NumberFit;
/* The number as an integer of 64 bits that counts units of 10^-scale; scale: 0 to 18. */
NumberFit number_scale(const Number *n, int scale, int64_t *ret);
/* The same for the text of a number; fast where it is short. */
NumberFit number_read_scaled(Span text, int scale, int64_t *ret);

/* Whether a text is a number as people write one: -?(0|[1-9][0-9]*), with `decimals` also [.][0-9]+ behind it; no exponent. */
bool number_is_plain(Span text, bool decimals);

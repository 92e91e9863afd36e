/* test_number.c: numbers are their digits: what fits a column is exact there, and the order of two is that of the values. */
#include "judge/number.h"

#include "base/attr.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Span span(const char *text) {
    return (Span){text, strlen(text)};
}

typedef struct Case {
    const char *text;
    int scale;
    NumberFit fit;
    int64_t value;
} Case;

static void what_fits_is_exact_and_what_does_not_is_named(void **state) {
    (void)state;
    static const Case cases[] = {
        {"0", 0, NUMBER_FITS, 0},
        {"-0", 2, NUMBER_FITS, 0},
        {"-0.000", 0, NUMBER_FITS, 0},
        {"0e999999999999999999999", 9, NUMBER_FITS, 0},
        {"1.10", 2, NUMBER_FITS, 110},
        {"-1.10", 2, NUMBER_FITS, -110},
        {"1.1000000000000000000000000", 1, NUMBER_FITS, 11},
        {"1e2", 0, NUMBER_FITS, 100},
        {"1E+2", 2, NUMBER_FITS, 10000},
        {"100e-2", 0, NUMBER_FITS, 1},
        {"12.50e1", 0, NUMBER_FITS, 125},
        {"0.00000001", 8, NUMBER_FITS, 1},
        {"70368744177664.01", 2, NUMBER_FITS, 7036874417766401},
        {"1234567890123456.78", 2, NUMBER_FITS, 123456789012345678},
        {"9223372036854775807", 0, NUMBER_FITS, INT64_MAX},
        {"-9223372036854775808", 0, NUMBER_FITS, INT64_MIN},
        {"92233720368547758.07", 2, NUMBER_FITS, INT64_MAX},
        {"100000000000000.129", 2, NUMBER_TOO_FINE, 10000000000000012},
        {"1.10000000000000000001", 2, NUMBER_TOO_FINE, 110},
        {"-1.5", 0, NUMBER_TOO_FINE, -2},
        {"1e-400", 9, NUMBER_TOO_FINE, 0},
        {"-1e-999999999999999999999", 9, NUMBER_TOO_FINE, -1},
        {"100000000000000000000.5", 0, NUMBER_TOO_FINE, INT64_MAX},
        {"9223372036854775808", 0, NUMBER_TOO_LARGE, INT64_MAX},
        {"-9223372036854775809", 0, NUMBER_TOO_LARGE, INT64_MIN},
        {"1e400", 0, NUMBER_TOO_LARGE, INT64_MAX},
        {"-1e999999999999999999999", 0, NUMBER_TOO_LARGE, INT64_MIN},
        {"99999999999999999999", 0, NUMBER_TOO_LARGE, INT64_MAX},
        {"1000000000000000000", 1, NUMBER_TOO_LARGE, INT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t value = 42;
        NumberFit fit = number_read_scaled(span(cases[i].text), cases[i].scale, &value);
        if (fit != cases[i].fit || value != cases[i].value)
            fail_msg("%s at scale %d: %d, %" PRId64, cases[i].text, cases[i].scale, fit, value);
    }
}

/* However a number is written, it is the same one. */
static void spellings_are_equal(void **state) {
    (void)state;
    static const char *const same[] = {"1250",  "1250.0",   "1.25e3",      "0.00125E6",
                                       "125e1", "12500e-1", "1250.000e+0", "125000000000000000000e-17"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        Number a = number_read(span(same[i])), b = number_read(span(same[0]));
        int64_t value = 0;
        if (number_compare(&a, &b) != 0) fail_msg("%s is not %s", same[i], same[0]);
        assert_int_equal(number_read_scaled(span(same[i]), 2, &value), NUMBER_FITS);
        assert_int_equal(value, 125000);
    }
}

static void numbers_are_ordered_by_value(void **state) {
    (void)state;
    static const char *const ascending[] = {"-1e400", "-100", "-99.999999999999999999999", "-1.5", "-1e-400", "0",
                                            "1e-400", "0.1",  "0.10000000000000000001",    "1",    "1.5",     "9.99",
                                            "10",     "99",   "100.000000000000000000001", "101",  "1e3",     "1e400",
                                            "2e400"};
    for (size_t i = 0; i < ARRAY_LEN(ascending); i++)
        for (size_t k = 0; k < ARRAY_LEN(ascending); k++) {
            Number a = number_read(span(ascending[i])), b = number_read(span(ascending[k]));
            int expected = i < k ? -1 : i > k;
            if (number_compare(&a, &b) != expected) fail_msg("%s and %s", ascending[i], ascending[k]);
        }
}

/* The short way and the long way give the same: the long way is taken for what has an exponent. */
static void the_short_way_is_the_long_way(void **state) {
    (void)state;
    for (int64_t n = -20000; n < 20000; n += 7)
        for (int decimals = 0; decimals <= 4; decimals++) {
            static const int64_t units[] = {1, 10, 100, 1000, 10000};
            char text[40], with_exponent[48];
            int64_t whole = llabs(n) / units[decimals], rest = llabs(n) % units[decimals];
            int len = snprintf(text, sizeof text, "%s%" PRId64, n < 0 ? "-" : "", whole);
            if (decimals > 0) snprintf(text + len, sizeof text - (size_t)len, ".%0*" PRId64, decimals, rest);
            snprintf(with_exponent, sizeof with_exponent, "%se0", text);
            for (int scale = 0; scale <= 5; scale++) {
                int64_t a = 1, b = 2;
                NumberFit first = number_read_scaled(span(text), scale, &a), second = number_read_scaled(span(with_exponent), scale, &b);
                if (first != second || a != b) fail_msg("%s at scale %d: %" PRId64 " or %" PRId64, text, scale, a, b);
            }
        }
}

static void plain_numbers(void **state) {
    (void)state;
    static const char *const integers[] = {"0", "-0", "7", "-12", "99999999999999999999"}, *const decimals[] = {"0.0", "-0.50", "12.300"};
    static const char *const neither[] = {"",   "-",   "+1",       "01",  "-01", "1.",    ".5",  "1e2", " 1",
                                          "1 ", "1,5", "\xD9\xA1", "NaN", "0x1", "1.5.2", "--1", "1.-5"};
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        assert_true(number_is_plain(span(integers[i]), false));
        assert_true(number_is_plain(span(integers[i]), true));
    }
    for (size_t i = 0; i < ARRAY_LEN(decimals); i++) {
        assert_false(number_is_plain(span(decimals[i]), false));
        assert_true(number_is_plain(span(decimals[i]), true));
    }
    for (size_t i = 0; i < ARRAY_LEN(neither); i++)
        if (number_is_plain(span(neither[i]), false) || number_is_plain(span(neither[i]), true)) fail_msg("'%s' is plain", neither[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_exact_and_what_does_not_is_named),
        cmocka_unit_test(spellings_are_equal),
        cmocka_unit_test(numbers_are_ordered_by_value),
        cmocka_unit_test(the_short_way_is_the_long_way),
        cmocka_unit_test(plain_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_pattern.c: patterns match as pattern.h says, a bad one says where, and none hangs, whatever it and the text are. */
#include "judge/pattern.h"

#include "base/clock.h"
#include "base/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static PatternOutcome match(const char *pattern, Span text) {
    CLEANUP(pattern_freep) Pattern *p = NULL;
    CLEANUP(pattern_scratch_freep) PatternScratch *s = pattern_scratch_new();
    Error err = {0};
    if (pattern_new(pattern, &p, &err) != 0) fail_msg("%s: %s", pattern, err.text);
    return pattern_match(p, s, text);
}

static void assert_match(const char *pattern, const char *text, bool expected) {
    if ((match(pattern, (Span){text, strlen(text)}) == PATTERN_MATCHES) != expected) fail_msg("%s and '%s'", pattern, text);
}

static void patterns_match_anywhere_and_end_at_the_end(void **state) {
    (void)state;
    assert_match("b", "abc", true);
    assert_match("^b", "abc", false);
    assert_match("c$", "abc", true);
    assert_match("c$", "abc\n", false);
    assert_match("^.$", "\xC3\xA9", true);
    assert_match("^.$", "\n", false);
    assert_match("^\\d$", "\xD9\xA1", false);
    assert_match("^\\w$", "\xC3\xA9", false);
    assert_match("^(?!x)", "abc", true);
    assert_match("^(?!x)", "xbc", false);
    assert_match("", "", true);
}

static void bad_patterns_say_where(void **state) {
    (void)state;
    static const char *const bad[] = {"(", "[a", "a**b(", "(?<n", "\\C", "(*UCP)a", "\xff"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        Pattern *p = NULL;
        Error err = {0};
        if (pattern_new(bad[i], &p, &err) == 0) fail_msg("%s was taken", bad[i]);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_non_null(strstr(err.text, "at character "));
        error_clear(&err);
    }
}

/* The same for each length of text, up to the longest that is tried, and beyond. */
static void nothing_hangs(void **state) {
    (void)state;
    static const char *const patterns[] = {"(x+x+)+[yz]",     "^(x+x+)+[yz]",      "(x*)*$.",   "[a-z]+[0-9]",
                                           "^(?:x*[yz]|x)*$", "(?:x|x|x|x)*[yz]$", "^(x|xx)+$", "(.*)(.*)(.*)(.*)(.*)[0-9]"};
    static const size_t lengths[] = {10, 30, 100, 1000, PATTERN_TEXT_MAX, PATTERN_TEXT_MAX + 1};
    CLEANUP(free_text) char *text = xmalloc(PATTERN_TEXT_MAX + 1);
    memset(text, 'x', PATTERN_TEXT_MAX + 1);
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        for (size_t k = 0; k < ARRAY_LEN(lengths); k++) {
            int64_t began = clock_mono_ns();
            PatternOutcome outcome = match(patterns[i], (Span){text, lengths[k]});
            if (lengths[k] > PATTERN_TEXT_MAX) assert_int_equal(outcome, PATTERN_GIVEN_UP);
            if (getenv("PATTERN_TIMES") != NULL)
                printf("%-28s %6zu: %d %9.3f ms\n", patterns[i], lengths[k], outcome, clock_seconds_since(began) * 1e3);
        }
    assert_int_equal(match("(x+x+)+[yz]", (Span){text, 100}), PATTERN_GIVEN_UP);
    assert_int_equal(match("^(x|xx)+$", (Span){text, 1000}), PATTERN_MATCHES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_anywhere_and_end_at_the_end),
        cmocka_unit_test(bad_patterns_say_where),
        cmocka_unit_test(nothing_hangs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

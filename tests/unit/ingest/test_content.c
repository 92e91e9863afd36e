/* test_content.c: the same content in every spelling, and no other content the same. */
#include "ingest/content.h"

#include "../fixture.h"
#include "base/memory.h"
#include <string.h>

static Span span(const char *text) {
    return text != NULL ? (Span){text, strlen(text)} : (Span){0};
}

static bool same(const char *a, const char *b) {
    CLEANUP(buf_done) Buf left = {0}, right = {0};
    content_add_json(&left, span(a));
    content_add_json(&right, span(b));
    return left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

static void spelling_does_not_count(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"a\":1,\"b\":[1,2]}", " {\n\"b\" : [ 1 , 2 ], \"a\":1 } "},
        {"{\"a\":{\"x\":1,\"y\":null}}", "{\"a\":{\"y\":null,\"x\":1}}"},
        {"{\"\\u0061\":\"\\u00e9\"}", "{\"a\":\"\xc3\xa9\"}"},
        {"[{\"k\":1,\"j\":2,\"i\":3}]", "[{\"i\":3,\"k\":1,\"j\":2}]"},
        {"{}", "{ }"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (!same(pairs[i][0], pairs[i][1])) fail_msg("%s and %s differ", pairs[i][0], pairs[i][1]);
}

static void values_do(void **state) {
    (void)state;
    static const char *const values[] = {NULL,
                                         "null",
                                         "{}",
                                         "[]",
                                         "\"\"",
                                         "0",
                                         "-0",
                                         "0.0",
                                         "1.0",
                                         "1.00",
                                         "1",
                                         "\"1\"",
                                         "true",
                                         "false",
                                         "[1,2]",
                                         "[2,1]",
                                         "[[1],2]",
                                         "[12]",
                                         "[1,[2]]",
                                         "{\"a\":1}",
                                         "{\"a\":\"1\"}",
                                         "{\"b\":1}",
                                         "{\"a\":[]}",
                                         "{\"a\":{}}",
                                         "{\"a\":null}",
                                         "[null]",
                                         "[\"null\"]",
                                         "{\"a\":1,\"a\":2}",
                                         "{\"a\":2,\"a\":1}",
                                         "{\"aa\":1}",
                                         "\"n1:1\"",
                                         "[\"a\",\"b\"]",
                                         "[\"a,b\"]",
                                         "{\"a\":1,\"b\":2}",
                                         "not JSON"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        for (size_t j = 0; j < i; j++)
            if (same(values[i], values[j])) fail_msg("%s and %s are the same", values[i], values[j] != NULL ? values[j] : "(absent)");
}

/* Deeper than it is looked into: byte for byte. */
static void deep_values_stand_for_themselves(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    CLEANUP(free_text) char *deep = xcalloc(2 * DEPTH + 2, 1);
    memset(deep, '[', DEPTH);
    memset(deep + DEPTH, ']', DEPTH);
    CLEANUP(free_text) char *spaced = xasprintf(" %s", deep);
    assert_true(same(deep, deep));
    assert_false(same(deep, spaced));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spelling_does_not_count),
        cmocka_unit_test(values_do),
        cmocka_unit_test(deep_values_stand_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

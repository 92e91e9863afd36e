/* test_document.c: YAML scalars by the core schema, structure, and errors that name file and line. */
#include "base/document.h"

#include "base/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *read_yaml(const char *text) {
    json_t *value = NULL;
    Error err = {0};
    if (yaml_parse(text, strlen(text), "t.yaml", &value, &err) != 0) fail_msg("%s", err.text);
    return value;
}

/* The document, as compact JSON. */
static void assert_yaml(const char *yaml, const char *json) {
    CLEANUP(json_freep) json_t *value = read_yaml(yaml);
    CLEANUP(free_text) char *text = json_text(value);
    assert_string_equal(text, json);
}

typedef int (*Parse)(const char *text, size_t len, const char *name, json_t **ret, Error *err);

static void assert_refused_bytes(Parse parse, const char *text, size_t len, const char *at, const char *why) {
    json_t *value = NULL;
    Error err = {0};
    assert_int_equal(parse(text, len, "t.yaml", &value, &err), -1);
    assert_null(value);
    assert_int_equal(err.kind, ERR_CONFIG);
    if (strncmp(err.text, at, strlen(at)) != 0) fail_msg("\"%s\" does not begin: %s", at, err.text);
    if (strstr(err.text, why) == NULL) fail_msg("\"%s\" is not in: %s", why, err.text);
    error_clear(&err);
}

static void assert_refused(const char *text, const char *at, const char *why) {
    assert_refused_bytes(yaml_parse, text, strlen(text), at, why);
}

static void plain_scalars_have_types(void **state) {
    (void)state;
    assert_yaml("[null, Null, NULL, ~, ]", "[null,null,null,null]");
    assert_yaml("a:", "{\"a\":null}");
    assert_yaml("[true, True, false, False]", "[true,true,false,false]");
    assert_yaml("[0, -7, +7, 9223372036854775807, -9223372036854775808]", "[0,-7,7,9223372036854775807,-9223372036854775808]");
    assert_yaml("[0.5, -1.25, .5, 1e3, 2.5E-1]", "[0.5,-1.25,0.5,1000.0,0.25]");
}

static void what_only_looks_like_a_number_is_text(void **state) {
    (void)state;
    assert_yaml("[2026-11-24, 1-2, 1.2.3, +, -, ., e5, 0x10, 10MiB, 1_000, TRUE, yes, no, on]",
                "[\"2026-11-24\",\"1-2\",\"1.2.3\",\"+\",\"-\",\".\",\"e5\",\"0x10\",\"10MiB\",\"1_000\",\"TRUE\",\"yes\",\"no\",\"on\"]");
    assert_yaml("[1e999, -1e999]", "[\"1e999\",\"-1e999\"]"); /* no number that JSON has */
}

static void quoted_scalars_are_text(void **state) {
    (void)state;
    assert_yaml("['1', \"true\", '', \"null\", '0.5']", "[\"1\",\"true\",\"\",\"null\",\"0.5\"]");
    assert_yaml("a: |\n  12\n", "{\"a\":\"12\\n\"}");
    assert_yaml("a: \"\\u00e9\\n\"", "{\"a\":\"\u00e9\\n\"}");
}

static void structure_is_kept(void **state) {
    (void)state;
    assert_yaml("kafka:\n  topic: t\n  x: [1, {y: z}]\nlist:\n- a\n- b: c\n",
                "{\"kafka\":{\"topic\":\"t\",\"x\":[1,{\"y\":\"z\"}]},\"list\":[\"a\",{\"b\":\"c\"}]}");
    assert_yaml("{}", "{}");
    assert_yaml("[]", "[]");
    assert_yaml("\xef\xbb\xbf"
                "a: 1",
                "{\"a\":1}"); /* a byte order mark */
}

static void nothing_is_null(void **state) {
    (void)state;
    assert_yaml("", "null");
    assert_yaml("# a comment alone\n", "null");
    assert_yaml("---\n", "null");
}

static void a_key_stands_once(void **state) {
    (void)state;
    assert_refused("a: 1\nb: 2\na: 3\n", "t.yaml line 3:", "twice");
    assert_refused("x:\n  a: 1\n  'a': 2\n", "t.yaml line 3:", "twice");
    assert_yaml("x: {a: 1}\ny: {a: 2}\n", "{\"x\":{\"a\":1},\"y\":{\"a\":2}}");
}

static void what_we_do_not_support_is_refused(void **state) {
    (void)state;
    assert_refused("a: &x 1\nb: *x\n", "t.yaml line 2:", "aliases");
    assert_refused("a: 1\n---\nb: 2\n", "t.yaml line 2:", "second document");
    assert_refused("? [a, b]\n: 1\n", "t.yaml line 1:", "a key must be a scalar");
    assert_refused("a: \"x\\0y\"\n", "t.yaml line 1:", "NUL");
}

static void broken_yaml_names_the_line(void **state) {
    (void)state;
    assert_refused("a: 1\nb: [1, 2\nc: 3\n", "t.yaml line 3:", "did not find expected");
    assert_refused("a: 1\n\tb: 2\n", "t.yaml line 2:", "");
    assert_refused("a: b: c\n", "t.yaml line 1:", "not allowed");
    assert_refused("a: \"x\n", "t.yaml line", "");
    assert_refused("a: \xff\n", "t.yaml line", "UTF-8");
}

/* `depth` lists inside each other. */
static char *nested(size_t depth) {
    Buf text = {0};
    for (size_t i = 0; i < depth; i++) buf_add_char(&text, '[');
    for (size_t i = 0; i < depth; i++) buf_add_char(&text, ']');
    return buf_take(&text);
}

static void nesting_is_limited(void **state) {
    (void)state;
    CLEANUP(free_text) char *most = nested(64), *more = nested(65), *much = nested(5000);
    CLEANUP(json_freep) json_t *value = read_yaml(most);
    assert_true(json_is_array(value));
    assert_refused(more, "t.yaml line 1:", "nested too deeply");
    assert_refused(much, "t.yaml line 1:", "nested too deeply");
}

static void json_is_strict(void **state) {
    (void)state;
    static const char twice[] = "{\"a\": 1,\n \"a\": 2}", open[] = "{\"a\":\n [1,", more[] = "1 2";
    assert_refused_bytes(json_parse, twice, sizeof twice - 1, "t.yaml line 2:", "duplicate");
    assert_refused_bytes(json_parse, open, sizeof open - 1, "t.yaml line 2:", "");
    assert_refused_bytes(json_parse, more, sizeof more - 1, "t.yaml line 1:", "");
    assert_refused_bytes(json_parse, "", 0, "t.yaml line", "");
}

static void json_scalars_are_documents(void **state) {
    (void)state;
    json_t *value = NULL;
    Error err = {0};
    assert_int_equal(json_parse("12 ", 3, "t", &value, &err), 0);
    assert_int_equal(json_integer_value(value), 12);
    json_decref(value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_have_types),
        cmocka_unit_test(what_only_looks_like_a_number_is_text),
        cmocka_unit_test(quoted_scalars_are_text),
        cmocka_unit_test(structure_is_kept),
        cmocka_unit_test(nothing_is_null),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(what_we_do_not_support_is_refused),
        cmocka_unit_test(broken_yaml_names_the_line),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(json_is_strict),
        cmocka_unit_test(json_scalars_are_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

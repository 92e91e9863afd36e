/* test_document.c: YAML scalars by the core schema, structure, lines, and errors that name file and line. */
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

static void assert_refused(Parse parse, const char *text, size_t len, const char *expected) {
    json_t *value = NULL;
    Error err = {0};
    assert_int_equal(parse(text, len, "t.yaml", &value, &err), -1);
    assert_null(value);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(err.text, expected);
    error_clear(&err);
}

static Document *read_document(const char *text) {
    Document *d = NULL;
    Error err = {0};
    if (document_parse(text, strlen(text), "t.yaml", &d, &err) != 0) fail_msg("%s", err.text);
    return d;
}

static void a_file_may_have_several_documents(void **state) {
    static const char text[] = "---\na: &x 1\n---\n# nothing\n---\nb:\n  c: 2\n...\n---\n- 3\n---\n";
    CLEANUP(document_list_done) DocumentList list = {0};
    Error err = {0};
    (void)state;
    if (document_parse_all(text, strlen(text), "t.yaml", &list, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(list.count, 3);
    CLEANUP(free_text) char *first = json_text(document_value(list.items[0])), *last = json_text(document_value(list.items[2]));
    assert_string_equal(first, "{\"a\":1}");
    assert_string_equal(last, "[3]");
    const json_t *second = document_value(list.items[1]);
    assert_int_equal(document_key_line(list.items[1], json_object_get(second, "b"), "c"), 7);
    assert_string_equal(document_name(list.items[2]), "t.yaml");
    document_list_done(&list);
    assert_int_equal(document_parse_all("", 0, "t.yaml", &list, &err), 0);
    assert_int_equal(list.count, 1);
    assert_true(json_is_null(document_value(list.items[0])));
    document_list_done(&list);
    assert_int_equal(document_parse_all("a: &x 1\n---\nb: *x\n", 18, "t.yaml", &list, &err), -1);
    assert_non_null(strstr(err.text, "there is no such anchor"));
    error_clear(&err);
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

static void equal_keys_of_different_objects_are_fine(void **state) {
    (void)state;
    assert_yaml("x: {a: 1}\ny: {a: 2}\n", "{\"x\":{\"a\":1},\"y\":{\"a\":2}}");
    assert_yaml("[{a: 1}, {a: 2}]", "[{\"a\":1},{\"a\":2}]");
}

static void an_alias_is_a_copy(void **state) {
    (void)state;
    assert_yaml("a: &x 1\nb: *x\n", "{\"a\":1,\"b\":1}");
    assert_yaml("a: &x {k: [1, &y two]}\nb: *x\nc: [*y, *x]\n",
                "{\"a\":{\"k\":[1,\"two\"]},\"b\":{\"k\":[1,\"two\"]},\"c\":[\"two\",{\"k\":[1,\"two\"]}]}");
    assert_yaml("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
}

static void a_merge_key_adds_what_is_missing(void **state) {
    (void)state;
    assert_yaml("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1}}");
    assert_yaml("a: &x {p: 1}\nc: &y {p: 2, q: 2}\nb:\n  <<: [*x, *y]\n",
                "{\"a\":{\"p\":1},\"c\":{\"p\":2,\"q\":2},\"b\":{\"p\":1,\"q\":2}}");
    assert_yaml("a: {<<: 1}\n", "{\"a\":{\"<<\":1}}");
}

static void what_comes_from_an_anchor_has_its_line(void **state) {
    (void)state;
    CLEANUP(document_freep) Document *d = read_document("a: &x\n  p:\n    - 1\nb: *x\nc:\n  <<: *x\n  q: 1\n");
    const json_t *b = json_object_get(document_value(d), "b"), *c = json_object_get(document_value(d), "c");
    assert_int_equal(document_key_line(d, document_value(d), "b"), 4);
    assert_int_equal(document_key_line(d, b, "p"), 2);
    assert_int_equal(document_item_line(d, json_object_get(b, "p"), 0), 3);
    assert_int_equal(document_key_line(d, c, "p"), 2);
    assert_int_equal(document_key_line(d, c, "q"), 7);
}

static void aliases_of_aliases_are_bounded(void **state) {
    (void)state;
    static const char expected[] = ": aliases make the document too large or too deep; expected the values themselves";
    CLEANUP(buf_done) Buf wide = {0};
    CLEANUP(buf_done) Buf deep = {0};
    buf_add_str(&wide, "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int i = 1; i < 12; i++) buf_addf(&wide, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
    buf_add_str(&deep, "a0: &a0 [1]\n");
    for (int i = 1; i < 70; i++) buf_addf(&deep, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    for (const Buf *text = &wide; text != NULL; text = text == &wide ? &deep : NULL) {
        json_t *value = NULL;
        Error err = {0};
        assert_int_equal(yaml_parse(text->data, text->len, "t.yaml", &value, &err), -1);
        assert_non_null(strstr(err.text, expected));
        error_clear(&err);
    }
}

/* Every mistake, with file and line, path in the document, and what is expected. */
static void mistakes_name_the_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"a: 1\nb: 2\na: 3\n", "t.yaml:3: a: duplicate key, first on line 1; expected each key once"},
        {"x:\n  - {b: 1}\n  - a: ~\n    'a': 2\n", "t.yaml:4: x[1].a: duplicate key, first on line 3; expected each key once"},
        {"a: &x 1\nb: *y\n", "t.yaml:2: b: there is no such anchor before this line; expected the alias of one"},
        {"a: &x [1, *x]\n", "t.yaml:1: a[1]: there is no such anchor before this line; expected the alias of one"},
        {"a: &x b\n*x : 1\n", "t.yaml:2: the document: a key is an alias; expected a text"},
        {"a: 1\n---\nb: 2\n", "t.yaml:2: the document: a second document begins here; expected one in a file"},
        {"x:\n  ? [a, b]\n  : 1\n", "t.yaml:2: x: a key is a list or an object; expected a text"},
        {"a:\n  - \"x\\0y\"\n", "t.yaml:2: a[0]: there is a NUL character; expected a text without one"},
        {"\"x\\0y\": 1\n", "t.yaml:1: the document: there is a NUL character; expected a text without one"},
        {"a b: {\"\": {'\"': [1, *x]}}\n",
         "t.yaml:1: [\"a b\"][\"\"][\"\\\"\"][1]: there is no such anchor before this line; expected the alias of one"},
        {"a: 1\nb: [1, 2\nc: 3\n",
         "t.yaml:3: this is not YAML: did not find expected ',' or ']', while parsing a flow sequence from line 2 on"},
        {"a: 1\n\tb: 2\n",
         "t.yaml:2: this is not YAML: found a tab character that violates indentation, while scanning a plain scalar from line 1 on"},
        {"a: b: c\n", "t.yaml:1: this is not YAML: mapping values are not allowed in this context"},
        {"a: 1\nb: \"x\n", "t.yaml:3: this is not YAML: found unexpected end of stream, while scanning a quoted scalar from line 2 on"},
        {"a: 1\nb: \xff\n", "t.yaml:2: this is not YAML: invalid leading UTF-8 octet"},
        {"a: 1\n\n# \x01\n", "t.yaml:3: this is not YAML: control characters are not allowed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) assert_refused(yaml_parse, rows[i].text, strlen(rows[i].text), rows[i].expected);
}

static void every_value_has_a_line(void **state) {
    (void)state;
    CLEANUP(document_freep)
    Document *d = read_document("# a comment\n"
                                "kafka:\n"
                                "  topic: t\n"
                                "  nothing:\n"
                                "\n"
                                "list:\n"
                                "- true\n"
                                "- b:\n"
                                "    true\n"
                                "- [1,\n"
                                "   null]\n");
    const json_t *root = document_value(d), *kafka = json_object_get(root, "kafka"), *list = json_object_get(root, "list");
    assert_string_equal(document_name(d), "t.yaml");
    assert_int_equal(document_line(d), 2);
    assert_int_equal(document_key_line(d, root, "kafka"), 2);
    assert_int_equal(document_key_line(d, kafka, "topic"), 3);
    assert_int_equal(document_key_line(d, kafka, "nothing"), 4);
    assert_int_equal(document_key_line(d, root, "list"), 6);
    assert_int_equal(document_item_line(d, list, 0), 7);
    assert_int_equal(document_item_line(d, list, 1), 8);
    assert_int_equal(document_key_line(d, json_array_get(list, 1), "b"), 8); /* of the key, not of its value */
    assert_int_equal(document_item_line(d, list, 2), 10);
    assert_int_equal(document_item_line(d, json_array_get(list, 2), 1), 11);
}

static void what_is_not_there_has_no_line(void **state) {
    (void)state;
    CLEANUP(document_freep) Document *d = read_document("a: [1]\n"), *empty = read_document("\n\n");
    const json_t *root = document_value(d), *list = json_object_get(root, "a");
    assert_int_equal(document_key_line(d, root, "b"), 0);
    assert_int_equal(document_key_line(d, list, "a"), 0);
    assert_int_equal(document_item_line(d, list, 1), 0);
    assert_int_equal(document_item_line(d, root, 0), 0);
    assert_int_equal(document_line(empty), 1);
    assert_true(json_is_null(document_value(empty)));
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
    CLEANUP(buf_done) Buf expected = {0};
    assert_true(json_is_array(value));
    buf_add_str(&expected, "t.yaml:1: ");
    for (size_t i = 0; i < 64; i++) buf_add_str(&expected, "[0]");
    buf_add_str(&expected, ": expected lists and objects nested at most 64 deep");
    assert_refused(yaml_parse, more, strlen(more), expected.data);
    assert_refused(yaml_parse, much, strlen(much), expected.data);
}

static void json_is_strict(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"{\"a\": 1,\n \"a\": 2}", "t.yaml:2: duplicate object key near '\"a\"'"},
        {"{\"a\":\n [1,", "t.yaml:2: ']' expected near end of file"},
        {"1 2", "t.yaml:1: end of file expected near '2'"},
        {"", "t.yaml:1: unexpected token near end of file"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) assert_refused(json_parse, rows[i].text, strlen(rows[i].text), rows[i].expected);
}

static void a_number_keeps_its_digits(void **state) {
    (void)state;
    CLEANUP(document_freep)
    Document *d = read_document("a: 1234567890123456.78\nb: &x .50\nc: 1.5e3\nd: 7\ne: 18446744073709551615\nf: *x\ng: '1.5'\n");
    static const char *const texts[][2] = {{"a", "1234567890123456.78"},  {"b", ".50"}, {"c", "1.5e3"}, {"d", "7"},
                                           {"e", "18446744073709551615"}, {"f", ".50"}, {"g", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *found = document_number(d, json_object_get(document_value(d), texts[i][0]));
        assert_int_equal(found == NULL, texts[i][1] == NULL);
        if (found != NULL) assert_string_equal(found, texts[i][1]);
    }
}

static void an_exact_number_is_written_as_it_is(void **state) {
    (void)state;
    CLEANUP(json_freep)
    json_t *list = json_pack("[s o s i o]", "1234567890123456.78", json_exact("1234567890123456.78"), "\\\"x", 1, json_exact("-0.5"));
    CLEANUP(free_text) char *text = json_text(list);
    assert_string_equal(text, "[\"1234567890123456.78\",1234567890123456.78,\"\\\\\\\"x\",1,-0.5]");
    assert_true(json_is_exact(json_array_get(list, 1)) && !json_is_exact(json_array_get(list, 0)) &&
                !json_is_exact(json_array_get(list, 3)));
    CLEANUP(free_text) char *alone = json_text(json_array_get(list, 4));
    assert_string_equal(alone, "-0.5");
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
        cmocka_unit_test(a_file_may_have_several_documents),
        cmocka_unit_test(plain_scalars_have_types),
        cmocka_unit_test(what_only_looks_like_a_number_is_text),
        cmocka_unit_test(quoted_scalars_are_text),
        cmocka_unit_test(structure_is_kept),
        cmocka_unit_test(nothing_is_null),
        cmocka_unit_test(equal_keys_of_different_objects_are_fine),
        cmocka_unit_test(an_alias_is_a_copy),
        cmocka_unit_test(a_merge_key_adds_what_is_missing),
        cmocka_unit_test(what_comes_from_an_anchor_has_its_line),
        cmocka_unit_test(aliases_of_aliases_are_bounded),
        cmocka_unit_test(mistakes_name_the_line),
        cmocka_unit_test(every_value_has_a_line),
        cmocka_unit_test(what_is_not_there_has_no_line),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(json_is_strict),
        cmocka_unit_test(a_number_keeps_its_digits),
        cmocka_unit_test(an_exact_number_is_written_as_it_is),
        cmocka_unit_test(json_scalars_are_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_yaml_writer.c: what is written is read back as the same value, and as other readers of YAML expect it. */
#include "base/document.h"
#include "base/memory.h"
#include "base/yaml_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_written(const char *json, const char *yaml) {
    CLEANUP(json_freep) json_t *value = NULL;
    CLEANUP(json_freep) json_t *again = NULL;
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    assert_int_equal(json_parse(json, strlen(json), "json", &value, &err), 0);
    yaml_write(value, &text);
    if (yaml != NULL) assert_string_equal(text.data, yaml);
    if (yaml_parse(text.data, text.len, "yaml", &again, &err) != 0) fail_msg("%s\n%s", err.text, text.data);
    if (!json_equal(value, again)) fail_msg("%s became %s", json, text.data);
}

static void values_are_written_in_block_style(void **state) {
    (void)state;
    assert_written("{\"a\": 1, \"b\": {\"c\": [\"x\", 2]}, \"d\": [{\"e\": null}, {\"f\": true}], \"g\": {}, \"h\": []}",
                   "a: 1\nb:\n  c: [x, 2]\nd:\n- e: null\n- f: true\ng: {}\nh: []\n");
}

static void texts_that_look_like_something_else_are_quoted(void **state) {
    (void)state;
    assert_written(
        "[\"yes\", \"On\", \"n\", \"1\", \"1.5\", \"\", \"~\", \"null\", \"2026-11-24\", \"a: b\", \"#x\", \"-\", \"<<\", \"a \", \"0x1\", \"12:30\"]",
        "[\"yes\", \"On\", \"n\", \"1\", \"1.5\", \"\", \"~\", \"null\", \"2026-11-24\", \"a: b\", \"#x\", \"-\", \"<<\", \"a \", \"0x1\", \"12:30\"]\n");
}

static void any_text_comes_back(void **state) {
    (void)state;
    assert_written("{\"on\": \"\\u0001 \\\"quoted\\\" \\\\ \\n two\\tlines \\u00e9 \\ud83d\\ude42\", \"a b\": \"'\", \"*\": \"&x\"}", NULL);
    assert_written("[-7, 0.5, 9223372036854775807, false]", "[-7, 0.5, 9223372036854775807, false]\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_written_in_block_style),
        cmocka_unit_test(texts_that_look_like_something_else_are_quoted),
        cmocka_unit_test(any_text_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

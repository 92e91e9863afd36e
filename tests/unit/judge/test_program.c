/* test_program.c: contracts as programs: what they print is in tests/golden/, and mistakes that only a program finds are named.
 * After a change that is meant: GOLDEN_WRITE=1 build/<dir>/tests/unit/test_judge_program, then read the diff. */
#include "../one_contract.h"
#include "../scratch.h"
#include "base/files.h"
#include "judge/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_golden(const char *dir, const char *pipeline_dir) {
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
    CLEANUP(buf_done) Buf printed = {0}, expected = {0};
    CLEANUP(free_text) char *path = xasprintf(SOURCE_ROOT "/tests/golden/%s/judge.txt", dir);
    if (pipeline_load_dir(pipeline_dir, &pipeline, &err) != 0 || judge_program_new(pipeline, &program, &err) != 0) fail_msg("%s", err.text);
    judge_program_print(program, &printed);
    if (getenv("GOLDEN_WRITE") != NULL) {
        if (file_write_atomic(path, printed.data, printed.len, &err) != 0) fail_msg("%s", err.text);
        return;
    }
    if (file_read(path, &expected, &err) != 0) fail_msg("%s", err.text);
    if (strcmp(printed.data, expected.data != NULL ? expected.data : "") != 0)
        fail_msg("%s is not what is printed now; if that is meant, run this test with GOLDEN_WRITE=1 and read the diff. Now:\n%s", path,
                 printed.data);
}

static void programs_are_printed(void **state) {
    (void)state;
    check_golden("builtin", NULL);
    check_golden("everything", SOURCE_ROOT "/tests/pipelines/everything");
}

/* Each column once, in the order of the contracts, as its type says. */
static void columns_have_their_stores(void **state) {
    (void)state;
    static const struct {
        const char *name;
        JudgeStore store;
    } expected[] = {
        {"kind", JUDGE_TEXT},         {"note", JUDGE_TEXT},         {"reading_kwh", JUDGE_INT32},   {"tariff", JUDGE_INT64},
        {"huge_number", JUDGE_INT64}, {"phase_number", JUDGE_INT8}, {"serial_number", JUDGE_INT64}, {"level_number", JUDGE_INT16},
        {"is_on", JUDGE_BOOL},        {"is_standby", JUDGE_BOOL},   {"installed_on", JUDGE_INT32},  {"removed_on", JUDGE_INT32},
        {"read_at", JUDGE_INT64},     {"checked_at", JUDGE_INT64},  {"place_json", JUDGE_TEXT},     {"tag_list", JUDGE_TEXT}};
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
    const JudgeColumn *columns;
    if (pipeline_load_dir(SOURCE_ROOT "/tests/pipelines/everything", &pipeline, &err) != 0 ||
        judge_program_new(pipeline, &program, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(judge_columns(program, &columns), ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_string_equal(columns[i].name, expected[i].name);
        assert_int_equal(columns[i].store, expected[i].store);
    }
}

/* ---- mistakes ---- */

/* In the scratch folder; the error is the pipeline's or the program's. */
static int load(const char *property, Pipeline **pipeline, JudgeProgram **program, Error *err) {
    CLEANUP(free_text) char *contract = xasprintf("%s          - %s\n", ONE_CONTRACT, property);
    if (dir_make("contracts", err) != 0 || file_write_atomic("contracts/t.odcs.yaml", contract, strlen(contract), err) != 0 ||
        file_write_atomic("features.yaml", ONE_FEATURE, strlen(ONE_FEATURE), err) != 0)
        fail_msg("%s", err->text);
    return pipeline_load_dir(".", pipeline, err) != 0 ? -1 : judge_program_new(*pipeline, program, err);
}

static void assert_refused(const char *property, const char *const *words) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
    Error err = {0};
    if (load(property, &pipeline, &program, &err) == 0) fail_msg("%s was taken", property);
    assert_int_equal(err.kind, ERR_CONFIG);
    for (; *words != NULL; words++)
        if (strstr(err.text, *words) == NULL) fail_msg("'%s' is not in: %s", *words, err.text);
    error_clear(&err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void a_bad_pattern_is_named_when_contracts_are_read(void **state) {
    (void)state;
    assert_refused("{name: v, logicalType: string, physicalName: v, logicalTypeOptions: {pattern: \"^(x\"}}",
                   WORDS("contracts/t.odcs.yaml", "event type T", "property v", "^(x", "at character 4"));
    assert_refused(
        "{name: o, logicalType: object, physicalName: o, properties: [{name: l, logicalType: array, items: {logicalType: string, "
        "logicalTypeOptions: {pattern: \"[a\"}}}]}",
        WORDS("contracts/t.odcs.yaml", "inside o", "items of l", "[a"));
}

static void no_name_breaks_a_program(void **state) {
    (void)state;
    static const char *const names[] = {"\"*\"", "object", "\"a.b\"", "\"$\"", "payload", "\"[0]\""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
        CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
        CLEANUP(free_text) char *property = xasprintf("{name: %s, logicalType: string, physicalName: object}", names[i]);
        Error err = {0};
        if (load(property, &pipeline, &program, &err) != 0) fail_msg("%s", err.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_printed),
        cmocka_unit_test(columns_have_their_stores),
        cmocka_unit_test_setup_teardown(a_bad_pattern_is_named_when_contracts_are_read, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(no_name_breaks_a_program, scratch_up, scratch_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

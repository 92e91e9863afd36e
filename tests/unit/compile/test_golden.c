/* test_golden.c: The compiled SQL of the built-in pipeline, and of one that uses everything, against the files in tests/golden/.
 * After a change that is meant: GOLDEN_WRITE=1 build/<dir>/tests/unit/test_compile_golden, then read the diff. */
#include "compile/compile.h"
#include "compile/show.h"

#include "../fixture.h"
#include "base/files.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void compare(const char *dir, Statement statement, const Compiled *c) {
    Error err = {0};
    CLEANUP(buf_done) Buf expected = {0};
    CLEANUP(free_text) char *path = xasprintf(SOURCE_ROOT "/tests/golden/%s/%s.sql", dir, statement_name(statement));
    const char *sql = compile_sql(c, statement);
    if (getenv("GOLDEN_WRITE") != NULL) {
        CLEANUP(free_text) char *folder = xasprintf("%.*s", (int)(strrchr(path, '/') - path), path);
        if (dir_make(folder, &err) != 0 || file_write_atomic(path, sql, strlen(sql), &err) != 0) fail_msg("%s", err.text);
        return;
    }
    must(file_read(path, &expected, &err), &err);
    if (strcmp(sql, expected.data != NULL ? expected.data : "") != 0)
        fail_msg("%s is not what is compiled now; if that is meant, run this test with GOLDEN_WRITE=1 and read the diff. Now:\n%s", path,
                 sql);
}

static void check_pipeline(const char *dir, const char *pipeline_dir, const char *suffix) {
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    must(pipeline_load(pipeline_dir, &p, &err), &err);
    CLEANUP(compile_freep) Compiled *c = compile_new(p, suffix), *again = compile_new(p, suffix);
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        compare(dir, (Statement)i, c);
        assert_string_equal(compile_sql(c, (Statement)i), compile_sql(again, (Statement)i));
    }
}

static void test_builtin(void **state) {
    (void)state;
    check_pipeline("builtin", NULL, "");
}

static void test_everything(void **state) {
    (void)state;
    check_pipeline("everything", SOURCE_ROOT "/tests/pipelines/everything", "_rebuild");
}

static void test_show(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    CLEANUP(free_text) char *silver = NULL, *one = NULL, *none = NULL;
    must(pipeline_load(NULL, &p, &err), &err);
    assert_int_equal(compile_show(p, "silver", &silver, &err), 0);
    assert_non_null(strstr(silver, "-- silver/clean\nINSERT INTO silver_clean_events"));
    assert_null(strstr(silver, "gold_state"));
    assert_int_equal(compile_show(p, "gold/features", &one, &err), 0);
    assert_ptr_equal(strstr(one, "-- gold/features\nCREATE OR REPLACE TABLE"), one);
    assert_int_equal(compile_show(p, "platinum", &none, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_non_null(strstr(err.text, "silver/clean"));
    error_clear(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

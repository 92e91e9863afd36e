/* test_golden.c: The compiled SQL of the built-in pipeline, and of one that uses everything, against the files in tests/golden/.
 * After an intended change: GOLDEN_WRITE=1 build/<dir>/tests/unit/test_compile_golden (which fails, since it compares nothing), then read
 * the diff. */
#include "compile/compile.h"

#include "../fixture.h"
#include "base/files.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static void compare(const char *dir, const StatementText *statement) {
    Error err = {0};
    CLEANUP(buf_done) Buf expected = {0};
    CLEANUP(free_text) char *path = xasprintf(SOURCE_ROOT "/tests/golden/%s/%s.sql", dir, statement->name);
    if (getenv("GOLDEN_WRITE") != NULL) {
        CLEANUP(free_text) char *folder = xasprintf("%.*s", (int)(strrchr(path, '/') - path), path);
        if (dir_make(folder, &err) != 0 || file_write_atomic(path, statement->sql, strlen(statement->sql), &err) != 0)
            fail_msg("%s", err.text);
        return; /* main fails in the end */
    }
    must(file_read(path, &expected, &err), &err);
    if (strcmp(statement->sql, expected.data != NULL ? expected.data : "") != 0)
        fail_msg("%s is not what is compiled now; if that is meant, run this test with GOLDEN_WRITE=1 and read the diff. Now:\n%s", path,
                 statement->sql);
}

static size_t times(const Pipeline *p, Statement statement) {
    return statement_is_of_entity(statement) ? p->entity_count : 1;
}

static void check_pipeline(const char *dir, const char *pipeline_dir, const char *suffix) {
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    must(pipeline_load_dir(pipeline_dir, &p, &err), &err);
    CLEANUP(compile_freep) Compiled *c = compile_new(p, suffix), *again = compile_new(p, suffix);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        for (size_t e = 0; e < times(p, (Statement)i); e++) {
            compare(dir, compile_statement(c, (Statement)i, e));
            assert_string_equal(compile_statement(c, (Statement)i, e)->sql, compile_statement(again, (Statement)i, e)->sql);
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

/* The name after "CREATE ... TABLE|VIEW" at `at`, without suffix; "" for a temporary table. */
static const char *created_name(const char *at, const char *suffix, char name[64]) {
    static const char *const forms[] = {"CREATE TABLE IF NOT EXISTS ", "CREATE OR REPLACE TABLE ", "CREATE OR REPLACE VIEW "};
    name[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (strncmp(at, forms[i], strlen(forms[i])) == 0) assert_int_equal(sscanf(at + strlen(forms[i]), "%63[a-z_]", name), 1);
    size_t len = strlen(name), end = strlen(suffix);
    if (len > end && strcmp(name + len - end, suffix) == 0) name[len - end] = '\0';
    if (name[0] == '\0' && strncmp(at, "CREATE OR REPLACE TEMP ", strlen("CREATE OR REPLACE TEMP ")) != 0)
        fail_msg("unknown form: %.60s", at);
    return name;
}

static size_t count_tables(const StatementText *statement) {
    size_t n = 0;
    while (statement->tables[n] != NULL) n++;
    return n;
}

static bool makes(const StatementText *statement, const char *table) {
    for (const char *const *t = statement->tables; *t != NULL; t++)
        if (strcmp(*t, table) == 0) return true;
    return false;
}

static void check_tables(const StatementText *statement) {
    size_t created = 0;
    for (const char *at = statement->sql; (at = strstr(at, "CREATE ")) != NULL; at++) {
        char name[64];
        if (created_name(at, "_rebuild", name)[0] == '\0') continue;
        if (!makes(statement, name)) fail_msg("%s creates %s, which its row does not name", statement->name, name);
        created++;
    }
    assert_int_equal(created, statement->sql[0] != '\0' ? count_tables(statement) : 0);
}

/* Rebuilding drops and swaps what the statements name. */
static void test_the_named_tables_are_those_that_are_created(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    if (pipeline_load_dir(SOURCE_ROOT "/tests/pipelines/everything", &p, &err) != 0) fail_msg("%s", err.text);
    CLEANUP(compile_freep) Compiled *c = compile_new(p, "_rebuild");
    for (int i = 0; i < STATEMENT_COUNT; i++)
        for (size_t e = 0; e < times(p, (Statement)i); e++) check_tables(compile_statement(c, (Statement)i, e));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_the_named_tables_are_those_that_are_created),
    };
    if (cmocka_run_group_tests(tests, NULL, NULL) != 0) return 1;
    if (getenv("GOLDEN_WRITE") == NULL) return 0;
    print_error("the golden files were written, nothing was compared: read the diff and run this again without GOLDEN_WRITE\n");
    return 1;
}

/* test_show.c: `smelt sql --show`: layers, statements, the judge's program. */
#include "../fixture.h"
#include "base/memory.h"
#include "refine/show.h"

#include <string.h>

static void a_layer_a_statement_and_the_program_are_shown(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    CLEANUP(free_text) char *silver = NULL, *one = NULL, *program = NULL, *none = NULL;
    must(pipeline_load_dir(NULL, &p, &err), &err);
    must(refine_show(p, "silver", &silver, &err), &err);
    assert_non_null(strstr(silver, "-- silver/clean\nINSERT INTO silver_clean_events"));
    assert_non_null(strstr(silver, "-- silver/judge\nlimits of every event\n"));
    assert_null(strstr(silver, "gold_state"));
    must(refine_show(p, "gold/features", &one, &err), &err);
    assert_ptr_equal(strstr(one, "-- gold/features\nCREATE OR REPLACE TABLE"), one);
    must(refine_show(p, "silver/judge", &program, &err), &err);
    assert_ptr_equal(strstr(program, "-- silver/judge\nlimits"), program);
    assert_int_equal(refine_show(p, "platinum", &none, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_non_null(strstr(err.text, "silver/clean"));
    error_clear(&err);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_layer_a_statement_and_the_program_are_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

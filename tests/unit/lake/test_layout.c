/* test_layout.c: every file is inside data.dir, under the name that lakes of earlier versions have. */
#include "lake/layout.h"

#include "commands/settings_table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static Layout layout_for(const char *set) {
    CLEANUP(settings_freep) Settings *settings = NULL;
    Error err = {0};
    if (settings_load(&settings_table, NULL, &set, set != NULL ? 1 : 0, &settings, &err) != 0) fail_msg("%s", err.text);
    Layout layout = layout_of(settings);
    return layout; /* it outlives the settings */
}

static void files_are_inside_the_data_dir(void **state) {
    (void)state;
    CLEANUP(layout_done) Layout layout = layout_for("data.dir=/var/lib/smelt");
    assert_string_equal(layout.data_dir, "/var/lib/smelt");
    assert_string_equal(layout.lake_path, "/var/lib/smelt/lake.duckdb");
    assert_string_equal(layout.wal_path, "/var/lib/smelt/lake.duckdb.wal");
    assert_string_equal(layout.mark_path, "/var/lib/smelt/lake.mark");
    assert_string_equal(layout.runs_path, "/var/lib/smelt/lake.runs");
    assert_string_equal(layout.lock_path, "/var/lib/smelt/smelt.lock");
    assert_string_equal(layout.models_dir, "/var/lib/smelt/models");
    assert_string_equal(layout.snapshots_dir, "/var/lib/smelt/snapshots");
}

static void a_relative_dir_stays_relative(void **state) {
    (void)state;
    CLEANUP(layout_done) Layout here = layout_for("data.dir=."), slash = layout_for("data.dir=data/");
    assert_string_equal(here.lake_path, "./lake.duckdb");
    assert_string_equal(slash.lake_path, "data/lake.duckdb");
}

static void an_empty_layout_can_be_ended(void **state) {
    (void)state;
    Layout layout = layout_for("data.dir=x");
    layout_done(&layout);
    layout_done(&layout);
    assert_null(layout.lake_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_inside_the_data_dir),
        cmocka_unit_test(a_relative_dir_stays_relative),
        cmocka_unit_test(an_empty_layout_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_run_record.c: The run record: what a reader can tell of runs that published nothing, of one that was killed, and of a file that is
 * damaged. */
#include "flow/run.h"
#include "flow/run_record.h"

#include "../fixture.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "commands/settings_table.h"
#include <string.h>

static Settings *settings;

static int up(void **state) {
    static const char *const sets[] = {"data.dir=."};
    Error err = {0};
    log_setup(LOG_ERROR, LOG_TEXT);
    return scratch_up(state) == 0 && settings_load(&settings_table, NULL, sets, 1, &settings, &err) == 0 ? 0 : -1;
}

static int down(void **state) {
    settings_free(settings);
    return scratch_down(state);
}

static json_t *read_record(void) {
    json_t *record = NULL;
    Error err = {0};
    must(run_record_read(settings, &record, &err), &err);
    return record;
}

static int64_t count_of(const json_t *record, const char *group, const char *key) {
    return json_integer_value(json_object_get(json_object_get(record, group), key));
}

static const char *last_text(const json_t *record, const char *key) {
    const char *text = json_string_value(json_object_get(json_object_get(record, "last"), key));
    return text != NULL ? text : "(none)";
}

/* One run as run_pipeline tells it; `failed`: the text of the error of its second step, or NULL. */
static void begin_run(const char *id) {
    json_t *summary = json_pack("{ss ss s[]}", "run_id", id, "started_at", "2026-11-01T10:00:00Z", "steps");
    run_record_begin(settings, summary);
    json_decref(summary);
}

static void end_run(const char *id, const char *state, char *failed) {
    Error err = {.kind = failed != NULL ? ERR_IO : ERR_NONE, .text = failed};
    json_t *summary = json_pack("{ss ss ss sf s[{ss ss si sf s{si}} {ss ss si sf}]}", "run_id", id, "started_at", "2026-11-01T10:00:00Z",
                                "state", state, "seconds", 2.5, "steps", "name", "ingest", "state", "done", "attempts", 1, "seconds", 1.0,
                                "summary", "landed", 7, "name", "refine", "state", state, "attempts", 3, "seconds", 1.5);
    run_record_end(settings, summary, &err);
    json_decref(summary);
}

static void test_none_yet(void **state) {
    (void)state;
    assert_null(read_record());
}

static void test_what_a_run_leaves(void **state) {
    (void)state;
    static char why[] = "refine: no space";
    begin_run("a");
    json_t *record = read_record();
    assert_string_equal(json_string_value(json_object_get(json_object_get(record, "running"), "run_id")), "a");
    assert_true(json_is_null(json_object_get(record, "last")));
    json_decref(record);

    end_run("a", "done", NULL);
    begin_run("b");
    end_run("b", "failed", why);
    record = read_record();
    assert_true(json_is_null(json_object_get(record, "running")));
    assert_string_equal(last_text(record, "run_id"), "b");
    assert_string_equal(last_text(record, "state"), "failed");
    assert_string_equal(last_text(record, "error"), why);
    assert_int_equal(count_of(record, "counts", "done"), 1);
    assert_int_equal(count_of(record, "counts", "failed"), 1);
    assert_int_equal(count_of(record, "failures", "refine"), 1);
    assert_true(count_of(record, "ended_us", "failed") >= count_of(record, "ended_us", "done"));
    const json_t *steps = json_object_get(json_object_get(record, "last"), "steps");
    assert_int_equal(json_array_size(steps), 2);
    assert_null(json_object_get(json_array_get(steps, 0), "summary")); /* what it did is in the history; this file stays small */
    json_decref(record);
}

static void test_a_killed_run_is_lost(void **state) {
    (void)state;
    begin_run("a");
    begin_run("b");
    json_t *record = read_record();
    assert_int_equal(count_of(record, "counts", "lost"), 1);
    assert_string_equal(last_text(record, "run_id"), "a");
    assert_string_equal(last_text(record, "state"), "lost");
    json_decref(record);
}

static void test_a_run_that_could_not_begin(void **state) {
    (void)state;
    static char why[] = "the lake is behind its mark", busy[] = "held by pid 1";
    run_record_refused(settings, &(Error){.kind = ERR_BUSY, .text = busy});
    assert_null(read_record());
    begin_run("a"); /* and is killed */
    run_record_refused(settings, &(Error){.kind = ERR_DATA, .text = why});
    json_t *record = read_record();
    assert_int_equal(count_of(record, "counts", "lost"), 1);
    assert_int_equal(count_of(record, "counts", "failed"), 1);
    assert_int_equal(count_of(record, "failures", "open"), 1);
    assert_string_equal(last_text(record, "error"), why);
    json_decref(record);
}

/* Whoever has the lake is at work, not lost. */
static void test_one_that_could_not_begin_beside_one_at_work(void **state) {
    (void)state;
    static char why[] = "no such property";
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    Error err = {0};
    assert_int_equal(file_lock("./smelt.lock", "smelt run", &lock, &err), 0);
    begin_run("a");
    run_record_refused(settings, &(Error){.kind = ERR_CONFIG, .text = why});
    json_t *record = read_record();
    assert_int_equal(count_of(record, "counts", "lost"), 0);
    assert_true(json_is_object(json_object_get(record, "running")));
    json_decref(record);
}

/* A lake that cannot even note the run: one failure, and nobody was lost. */
static void test_a_run_whose_history_fails(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture lake = open_lake(":memory:", NULL);
    CLEANUP(run_result_done) RunResult result = {0};
    Error err = {0};
    assert_int_equal(run_pipeline(lake.conn, &(RunOptions){.settings = settings}, &result, &err), -1);
    json_t *record = read_record();
    assert_int_equal(count_of(record, "counts", "failed"), 1);
    assert_int_equal(count_of(record, "counts", "lost"), 0);
    assert_int_equal(count_of(record, "failures", "open"), 1);
    assert_true(json_is_null(json_object_get(record, "running")));
    error_clear(&err);
    json_decref(record);
}

static void test_damage(void **state) {
    (void)state;
    Error err = {0};
    end_run("a", "done", NULL);
    json_t *none = NULL;
    assert_int_equal(file_write_atomic("./lake.runs", "nonsense", 8, &err), 0);
    assert_int_equal(run_record_read(settings, &none, &err), -1);
    assert_int_equal(err.kind, ERR_DATA);
    assert_non_null(strstr(err.text, "lake.runs is damaged"));
    error_clear(&err);
    end_run("b", "done", NULL);
    json_t *record = read_record();
    assert_int_equal(count_of(record, "counts", "done"), 1);
    json_decref(record);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none_yet, up, down),
        cmocka_unit_test_setup_teardown(test_what_a_run_leaves, up, down),
        cmocka_unit_test_setup_teardown(test_a_killed_run_is_lost, up, down),
        cmocka_unit_test_setup_teardown(test_a_run_that_could_not_begin, up, down),
        cmocka_unit_test_setup_teardown(test_one_that_could_not_begin_beside_one_at_work, up, down),
        cmocka_unit_test_setup_teardown(test_a_run_whose_history_fails, up, down),
        cmocka_unit_test_setup_teardown(test_damage, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_snapshot.c: readers see whole generations only, keep theirs while it is pruned, and never fail because another process publishes. */
#include "snapshot/snapshot.h"

#include "../fixture.h"
#include "lake/internal.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define DIR_NAME "snapshots"

static const SnapshotTable tables[] = {{"first", "SELECT round, i FROM source", "i"}, {"second", "SELECT round, i FROM source", NULL}};
static const LakeOptions small = {.threads = 1, .memory_limit = 64 << 20};

/* ---- a lake to publish from: `source` has 100 rows, all with the same number, another one each time ---- */

static LakeFixture open_writer(const char *path) {
    LakeFixture w = open_lake(path, &small);
    run(w.conn, "CREATE TABLE source AS SELECT 0 AS round, i FROM range(100) r(i)");
    return w;
}

static int publish_next(LakeFixture *w, SnapshotInfo *ret, Error *err) {
    if (lake_exec(w->conn, "test", "UPDATE source SET round = round + 1", err) != 0) return -1;
    return snapshot_publish(w->conn, DIR_NAME, tables, ARRAY_LEN(tables), &(SnapshotOptions){0}, ret, err);
}

static void publish(int times) {
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    Error err = {0};
    for (int i = 0; i < times; i++) {
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
        must(publish_next(&w, &info, &err), &err);
    }
}

/* ---- readers ---- */

static Snapshot *open_snapshot(void) {
    Snapshot *s = NULL;
    Error err = {0};
    must(snapshot_open(DIR_NAME, &small, &s, &err), &err);
    return s;
}

static int64_t number_of(Snapshot *s, const char *sql) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error err = {0};
    must(lake_connect(snapshot_lake(s), &conn, &err), &err);
    return number(conn, sql);
}

/* All rows of both tables are of one state of the lake. */
static void assert_whole(Snapshot *s) {
    assert_int_equal(number_of(s, "SELECT count(*) FROM first JOIN second USING (i, round)"), 100);
    assert_int_equal(number_of(s, "SELECT count(DISTINCT round) FROM (SELECT round FROM first UNION ALL SELECT round FROM second)"), 1);
}

static bool has_generation(int generation) {
    CLEANUP(free_text) char *path = xasprintf(DIR_NAME "/gen-%08d.duckdb", generation);
    return file_exists(path);
}

/* ---- publishing and opening ---- */

static void nothing_published_is_unavailable(void **state) {
    (void)state;
    Snapshot *s = NULL;
    Error err = {0};
    assert_int_equal(snapshot_current(DIR_NAME), 0);
    assert_int_equal(snapshot_open(DIR_NAME, &small, &s, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "smelt publish"));
    assert_null(s);
    error_clear(&err);
    assert_int_equal(snapshot_prune(DIR_NAME, 3), 0);
}

static void a_published_generation_is_current(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    Error err = {0};
    for (int64_t generation = 1; generation <= 3; generation++) {
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
        CLEANUP(snapshot_freep) Snapshot *s = NULL;
        CLEANUP(free_text) char *path = xasprintf(DIR_NAME "/gen-%08d.duckdb", (int)generation);
        must(publish_next(&w, &info, &err), &err);
        assert_int_equal(info.generation, generation);
        assert_string_equal(info.path, path);
        assert_true(info.bytes > 0);
        assert_int_equal(snapshot_current(DIR_NAME), generation);
        s = open_snapshot();
        assert_int_equal(snapshot_generation(s), generation);
        assert_whole(s);
    }
}

static void keys_are_keys(void **state) {
    (void)state;
    static const SnapshotTable doubled[] = {{"t", "SELECT i % 2 AS i FROM source", "i"}};
    publish(1);
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    SnapshotInfo info = {0};
    Error err = {0};
    assert_int_equal(
        number_of(s, "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY' AND table_name = 'first'"), 1);
    assert_int_equal(snapshot_publish(w.conn, DIR_NAME, doubled, 1, &(SnapshotOptions){0}, &info, &err), -1);
    assert_non_null(strstr(err.text, "duplicate key"));
    error_clear(&err);
    must(publish_next(&w, &info, &err), &err); /* the failure left nothing in the way */
    snapshot_info_done(&info);
}

static void a_snapshot_is_locked_down(void **state) {
    (void)state;
    static const char *const attempts[] = {"DELETE FROM first", "CREATE TABLE t (a INTEGER)", "COPY first TO 'out.csv'",
                                           "SET enable_external_access = true"};
    publish(1);
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error err = {0};
    must(file_write_atomic("secret.txt", "secret", 6, &err), &err);
    must(lake_connect(snapshot_lake(s), &conn, &err), &err);
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        if (lake_exec(conn, "test", attempts[i], &err) == 0) fail_msg("allowed: %s", attempts[i]);
    error_clear(&err);
}

/* The tables after a failed one are not there, nor a file; the next attempt is as good as the first. */
static void a_failed_publish_changes_nothing(void **state) {
    (void)state;
    static const char *const queries[] = {"SELECT * FROM missing", "SELECT 'abc'::INTEGER", "SELECT error('stop') FROM source"};
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    Error err = {0};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        const SnapshotTable failing[] = {tables[0], {"second", queries[i], NULL}};
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0}, good = {0};
        assert_int_equal(snapshot_publish(w.conn, DIR_NAME, failing, 2, &(SnapshotOptions){0}, &info, &err), -1);
        assert_non_null(strstr(err.text, "publish/second"));
        error_clear(&err);
        assert_null(info.path);
        assert_int_equal(snapshot_current(DIR_NAME), (int64_t)i);
        assert_false(has_generation((int)i + 1));
        assert_int_equal(snapshot_prune(DIR_NAME, 10), 0);
        must(publish_next(&w, &good, &err), &err);
        CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
        assert_whole(s);
    }
}

/* A folder that was copied without its locks, or is on a mount where none can be taken. */
static void a_generation_without_its_lock_is_readable(void **state) {
    (void)state;
    publish(1);
    assert_int_equal(unlink(DIR_NAME "/gen-00000001.duckdb.lock"), 0);
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_whole(s);
}

/* Generations must not start again over the files that readers have open. */
static void a_lost_current_does_not_start_again(void **state) {
    (void)state;
    publish(3);
    CLEANUP(snapshot_freep) Snapshot *reader = open_snapshot();
    assert_int_equal(unlink(DIR_NAME "/CURRENT"), 0);
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
    Error err = {0};
    must(snapshot_publish(w.conn, DIR_NAME, tables, ARRAY_LEN(tables), &(SnapshotOptions){0}, &info, &err), &err);
    assert_int_equal(info.generation, 4);
    assert_int_equal(snapshot_current(DIR_NAME), 4);
    assert_whole(reader);
}

/* A process that publishes and ends has its lake checkpointed by then: its log is empty. A transaction in the way is no failure. */
static void the_lake_is_checkpointed_meanwhile(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer("lake.duckdb");
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    Error err = {0};
    must(lake_connect(w.lake, &other, &err), &err);
    for (int busy = 1; busy >= 0; busy--) {
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
        if (busy) must(lake_begin(other, &err), &err);
        run(other, "CREATE OR REPLACE TABLE more AS SELECT 1 AS one");
        must(snapshot_publish(w.conn, DIR_NAME, tables, ARRAY_LEN(tables), &(SnapshotOptions){.checkpoint_lake = true}, &info, &err), &err);
        lake_checkpoint_waitp(&info.checkpoint);
        assert_int_equal(file_exists("lake.duckdb.wal"), busy);
        if (busy) must(lake_commit(other, &err), &err);
    }
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_int_equal(snapshot_generation(s), 2);
}

/* A checkpoint that always made one row group of the small ones would cost a full one each time, however little came. */
static void small_row_groups_are_merged_now_and_then(void **state) {
    (void)state;
    static const char row_groups[] = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('source')";
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer("lake.duckdb");
    Error err = {0};
    must(lake_expect_rows(w.conn, false, &err), &err);
    for (int generation = 1; generation <= 16; generation++) {
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
        run(w.conn, "INSERT INTO source (round, i) SELECT 0, i FROM range(100, 110) r(i)");
        must(snapshot_publish(w.conn, DIR_NAME, tables + 1, 1, &(SnapshotOptions){.checkpoint_lake = true}, &info, &err), &err);
        lake_checkpoint_waitp(&info.checkpoint);
        int64_t n = number(w.conn, row_groups);
        int merged = generation > 8; /* what was merged before is one */
        if (n != (generation % 8 == 0 ? 1 : generation % 8 + merged)) fail_msg("generation %d: %d row groups", generation, (int)n);
        must(lake_expect_rows(w.conn, false, &err), &err); /* as another process does */
    }
}

/* ---- another connection writes meanwhile ---- */

static LakeConn *meanwhile; /* another connection, which looks at all that is attached in a transaction that stays open */
static bool changes;        /* the base, between the copy of the last generation and the transaction that writes */

static int name_base(LakeConn *conn, const void *arg, char **ret, Error *err) {
    (void)arg;
    (void)conn;
    (void)err;
    *ret = xstrdup(changes ? "another" : "b");
    if (!changes) return 0;
    run(meanwhile, "SELECT count(*) FROM duckdb_tables()");
    return 0;
}

static void a_base_that_changes_meanwhile_is_written(void **state) {
    (void)state;
    static const SnapshotTable based[] = {{"first", "SELECT round, i FROM source", "i", SNAPSHOT_BASE},
                                          {"second", "SELECT round, i FROM source", NULL}};
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    const SnapshotOptions how = {.base = "b", .name_base = name_base};
    Error err = {0};
    must(lake_connect(w.lake, &other, &err), &err);
    meanwhile = other;
    for (int i = 0; i < 4; i++) {
        CLEANUP(snapshot_info_done) SnapshotInfo info = {0};
        changes = i % 2 != 0;
        run(w.conn, "UPDATE source SET round = round + 1");
        if (changes) must(lake_begin(other, &err), &err);
        must(snapshot_publish(w.conn, DIR_NAME, based, ARRAY_LEN(based), &how, &info, &err), &err);
        assert_false(info.incremental);
        CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
        assert_whole(s);
        lake_rollback(other);
    }
}

#define DRAFT DIR_NAME "/draft.duckdb.tmp"

/* With a base, so that a generation starts from the last one. */
static SnapshotInfo publish_on_draft(LakeFixture *w, SnapshotDraft *draft) {
    static const SnapshotTable based[] = {{"first", "SELECT round, i FROM source", "i", SNAPSHOT_BASE},
                                          {"second", "SELECT round, i FROM source", NULL}};
    SnapshotInfo info = {0};
    Error err = {0};
    must(snapshot_publish(w->conn, DIR_NAME, based, ARRAY_LEN(based), &(SnapshotOptions){.base = "b", .draft = draft}, &info, &err), &err);
    return info;
}

/* A draft is the last generation or nothing: one that is too old or used up is left, and the last is copied as ever. */
static void a_draft_is_taken_once_and_only_of_the_last(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    assert_null(snapshot_draft(DIR_NAME)); /* of nothing */
    CLEANUP(snapshot_info_done) SnapshotInfo first = publish_on_draft(&w, NULL);
    assert_false(first.incremental);
    CLEANUP(snapshot_draft_freep) SnapshotDraft *draft = snapshot_draft(DIR_NAME);
    assert_non_null(draft);
    CLEANUP(snapshot_info_done) SnapshotInfo second = publish_on_draft(&w, draft);
    assert_true(second.incremental);
    assert_false(file_exists(DRAFT)); /* taken, not copied */
    CLEANUP(snapshot_info_done) SnapshotInfo third = publish_on_draft(&w, draft);
    assert_true(third.incremental);
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_int_equal(snapshot_generation(s), 3);
    assert_whole(s);
}

static void a_draft_of_another_generation_is_left(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture w = open_writer(":memory:");
    CLEANUP(snapshot_info_done) SnapshotInfo first = publish_on_draft(&w, NULL);
    SnapshotDraft *draft = snapshot_draft(DIR_NAME);
    assert_non_null(draft);
    CLEANUP(snapshot_info_done) SnapshotInfo second = publish_on_draft(&w, NULL);
    CLEANUP(snapshot_info_done) SnapshotInfo third = publish_on_draft(&w, draft);
    assert_true(third.incremental);
    snapshot_draft_free(draft);
    assert_false(file_exists(DRAFT));
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_whole(s);
}

/* ---- pruning ---- */

static void the_newest_are_kept(void **state) {
    (void)state;
    publish(5);
    assert_int_equal(snapshot_prune(DIR_NAME, 2), 3);
    for (int i = 1; i <= 5; i++) assert_int_equal(has_generation(i), i > 3);
    assert_int_equal(snapshot_prune(DIR_NAME, 2), 0);
    assert_false(file_exists(DIR_NAME "/gen-00000001.duckdb.lock"));
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_whole(s);
}

static void what_is_current_stays_whatever_keep_says(void **state) {
    (void)state;
    publish(2);
    assert_int_equal(snapshot_prune(DIR_NAME, 0), 1);
    assert_int_equal(snapshot_prune(DIR_NAME, -7), 0);
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_int_equal(snapshot_generation(s), 2);
    assert_whole(s);
}

static void a_reader_keeps_its_generation(void **state) {
    (void)state;
    publish(2);
    Snapshot *reader = open_snapshot();
    publish(3);
    assert_int_equal(snapshot_prune(DIR_NAME, 1), 3); /* 1, 3, 4 */
    assert_true(has_generation(2));
    assert_true(has_generation(5));
    assert_whole(reader);
    snapshot_free(reader);
    assert_int_equal(snapshot_prune(DIR_NAME, 1), 1);
    assert_false(has_generation(2));
}

static void left_overs_of_a_crash_go(void **state) {
    (void)state;
    static const char *const left[] = {DIR_NAME "/gen-00000003.duckdb.0.tmp", DIR_NAME "/gen-00000003.duckdb.0.tmp.wal",
                                       DIR_NAME "/gen-00000003.duckdb.0.tmp.wal.checkpoint", DIR_NAME "/CURRENT.tmp",
                                       DIR_NAME "/gen-00000003.duckdb.lock.tmp"};
    Error err = {0};
    publish(2);
    for (size_t i = 0; i < ARRAY_LEN(left); i++) must(file_write_atomic(left[i], "x", 1, &err), &err);
    snapshot_prune(DIR_NAME, 10);
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        if (file_exists(left[i])) fail_msg("%s is still there", left[i]);
    for (size_t i = 0; i < ARRAY_LEN(left); i++) must(file_write_atomic(left[i], "x", 1, &err), &err);
    publish(1); /* over them */
    CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
    assert_int_equal(snapshot_generation(s), 3);
    assert_whole(s);
}

/* ---- killed ---- */

static int calls_left;
static __typeof__(duckdb.query) real_query;

static duckdb_state counted_query(duckdb_connection con, const char *sql, duckdb_result *result) {
    if (calls_left-- == 0) _exit(9);
    return real_query(con, sql, result);
}

/* Publishes once, and leaves without a word at the nth statement. Exit code 0: it came to the end. */
_Noreturn static void publish_and_die(int nth) {
    LakeFixture w = open_writer(":memory:");
    SnapshotInfo info = {0};
    Error err = {0};
    real_query = duckdb.query;
    duckdb.query = counted_query;
    calls_left = nth;
    _exit(publish_next(&w, &info, &err) == 0 ? 0 : 1);
}

static void killed_at_any_statement_the_old_generation_stays(void **state) {
    (void)state;
    int nth = 0;
    publish(1);
    for (int status = 1; status != 0; nth++) {
        pid_t child = fork();
        if (child == 0) publish_and_die(nth);
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0));
        CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
        assert_int_equal(snapshot_generation(s), status == 0 ? 2 : 1);
        assert_whole(s);
    }
    assert_true(nth > 5); /* it did die in between */
}

/* Publishes and prunes for ever, or until it has used so much processor time after the first generation. Then it writes a byte to `ready`.
 */
_Noreturn static void publish_for_ever(int ready, int keep, int64_t cpu_us) {
    LakeFixture w = open_writer(":memory:");
    Error err = {0};
    for (bool first = true;; first = false) {
        SnapshotInfo info = {0};
        if (publish_next(&w, &info, &err) != 0) _exit(2);
        if (first && cpu_us > 0) die_after_cpu_us(cpu_us);
        if (first && write(ready, "!", 1) != 1) _exit(3);
        snapshot_info_done(&info);
        snapshot_prune(DIR_NAME, keep);
    }
}

/* Returns when the first generation is there. `cpu_us`: 0, or what it may use from then on. */
static pid_t publisher(int keep, int64_t cpu_us) {
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) publish_for_ever(ready[1], keep, cpu_us);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void killed_at_any_moment_a_whole_generation_is_current(void **state) {
    (void)state;
    int64_t before = 0;
    for (int i = 0; i < 10; i++) {
        assert_true(was_killed(publisher(2, 1 + i * 3000))); /* another moment each time */
        CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
        assert_whole(s);
        assert_true(snapshot_generation(s) > before);
        before = snapshot_generation(s);
    }
}

static void opening_while_others_publish_never_fails(void **state) {
    (void)state;
    pid_t child = publisher(1, 0);
    int64_t last = 0, seen = 0;
    for (int i = 0; i < 80; i++) {
        CLEANUP(snapshot_freep) Snapshot *s = open_snapshot();
        assert_true(snapshot_generation(s) >= last);
        seen += snapshot_generation(s) > last;
        last = snapshot_generation(s);
        if (i % 10 == 0) assert_whole(s);
    }
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(seen > 5); /* they did publish meanwhile */
}

static void a_held_generation_outlives_many(void **state) {
    (void)state;
    pid_t child = publisher(1, 0);
    CLEANUP(snapshot_freep) Snapshot *held = open_snapshot();
    while (snapshot_current(DIR_NAME) < snapshot_generation(held) + 8) assert_whole(held);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_whole(held);
    assert_true(has_generation((int)snapshot_generation(held)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(nothing_published_is_unavailable),
        IN_SCRATCH(a_published_generation_is_current),
        IN_SCRATCH(keys_are_keys),
        IN_SCRATCH(a_snapshot_is_locked_down),
        IN_SCRATCH(a_failed_publish_changes_nothing),
        IN_SCRATCH(a_generation_without_its_lock_is_readable),
        IN_SCRATCH(the_lake_is_checkpointed_meanwhile),
        IN_SCRATCH(small_row_groups_are_merged_now_and_then),
        IN_SCRATCH(a_base_that_changes_meanwhile_is_written),
        IN_SCRATCH(a_draft_is_taken_once_and_only_of_the_last),
        IN_SCRATCH(a_draft_of_another_generation_is_left),
        IN_SCRATCH(a_lost_current_does_not_start_again),
        IN_SCRATCH(the_newest_are_kept),
        IN_SCRATCH(what_is_current_stays_whatever_keep_says),
        IN_SCRATCH(a_reader_keeps_its_generation),
        IN_SCRATCH(left_overs_of_a_crash_go),
        IN_SCRATCH(killed_at_any_statement_the_old_generation_stays),
        IN_SCRATCH(killed_at_any_moment_a_whole_generation_is_current),
        IN_SCRATCH(opening_while_others_publish_never_fails),
        IN_SCRATCH(a_held_generation_outlives_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

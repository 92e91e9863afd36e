/* test_schema.c: a lake is at its old or at its new version whatever happens while it is migrated, and never opened by an older binary. */
#include "lake/schema.h"

#include "../fixture.h"
#include "base/files.h"
#include "lake/internal.h"
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void migrate(LakeConn *conn) {
    Error err = {0};
    must(lake_migrate(conn, &err), &err);
}

static int64_t count_tables(LakeConn *conn) {
    return number(conn, "SELECT count(*) FROM duckdb_tables() WHERE NOT internal AND table_name <> 'schema_version'");
}

static int64_t version_of(LakeConn *conn) {
    if (number(conn, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_version'") == 0) return 0;
    return number(conn, "SELECT coalesce(max(version), 0) FROM schema_version");
}

/* How many tables a lake of this binary's version has. */
static int64_t tables_when_whole(void) {
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake(":memory:", NULL);
    migrate(o.conn);
    return count_tables(o.conn);
}

static void a_fresh_lake_gets_all_versions_once(void **state) {
    (void)state;
    for (int opened = 0; opened < 3; opened++) {
        CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
        migrate(o.conn);
        assert_int_equal(version_of(o.conn), lake_schema_version());
        assert_int_equal(number(o.conn, "SELECT count(*) - count(DISTINCT version) FROM schema_version"), 0);
        assert_int_equal(number(o.conn, "SELECT count(*) FROM refine_progress"), 1);
    }
}

static void make_empty_version_1(LakeConn *conn) {
    run(conn, "CREATE TABLE schema_version(version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL); INSERT INTO schema_version VALUES "
              "(1, now())");
    run(conn, lake_sql("migrations/0001_base"));
}

static void make_version_1(LakeConn *conn) {
    make_empty_version_1(conn);
    run(conn, "INSERT INTO ledger_batches VALUES (7, now(), 1, 2, 3, 4)");
}

static void assert_same_answer(LakeConn *a, LakeConn *b, const char *sql) {
    CLEANUP(free_text) char *of_a = query_text(a, sql);
    CLEANUP(free_text) char *of_b = query_text(b, sql);
    assert_string_equal(of_a, of_b);
}

/* As rows are stored: what no declaration says. */
static void fill_bronze(LakeConn *conn) {
    run(conn, "INSERT INTO bronze_raw_events (event_id, event_type, source_system, subscriber_id, raw_payload, ingested_at, kafka_topic, "
              "kafka_epoch, kafka_partition, kafka_offset, batch_id) SELECT 'id' || i, 'a', 'b', 's' || i, '{\"a\": ' || i || '}', now(), "
              "'t', 0, 0, i, 1 FROM range(5000) AS r(i)");
    run(conn, "CHECKPOINT");
}

/* Of all versions, in one transaction, and made by the migrations. */
static void a_new_lake_is_what_the_migrations_make(void **state) {
    static const char *const facts[] = {
        "SELECT string_agg(concat_ws('|', table_name, column_name, column_index, data_type, is_nullable, column_default), chr(10) ORDER BY "
        "table_name, column_index) FROM duckdb_columns() WHERE NOT internal",
        "SELECT string_agg(sql, chr(10) ORDER BY table_name) FROM duckdb_tables()",
        "SELECT string_agg(sql, chr(10) ORDER BY view_name) FROM duckdb_views() WHERE NOT internal",
        "SELECT string_agg(concat_ws('|', function_name, parameters, macro_definition), chr(10) ORDER BY function_name) FROM "
        "duckdb_functions() WHERE NOT internal",
        "SELECT string_agg(DISTINCT concat_ws('|', column_name, compression), chr(10) ORDER BY concat_ws('|', column_name, compression)) "
        "FROM pragma_storage_info('bronze_raw_events') WHERE segment_type <> 'VALIDITY'",
        "SELECT to_json(t)::VARCHAR FROM refine_progress AS t",
        "SELECT to_json(t)::VARCHAR FROM serving_progress AS t",
        "SELECT to_json(t)::VARCHAR FROM scores_progress AS t",
        "SELECT to_json(t)::VARCHAR FROM quality_progress AS t",
        "SELECT to_json(t)::VARCHAR FROM model_progress AS t",
        "SELECT concat_ws('|', generation, smelt_version, length(lake_id), count(*) OVER ()) FROM lake_identity",
    };
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture at_once = open_lake("new.duckdb", NULL), one_by_one = open_lake("lake.duckdb", NULL);
    migrate(at_once.conn);
    make_empty_version_1(one_by_one.conn);
    migrate(one_by_one.conn);
    assert_int_equal(number(at_once.conn, "SELECT count(*) FROM schema_version"), lake_schema_version() - 12); /* 13 at once */
    assert_int_equal(number(one_by_one.conn, "SELECT count(*) FROM schema_version"), lake_schema_version());
    fill_bronze(at_once.conn);
    fill_bronze(one_by_one.conn);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) assert_same_answer(at_once.conn, one_by_one.conn, facts[i]);
    CLEANUP(lake_result_freep) LakeResult *tables = NULL;
    Error err = {0};
    must(lake_query(at_once.conn, "test",
                    "SELECT table_name FROM duckdb_tables() WHERE table_name NOT IN ('schema_version', 'bronze_raw_events')", NULL, 0,
                    &tables, &err),
         &err);
    while (lake_next(tables, &err) > 0) {
        CLEANUP(free_text) char *sql = xasprintf("SELECT count(*)::VARCHAR FROM %s", lake_col_text(tables, 0, NULL));
        assert_same_answer(at_once.conn, one_by_one.conn, sql);
    }
}

static void an_older_lake_keeps_its_rows(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    make_version_1(o.conn);
    migrate(o.conn);
    assert_int_equal(version_of(o.conn), lake_schema_version());
    assert_int_equal(number(o.conn, "SELECT max(batch_id) FROM ledger_batches"), 7);
}

/* Numbers of the client library that are no offsets, as an older smelt stored them: a partition that was never read, one that was read
 * later, and a healthy one. */
static void impossible_offsets_are_corrected(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    make_version_1(o.conn);
    run(o.conn,
        "INSERT INTO ledger_partitions BY NAME SELECT 't' AS kafka_topic, 0 AS kafka_epoch, p AS kafka_partition, s AS start_offset, n AS "
        "next_offset, now() AS updated_at FROM (VALUES (0, -1001, -1001), (1, -1001, 12), (2, 3, 9)) v(p, s, n);"
        "INSERT INTO bronze_gaps BY NAME SELECT 't' AS kafka_topic, 0 AS kafka_epoch, 1 AS kafka_partition, -1001 AS first_offset, 5 AS "
        "next_offset, 'retention' AS reason, 8 AS batch_id, now() AS noticed_at;"
        "INSERT INTO bronze_gaps BY NAME SELECT 't' AS kafka_topic, 0 AS kafka_epoch, 1 AS kafka_partition, 7 AS first_offset, 9 AS "
        "next_offset, 'retention' AS reason, 8 AS batch_id, now() AS noticed_at;"
        "INSERT INTO ledger_batches VALUES (8, now(), 5, 0, 0, 1008)");
    migrate(o.conn);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM ledger_partitions WHERE kafka_partition = 0"), 0);
    assert_int_equal(number(o.conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_partition = 1"), 5);
    assert_int_equal(number(o.conn, "SELECT next_offset FROM ledger_partitions WHERE kafka_partition = 1"), 12);
    assert_int_equal(number(o.conn, "SELECT start_offset FROM ledger_partitions WHERE kafka_partition = 2"), 3);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM bronze_gaps"), 1);
    assert_int_equal(number(o.conn, "SELECT gaps FROM ledger_batches WHERE batch_id = 8"), 2);
    assert_int_equal(number(o.conn, "SELECT gaps FROM ledger_batches WHERE batch_id = 7"), 4);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM lake_notes WHERE version = 7"), 2);
}

/* DuckDB cannot take back a commit that deletes a key and inserts it again, and no query reads an index to its end: damage in it would be
 * noticed by the next row that is written, and never by `recover`. */
static void no_table_has_an_index(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake(":memory:", NULL);
    migrate(o.conn);
    assert_int_equal(
        number(o.conn, "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')"), 0);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM duckdb_indexes()"), 0);
}

static void rows_are_kept_when_they_lose_their_key(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    make_version_1(o.conn);
    run(o.conn, "INSERT INTO ledger_partitions VALUES ('t', 0, 0, 3, 9, 'id', 'c', now()); "
                "INSERT INTO runs VALUES ('r', now(), NULL, 'running', NULL)");
    migrate(o.conn);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM ledger_partitions WHERE (start_offset, next_offset, topic_id) = (3, 9, 'id')"),
                     1);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM runs WHERE (run_id, state) = ('r', 'running')"), 1);
}

static void a_newer_lake_is_refused_with_both_versions(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    CLEANUP(free_text) char *known = xasprintf("up to %d", lake_schema_version());
    Error err = {0};
    migrate(o.conn);
    run(o.conn, "INSERT INTO schema_version VALUES (999, now()); UPDATE lake_identity SET smelt_version = '7.2.1'");
    assert_int_equal(lake_check_version(o.conn, &err), -1);
    assert_non_null(strstr(err.text, "the one that wrote it was 7.2.1"));
    error_clear(&err);
    run(o.conn, "DROP TABLE lake_identity"); /* however much it has changed */
    assert_int_equal(lake_migrate(o.conn, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "version 999"));
    assert_non_null(strstr(err.text, known));
    assert_non_null(strstr(err.text, "newer smelt"));
    error_clear(&err);
}

/* A migration that fails leaves the version before, and can be tried again. */
static void a_failed_migration_leaves_the_version_before(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    Error err = {0};
    make_version_1(o.conn);
    run(o.conn, "CREATE VIEW serving_progress AS SELECT 1"); /* in the way of version 2 */
    int64_t before = count_tables(o.conn);
    assert_int_equal(lake_migrate(o.conn, &err), -1);
    assert_non_null(strstr(err.text, "version 2"));
    error_clear(&err);
    assert_int_equal(version_of(o.conn), 1);
    assert_int_equal(count_tables(o.conn), before);
    run(o.conn, "DROP VIEW serving_progress");
    migrate(o.conn);
    assert_int_equal(version_of(o.conn), lake_schema_version());
}

/* ---- killed ---- */

static int calls_left;
static __typeof__(duckdb.query) real_query;
static __typeof__(duckdb.execute_prepared) real_execute;

static duckdb_state counted_query(duckdb_connection con, const char *sql, duckdb_result *result) {
    if (calls_left-- == 0) _exit(9);
    return real_query(con, sql, result);
}

static duckdb_state counted_execute(duckdb_prepared_statement statement, duckdb_result *result) {
    if (calls_left-- == 0) _exit(9);
    return real_execute(statement, result);
}

/* Migrates, and leaves without a word at the nth call of DuckDB. Exit code 0: it came to the end. */
_Noreturn static void migrate_and_die(int nth) {
    CLEANUP(lake_fixture_done) LakeFixture o = {0};
    Error err = {0};
    if (lake_open("lake.duckdb", NULL, &o.lake, &err) != 0 || lake_connect(o.lake, &o.conn, &err) != 0) _exit(1);
    calls_left = nth;
    real_query = duckdb.query;
    real_execute = duckdb.execute_prepared;
    duckdb.query = counted_query;
    duckdb.execute_prepared = counted_execute;
    _exit(lake_migrate(o.conn, &err) == 0 ? 0 : 1);
}

static void assert_whole(int64_t tables) {
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("lake.duckdb", NULL);
    int64_t version = version_of(o.conn);
    if (version == 0) assert_int_equal(count_tables(o.conn), 0);
    if (version == lake_schema_version()) assert_int_equal(count_tables(o.conn), tables);
    migrate(o.conn);
    assert_int_equal(version_of(o.conn), lake_schema_version());
    assert_int_equal(count_tables(o.conn), tables);
    assert_int_equal(number(o.conn, "SELECT count(*) - count(DISTINCT version) FROM schema_version"), 0);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM refine_progress"), 1);
    assert_int_equal(number(o.conn, "SELECT count(*) FROM lake_identity"), 1);
}

static void forget_lake(void) {
    unlink("lake.duckdb");
    unlink("lake.duckdb.wal");
}

/* Nothing; or a lake from which all migrations follow. */
static void make_lake_of(int version) {
    Error err = {0};
    forget_lake();
    if (version == 1) must(file_copy("version1.duckdb", "lake.duckdb", &err), &err);
}

static void keep_version_1(void) {
    CLEANUP(lake_fixture_done) LakeFixture o = open_lake("version1.duckdb", NULL);
    make_empty_version_1(o.conn);
    run(o.conn, "CHECKPOINT");
}

/* Ends as if killed when a file gets longer than `bytes`. */
_Noreturn static void open_and_die(rlim_t bytes) {
    Lake *lake;
    Error err = {0};
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, bytes});
    _exit(lake_open("lake.duckdb", NULL, &lake, &err) == 0 ? 0 : 1);
}

static void killed_while_the_file_is_made_there_is_none_or_it_opens(void **state) {
    (void)state;
    int64_t tables = tables_when_whole();
    for (rlim_t bytes = 1; bytes < 3 * 4096; bytes += 2048) {
        forget_lake();
        int status;
        pid_t child = fork();
        if (child == 0) open_and_die(bytes);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
        assert_whole(tables);
    }
}

/* Returns how many calls there were. */
static int kill_at_each_call(int version, int64_t tables) {
    int nth = 0;
    for (int status = 1; status != 0; nth++) {
        make_lake_of(version);
        pid_t child = fork();
        if (child == 0) migrate_and_die(nth);
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0));
        assert_whole(tables);
    }
    return nth;
}

static void killed_at_any_call_it_is_the_old_or_the_new_version(void **state) {
    (void)state;
    int64_t tables = tables_when_whole();
    keep_version_1();
    assert_true(kill_at_each_call(0, tables) > 5); /* it did die in between */
    assert_true(kill_at_each_call(1, tables) > 3 * (lake_schema_version() - 1));
}

static void killed_at_any_moment_it_is_the_old_or_the_new_version(void **state) {
    (void)state;
    int64_t tables = tables_when_whole();
    int kills = 0;
    keep_version_1();
    for (int i = 0; i < 15; i++) {
        make_lake_of(i % 2);
        pid_t child = fork();
        if (child == 0) {
            die_after_cpu_us(10000 + i * 4000);
            migrate_and_die(INT32_MAX);
        }
        kills += was_killed(child);
        assert_whole(tables);
    }
    assert_true(kills >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_fresh_lake_gets_all_versions_once),
        IN_SCRATCH(a_new_lake_is_what_the_migrations_make),
        IN_SCRATCH(an_older_lake_keeps_its_rows),
        IN_SCRATCH(impossible_offsets_are_corrected),
        IN_SCRATCH(no_table_has_an_index),
        IN_SCRATCH(rows_are_kept_when_they_lose_their_key),
        IN_SCRATCH(a_newer_lake_is_refused_with_both_versions),
        IN_SCRATCH(a_failed_migration_leaves_the_version_before),
        IN_SCRATCH(killed_at_any_call_it_is_the_old_or_the_new_version),
        IN_SCRATCH(killed_while_the_file_is_made_there_is_none_or_it_opens),
        IN_SCRATCH(killed_at_any_moment_it_is_the_old_or_the_new_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

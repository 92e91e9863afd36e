/* test_lake.c: the database, statements, literals and transactions; above all that a failed transaction stores nothing and says so. */
#include "lake/lake.h"

#include "../fixture.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/files.h"
#include "lake/internal.h"
#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* ---- opening ---- */

static void a_lake_keeps_what_was_stored(void **state) {
    (void)state;
    for (int opened = 0; opened < 2; opened++) {
        CLEANUP(lake_fixture_done) LakeFixture f = open_lake("t.duckdb", NULL);
        if (opened == 0) run(f.conn, "CREATE TABLE t AS SELECT 42 AS a");
        assert_int_equal(number(f.conn, "SELECT a FROM t"), 42);
    }
}

/* More columns than the pool has blocks for. */
static void blocks_come_from_the_pool(void **state) {
    (void)state;
    static const char pool[] = "SELECT (current_setting('block_allocator_memory') <> '0 bytes')::BIGINT";
    CLEANUP(buf_done) Buf sql = {0};
    for (int i = 0; i < 400; i++) buf_addf(&sql, "%s %d AS c%d", i > 0 ? "," : "CREATE TABLE t AS SELECT", i, i);
    for (int opened = 0; opened < 2; opened++) {
        CLEANUP(lake_fixture_done) LakeFixture f = open_lake("t.duckdb", NULL);
        LakePool *p = lake_pool_begin(f.conn);
        assert_int_equal(number(f.conn, pool), cpu_count() > 1);
        if (opened == 0) run(f.conn, sql.data);
        assert_int_equal(number(f.conn, "SELECT c0 + c399 FROM t"), 399);
        lake_pool_end(p);
    }
    CLEANUP(lake_fixture_done) LakeFixture small = open_lake("small.duckdb", &(LakeOptions){.memory_limit = 64 << 20});
    LakePool *none = lake_pool_begin(small.conn);
    assert_int_equal(number(small.conn, pool), 0);
    lake_pool_end(none);
}

static void what_cannot_be_opened_is_named(void **state) {
    (void)state;
    Lake *lake = NULL;
    Error err = {0};
    assert_failed(lake_open("missing.duckdb", &(LakeOptions){.read_only = true}, &lake, &err), ERR_IO, "missing.duckdb", &err);
    assert_failed(lake_open("no/such/folder.duckdb", NULL, &lake, &err), ERR_IO, "no/such/folder.duckdb", &err);
    must(file_write_atomic("garbage.duckdb", "this is no database, and long enough to have a header of one", 60, &err), &err);
    assert_failed(lake_open("garbage.duckdb", NULL, &lake, &err), ERR_IO, "garbage.duckdb", &err);
    assert_null(lake);
}

/* Reads of a number from the child, so that it has opened the lake; closing `*ret_end` ends it. */
static pid_t open_in_child(const char *path, int *ret_end) {
    int ready[2], end[2];
    char byte = '!';
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    if (child == 0) {
        Lake *lake = NULL;
        Error err = {0};
        close(end[1]);
        if (lake_open(path, NULL, &lake, &err) != 0) _exit(1);
        _exit(write(ready[1], &byte, 1) == 1 && read(end[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(end[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *ret_end = end[1];
    return child;
}

static void a_lake_open_elsewhere_is_busy(void **state) {
    (void)state;
    int end, status;
    Lake *lake = NULL;
    Error err = {0};
    pid_t child = open_in_child("t.duckdb", &end);
    assert_failed(lake_open("t.duckdb", NULL, &lake, &err), ERR_BUSY, "another process", &err);
    close(end);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void a_read_only_lake_is_not_written(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("t.duckdb", NULL);
    Error err = {0};
    run(f.conn, "CREATE TABLE t AS SELECT 42 AS a");
    lake_fixture_done(&f);
    f = open_lake("t.duckdb", &(LakeOptions){.read_only = true});
    assert_int_equal(number(f.conn, "SELECT a FROM t"), 42);
    assert_int_equal(lake_exec(f.conn, "write", "INSERT INTO t VALUES (1)", &err), -1);
    error_clear(&err);
}

static void limits_are_taken(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done)
    LakeFixture f = open_lake(":memory:", &(LakeOptions){.memory_limit = 64 << 20, .threads = 3, .temp_dir = "spill"});
    assert_int_equal(number(f.conn, "SELECT current_setting('threads')"), 3);
    assert_int_equal(number(f.conn, "SELECT current_setting('memory_limit') = '64.0 MiB'"), 1);
    assert_int_equal(number(f.conn, "SELECT current_setting('temp_directory') = 'spill'"), 1);
    assert_int_equal(number(f.conn, "SELECT (current_setting('disabled_optimizers') LIKE '%common_subplan%')::BIGINT"), 1);
}

/* ---- SQL of users ---- */

static Lake *open_locked_down(const char *path, const char *temp_dir) {
    Lake *lake = NULL;
    Error err = {0};
    must(lake_open(path, NULL, &lake, &err), &err);
    lake_freep(&lake);
    must(lake_open(path, &(LakeOptions){.read_only = true, .locked_down = true, .temp_dir = temp_dir}, &lake, &err), &err);
    return lake;
}

static void a_locked_down_lake_touches_nothing_else(void **state) {
    (void)state;
    static const char *const attacks[] = {
        "COPY (SELECT 1) TO 'out.csv'",
        "COPY (SELECT 1) TO '/tmp/smelt-test-out.csv'",
        "EXPORT DATABASE 'out'",
        "SELECT * FROM read_text('secret.txt')",
        "SELECT * FROM read_blob('secret.txt')",
        "SELECT * FROM read_csv('secret.txt')",
        "SELECT * FROM read_json('secret.txt')",
        "SELECT * FROM read_parquet('secret.txt')",
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM glob('*')",
        "ATTACH 'other.duckdb'",
        "ATTACH 't.duckdb' AS again (READ_WRITE)",
        "ATTACH ':memory:' AS m",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD 'evil.so'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET memory_limit = '100GB'",
        "SET threads = 64",
        "SET temp_directory = '/'",
        "RESET enable_external_access",
        "PRAGMA memory_limit = '100GB'",
        "CREATE TABLE t (a INTEGER)",
        "CREATE SECRET s (TYPE s3)",
    };
    Error err = {0};
    must(file_write_atomic("secret.txt", "secret", 6, &err), &err);
    must(file_write_atomic("secret.csv", "a\n1\n", 4, &err), &err);
    CLEANUP(lake_freep) Lake *lake = open_locked_down("t.duckdb", NULL);
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
        LakeResult *rows = NULL;
        must(lake_connect(lake, &conn, &err), &err);
        if (lake_query(conn, "user", attacks[i], NULL, 0, &rows, &err) == 0) fail_msg("allowed: %s", attacks[i]);
        if (lake_exec(conn, "user", attacks[i], &err) == 0) fail_msg("allowed: %s", attacks[i]);
        assert_int_equal(number(conn, "SELECT 1"), 1);
    }
    error_clear(&err);
    assert_false(file_exists("out.csv"));
    assert_false(file_exists("out"));
    assert_false(file_exists("other.duckdb"));
}

static void times_are_utc_whatever_the_machine_says(void **state) {
    (void)state;
    setenv("TZ", "America/New_York", 1);
    CLEANUP(lake_freep) Lake *lake = open_locked_down("t.duckdb", NULL);
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error err = {0};
    must(lake_connect(lake, &conn, &err), &err);
    assert_int_equal(number(conn, "SELECT epoch('2026-01-01 00:00:00'::TIMESTAMPTZ)::BIGINT"), 1767225600);
    assert_int_equal(number(conn, "SELECT current_setting('TimeZone') = 'UTC'"), 1);
    unsetenv("TZ");
}

/* ---- statements ---- */

static void scripts_run_to_their_end(void **state) {
    LakeConn *conn = conn_of(state);
    run(conn, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2); DELETE FROM t WHERE a = 1;");
    assert_int_equal(number(conn, "SELECT sum(a) FROM t"), 2);
}

static void values_are_bound_by_position(void **state) {
    LakeConn *conn = conn_of(state);
    Error err = {0};
    static const char bytes[] = {'a', 0, '\xff'};
    int64_t changed = -1;
    LakeValue values[] = {lake_int(INT64_MIN), lake_real(0.1), lake_text("it's; -- \" {{x}}"), lake_blob(bytes, 3), lake_bool(true),
                          lake_time(-1),       lake_null()};
    run(conn, "CREATE TABLE t (i BIGINT, r DOUBLE, s VARCHAR, b BLOB, y BOOLEAN, t TIMESTAMPTZ, n INTEGER)");
    must(lake_exec_values(conn, "insert", "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7)", values, 7, &changed, &err), &err);
    assert_int_equal(changed, 1);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    must(lake_query(conn, "read", "FROM t", NULL, 0, &r, &err), &err);
    assert_int_equal(lake_next(r, &err), 1);
    size_t n;
    assert_int_equal(lake_col_int(r, 0), INT64_MIN);
    assert_true(lake_col_real(r, 1) == 0.1);
    assert_string_equal(lake_col_text(r, 2, NULL), "it's; -- \" {{x}}");
    assert_memory_equal(lake_col_text(r, 3, &n), bytes, 3);
    assert_int_equal(n, 3);
    assert_true(lake_col_bool(r, 4));
    assert_int_equal(lake_col_int(r, 5), -1);
    assert_true(lake_is_null(r, 6));
    assert_int_equal(lake_next(r, &err), 0);
}

static void changes_are_counted(void **state) {
    LakeConn *conn = conn_of(state);
    Error err = {0};
    int64_t changed = -1;
    LakeValue limit = lake_int(3);
    must(lake_exec_values(conn, "make", "CREATE TABLE t AS FROM range(10) r(a)", NULL, 0, &changed, &err), &err);
    must(lake_exec_values(conn, "insert", "INSERT INTO t SELECT a + 10 FROM t WHERE a < $1", &limit, 1, &changed, &err), &err);
    assert_int_equal(changed, 3);
    must(lake_exec_values(conn, "update", "UPDATE t SET a = a + 100 WHERE a >= $1", &limit, 1, &changed, &err), &err);
    assert_int_equal(changed, 10);
    must(lake_exec_values(conn, "delete", "DELETE FROM t", NULL, 0, &changed, &err), &err);
    assert_int_equal(changed, 13);
}

static void errors_name_the_statement_and_have_a_kind(void **state) {
    LakeConn *conn = conn_of(state);
    LakeResult *r = NULL;
    Error err = {0};
    int64_t n = 42;
    LakeValue two[] = {lake_int(1), lake_int(2)};
    run(conn, "CREATE TABLE k (a INTEGER PRIMARY KEY, b INTEGER NOT NULL); INSERT INTO k VALUES (1, 1)");
    assert_failed(lake_exec(conn, "bronze/x", "SELEKT 1", &err), ERR_BUG, "bronze/x: ", &err);
    assert_failed(lake_exec(conn, "bronze/x", "SELECT * FROM missing", &err), ERR_BUG, "missing", &err);
    assert_failed(lake_query(conn, "bronze/x", "SELECT no_such_function(1)", NULL, 0, &r, &err), ERR_BUG, "bronze/x: ", &err);
    assert_failed(lake_query(conn, "bronze/x", "SELECT $1::INTEGER", two, 2, &r, &err), ERR_BUG, "bronze/x: ", &err);
    assert_failed(lake_exec(conn, "bronze/x", "SELECT 'abc'::INTEGER", &err), ERR_DATA, "abc", &err);
    assert_failed(lake_query(conn, "bronze/x", "SELECT a::TINYINT FROM range(100, 300) r(a)", NULL, 0, &r, &err), ERR_DATA,
                  "bronze/x: ", &err);
    assert_failed(lake_exec(conn, "bronze/x", "INSERT INTO k VALUES (1, 2)", &err), ERR_DATA, "bronze/x: ", &err);
    assert_failed(lake_exec(conn, "bronze/x", "INSERT INTO k VALUES (2, NULL)", &err), ERR_DATA, "bronze/x: ", &err);
    assert_failed(lake_query_int(conn, "bronze/x", "SELECT 1 WHERE false", NULL, 0, &n, &err), ERR_BUG, "got none", &err);
    assert_null(r);
    assert_int_equal(n, 42);
    assert_int_equal(number(conn, "SELECT NULL::INTEGER"), 0);
}

/* Ordinary failures leave the lake as usable as before, and say so. */
static void an_ordinary_error_is_not_fatal(void **state) {
    static const char *const failing[] = {"SELEKT 1", "SELECT 'abc'::INTEGER", "SELECT * FROM missing"};
    LakeConn *conn = conn_of(state);
    LakeResult *r = NULL;
    for (size_t i = 0; i < ARRAY_LEN(failing); i++) {
        Error err = {0};
        assert_int_equal(lake_exec(conn, "failing", failing[i], &err), -1);
        assert_false(err.fatal);
        assert_int_equal(lake_query(conn, "failing", failing[i], NULL, 0, &r, &err), -1);
        assert_false(err.fatal);
        error_clear(&err);
    }
}

typedef struct LongQuery {
    LakeConn *conn;
    atomic_bool ended;
    int rc;
    Error err;
} LongQuery;

static void *run_long(void *arg) {
    LongQuery *q = arg;
    q->rc =
        lake_exec(q->conn, "long", "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE hash(a.range, b.range) = 1", &q->err);
    atomic_store(&q->ended, true);
    return NULL;
}

typedef struct Interrupter {
    LakeConn *conn;
    atomic_bool ends;
} Interrupter;

static void *interrupt_often(void *arg) {
    Interrupter *i = arg;
    while (!atomic_load(&i->ends)) {
        lake_interrupt(i->conn);
        usleep(20);
    }
    return NULL;
}

/* Without it, the connection would answer nothing any more. */
static void a_rollback_that_failed_is_done_later(void **state) {
    LakeConn *conn = conn_of(state);
    for (int n = 0; n < 300; n++) {
        Interrupter i = {.conn = conn};
        CLEANUP(error_clear) Error err = {0};
        pthread_t thread;
        must(lake_begin(conn, &err), &err);
        must(lake_exec(conn, "create", "CREATE TABLE rolled_back (i INTEGER)", &err), &err);
        assert_int_equal(pthread_create(&thread, NULL, interrupt_often, &i), 0);
        usleep(100);
        lake_rollback(conn);
        atomic_store(&i.ends, true);
        pthread_join(thread, NULL);
        must(lake_exec(conn, "after", "SELECT 1", &err), &err);
    }
}

static void a_query_can_be_interrupted(void **state) {
    LongQuery q = {.conn = conn_of(state)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_long, &q), 0);
    while (!atomic_load(&q.ended)) lake_interrupt(q.conn); /* one that comes before the query begins is lost */
    pthread_join(thread, NULL);
    assert_failed(q.rc, ERR_STOPPED, "long: ", &q.err);
    assert_int_equal(number(q.conn, "SELECT 1"), 1);
}

/* ---- literals ---- */

/* `SELECT {{x}} IS NOT DISTINCT FROM $1` with the same value as literal and bound. */
static void assert_same_as_bound(LakeConn *conn, LakeValue value) {
    int64_t same = 0;
    Error err = {0};
    CLEANUP(free_text) char *sql = lake_sql_bind("SELECT {{x}} IS NOT DISTINCT FROM $1", &(LakeBinding){"x", value}, 1);
    must(lake_query_int(conn, sql, sql, &value, 1, &same, &err), &err);
    if (same != 1) fail_msg("another value: %s", sql);
}

static void texts_are_quoted(void **state) {
    LakeConn *conn = conn_of(state);
    static const char *const texts[] = {"",     "'",       "''",    "a'b", "\\'",  "'; DROP TABLE t; --", "\"",
                                        "-- x", "/* x */", "{{x}}", "$1",  "\n\t", "\u00e9\U0001f600",    "E'\\n'",
                                        "$$"};
    static const char alphabet[] = "'\\\"-;/*{}$ \nx";
    uint64_t random = 1;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) assert_same_as_bound(conn, lake_text(texts[i]));
    for (int i = 0; i < 500; i++) {
        char text[12] = "";
        for (size_t n = next_random(&random) % sizeof text, j = 0; j < n; j++)
            text[j] = alphabet[next_random(&random) % (sizeof alphabet - 1)];
        text[sizeof text - 1] = '\0';
        assert_same_as_bound(conn, lake_text(text));
        assert_same_as_bound(conn, lake_blob(text, sizeof text));
    }
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
    for (size_t n = 0; n <= sizeof bytes; n += 128) assert_same_as_bound(conn, lake_blob(bytes, n));
}

static void numbers_and_times_are_exact(void **state) {
    LakeConn *conn = conn_of(state);
    /* The ends of DuckDB's range of times; half of them are before the year 0, some have five digits. */
    const int64_t first = INT64_C(-9223372022400000000), last = INT64_MAX - 1;
    const double reals[] = {0, -0.1, 1e300, 5e-324, 1.0 / 3, (double)INFINITY, -(double)INFINITY};
    const int64_t times[] = {0, -1, 1, first, last, INT64_C(-62135596800000000), INT64_C(-62167219200000001), INT64_C(253402300800000000)};
    uint64_t random = 3;
    assert_same_as_bound(conn, lake_int(INT64_MAX));
    assert_same_as_bound(conn, lake_int(-1));
    assert_same_as_bound(conn, lake_bool(true));
    assert_same_as_bound(conn, lake_bool(false));
    assert_same_as_bound(conn, lake_null());
    for (size_t i = 0; i < ARRAY_LEN(reals); i++) assert_same_as_bound(conn, lake_real(reals[i]));
    for (size_t i = 0; i < ARRAY_LEN(times); i++) assert_same_as_bound(conn, lake_time(times[i]));
    for (int i = 0; i < 500; i++) {
        assert_same_as_bound(conn, lake_time(first + (int64_t)(next_random(&random) % (uint64_t)INT64_MAX)));
        assert_same_as_bound(conn, lake_time((int64_t)(next_random(&random) % (uint64_t)last)));
    }
}

static void lists_of_times_are_lists(void **state) {
    LakeConn *conn = conn_of(state);
    const int64_t times[] = {-1, 5, 7};
    CLEANUP(free_text)
    char *sql = lake_sql_bind("SELECT count(*) FROM range(-10, 10) r(a) WHERE make_timestamp(a) AT TIME ZONE 'UTC' IN ({{t}})",
                              &(LakeBinding){"t", lake_times(times, 3)}, 1);
    assert_int_equal(number(conn, sql), 3);
}

static void every_name_is_replaced_once(void **state) {
    (void)state;
    LakeBinding bindings[] = {{"a", lake_int(1)}, {"ab", lake_text("{{a}}")}};
    CLEANUP(free_text) char *sql = lake_sql_bind("{{a}}{{ab}}-{{a}} {{a", bindings, 2);
    assert_string_equal(sql, "1'{{a}}'-1 {{a");
}

/* ---- transactions ---- */

static uint64_t changes(LakeConn *conn) {
    uint64_t n;
    assert_true(lake_is_quiet(lake_of(conn), &n));
    assert_true(n > 0);
    return n;
}

/* What is written, by any connection, changes the number; what is only read, in a transaction or outside, does not. */
static void what_may_have_changed_is_counted(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    Error err = {0};
    run(conn, "CREATE TABLE t (a INTEGER)");
    must(lake_connect(lake_of(conn), &other, &err), &err);
    uint64_t before = changes(conn);
    must(lake_begin(conn, &err), &err);
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 0);
    lake_rollback(conn);
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), 0); /* also one that may write */
    lake_only_reads(other);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
    assert_true(changes(conn) == before);
    run(conn, "INSERT INTO t VALUES (1)");
    assert_true(changes(other) != before);
    before = changes(conn);
    must(lake_begin(conn, &err), &err);
    run(conn, "INSERT INTO t VALUES (2)");
    assert_true(changes(conn) == before);
    must(lake_commit(conn, &err), &err);
    assert_true(changes(other) != before);
}

/* What only lands changes nothing that is computed from it. */
static void what_lands_is_counted_apart(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(lake_conn_freep) LakeConn *landing = NULL;
    Error err = {0};
    run(conn, "CREATE TABLE t (a INTEGER)");
    must(lake_connect(lake_of(conn), &landing, &err), &err);
    lake_only_lands(landing);
    uint64_t before = lake_changes(lake_of(conn)), all = changes(conn);
    must(lake_begin(landing, &err), &err);
    run(landing, "INSERT INTO t VALUES (1)");
    must(lake_commit(landing, &err), &err);
    assert_true(lake_changes(lake_of(conn)) == before);
    assert_true(changes(conn) != all);
    run(conn, "INSERT INTO t VALUES (2)");
    assert_true(lake_changes(lake_of(conn)) != before);
}

static void a_committed_transaction_is_stored(void **state) {
    LakeConn *conn = conn_of(state);
    Error err = {0};
    run(conn, "CREATE TABLE t (a INTEGER)");
    must(lake_begin(conn, &err), &err);
    run(conn, "INSERT INTO t VALUES (1)");
    must(lake_commit(conn, &err), &err);
    must(lake_begin(conn, &err), &err);
    run(conn, "INSERT INTO t VALUES (2)");
    lake_rollback(conn);
    lake_rollback(conn); /* none is open: nothing happens */
    assert_int_equal(number(conn, "SELECT sum(a) FROM t"), 1);
}

/* What each fails with inside a transaction. */
static void fail_at_runtime(LakeConn *conn) {
    Error err = {0};
    assert_failed(lake_exec(conn, "failing", "SELECT 'abc'::INTEGER", &err), ERR_DATA, "failing", &err);
}

static void fail_in_the_parser(LakeConn *conn) {
    Error err = {0};
    assert_failed(lake_exec(conn, "failing", "SELEKT", &err), ERR_BUG, "failing", &err);
}

static void fail_with_values(LakeConn *conn) {
    Error err = {0};
    LakeValue text = lake_text("abc");
    assert_failed(lake_exec_values(conn, "failing", "SELECT $1::VARCHAR::INTEGER", &text, 1, NULL, &err), ERR_DATA, "failing", &err);
}

static void fail_in_prepare(LakeConn *conn) {
    Error err = {0};
    LakeResult *r = NULL;
    assert_failed(lake_query(conn, "failing", "SELECT * FROM missing", NULL, 0, &r, &err), ERR_BUG, "failing", &err);
}

static void fail_a_constraint(LakeConn *conn) {
    Error err = {0};
    assert_failed(lake_exec(conn, "failing", "INSERT INTO t VALUES (1)", &err), ERR_DATA, "failing", &err);
}

static void assert_latched(Lake *lake, LakeConn *conn, void (*go_wrong)(LakeConn *)) {
    Error err = {0};
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    must(lake_begin(conn, &err), &err);
    run(conn, "INSERT INTO t VALUES (1)");
    go_wrong(conn);
    if (lake_exec(conn, "after", "INSERT INTO t VALUES (2)", &err) != 0) error_clear(&err); /* DuckDB takes it after some */
    assert_failed(lake_commit(conn, &err), ERR_BUG, "nothing was stored", &err);
    lake_rollback(conn);
    must(lake_connect(lake, &other, &err), &err);
    assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
}

static void a_failed_statement_fails_the_commit(void **state) {
    LakeFixture *f = *state;
    Error err = {0};
    static void (*const failures[])(LakeConn *) = {fail_at_runtime, fail_in_the_parser, fail_with_values, fail_in_prepare,
                                                   fail_a_constraint};
    run(f->conn, "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) assert_latched(f->lake, f->conn, failures[i]);
    must(lake_begin(f->conn, &err), &err); /* the connection is as good as new */
    run(f->conn, "INSERT INTO t VALUES (3)");
    must(lake_commit(f->conn, &err), &err);
    assert_int_equal(number(f->conn, "SELECT sum(a) FROM t"), 3);
}

/* The second to write the same row must fail, at the latest when it commits. */
static void a_conflict_is_an_error_and_stores_nothing(void **state) {
    LakeFixture *f = *state;
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    Error err = {0};
    must(lake_connect(f->lake, &other, &err), &err);
    run(f->conn, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (0)");
    must(lake_begin(f->conn, &err), &err);
    must(lake_begin(other, &err), &err);
    run(f->conn, "UPDATE t SET a = a + 1");
    int rc = lake_exec(other, "conflict", "UPDATE t SET a = a + 10", &err);
    must(lake_commit(f->conn, &err), &err);
    assert_int_equal(rc != 0 || lake_commit(other, &err) != 0, true);
    error_clear(&err);
    lake_rollback(other);
    assert_int_equal(number(other, "SELECT a FROM t"), 1);
}

static void a_connection_that_goes_takes_its_transaction_along(void **state) {
    LakeFixture *f = *state;
    LakeConn *other = NULL;
    Error err = {0};
    run(f->conn, "CREATE TABLE t (a INTEGER)");
    must(lake_connect(f->lake, &other, &err), &err);
    must(lake_begin(other, &err), &err);
    run(other, "INSERT INTO t VALUES (1)");
    lake_conn_free(other);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM t"), 0);
}

/* ---- failures that DuckDB does not give on request: one function of its table is exchanged, in a child that then leaves ---- */

static duckdb_state refuse_query(duckdb_connection con, const char *sql, duckdb_result *result) {
    (void)con;
    (void)sql, (void)result;
    return DuckDBError;
}

static const char *fatal_reason; /* what DuckDB says */

static const char *reason_of_result(duckdb_result *result) {
    (void)result;
    return fatal_reason;
}

static duckdb_error_type fatal_type(duckdb_result *result) {
    (void)result;
    return DUCKDB_ERROR_FATAL;
}

static void never_close(duckdb_database *db) {
    (void)db;
    _exit(3);
}

static void forget_result(duckdb_result *result) {
    (void)result;
}

static void make_queries_fail(const char *reason) {
    fatal_reason = reason;
    duckdb.query = refuse_query;
    duckdb.result_error = reason_of_result;
    duckdb.result_error_type = fatal_type;
    duckdb.destroy_result = forget_result;
}

static int in_child(int (*work)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) _exit(work());
    waitpid(child, &status, 0);
    return status;
}

/* 0 when a COMMIT that failed for `reason` was a fatal error of this kind, and the database was left alone. */
static int commit_fatally(const char *reason, ErrorKind kind) {
    Lake *lake = NULL;
    LakeConn *conn = NULL;
    Error err = {0};
    if (lake_open(":memory:", NULL, &lake, &err) != 0 || lake_connect(lake, &conn, &err) != 0) return 1;
    if (lake_begin(conn, &err) != 0) return 1;
    make_queries_fail(reason);
    duckdb.close = never_close;
    if (lake_commit(conn, &err) != -1 || err.kind != kind || strstr(err.text, reason) == NULL) return 2;
    if (!err.fatal || error_is_retriable(&err) || error_can_wait_for_space(&err)) return 4;
    lake_conn_free(conn);
    lake_free(lake);
    error_clear(&err);
    return 0;
}

static int commit_on_a_broken_disk(void) {
    return commit_fatally("the disk does not answer", ERR_IO);
}

static int commit_on_a_full_disk(void) {
    return commit_fatally("Could not write all bytes: No space left on device", ERR_FULL);
}

static void after_a_fatal_error_the_database_is_left_alone(void **state) {
    (void)state;
    assert_int_equal(in_child(commit_on_a_broken_disk), 0);
    assert_int_equal(in_child(commit_on_a_full_disk), 0);
}

/* ---- overtaken ---- */

static int fence_after; /* it falls when it was asked so often */

static int counted_fence(void *user, Error *err) {
    (void)user;
    return fence_after-- > 0 ? 0 : error_set(err, ERR_BUSY, "overtaken");
}

/* 0 when nothing was stored after the fence fell at the nth question, and the file was not touched, not even to close it. */
static int write_until_fenced(int nth) {
    Lake *lake = NULL;
    LakeConn *conn = NULL;
    Error err = {0};
    if (lake_open("fenced.duckdb", NULL, &lake, &err) != 0 || lake_connect(lake, &conn, &err) != 0) return 1;
    fence_after = nth;
    lake_set_fence(lake, counted_fence, NULL);
    duckdb.close = never_close;
    int rc = 0;
    while (rc == 0) {
        rc = lake_begin(conn, &err);
        if (rc == 0) rc = lake_exec(conn, "insert", "INSERT INTO t VALUES (1)", &err);
        if (rc == 0) rc = lake_commit(conn, &err);
        lake_rollback(conn);
    }
    if (err.kind != ERR_BUSY || !err.fatal || error_is_retriable(&err)) return 2;
    if (lake_exec(conn, "late", "INSERT INTO t VALUES (2)", &err) == 0 || !err.fatal) return 4;
    lake_conn_free(conn);
    lake_free(lake);
    error_clear(&err);
    return 0;
}

static void assert_commits(int64_t expected) {
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("fenced.duckdb", NULL);
    run(f.conn, "CREATE TABLE IF NOT EXISTS t(a INTEGER)");
    assert_int_equal(number(f.conn, "SELECT count(*) FROM t"), expected);
}

/* A transaction asks three times: at its beginning, before and after its COMMIT. */
static void what_is_fenced_off_stores_nothing(void **state) {
    (void)state;
    int64_t stored = 0;
    assert_commits(0);
    for (int nth = 0; nth < 7; nth++) {
        int status;
        pid_t child = fork();
        if (child == 0) _exit(write_until_fenced(nth));
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        stored += (nth + 1) / 3; /* the last question comes when it is stored: then it is said, but not undone */
        assert_commits(stored);
    }
}

static duckdb_state refuse_prepare(duckdb_connection con, const char *sql, duckdb_prepared_statement *statement) {
    (void)con, (void)sql;
    *statement = NULL;
    return DuckDBError;
}

static const char *prepare_reason; /* what DuckDB says */

static const char *reason_of_prepare(duckdb_prepared_statement statement) {
    (void)statement;
    return prepare_reason;
}

/* The kinds of what DuckDB says while it prepares: it has no function for them. */
static int prepare_in_vain(void) {
    static const struct {
        const char *reason;
        ErrorKind kind;
    } table[] = {{"Binder Error: no such column", ERR_BUG},
                 {"Conversion Error: 'abc' is no number", ERR_DATA},
                 {"INTERRUPT Error: Interrupted!", ERR_STOPPED},
                 {"IO Error: no space left", ERR_IO},
                 {"Invalid Input Error: ZSTD Decompression failed: Allocation error : not enough memory", ERR_IO},
                 {"std::bad_alloc", ERR_IO},
                 {"FATAL Error: database has been invalidated", ERR_IO}};
    Lake *lake = NULL;
    LakeConn *conn = NULL;
    Error err = {0};
    if (lake_open(":memory:", NULL, &lake, &err) != 0 || lake_connect(lake, &conn, &err) != 0) return 1;
    duckdb.prepare = refuse_prepare;
    duckdb.prepare_error = reason_of_prepare;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        LakeResult *r = NULL;
        prepare_reason = table[i].reason;
        if (lake_query(conn, "test", "SELECT 1", NULL, 0, &r, &err) != -1 || err.kind != table[i].kind) return 10 + (int)i;
        if (err.fatal != (i == ARRAY_LEN(table) - 1)) return 20 + (int)i;
    }
    error_clear(&err);
    duckdb.close = never_close; /* after the last of them */
    lake_conn_free(conn);
    lake_free(lake);
    return 0;
}

static void an_error_of_prepare_has_its_kind(void **state) {
    (void)state;
    assert_int_equal(in_child(prepare_in_vain), 0);
}

/* Raising lake.memory_limit helps only where that was what there was too little of. */
static void the_memory_that_is_missing_is_named(void **state) {
    static const struct {
        const char *message, *next;
    } table[] = {{"Out of Memory Error: could not allocate block of size 256 KiB (9.8 MiB/9.9 MiB used)", "Next: raise lake.memory_limit"},
                 {"Out of Memory Error: Failed to allocate block of 16384 bytes (bad allocation)", "Next: give this process more memory"},
                 {"IO Error: Checkpoint failed. Original error: Allocation failure", "Next: give this process more memory"},
                 {"std::bad_alloc", "Next: give this process more memory"}};
    LakeConn *conn = conn_of(state);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        CLEANUP(error_clear) Error err = {0};
        assert_int_equal(lake_fail(conn, "test", DUCKDB_ERROR_INTERNAL, table[i].message, &err), -1);
        assert_int_equal(err.kind, ERR_IO);
        assert_non_null(strstr(err.text, table[i].next));
        assert_true(lake_may_get_memory(&err));
    }
}

/* Which file could not be written, and why: not what DuckDB was doing, nor where in its source. */
static void what_cannot_be_written_is_told_plainly(void **state) {
    static const struct {
        const char *message, *text;
        ErrorKind kind;
    } table[] = {
        {"TransactionContext Error: Failed to commit: Could not write file \"/d/lake.duckdb.wal\": No space left on device",
         "cannot write /d/lake.duckdb.wal: No space left on device. Next: free space on its disk", ERR_FULL},
        {"invalidated because of a previous fatal error.\nOriginal error: \"Failed to create checkpoint because of error: Could not write file "
         "\"/d/lake.duckdb\": Disk quota exceeded\"",
         "cannot write /d/lake.duckdb: Disk quota exceeded. Next: free space, or raise the quota", ERR_FULL},
        {"Could not write file \"/d/lake.duckdb\": File too large",
         "cannot write /d/lake.duckdb: File too large. Next: raise the limit on the size of a file of this process (ulimit -f)", ERR_FULL},
        {"Could not write file \"/d/lake.duckdb\": Read-only file system",
         "cannot write /d/lake.duckdb: Read-only file system. Next: data.dir is on a volume that is mounted read-only: writing needs another",
         ERR_IO},
        {"INTERNAL Error: what it was\nThis error signals an assertion failure within DuckDB. ...\n\nStack Trace:\n\n/lib/x.so(f()+0x5b)",
         "test: INTERNAL Error: what it was", ERR_IO}};
    LakeConn *conn = conn_of(state);
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        CLEANUP(error_clear) Error err = {0};
        assert_int_equal(lake_fail(conn, "test", DUCKDB_ERROR_IO, table[i].message, &err), -1);
        assert_string_equal(err.text, table[i].text);
        assert_int_equal(err.kind, table[i].kind);
    }
}

static int commit_without_memory(void) {
    CLEANUP(error_clear) Error err = {0};
    LakeFixture f = open_lake(":memory:", NULL);
    duckdb.close = never_close;
    if (lake_fail(f.conn, "COMMIT", DUCKDB_ERROR_TRANSACTION,
                  "TransactionContext Error: Failed to commit: could not allocate block of size 1 KiB", &err) != -1)
        return 1;
    if (!err.fatal || !lake_lacks_memory(&err) || lake_may_get_memory(&err)) return 2;
    lake_fixture_done(&f);
    return 0;
}

static void a_commit_that_lacked_memory_is_the_last(void **state) {
    (void)state;
    assert_int_equal(in_child(commit_without_memory), 0);
}

/* Neither is closed: that would write a checkpoint of what is half taken back. A full disk is another matter. */
static int commit_that_was_not_written(void) {
    CLEANUP(error_clear) Error err = {0};
    LakeFixture f = open_lake(":memory:", NULL);
    duckdb.close = never_close;
    lake_fail(f.conn, "COMMIT", DUCKDB_ERROR_TRANSACTION,
              "TransactionContext Error: Failed to commit: Could not write: No space left on device", &err);
    if (err.fatal || err.kind != ERR_FULL) return 1;
    lake_fail(f.conn, "COMMIT", DUCKDB_ERROR_TRANSACTION, "TransactionContext Error: Failed to commit: Could not write: Input/output error",
              &err);
    if (!err.fatal || err.kind != ERR_IO || strstr(err.text, "Next:") == NULL) return 2;
    lake_fail(f.conn, "COMMIT", DUCKDB_ERROR_FATAL, "FATAL Error: fsync failed!", &err);
    if (!err.fatal || err.kind != ERR_IO || strstr(err.text, "Next:") == NULL) return 3;
    lake_fixture_done(&f);
    return 0;
}

static void a_commit_that_was_not_written_is_the_last(void **state) {
    (void)state;
    assert_int_equal(in_child(commit_that_was_not_written), 0);
}

/* As an exception does where DuckDB lets none leave. */
static int terminate_now(void) {
    Error err = {0};
    must(duckdb_load(&err), &err);
    void *library = dlopen("libduckdb.so", RTLD_LAZY | RTLD_NOLOAD);
    void (*terminate)(void) = NULL;
    if (library != NULL) *(void **)&terminate = dlsym(library, "_ZSt9terminatev");
    if (terminate != NULL) terminate();
    return 1;
}

static void a_process_that_duckdb_ends_has_an_exit_code(void **state) {
    (void)state;
    assert_int_equal(in_child(terminate_now), W_EXITCODE(error_exit_code(ERR_IO), 0));
}

static void too_little_memory_says_which_setting(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake(":memory:", &(LakeOptions){.memory_limit = 8 << 20, .threads = 1});
    Error err = {0};
    assert_failed(lake_exec(f.conn, "too much", "SELECT list(range) FROM range(5000000)", &err), ERR_IO, "lake.memory_limit", &err);
}

/* ---- row groups ---- */

static int64_t row_groups_after(LakeConn *conn, const char *sql) {
    Error err = {0};
    run(conn, sql);
    must(lake_checkpoint(conn, &err), &err);
    return number(conn, "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('notes')");
}

/* ---- a checkpoint beside connections that write ---- */

static LakeConn *another_connection(LakeFixture *f) {
    LakeConn *conn = NULL;
    Error err = {0};
    must(lake_connect(f->lake, &conn, &err), &err);
    return conn;
}

typedef struct Checkpointing {
    LakeConn *conn;
    atomic_bool ended;
} Checkpointing;

static void *checkpoint_beside(void *arg) {
    Checkpointing *c = arg;
    Error err = {0};
    for (bool done = false; !done;) must(lake_checkpoint_beside(c->conn, false, &done, &err), &err);
    atomic_store(&c->ended, true);
    return NULL;
}

static int64_t log_bytes(void) {
    return file_stamp("beside.duckdb.wal").bytes;
}

/* Whether a commit was done before the checkpoint that had begun before it: on a busy machine it may be late by chance. */
static bool lands_before_its_end(LakeConn *conn, LakeConn *other) {
    Checkpointing c = {.conn = other};
    pthread_t thread;
    run(conn, "CREATE OR REPLACE TABLE t (a BIGINT PRIMARY KEY, n BIGINT); CREATE OR REPLACE TABLE u AS SELECT range AS a FROM range(1000);"
              "CREATE OR REPLACE TABLE v AS SELECT 2 AS a; CHECKPOINT;"
              "INSERT INTO t VALUES (1, 1), (2, 2); SET GLOBAL debug_checkpoint_scan_sleep_ms = 4000");
    int64_t before = log_bytes();
    assert_int_equal(pthread_create(&thread, NULL, checkpoint_beside, &c), 0);
    while (log_bytes() == before && !atomic_load(&c.ended)) usleep(1000); /* its begin is in the log */
    run(conn, "BEGIN; INSERT INTO u VALUES (7); DELETE FROM u WHERE a < 7; DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (1, 5);"
              "MERGE INTO v AS old USING (SELECT true AS is_old UNION ALL SELECT false) AS new ON new.is_old "
              "WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND NOT new.is_old THEN INSERT VALUES (3); COMMIT");
    bool landed_first = !atomic_load(&c.ended);
    pthread_join(thread, NULL);
    run(conn, "RESET GLOBAL debug_checkpoint_scan_sleep_ms");
    assert_int_equal(number(conn, "SELECT sum(n) FROM t"), 7);
    assert_int_equal(number(conn, "SELECT sum(a) FROM v"), 3);
    return landed_first;
}

static void landing_does_not_wait_for_a_checkpoint_beside(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("beside.duckdb", NULL);
    CLEANUP(lake_conn_freep) LakeConn *other = another_connection(&f);
    Error err = {0};
    must(lake_checkpoint_by_hand(f.conn, &err), &err);
    bool landed_first = false;
    for (int tries = 0; !landed_first && tries < 10; tries++) landed_first = lands_before_its_end(f.conn, other);
    assert_true(landed_first);
}

static void a_checkpoint_beside_leaves_an_open_transaction_alone(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("beside.duckdb", NULL);
    CLEANUP(lake_conn_freep) LakeConn *other = another_connection(&f);
    Error err = {0};
    bool done = true;
    run(f.conn, "CREATE OR REPLACE TABLE t AS SELECT 1 AS a");
    must(lake_begin(f.conn, &err), &err);
    run(f.conn, "UPDATE t SET a = 2");
    must(lake_checkpoint_beside(other, true, &done, &err), &err);
    assert_false(done);
    must(lake_commit(f.conn, &err), &err);
    must(lake_checkpoint_beside(other, true, &done, &err), &err);
    assert_true(done);
    assert_int_equal(log_bytes(), 0);
    assert_int_equal(number(f.conn, "SELECT a FROM t"), 2);
}

/* As `up` does when nothing lands: the log is empty then. */
static void small_row_groups_are_merged_later(void **state) {
    (void)state;
    static const char row_groups[] = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('t')";
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("beside.duckdb", NULL);
    CLEANUP(lake_conn_freep) LakeConn *other = another_connection(&f);
    Error err = {0};
    bool done;
    run(f.conn, "CREATE OR REPLACE TABLE t (a BIGINT)");
    must(lake_checkpoint_by_hand(f.conn, &err), &err);
    must(lake_merge_at_most(f.conn, 0, &err), &err);
    for (int i = 0; i < 10; i++) {
        run(f.conn, "INSERT INTO t FROM range(1000)");
        must(lake_checkpoint_beside(other, i % 5 == 4, &done, &err), &err);
        assert_true(done);
    }
    assert_int_equal(log_bytes(), 0);
    assert_int_equal(number(f.conn, row_groups), 10);
    must(lake_merge_now(other, 1, &done, &err), &err);
    assert_true(done);
    assert_int_equal(number(f.conn, row_groups), 1);
    assert_int_equal(number(f.conn, "SELECT count(*) FROM t"), 10000);
    run(f.conn, "INSERT INTO t FROM range(1000)");
    must(lake_checkpoint_beside(other, true, &done, &err), &err); /* which merges nothing any more */
    assert_int_equal(number(f.conn, row_groups), 2);
}

static void row_groups_of_large_rows_are_left_alone(void **state) {
    (void)state;
    static const char more[] = /* that hardly can be compressed */
        "INSERT INTO notes SELECT string_agg(md5((i * 1000 + j)::VARCHAR), '') FROM range(2000) r(i), range(750) t(j) GROUP BY i";
    CLEANUP(lake_fixture_done) LakeFixture f = open_lake("lake.duckdb", NULL);
    Error err = {0};
    run(f.conn, "CREATE TABLE notes (note VARCHAR)");
    must(lake_expect_rows(f.conn, true, &err), &err);
    for (int i = 1; i <= 4; i++) assert_int_equal(row_groups_after(f.conn, more), i);
    lake_fixture_done(&f);
    f = open_lake("lake.duckdb", NULL); /* the rows that are there tell how large rows are */
    assert_int_equal(row_groups_after(f.conn, more), 5);
    must(lake_expect_rows(f.conn, false, &err), &err);
    assert_int_equal(row_groups_after(f.conn, "INSERT INTO notes VALUES ('short')"), 1);
}

/* 0 when opening was an error, and nothing was freed twice. */
static int lock_down_in_vain(void) {
    Lake *lake = NULL;
    Error err = {0};
    if (lake_open(":memory:", NULL, &lake, &err) != 0) return 1;
    lake_freep(&lake);
    make_queries_fail("the disk does not answer");
    if (lake_open(":memory:", &(LakeOptions){.locked_down = true}, &lake, &err) != -1 || lake != NULL) return 2;
    error_clear(&err);
    return 0;
}

static void a_lake_that_cannot_be_locked_down_is_not_opened(void **state) {
    (void)state;
    assert_int_equal(in_child(lock_down_in_vain), 0);
}

static void paths_that_duckdb_misreads_are_refused(void **state) {
    (void)state;
    const char *const misread[] = {"q?mark/lake.duckdb", "what?",         "s3://bucket/lake.duckdb",
                                   "sqlite:lake.duckdb", "~/lake.duckdb", "md:lake"};
    const char *const plain[] = {"/tmp/a b:c/lake.duckdb", "./x:y/lake.duckdb", "a%20b*[1]/lake.duckdb", ":memory:", "/data/~/lake.duckdb"};
    for (size_t i = 0; i < ARRAY_LEN(misread); i++) {
        Lake *lake = NULL;
        Error err = {0};
        assert_failed(lake_open(misread[i], NULL, &lake, &err), ERR_CONFIG, misread[i], &err);
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        Error err = {0};
        must(lake_check_path(plain[i], &err), &err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_that_duckdb_misreads_are_refused),
        IN_SCRATCH(a_lake_keeps_what_was_stored),
        IN_SCRATCH(blocks_come_from_the_pool),
        IN_SCRATCH(what_cannot_be_opened_is_named),
        IN_SCRATCH(a_lake_open_elsewhere_is_busy),
        IN_SCRATCH(a_read_only_lake_is_not_written),
        IN_SCRATCH(limits_are_taken),
        IN_SCRATCH(a_locked_down_lake_touches_nothing_else),
        IN_SCRATCH(times_are_utc_whatever_the_machine_says),
        WITH_EMPTY_LAKE(scripts_run_to_their_end),
        WITH_EMPTY_LAKE(values_are_bound_by_position),
        WITH_EMPTY_LAKE(changes_are_counted),
        WITH_EMPTY_LAKE(errors_name_the_statement_and_have_a_kind),
        WITH_EMPTY_LAKE(an_ordinary_error_is_not_fatal),
        WITH_EMPTY_LAKE(a_query_can_be_interrupted),
        WITH_EMPTY_LAKE(a_rollback_that_failed_is_done_later),
        WITH_EMPTY_LAKE(texts_are_quoted),
        WITH_EMPTY_LAKE(numbers_and_times_are_exact),
        WITH_EMPTY_LAKE(lists_of_times_are_lists),
        cmocka_unit_test(every_name_is_replaced_once),
        WITH_EMPTY_LAKE(a_committed_transaction_is_stored),
        WITH_EMPTY_LAKE(what_may_have_changed_is_counted),
        WITH_EMPTY_LAKE(what_lands_is_counted_apart),
        WITH_EMPTY_LAKE(a_failed_statement_fails_the_commit),
        WITH_EMPTY_LAKE(a_conflict_is_an_error_and_stores_nothing),
        WITH_EMPTY_LAKE(a_connection_that_goes_takes_its_transaction_along),
        cmocka_unit_test(after_a_fatal_error_the_database_is_left_alone),
        IN_SCRATCH(what_is_fenced_off_stores_nothing),
        cmocka_unit_test(an_error_of_prepare_has_its_kind),
        WITH_EMPTY_LAKE(the_memory_that_is_missing_is_named),
        IN_SCRATCH(landing_does_not_wait_for_a_checkpoint_beside),
        IN_SCRATCH(a_checkpoint_beside_leaves_an_open_transaction_alone),
        IN_SCRATCH(small_row_groups_are_merged_later),
        WITH_EMPTY_LAKE(what_cannot_be_written_is_told_plainly),
        cmocka_unit_test(a_commit_that_lacked_memory_is_the_last),
        cmocka_unit_test(a_commit_that_was_not_written_is_the_last),
        cmocka_unit_test(a_process_that_duckdb_ends_has_an_exit_code),
        cmocka_unit_test(too_little_memory_says_which_setting),
        IN_SCRATCH(row_groups_of_large_rows_are_left_alone),
        cmocka_unit_test(a_lake_that_cannot_be_locked_down_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

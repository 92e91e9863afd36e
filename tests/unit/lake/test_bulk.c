/* test_bulk.c: rows from C as a table function: every type, invalid UTF-8, two scanning threads, a name that is registered again, a source
 * that queries while the number of threads changes. */
#include "lake/lake.h"

#include "../fixture.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ROWS 1000000

static void add_source(LakeConn *conn, const LakeColumn *columns, size_t n, int threads, LakeFill fill, void *state) {
    Error err = {0};
    must(lake_register_source(conn, "source", columns, n, threads, fill, state, &err), &err);
}

/* ---- values ---- */

static const char *const texts[] = {"",
                                    "short",
                                    "a text of more than twelve bytes",
                                    "gr\xc3\xbcn",
                                    "\xf0\x9f\x98\x80", /* valid */
                                    "\xff",
                                    "abc\x80",
                                    "\xc3",
                                    "\xc0\xaf",
                                    "\xed\xa0\x80", /* not */
                                    "\xf5\x80\x80\x80",
                                    "twelve bytes and then \xe2\x82"};
enum { VALID_TEXTS = 5 };

typedef struct Values {
    atomic_size_t given;
    bool valid[ARRAY_LEN(texts)]; /* what lake_put_text said */
} Values;

static size_t fill_values(void *state, LakeChunk *chunk, size_t capacity) {
    Values *v = state;
    assert_true(capacity >= ARRAY_LEN(texts));
    if (atomic_exchange(&v->given, ARRAY_LEN(texts)) > 0) return 0;
    for (size_t row = 0; row < ARRAY_LEN(texts); row++) {
        lake_put_int(chunk, 0, row, (int64_t)row - 1);
        lake_put_real(chunk, 1, row, (double)row / 4);
        v->valid[row] = lake_put_text(chunk, 2, row, texts[row], strlen(texts[row]));
        lake_put_blob(chunk, 3, row, texts[row], strlen(texts[row]));
        lake_put_int(chunk, 4, row, (int64_t)row * 1000000);
        if (row % 2 == 0) lake_put_null(chunk, 4, row);
    }
    return ARRAY_LEN(texts);
}

static void values_of_every_type_arrive(void **state) {
    static const LakeColumn columns[] = {{"i", LAKE_INT}, {"r", LAKE_REAL}, {"s", LAKE_TEXT}, {"b", LAKE_BLOB}, {"t", LAKE_TIME}};
    LakeConn *conn = conn_of(state);
    Values values = {0};
    Error err = {0};
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    add_source(conn, columns, ARRAY_LEN(columns), 1, fill_values, &values);
    must(lake_query(conn, "test", "SELECT i, r, s, b, t, typeof(t) FROM source() ORDER BY i", NULL, 0, &r, &err), &err);
    for (size_t row = 0; row < ARRAY_LEN(texts); row++) {
        size_t n;
        assert_int_equal(lake_next(r, &err), 1);
        assert_int_equal(lake_col_int(r, 0), (int64_t)row - 1);
        assert_true(lake_col_real(r, 1) == (double)row / 4);
        assert_int_equal(values.valid[row], row < VALID_TEXTS);
        assert_int_equal(lake_is_null(r, 2), row >= VALID_TEXTS); /* NULL, and it was said: never a changed text */
        if (row < VALID_TEXTS) assert_string_equal(lake_col_text(r, 2, NULL), texts[row]);
        assert_memory_equal(lake_col_text(r, 3, &n), texts[row], strlen(texts[row]));
        assert_int_equal(n, strlen(texts[row]));
        assert_int_equal(lake_is_null(r, 4), row % 2 == 0);
        assert_int_equal(lake_col_int(r, 4), row % 2 == 0 ? 0 : (int64_t)row * 1000000);
        assert_string_equal(lake_col_text(r, 5, NULL), "TIMESTAMP WITH TIME ZONE");
    }
    assert_int_equal(lake_next(r, &err), 0);
}

/* ---- threads ---- */

typedef struct Counter {
    atomic_size_t given;
    size_t rows;
    int64_t first;
} Counter;

static size_t fill_counter(void *state, LakeChunk *chunk, size_t capacity) {
    Counter *c = state;
    size_t at = atomic_fetch_add(&c->given, capacity);
    if (at >= c->rows) return 0;
    size_t n = c->rows - at < capacity ? c->rows - at : capacity;
    for (size_t row = 0; row < n; row++) {
        lake_put_int(chunk, 0, row, c->first + (int64_t)(at + row));
        if ((at + row) % 5 == 0)
            lake_put_null(chunk, 1, row);
        else
            lake_put_text(chunk, 1, row, "a text of more than twelve bytes", 10 + (at + row) % 20);
    }
    return n;
}

static const LakeColumn counter_columns[] = {{"n", LAKE_INT}, {"s", LAKE_TEXT}};

static void two_threads_give_each_row_once(void **state) {
    LakeConn *conn = conn_of(state);
    Counter counter = {.rows = ROWS};
    add_source(conn, counter_columns, 2, 2, fill_counter, &counter);
    run(conn, "CREATE TABLE t AS FROM source()");
    assert_int_equal(number(conn, "SELECT count(*) FROM t"), ROWS);
    assert_int_equal(number(conn, "SELECT count(DISTINCT n) FROM t"), ROWS);
    assert_int_equal(number(conn, "SELECT min(n) * 10000000 + max(n) FROM t"), ROWS - 1);
    assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE (s IS NULL) <> (n % 5 = 0) OR len(s) <> 10 + n % 20"), 0);
}

/* With one thread the second state is not read. */
static void each_thread_has_a_state_of_its_own(void **state) {
    LakeConn *conn = conn_of(state);
    Error err = {0};
    for (size_t threads = 1; threads <= 2; threads++) {
        Counter counters[] = {{.rows = ROWS, .first = 0}, {.rows = ROWS, .first = ROWS}};
        void *states[] = {&counters[0], &counters[1]};
        must(lake_register_streams(conn, "source", counter_columns, 2, fill_counter, states, threads, &err), &err);
        must(lake_set_threads(conn, 2, &err), &err);
        run(conn, "CREATE OR REPLACE TABLE t AS FROM source()");
        assert_int_equal(number(conn, "SELECT count(*) = count(DISTINCT n) FROM t"), 1);
        assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE n < 1000000"), ROWS);
        assert_in_range(number(conn, "SELECT count(*) FROM t"), ROWS, threads * ROWS);
        assert_int_equal(atomic_load(&counters[1].given) > 0, number(conn, "SELECT count(*) FROM t") > ROWS);
    }
}

static void an_empty_source_has_no_rows(void **state) {
    LakeConn *conn = conn_of(state);
    Counter counter = {.rows = 0};
    add_source(conn, counter_columns, 2, 2, fill_counter, &counter);
    assert_int_equal(number(conn, "SELECT count(*) FROM source()"), 0);
}

/* As each ingest in one process does: the older state is gone by then. */
static void a_name_registered_again_reads_the_new_state(void **state) {
    LakeConn *conn = conn_of(state);
    for (int64_t round = 1; round <= 3; round++) {
        Counter *counter = xcalloc(1, sizeof *counter);
        *counter = (Counter){.rows = 3000, .first = round * 1000000};
        add_source(conn, counter_columns, 2, 2, fill_counter, counter);
        assert_int_equal(number(conn, "SELECT min(n) FROM source()"), round * 1000000);
        atomic_store(&counter->given, 0);
        assert_int_equal(number(conn, "SELECT count(*) FROM source()"), 3000);
        free(counter);
    }
}

/* As by the first refine of a process whose COMMIT meets a full disk. */
static void a_name_that_a_rollback_took_back_is_registered_again(void **state) {
    LakeConn *conn = conn_of(state);
    Counter counter = {.rows = 3000, .first = 1};
    Error err = {0};
    for (int round = 0; round < 3; round++) {
        must(lake_begin(conn, &err), &err);
        add_source(conn, counter_columns, 2, 2, fill_counter, &counter);
        atomic_store(&counter.given, 0);
        assert_int_equal(number(conn, "SELECT count(*) FROM source()"), 3000);
        if (round == 1) must(lake_commit(conn, &err), &err);
        lake_rollback(conn);
    }
    atomic_store(&counter.given, 0);
    assert_int_equal(number(conn, "SELECT count(*) FROM source()"), 3000);
}

/* As two batches do that are staged at once. What another connection registered cannot be read, and is no crash when it has gone. */
static void each_connection_reads_its_own(void **state) {
    LakeFixture *f = *state;
    CLEANUP(lake_conn_freep) LakeConn *other = NULL;
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    Counter counter = {.rows = 3000, .first = 1000000}, others = {.rows = 10, .first = 7};
    Error err = {0};
    must(lake_connect(f->lake, &other, &err), &err);
    add_source(f->conn, counter_columns, 2, 2, fill_counter, &counter);
    assert_int_equal(lake_query(other, "test", "FROM source()", NULL, 0, &r, &err), -1);
    assert_non_null(strstr(err.text, "nothing to read"));
    error_clear(&err);
    add_source(other, counter_columns, 2, 2, fill_counter, &others);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM source()"), 3000);
    assert_int_equal(number(other, "SELECT sum(n) FROM source()"), 7 * 10 + 45);
    lake_conn_freep(&f->conn);
    f->conn = TAKE(other);
    must(lake_connect(f->lake, &other, &err), &err);
    assert_int_equal(lake_query(other, "test", "FROM source()", NULL, 0, &r, &err), -1);
    error_clear(&err);
}

/* ---- a source that queries ---- */

static size_t fill_by_query(void *state, LakeChunk *chunk, size_t capacity) {
    LakeConn *conn = *(LakeConn **)state;
    int64_t n = number(conn, "SELECT 7");
    for (size_t row = 0; row < capacity; row++) lake_put_int(chunk, 0, row, n);
    return capacity;
}

static void *raise_and_lower(void *lake_conn) {
    LakeConn *conn = lake_conn;
    Error err = {0};
    for (int i = 0; i < 200; i++) {
        must(lake_raise_threads(conn, 3, &err), &err);
        must(lake_lower_threads(conn, &err), &err);
    }
    return NULL;
}

/* As refine reads Bronze, while training begins and ends: DuckDB ended a thread that waited for the one who ended it. */
static void a_source_that_queries_meets_no_change_of_threads(void **state) {
    LakeFixture *f = *state;
    static const LakeColumn columns[] = {{"n", LAKE_INT}};
    CLEANUP(lake_conn_freep) LakeConn *changing = NULL;
    LakeConn *inner[2] = {0};
    Error err = {0};
    pthread_t thread;
    for (int i = 0; i < 2; i++) must(lake_connect(f->lake, &inner[i], &err), &err);
    must(lake_connect(f->lake, &changing, &err), &err);
    void *states[] = {&inner[0], &inner[1]};
    must(lake_set_threads(f->conn, 2, &err), &err);
    must(lake_register_streams(f->conn, "source", columns, 1, fill_by_query, states, 2, &err), &err);
    assert_int_equal(pthread_create(&thread, NULL, raise_and_lower, changing), 0);
    for (int i = 0; i < 20; i++) {
        lake_keep_threads(f->conn);
        assert_int_equal(number(f->conn, "SELECT sum(n) FROM (FROM source() LIMIT 400000)"), 7 * 400000);
        lake_release_threads(f->conn);
    }
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) lake_conn_free(inner[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_EMPTY_LAKE(values_of_every_type_arrive),
        WITH_EMPTY_LAKE(two_threads_give_each_row_once),
        WITH_EMPTY_LAKE(an_empty_source_has_no_rows),
        WITH_EMPTY_LAKE(a_name_that_a_rollback_took_back_is_registered_again),
        WITH_EMPTY_LAKE(a_name_registered_again_reads_the_new_state),
        WITH_EMPTY_LAKE(each_connection_reads_its_own),
        WITH_EMPTY_LAKE(each_thread_has_a_state_of_its_own),
        WITH_EMPTY_LAKE(a_source_that_queries_meets_no_change_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

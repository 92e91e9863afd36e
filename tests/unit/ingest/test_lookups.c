/* test_lookups.c: what a batch looks up in Bronze costs what the batch has, however much is there: DuckDB reads few rows. */
#include "../fixture.h"
#include "base/clock.h"
#include "ingest/bloom.h"
#include "ingest/copies.h"
#include "ingest/hashes.h"
#include "ingest/seen.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400000, LOOKED_UP = 8 };

static void fill(LakeConn *conn) {
    run(conn,
        "INSERT INTO bronze_raw_events BY NAME SELECT 'e' || i AS event_id, 's' AS source_system, to_timestamp(i * 60) AS event_timestamp, "
        "'{}' AS raw_payload, now() AS ingested_at, 't' AS kafka_topic, 0 AS kafka_epoch, 0 AS kafka_partition, i AS kafka_offset, "
        "1 AS batch_id FROM range(400000) r(i)");
    run(conn, "CREATE TEMP TABLE staged (kafka_partition INTEGER, kafka_offset BIGINT, event_timestamp TIMESTAMPTZ, event_id VARCHAR, "
              "source_system VARCHAR, place BIGINT)");
}

/* The rows that the scans of Bronze gave, as DuckDB counts them. */
static int64_t rows_read(LakeConn *conn, const char *name, const LakeBinding *bindings, size_t n) {
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, n);
    CLEANUP(free_text) char *explain = xasprintf("EXPLAIN (ANALYZE, FORMAT json) %s", sql);
    CLEANUP(lake_result_freep) LakeResult *plan = NULL;
    Error err = {0};
    int64_t most = 0;
    must(lake_query(conn, name, explain, NULL, 0, &plan, &err), &err);
    assert_int_equal(lake_next(plan, &err), 1);
    static const char key[] = "\"operator_cardinality\": ";
    for (const char *at = lake_col_text(plan, 1, NULL); (at = strstr(at, key)) != NULL; at += sizeof key - 1) {
        int64_t rows = strtoll(at + sizeof key - 1, NULL, 10);
        if (rows > most) most = rows;
    }
    assert_true(most >= LOOKED_UP); /* it was found */
    return most;
}

static void a_lookup_reads_what_is_near(void **state) {
    LakeConn *conn = conn_of(state);
    int64_t rows[LOOKED_UP], times[LOOKED_UP];
    fill(conn);
    for (int64_t i = 0; i < LOOKED_UP; i++) {
        rows[i] = 7 + i * (ROWS / LOOKED_UP / 8);
        times[i] = rows[i] * 60 * USEC_PER_SEC;
    }
    run(conn, "CREATE TEMP TABLE outliers AS SELECT i AS place, to_timestamp((7 + i * 6250) * 60) AS event_timestamp, "
              "'e' || (7 + i * 6250) AS event_id, 's' AS source_system FROM range(8) r(i)");
    LakeBinding in_rows = {"rows", lake_ints(rows, LOOKED_UP)}, at_times = {"times", lake_times(times, LOOKED_UP)};
    assert_true(rows_read(conn, "bronze/contents_of_rows", &in_rows, 1) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/rows_at_times", &at_times, 1) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/rows_of_outliers", NULL, 0) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/repeated_outliers", NULL, 0) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/repeated_in_rows", &in_rows, 1) < ROWS / 4);
}

/* Of the events of the batch, whose places are their offsets: how many look like one of Bronze. */
static int64_t copies_of(LakeConn *conn, Copies *known, const char *staged) {
    CLEANUP(lookup_freep) Lookup *lookup = NULL;
    CLEANUP(free_text) char *sql = xasprintf("DELETE FROM staged; INSERT INTO staged SELECT *, o FROM (%s) s(p, o, t, e, s)", staged);
    Error err = {0};
    size_t n;
    int64_t copies = 0;
    run(conn, sql);
    must(lookup_new(conn, &lookup, &err), &err);
    must(copies_find(known, conn, lookup, &err), &err);
    assert_int_equal(lookup_events(lookup), number(conn, "SELECT count(*) FROM staged"));
    const Lookalike *found = lookup_found(lookup, &n);
    for (size_t i = 0; i < n; i++) {
        if (found[i].bronze_row == NO_ROW) continue;
        CLEANUP(free_text)
        char *same = xasprintf("SELECT count(*) FROM staged s JOIN bronze_raw_events b USING (event_id, source_system) "
                               "WHERE place = %zu AND b.rowid = %" PRId64,
                               found[i].place, found[i].bronze_row);
        assert_true(found[i].is_later);
        if (n < 10) assert_int_equal(number(conn, same), 1);
        copies++;
    }
    return copies;
}

/* With thousands of events a second in one hour, those of the batch's minutes are read: Bronze has nothing else that could tell. */
static void a_batch_of_a_minute_finds_its_copies(void **state) {
    static const char batch[] = "SELECT 0, i, to_timestamp(1000 * 60 + i * 0.01), 'e' || i, 's' FROM range(%s) r(i)";
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    CLEANUP(free_text) char *first = xasprintf(batch, "999, 1003");
    assert_int_equal(copies_of(conn, known, first), 0); /* the same ids at other times */
    assert_int_equal(copies_of(conn, known, "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's' FROM range(1000, 1003) r(i)"), 3);
    assert_int_equal(copies_of(conn, known,
                               "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's' FROM range(1000, 1003) r(i) "
                               "UNION ALL SELECT 0, i, to_timestamp(399999 * 60), 'e' || i, 's' FROM range(399990, 400490) r(i) "
                               "UNION ALL SELECT 0, 1, to_timestamp(-60), 'e1', 's'"),
                     4);
}

/* Of the time of many rows of Bronze, of a few, and of none. */
static void a_large_batch_finds_its_copies(void **state) {
    static const char batch[] = "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's' FROM range(%d, %d) r(i)";
    static const struct { int first, copies; } cases[] = {{1000, 30000}, {ROWS - 100, 100}, {ROWS + 60, 0}};
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *staged = xasprintf(batch, cases[i].first, cases[i].first + 30000);
        assert_int_equal(copies_of(conn, known, staged), cases[i].copies);
    }
}

static void insert_timeless(LakeConn *conn, const char *ids) {
    CLEANUP(free_text)
    char *sql =
        xasprintf("INSERT INTO bronze_raw_events BY NAME SELECT unnest(%s) AS event_id, 's' AS source_system, '{}' AS raw_payload, "
                  "now() AS ingested_at, 't' AS kafka_topic, 0 AS kafka_epoch, 0 AS kafka_partition, 1 AS kafka_offset, 1 AS batch_id",
                  ids);
    run(conn, sql);
}

/* What an earlier batch had is remembered without a look in Bronze, which finds it. */
static void an_event_without_a_time_finds_its_copies(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    insert_timeless(conn, "['a', 'b']");
    assert_int_equal(copies_of(conn, known, "SELECT 0, 1, NULL, 'b', 's'"), 1);
    assert_int_equal(copies_of(conn, known, "SELECT 0, 2, NULL, unnest(['c', 'e7']), 's'"), 0); /* e7 has a time */
    insert_timeless(conn, "['c']");
    assert_int_equal(copies_of(conn, known, "SELECT 0, 3, NULL, unnest(['c', 'd', 'a']), 's'"), 2);
    assert_int_equal(copies_of(conn, known, "SELECT 0, 4, NULL, 'a', 'other'"), 0);
}

/* ---- what a session remembers of Bronze (seen.h) ---- */

#define LAND                                                                                                                               \
    "INSERT INTO bronze_raw_events BY NAME SELECT event_id, source_system, event_timestamp, '{}' AS raw_payload, now() AS ingested_at, "   \
    "'t' AS kafka_topic, 0 AS kafka_epoch, kafka_partition, kafka_offset, 2 AS batch_id FROM staged"

/* Two late events, weeks apart: no part of the batch is dense. */
static int64_t late_copies(LakeConn *conn, Copies *known, int first, int second) {
    CLEANUP(free_text)
    char *batch = xasprintf("SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's' FROM (SELECT unnest([%d, %d]) AS i)", first, second);
    return copies_of(conn, known, batch);
}

/* They look, and the last ones read Bronze slice by slice: the answer is the same all the time. */
static void look_often(LakeConn *conn, Copies *known) {
    for (int i = 0; i < 25; i++) {
        assert_int_equal(late_copies(conn, known, 500000 + i, 600000 + i), 0);
        assert_int_equal(late_copies(conn, known, 500000 + i, 7 + i), 1);
    }
}

static void a_session_that_looks_often_asks_for_few_late_events(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    look_often(conn, known);
    run(conn, "ALTER TABLE bronze_raw_events RENAME TO away"); /* nothing is asked */
    assert_int_equal(late_copies(conn, known, 700000, 800000), 0);
    run(conn, "ALTER TABLE away RENAME TO bronze_raw_events");
    assert_int_equal(late_copies(conn, known, 700000, 800000), 0); /* the batch did not land: it may come again */
    run(conn, LAND);
    assert_int_equal(late_copies(conn, known, 700000, 800001), 1);
    assert_int_equal(late_copies(conn, known, 3, 399999), 2);
    assert_int_equal(copies_of(conn, known, "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 'other' FROM (SELECT unnest([3, 399999]) AS i)"),
                     0);
}

static void a_batch_without_late_events_is_remembered(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    look_often(conn, known);
    assert_int_equal(copies_of(conn, known, "SELECT 0, i, to_timestamp(500000 * 60), 'e' || i, 's' FROM range(500000, 500300) r(i)"), 0);
    run(conn, LAND);
    assert_int_equal(late_copies(conn, known, 500000, 600000), 1);
}

static void a_batch_that_landed_while_bronze_was_read_is_remembered(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    for (int i = 0; i < 40; i++) { /* each batch has an event of history that is read last, or the first event of the batch before */
        assert_int_equal(late_copies(conn, known, 500000 + i, ROWS - 1 - i), 1);
        run(conn, LAND);
        assert_int_equal(late_copies(conn, known, 500000 + i, ROWS - 100 - i), 2);
    }
    for (int i = 0; i < 40; i++) assert_int_equal(late_copies(conn, known, 500000 + i, 10 * i), 2);
}

/* Of a batch that is far from all others. */
static int64_t times_to_ask_for(Seen *seen, LakeConn *conn, int64_t first) {
    const LakeBinding nothing[] = {{"from", lake_time(0)}, {"to", lake_time(0)}};
    CLEANUP(free_text)
    char *sql =
        xasprintf("DELETE FROM staged; INSERT INTO staged SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's', i FROM range(%lld, %lld) r(i)",
                  (long long)first, (long long)first + 1000);
    CLEANUP(buf_done) Buf times = {0};
    Error err = {0};
    run(conn, sql);
    must(seen_next_batch(seen, conn, 1000, true, &err), &err);
    if (!seen_remembers(seen)) return 1000;
    must(seen_find(seen, conn, nothing, &times, &err), &err);
    return (int64_t)(times.len / sizeof(int64_t));
}

static void what_is_too_much_is_not_remembered(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(seen_freep) Seen *at_once = seen_new(ROWS);
    CLEANUP(seen_freep) Seen *later = seen_new(ROWS + 30000);
    int64_t asked_for = 1000;
    fill(conn);
    for (int i = 0; i < 30; i++) assert_int_equal(times_to_ask_for(at_once, conn, 1000000 + i * 1000), 1000);
    for (int i = 0; i < 25; i++) asked_for = times_to_ask_for(later, conn, 1000000 + i * 1000);
    assert_true(seen_remembers(later) && asked_for < 20); /* by mistake */
    assert_int_equal(times_to_ask_for(later, conn, 5000), 1000);
    for (int i = 25; i < 60; i++) asked_for = times_to_ask_for(later, conn, 1000000 + i * 1000);
    assert_false(seen_remembers(later));
    assert_int_equal(asked_for, 1000);
}

static void a_bloom_filter_finds_what_it_has(void **state) {
    enum { N = 300000 };
    (void)state;
    CLEANUP(bloom_freep) Bloom *b = bloom_new(1000, N); /* grows several times */
    int mistakes = 0;
    for (uint64_t i = 0; i < N; i++) assert_true(bloom_add(b, i));
    assert_false(bloom_add(b, N));
    for (uint64_t i = 0; i < N; i++) assert_true(bloom_may_have(b, i));
    for (uint64_t i = N; i < 2 * (uint64_t)N; i++) mistakes += bloom_may_have(b, i) ? 1 : 0;
    assert_true(mistakes < N / 100);
}

static void a_set_of_hashes_has_each_once(void **state) {
    (void)state;
    CLEANUP(hashes_freep) Hashes *h = hashes_new();
    for (int times = 0; times < 2; times++)
        for (uint64_t i = 0; i < 5000; i++) assert_int_equal(hashes_add(h, i << 20), times == 0);
    assert_int_equal(hashes_count(h), 5000);
    assert_true(hashes_add(h, UINT64_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_LAKE(a_lookup_reads_what_is_near),
                                       WITH_LAKE(a_batch_of_a_minute_finds_its_copies),
                                       WITH_LAKE(a_large_batch_finds_its_copies),
                                       WITH_LAKE(an_event_without_a_time_finds_its_copies),
                                       WITH_LAKE(a_session_that_looks_often_asks_for_few_late_events),
                                       WITH_LAKE(a_batch_without_late_events_is_remembered),
                                       WITH_LAKE(a_batch_that_landed_while_bronze_was_read_is_remembered),
                                       WITH_LAKE(what_is_too_much_is_not_remembered),
                                       cmocka_unit_test(a_bloom_filter_finds_what_it_has),
                                       cmocka_unit_test(a_set_of_hashes_has_each_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

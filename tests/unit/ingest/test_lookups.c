/* test_lookups.c: what a batch looks up in Bronze costs what the batch has, however much is there: DuckDB reads few rows. */
#include "../fixture.h"
#include "base/clock.h"
#include "ingest/copies.h"
#include "ingest/hashes.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400000, LOOKED_UP = 8 };

static void fill(LakeConn *conn) {
    run(conn,
        "INSERT INTO bronze_raw_events BY NAME SELECT 'e' || i AS event_id, 's' AS source_system, to_timestamp(i * 60) AS event_timestamp, "
        "'{}' AS raw_payload, now() AS ingested_at, 't' AS kafka_topic, 0 AS kafka_epoch, 0 AS kafka_partition, i AS kafka_offset, "
        "1 AS batch_id FROM range(400000) r(i)");
    run(conn,
        "CREATE TEMP TABLE staged (kafka_partition INTEGER, kafka_offset BIGINT, event_timestamp TIMESTAMPTZ, event_id VARCHAR, "
        "source_system VARCHAR, reject_reason VARCHAR); CREATE TEMP TABLE copies (kafka_partition INTEGER, kafka_offset BIGINT, bronze_row BIGINT)");
}

/* The rows that the scans of Bronze gave, as DuckDB counts them. */
static int64_t rows_read(LakeConn *conn, const char *name, LakeBinding list) {
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), &list, 1);
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
    assert_true(rows_read(conn, "bronze/contents_of_rows", (LakeBinding){"rows", lake_ints(rows, LOOKED_UP)}) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/repeated_at_times", (LakeBinding){"times", lake_times(times, LOOKED_UP)}) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/rows_at_times", (LakeBinding){"times", lake_times(times, LOOKED_UP)}) < ROWS / 4);
    assert_true(rows_read(conn, "bronze/repeated_in_rows", (LakeBinding){"rows", lake_ints(rows, LOOKED_UP)}) < ROWS / 4);
}

static int64_t copies_of(LakeConn *conn, Copies *known, const char *staged) {
    CLEANUP(buckets_freep) Buckets *spread = NULL;
    CLEANUP(free_text) char *sql = xasprintf("DELETE FROM copies; DELETE FROM staged; INSERT INTO staged %s", staged);
    Error err = {0};
    run(conn, sql);
    must(buckets_read(conn, &spread, &err), &err);
    must(copies_find(known, conn, spread, &err), &err);
    return number(conn, "SELECT count(*) FROM copies");
}

/* With thousands of events a second in one hour, those of the batch's minutes are read: Bronze has nothing else that could tell. */
static void a_batch_of_a_minute_finds_its_copies(void **state) {
    static const char batch[] = "SELECT 0, i, to_timestamp(1000 * 60 + i * 0.01), 'e' || i, 's', NULL FROM range(%s) r(i)";
    LakeConn *conn = conn_of(state);
    CLEANUP(copies_freep) Copies *known = copies_new();
    fill(conn);
    CLEANUP(free_text) char *first = xasprintf(batch, "999, 1003");
    assert_int_equal(copies_of(conn, known, first), 0); /* the same ids at other times */
    assert_int_equal(copies_of(conn, known, "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's', NULL FROM range(1000, 1003) r(i)"), 3);
    assert_int_equal(copies_of(conn, known,
                               "SELECT 0, i, to_timestamp(i * 60), 'e' || i, 's', NULL FROM range(1000, 1003) r(i) "
                               "UNION ALL SELECT 0, i, to_timestamp(399999 * 60), 'e' || i, 's', NULL FROM range(399990, 400490) r(i) "
                               "UNION ALL SELECT 0, 1, to_timestamp(-60), 'e1', 's', NULL"),
                     4);
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
    assert_int_equal(copies_of(conn, known, "SELECT 0, 1, NULL, 'b', 's', NULL"), 1);
    assert_int_equal(copies_of(conn, known, "SELECT 0, 2, NULL, unnest(['c', 'e7']), 's', NULL"), 0); /* e7 has a time */
    insert_timeless(conn, "['c']");
    assert_int_equal(copies_of(conn, known, "SELECT 0, 3, NULL, unnest(['c', 'd', 'a']), 's', NULL"), 2);
    assert_int_equal(copies_of(conn, known, "SELECT 0, 4, NULL, 'a', 'other', NULL"), 0);
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
    const struct CMUnitTest tests[] = {WITH_LAKE(a_lookup_reads_what_is_near), WITH_LAKE(a_batch_of_a_minute_finds_its_copies),
                                       WITH_LAKE(an_event_without_a_time_finds_its_copies),
                                       cmocka_unit_test(a_set_of_hashes_has_each_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

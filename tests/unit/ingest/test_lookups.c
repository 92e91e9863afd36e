/* test_lookups.c: what a batch looks up in Bronze costs what the batch has, however much is there: DuckDB reads few rows. */
#include "../fixture.h"
#include "base/clock.h"
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
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_LAKE(a_lookup_reads_what_is_near)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Refine in chunks: however Bronze's batches are cut into transactions, Silver and Gold are the same. */
#include "base/memory.h"
#include "contract/pipeline.h"
#include "lake/schema.h"
#include "medallion/refine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* 20 batches of 50 events of 10 subscribers, one of ten of too low a quality. */
static const char bronze[] =
    "INSERT INTO bronze_raw_events SELECT i::VARCHAR, 'OSS', 'NMS', 'sub-' || (i % 10), TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_hours(i), "
    "'{\"tower_id\":\"T1\",\"signal_dbm\":-' || (60 + i % 40) || ',\"latency_ms\":' || (i % 200) || ',\"packet_loss_pct\":0.25}', "
    "CASE WHEN i % 10 = 3 THEN 20 ELSE 90 END, now(), 't', 0, 0, i, TIMESTAMPTZ '2026-12-31 00:00:00Z', 1 + i // 50, NULL "
    "FROM range(1000) r(i)";

typedef struct Outcome {
    RefineStats stats;
    int64_t silver, gold, fingerprint;
} Outcome;

static int64_t ask(LakeConn *conn, const char *sql) {
    Error err = {0};
    int64_t answer = 0;
    if (lake_query_int(conn, "ask", sql, NULL, 0, &answer, &err) != 0) fail_msg("%s", err.text);
    return answer;
}

static Outcome refine_in_chunks_of(int64_t chunk_rows) {
    Error err = {0};
    Outcome o = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(lake_freep) Lake *lake = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    RefineOptions options = {.quiet = true, .chunk_rows = chunk_rows};
    if (pipeline_load(NULL, &pipeline, &err) != 0 || lake_open(":memory:", NULL, &lake, &err) != 0 ||
        lake_connect(lake, &conn, &err) != 0 || lake_migrate(conn, &err) != 0 || lake_exec(conn, "bronze", bronze, &err) != 0 ||
        refine_run(conn, pipeline, &options, &o.stats, &err) != 0)
        fail_msg("%s", err.text);
    o.silver = ask(conn, "SELECT count(*) FROM silver_clean_events");
    o.gold = ask(conn, "SELECT count(*) FROM gold_subscriber_features");
    o.fingerprint = ask(conn, "SELECT (bit_xor(hash(g::VARCHAR)) % 1000000007)::BIGINT FROM gold_subscriber_features g");
    return o;
}

static void chunks_change_nothing(void **state) {
    (void)state;
    Outcome whole = refine_in_chunks_of(0);
    assert_int_equal(whole.stats.silver, 900);
    assert_int_equal(whole.stats.quarantined, 100);
    assert_int_equal(whole.silver, 900);
    assert_int_equal(whole.gold, 9);
    static const int64_t rows[] = {1, 50, 120, 999};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Outcome cut = refine_in_chunks_of(rows[i]);
        assert_int_equal(cut.stats.silver, 900);
        assert_int_equal(cut.stats.quarantined, 100);
        assert_int_equal(cut.silver, 900);
        assert_int_equal(cut.fingerprint, whole.fingerprint);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chunks_change_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

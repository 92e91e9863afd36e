/* test_publish.c: Publishing: what a generation holds, that counting only what is new counts everything once, and what is said before there
 * is Gold. */
#include "snapshot/publish.h"

#include "../web/fixture.h"

#define LEDGER_INSERT "INSERT INTO ledger_batches (batch_id, committed_at, landed, duplicates, rejected, gaps) VALUES "

typedef struct PublishFixture {
    void *dir;
    LakeFixture lake;
    LakeConn *conn; /* of `lake` */
} PublishFixture;

static int setup(void **state) {
    static PublishFixture p;
    if (scratch_up(&p.dir) != 0) return -1;
    p.lake = make_refined_lake();
    p.conn = p.lake.conn;
    *state = &p;
    return 0;
}

static int teardown(void **state) {
    PublishFixture *p = *state;
    lake_fixture_done(&p->lake);
    return scratch_down(&p->dir);
}

static int64_t ask_snapshot(const PublishFixture *p, const char *sql) {
    CLEANUP(snapshot_freep) Snapshot *snapshot = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error err = {0};
    must(snapshot_open(p->dir, &(LakeOptions){.threads = 1}, &snapshot, &err), &err);
    must(lake_connect(snapshot_lake(snapshot), &conn, &err), &err);
    return number(conn, sql);
}

static PublishResult publish(const PublishFixture *p, const PublishOptions *options) {
    PublishResult result = {0};
    Error err = {0};
    must(publish_run(p->conn, p->dir, options, &result, &err), &err);
    return result;
}

static void publish_quietly(const PublishFixture *p) {
    PublishResult result = publish(p, &(PublishOptions){.keep = 2});
    publish_result_done(&result);
}

static void test_a_generation_has_everything(void **state) {
    PublishFixture *p = *state;
    PublishResult result = publish(p, &(PublishOptions){.keep = 2});
    assert_int_equal(result.snapshot.generation, 1);
    assert_true(result.snapshot.bytes > 0 && result.seconds > 0);
    assert_null(result.parquet_path);
    publish_result_done(&result);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM gold_subscriber_features"), 10);
    assert_int_equal(ask_snapshot(p, "SELECT count(churn_probability) FROM gold_subscriber_features"), 9);
    assert_int_equal(ask_snapshot(p, "SELECT landed + duplicates + rejected + gaps FROM serving_pipeline"), 126);
    assert_int_equal(ask_snapshot(p, "SELECT sum(events)::BIGINT FROM serving_hours"), 120);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM runs JOIN run_steps USING (run_id)"), 1);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM models"), 1);
    assert_int_equal(ask_snapshot(p, "SELECT epoch_us(newest_event_at) // 1000000 FROM serving_pipeline"), 1748772000 + 119 * 60);
}

/* The same for the same rows. */
static int64_t rows_of(const PublishFixture *p, const char *table) {
    CLEANUP(free_text) char *sql = xasprintf("SELECT coalesce((sum(hash(t)) %% 1000000007)::BIGINT, 0) + count(*) FROM %s AS t", table);
    return ask_snapshot(p, sql);
}

static int64_t rows_without_scores(const PublishFixture *p) {
    return rows_of(p, "serving_hours") + rows_of(p, "serving_quarantine") + rows_of(p, "serving_contracts") + rows_of(p, "quality_hours");
}

/* Prepared on a thread before scores are there: the generation has what it has otherwise, and the scores. */
static void test_prepared_while_scoring(void **state) {
    PublishFixture *p = *state;
    publish_quietly(p);
    int64_t before = rows_without_scores(p);
    CLEANUP(publish_preparation_freep) PublishPreparation *prepared = publish_prepare(lake_of(p->conn));
    assert_non_null(prepared);
    run(p->conn, "UPDATE scores_base SET churn_probability = 0.123");
    for (int i = 0; i < 2; i++) { /* it is used once; what comes then is prepared as ever */
        PublishResult result = publish(p, &(PublishOptions){.keep = 2, .full = true, .prepared = prepared});
        assert_int_equal(result.snapshot.generation, 2 + i);
        publish_result_done(&result);
        assert_int_equal(rows_without_scores(p), before);
        assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM gold_subscriber_features WHERE churn_probability = 0.123"), 9);
        assert_int_equal(ask_snapshot(p, "SELECT sum(events)::BIGINT FROM serving_hours"), 120);
    }
}

static int64_t generation_scores(const PublishFixture *p) {
    return ask_snapshot(p, "SELECT epoch_us(scored_at) + scores FROM serving_pipeline");
}

/* Whoever scored just now has counted already. What it says is taken for this generation only. */
static void test_scores_that_are_counted(void **state) {
    PublishFixture *p = *state;
    publish_quietly(p);
    int64_t counted = generation_scores(p);
    const PublishScores said = {.count = 9, .newest_us = number(p->conn, "SELECT max(epoch_us(scored_at)) FROM entity_scores")};
    const PublishScores others = {.count = 4, .newest_us = said.newest_us}, none = {0};
    const struct {
        const PublishScores *scores;
        int64_t expected;
    } cases[] = {{&said, counted}, {&others, counted - 5}, {NULL, counted}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        PublishResult result = publish(p, &(PublishOptions){.keep = 2, .scores = cases[i].scores});
        publish_result_done(&result);
        assert_int_equal(generation_scores(p), cases[i].expected);
    }
    PublishResult result = publish(p, &(PublishOptions){.keep = 2, .scores = &none});
    publish_result_done(&result);
    assert_int_equal(ask_snapshot(p, "SELECT count(scored_at) + scores FROM serving_pipeline GROUP BY scores"), 0);
}

/* What people call things is kept with the base, until it is declared anew. */
static void test_new_words_are_published(void **state) {
    static const char gold[] = "CREATE OR REPLACE VIEW gold_columns AS SELECT * REPLACE (%s AS description) FROM (FROM before)";
    PublishFixture *p = *state;
    PublishResult result = publish(p, &(PublishOptions){.keep = 2});
    publish_result_done(&result);
    run(p->conn, "CREATE TABLE before AS FROM gold_columns");
    for (int i = 0; i < 2; i++) {
        CLEANUP(free_text) char *words = xasprintf(gold, i == 0 ? "'one'" : "'two'");
        run(p->conn, words);
        if (i == 0) run(p->conn, "UPDATE refine_progress SET declared_sha256 = 'another'");
        result = publish(p, &(PublishOptions){.keep = 2});
        assert_true(result.snapshot.incremental == (i == 1));
        publish_result_done(&result);
        assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM gold_columns WHERE description <> 'one'"), 0);
        assert_true(ask_snapshot(p, "SELECT count(*) FROM gold_columns") > 0);
    }
}

/* Then publishing itself says what is missing. */
static void test_a_preparation_that_fails(void **state) {
    PublishFixture *p = *state;
    Error err = {0};
    PublishResult result = {0};
    run(p->conn, "DROP VIEW gold_subscriber_features");
    CLEANUP(publish_preparation_freep) PublishPreparation *prepared = publish_prepare(lake_of(p->conn));
    CLEANUP(publish_preparation_freep) PublishPreparation *unused = publish_prepare(lake_of(p->conn));
    assert_true(prepared != NULL && unused != NULL);
    assert_int_equal(publish_run(p->conn, p->dir, &(PublishOptions){.keep = 2, .prepared = prepared}, &result, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "smelt refine"));
    error_clear(&err);
}

/* Batches come in any order of event time; each is counted once, and never again. */
static void test_hours_are_counted_once(void **state) {
    PublishFixture *p = *state;
    for (int batch = 1; batch < 6; batch++) {
        CLEANUP(free_text)
        char *sql =
            xasprintf("INSERT INTO bronze_raw_events (event_id, event_type, source_system, subscriber_id, event_timestamp, raw_payload, "
                      "quality_score, ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, "
                      "extra_fields) SELECT 'x', CASE i %% 3 WHEN 0 THEN 'BSS' WHEN 1 THEN 'OSS' END, 'CRM', "
                      "'S-01', CASE WHEN i %% 10 > 0 THEN TIMESTAMPTZ "
                      "'2025-06-01 12:00:00+00' - to_minutes(i * 37 %% 1000) END, '{}', 80, now(), 't', 1, 1, i, now(), %d, NULL "
                      "FROM range(100) AS r(i); " LEDGER_INSERT "(%d, now(), 100, 0, 0, 0)",
                      batch + 1, batch + 1);
        run(p->conn, sql);
        if (batch % 2 == 0) publish_quietly(p);
    }
    publish_quietly(p);
    publish_quietly(p);
    assert_int_equal(number(p->conn, "SELECT sum(events)::BIGINT FROM serving_hour_counts"), 120 + 5 * 90);
    assert_int_equal(
        number(
            p->conn,
            "SELECT count(*) FROM (SELECT epoch_us(event_timestamp) // 3600000000 AS hour, coalesce(event_type, '(none)') AS event_type, "
            "count(*)::BIGINT AS events FROM bronze_raw_events WHERE event_timestamp IS NOT NULL GROUP BY ALL EXCEPT "
            "SELECT hour, event_type, sum(events)::BIGINT FROM serving_hour_counts GROUP BY ALL)"),
        0);
    run(p->conn, lake_sql("serving/compact"));
    assert_int_equal(number(p->conn, "SELECT sum(events)::BIGINT FROM serving_hour_counts"), 120 + 5 * 90);
}

/* One event from the year 2099 does not make the lake look fresh, and does not empty the chart. */
static void test_a_wrong_clock_is_no_freshness(void **state) {
    PublishFixture *p = *state;
    run(p->conn, "INSERT INTO bronze_raw_events BY NAME SELECT * REPLACE (TIMESTAMPTZ '2099-01-01 00:00:00+00' AS event_timestamp, 2 AS "
                 "batch_id) FROM "
                 "bronze_raw_events LIMIT 1; " LEDGER_INSERT "(2, now(), 1, 0, 0, 0)");
    for (int i = 0; i < 2; i++) {
        publish_quietly(p);
        assert_int_equal(ask_snapshot(p, "SELECT year(newest_event_at) FROM serving_pipeline"), 2025);
        assert_int_equal(ask_snapshot(p, "SELECT sum(events)::BIGINT FROM serving_hours"), 120);
    }
}

static void test_parquet(void **state) {
    PublishFixture *p = *state;
    CLEANUP(free_text) char *dir = path_join(p->dir, "open'data");
    PublishResult result = publish(p, &(PublishOptions){.keep = 2, .parquet_dir = dir});
    CLEANUP(free_text)
    char *sql =
        lake_sql_bind("SELECT count(risk_band) FROM read_parquet({{path}})", &(LakeBinding){"path", lake_text(result.parquet_path)}, 1);
    assert_int_equal(number(p->conn, sql), 9);
    publish_result_done(&result);
}

static PublishResult publish_next(const PublishFixture *p, bool full) {
    return publish(p, &(PublishOptions){.keep = 2, .full = full});
}

static void expect_incremental(const PublishFixture *p, bool full, bool expected) {
    PublishResult result = publish_next(p, full);
    assert_int_equal(result.snapshot.incremental, expected);
    publish_result_done(&result);
}

static int64_t events_of(const PublishFixture *p, const char *subscriber) {
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT total_events FROM gold_subscriber_features WHERE subscriber_id = '%s'", subscriber);
    return ask_snapshot(p, sql);
}

/* A subscriber that refine computed since the base, and that has a new score. */
static const char fresh_row[] =
    "DELETE FROM gold_features_fresh; INSERT INTO gold_features_fresh BY NAME SELECT * REPLACE (77 AS total_events, 2 AS "
    "refined_batch) FROM gold_features_base WHERE subscriber_id = 'S-03'; DELETE FROM scores_fresh; INSERT INTO "
    "scores_fresh (entity_id, churn_probability, risk_band, reasons, model_id, scored_at) "
    "VALUES ('S-03', 0.99, 'high', '[]', 'm1', now())";

static void test_the_base_is_taken_over(void **state) {
    PublishFixture *p = *state;
    expect_incremental(p, false, false); /* there is nothing to start from */
    assert_int_equal(events_of(p, "S-03"), 13);
    run(p->conn, fresh_row);
    expect_incremental(p, false, true);
    assert_int_equal(events_of(p, "S-03"), 77);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM gold_subscriber_features"), 10);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM gold_subscriber_features WHERE risk_band = 'high'"), 4);
    expect_incremental(p, true, false); /* asked for */
    assert_int_equal(events_of(p, "S-03"), 77);
    expect_incremental(p, false, true);
    run(p->conn, "UPDATE gold_features_base SET total_events = 5; UPDATE gold_base SET base_id = uuid()");
    expect_incremental(p, false, false); /* the base is another */
    assert_int_equal(events_of(p, "S-04"), 5);
    assert_int_equal(events_of(p, "S-03"), 77);
}

static void change_score(const PublishFixture *p, const char *id) {
    CLEANUP(free_text)
    char *sql = xasprintf(
        "INSERT INTO score_changes (scored_at, entity_id, probability_before, band_before, churn_probability, risk_band, model_id) "
        "VALUES (now(), '%s', 0.1, 'low', 0.9, 'high', 'm1')",
        id);
    run(p->conn, sql);
}

/* Rows are added to a log, a table that seldom changes is written when it did, and the numbers of each generation stay. */
static void test_what_was_is_kept(void **state) {
    PublishFixture *p = *state;
    expect_incremental(p, false, false);
    change_score(p, "S-01");
    change_score(p, "S-02");
    expect_incremental(p, false, true);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM score_changes"), 2);
    expect_incremental(p, false, true);
    change_score(p, "S-03");
    run(p->conn, "UPDATE feature_stats SET computed_at = now(), p50 = 77 WHERE name = 'total_events'");
    expect_incremental(p, false, true);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM score_changes"), 3);
    assert_int_equal(ask_snapshot(p, "SELECT p50::BIGINT FROM feature_stats WHERE name = 'total_events'"), 77);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM ledger_batches"), 1);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM history WHERE total = 10 AND high = 3 AND at_risk = 4 AND landed = 120"), 4);
    assert_int_equal(number(p->conn, "SELECT count(DISTINCT generation) FROM history"), 4);
    run(p->conn, "UPDATE gold_base SET base_id = uuid()");
    expect_incremental(p, false, false); /* everything is written again */
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM score_changes"), 3);
    assert_int_equal(ask_snapshot(p, "SELECT (p50 * 10)::BIGINT FROM feature_stats WHERE name = 'total_events'"), 145);
}

/* Many generations: each of the last hours, then one of five minutes, of an hour, of a day. */
static void test_the_history_is_thinned(void **state) {
    PublishFixture *p = *state;
    run(p->conn, "INSERT INTO history (made_at, generation) SELECT now() - INTERVAL 1 MINUTE * i, 100000 - i FROM range(1, 6000) AS r(i)");
    publish_quietly(p);
    assert_int_equal(number(p->conn, "SELECT count(*) FROM history WHERE made_at > now() - INTERVAL 2 HOUR"), 120);
    assert_in_range(number(p->conn, "SELECT count(*) FROM history"), 120 + 540 + 50, 180 + 545 + 60);
    assert_in_range(number(p->conn, "SELECT count(*) FROM history WHERE generation < 94001 + 60 * 24"), 24, 25);
}

/* What did not pass is counted once, also when a rebuild makes the quarantine anew. */
static void test_quality_is_counted_once(void **state) {
    PublishFixture *p = *state;
    for (int batch = 1; batch < 4; batch++) {
        CLEANUP(free_text)
        char *sql =
            xasprintf("INSERT INTO silver_quarantine (event_id, event_type, source_system, rule, field, batch_id, quarantined_at) "
                      "SELECT 'x', 'BSS', 'sender-' || i, 'type', 'plan', %d, TIMESTAMP '2025-06-01 10:00:00' FROM range(30) AS r(i); "
                      "UPDATE refine_progress SET batch_id = %d; " LEDGER_INSERT "(%d, now(), 30, 0, 0, 0)",
                      batch, batch, batch + 1);
        run(p->conn, sql);
        publish_quietly(p);
        publish_quietly(p);
    }
    assert_int_equal(ask_snapshot(p, "SELECT sum(events)::BIGINT FROM quality_hours"), 90);
    assert_int_equal(ask_snapshot(p, "SELECT count(DISTINCT source) FROM quality_hours"), 21); /* 20 names, and the others */
    run(p->conn, "DELETE FROM silver_quarantine WHERE batch_id < 3");
    publish_quietly(p);
    assert_int_equal(ask_snapshot(p, "SELECT sum(events)::BIGINT FROM quality_hours"), 30);
}

/* Whatever is wrong with the last generation, the next one is whole. */
static void test_a_damaged_generation_is_not_taken_over(void **state) {
    PublishFixture *p = *state;
    expect_incremental(p, false, false);
    CLEANUP(free_text) char *path = path_join(p->dir, "gen-00000001.duckdb");
    write_text(path, "rubbish");
    expect_incremental(p, false, false);
    assert_int_equal(events_of(p, "S-03"), 13);
    CLEANUP(free_text) char *second = path_join(p->dir, "gen-00000002.duckdb");
    assert_int_equal(unlink(second), 0);
    expect_incremental(p, false, false);
    assert_int_equal(events_of(p, "S-03"), 13);
}

static void test_before_the_first_refine(void **state) {
    PublishFixture *p = *state;
    run(p->conn, "DROP VIEW gold_subscriber_features");
    Error err = {0};
    PublishResult result = {0};
    assert_int_equal(publish_run(p->conn, p->dir, &(PublishOptions){.keep = 2}, &result, &err), -1);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_non_null(strstr(err.text, "smelt refine"));
    assert_int_equal(snapshot_current(p->dir), 0);
    error_clear(&err);
}

static void test_an_empty_lake(void **state) {
    PublishFixture *p = *state;
    run(p->conn, "DELETE FROM bronze_raw_events; DELETE FROM ledger_batches; DELETE FROM gold_features_base; DELETE FROM "
                 "scores_base; DELETE FROM "
                 "runs; DELETE FROM run_steps; DELETE FROM models");
    publish_quietly(p);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM serving_pipeline WHERE landed = 0 AND newest_event_at IS NULL"), 1);
    assert_int_equal(ask_snapshot(p, "SELECT count(*) FROM serving_hours"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_generation_has_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prepared_while_scoring, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scores_that_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_words_are_published, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_preparation_that_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hours_are_counted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_clock_is_no_freshness, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parquet, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_base_is_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_history_is_thinned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quality_is_counted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_damaged_generation_is_not_taken_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_before_the_first_refine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_empty_lake, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_refine.c: however Bronze is cut into batches, transactions and runs, Silver and Gold are what one rebuild makes of it. */
#include "../fixture.h"
#include "base/memory.h"
#include "compile/compile.h"
#include "contract/pipeline.h"
#include "refine/refine.h"
#include <inttypes.h>

#define BRONZE_INSERT                                                                                                                      \
    "INSERT INTO bronze_raw_events (event_id, event_type, source_system, subscriber_id, event_timestamp, raw_payload, quality_score, "     \
    "ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, extra_fields) "

/* 20 batches of 50 events of 10 subscribers, one of ten of too low a quality. */
static const char bronze[] = BRONZE_INSERT
    "SELECT i::VARCHAR, 'OSS', 'NMS', 'sub-' || (i % 10), TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_hours(i), "
    "'{\"tower_id\":\"T1\",\"signal_dbm\":-' || (60 + i % 40) || ',\"latency_ms\":' || (i % 200) || ',\"packet_loss_pct\":0.25}', "
    "CASE WHEN i % 10 = 3 THEN 20 ELSE 90 END, TIMESTAMPTZ '2026-12-31 00:00:00Z', 't', 0, 0, i, NULL, 1 + i // 50, NULL "
    "FROM range(1000) r(i)";

typedef struct Outcome {
    RefineStats stats;
    int64_t silver, gold;
    char *features; /* a digest of all rows of Gold; owned */
} Outcome;

static void outcome_done(Outcome *o) {
    free(o->features);
}

static Refinery *load(const char *dir) {
    Error err = {0};
    Pipeline *pipeline = NULL;
    Refinery *refinery = NULL;
    must(pipeline_load_dir(dir, &pipeline, &err), &err);
    must(refinery_new(pipeline, &refinery, &err), &err);
    return refinery;
}

static Outcome refine_in_chunks_of(int64_t chunk_rows) {
    Error err = {0};
    Outcome o = {0};
    CLEANUP(refinery_freep) Refinery *refinery = load(NULL);
    CLEANUP(lake_fixture_done) LakeFixture lake = open_migrated_lake(":memory:", NULL);
    LakeConn *conn = lake.conn;
    RefineOptions options = {.quiet = true, .chunk_rows = chunk_rows};
    run(conn, bronze);
    must(refine_run(refinery, conn, &options, &o.stats, &err), &err);
    o.silver = number(conn, "SELECT count(*) FROM silver_clean_events");
    o.gold = number(conn, "SELECT count(*) FROM gold_subscriber_features");
    o.features = query_text(conn, "SELECT md5(string_agg(g::VARCHAR, ';' ORDER BY subscriber_id)) FROM gold_subscriber_features g");
    return o;
}

static void chunks_change_nothing(void **state) {
    (void)state;
    CLEANUP(outcome_done) Outcome whole = refine_in_chunks_of(0);
    assert_int_equal(whole.stats.silver, 900);
    assert_int_equal(whole.stats.quarantined, 100);
    assert_int_equal(whole.silver, 900);
    assert_int_equal(whole.gold, 9);
    static const int64_t rows[] = {1, 50, 120, 999};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(outcome_done) Outcome cut = refine_in_chunks_of(rows[i]);
        assert_int_equal(cut.stats.silver, 900);
        assert_int_equal(cut.stats.quarantined, 100);
        assert_int_equal(cut.silver, 900);
        assert_string_equal(cut.features, whole.features);
    }
}

/* Whoever asks the process something meanwhile (flow/query_socket.h) makes temporary tables: DuckDB then refuses a checkpoint. */
static void a_rebuild_is_done_though_a_checkpoint_is_refused(void **state) {
    (void)state;
    Error err = {0};
    RefineStats stats;
    CLEANUP(refinery_freep) Refinery *refinery = load(NULL);
    CLEANUP(lake_fixture_done) LakeFixture lake = open_migrated_lake(":memory:", NULL);
    CLEANUP(lake_conn_freep) LakeConn *asking = NULL;
    run(lake.conn, bronze);
    must(lake_connect(lake.lake, &asking, &err), &err);
    run(asking, "CREATE TABLE asked(i INTEGER); BEGIN; INSERT INTO asked VALUES (1)");
    RefineOptions options = {.quiet = true, .full = true};
    must(refine_run(refinery, lake.conn, &options, &stats, &err), &err);
    assert_int_equal(stats.silver, 900);
    run(asking, "COMMIT");
}

/* ---- threads ---- */

/* Three batches of 90,000 events of three types, one of them unknown; every fiftieth of too low a quality, every thirtieth has a field that
 * no contract has: more than one round holds back, in every stream. */
static const char many[] = BRONZE_INSERT
    "SELECT i::VARCHAR, CASE WHEN i % 1000 = 7 THEN 'FAX' WHEN i % 2 = 0 THEN 'OSS' ELSE 'IoT' END, 'NMS', 'sub-' || (i % 5000), "
    "TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_minutes(i % 40000), "
    "CASE WHEN i % 2 = 0 THEN '{\"tower_id\":\"T' || (i % 7) || '\",\"signal_dbm\":-' || (60 + i % 40) || "
    "',\"latency_ms\":' || (i % 200) || ',\"packet_loss_pct\":0.25' ELSE '{\"location\":\"L' || (i % 9) || '\",\"battery_pct\":' || (i % 100) || "
    "',\"connection_type\":\"wifi\"' END || CASE WHEN i % 30 = 0 THEN ',\"more\":1}' ELSE '}' END, "
    "CASE WHEN i % 50 = 3 THEN 20 ELSE 90 END, TIMESTAMPTZ '2026-12-31 00:00:00Z', 't', 0, 0, i, NULL, 1 + i // 90000, NULL "
    "FROM range(270000) r(i)";

static char *digest_of(LakeConn *conn, const char *table) {
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT count(*) || ' ' || sum(hash(t)) FROM %s t", table);
    return query_text(conn, sql);
}

static void refine_by_threads(LakeFixture *lake, Refinery *refinery, int threads, bool full) {
    Error err = {0};
    RefineStats stats;
    RefineOptions options = {.quiet = true, .threads = threads, .full = full};
    must(refine_run(refinery, lake->conn, &options, &stats, &err), &err);
    assert_int_equal(stats.silver + stats.quarantined, 270000);
    assert_int_equal(stats.quarantined, 270 + 5400);
}

static void threads_change_nothing(void **state) {
    (void)state;
    static const char *const tables[] = {"silver_clean_events", "silver_quarantine", "silver_drift", "gold_subscriber_features",
                                         "gold_tower_features"};
    static const LakeOptions one_thread = {.threads = 1};
    CLEANUP(refinery_freep) Refinery *refinery = load(NULL);
    char *expected[ARRAY_LEN(tables)] = {0};
    for (int run_number = 0; run_number < 3; run_number++) { /* one thread, three, three beside the live tables */
        CLEANUP(lake_fixture_done) LakeFixture lake = open_migrated_lake(":memory:", &one_thread);
        run(lake.conn, many);
        refine_by_threads(&lake, refinery, run_number == 0 ? 1 : 3, run_number == 2);
        assert_int_equal(number(lake.conn, "SELECT current_setting('threads')"), 1);
        for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
            CLEANUP(free_text) char *digest = digest_of(lake.conn, tables[i]);
            if (run_number == 0) expected[i] = xstrdup(digest);
            assert_string_equal(digest, expected[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) free(expected[i]);
}

/* ---- run after run ---- */

typedef struct RefineFixture {
    Refinery *refinery;
    LakeFixture lake;
    LakeConn *conn; /* of `lake` */
    int64_t batches;
} RefineFixture;

static void fixture_init(RefineFixture *h, const char *path, const LakeOptions *options) {
    h->refinery = load(NULL);
    h->lake = open_migrated_lake(path, options);
    h->conn = h->lake.conn;
}

static void fixture_done(RefineFixture *h) {
    lake_fixture_done(&h->lake);
    refinery_freep(&h->refinery);
}

static int up(void **state) {
    RefineFixture *h = xcalloc(1, sizeof *h);
    fixture_init(h, ":memory:", NULL);
    *state = h;
    return 0;
}

static int down(void **state) {
    fixture_done(*state);
    free(*state);
    return 0;
}

static void refine(RefineFixture *h, bool full) {
    RefineOptions options = {.quiet = true, .full = full};
    RefineStats stats;
    Error err = {0};
    must(refine_run(h->refinery, h->conn, &options, &stats, &err), &err);
}

/* One batch: an event of each subscriber [first, last] at `time`. */
static void insert_batch(RefineFixture *h, int first, int last, const char *time) {
    CLEANUP(free_text)
    char *sql = xasprintf(
        BRONZE_INSERT
        "SELECT '%d-' || i, 'BSS', 'CRM', 'SUB-' || i, TIMESTAMPTZ '%s', "
        "'{\"plan\":\"Basic\",\"data_used_mb\":' || (i * 7 %% 100) || ',\"bill_amount_zmw\":' || i || "
        "'.25,\"payment_status\":\"overdue\",\"days_overdue\":' || (i %% 60) || '}', 90, TIMESTAMPTZ '2027-12-31 00:00:00Z', 't', 0, 0, i, "
        "NULL, %d, NULL FROM range(%d, %d) r(i)",
        (int)h->batches, time, (int)h->batches + 1, first, last + 1);
    h->batches++;
    run(h->conn, sql);
}

/* The same, refined. Gold is then what a rebuild makes of the same events. */
static void land(RefineFixture *h, int first, int last, const char *time) {
    static const char kept[] = "CREATE OR REPLACE TEMP TABLE kept AS FROM gold_subscriber_features";
    static const char differences[] = "SELECT count(*) FROM ((FROM kept EXCEPT ALL FROM gold_subscriber_features) UNION ALL "
                                      "(FROM gold_subscriber_features EXCEPT ALL FROM kept))";
    insert_batch(h, first, last, time);
    refine(h, false);
    run(h->conn, kept);
    refine(h, true);
    int64_t different = number(h->conn, differences);
    if (different != 0) fail_msg("after batch %d: %d rows of Gold are not what a rebuild makes", (int)h->batches, (int)different);
}

static int64_t feature(RefineFixture *h, const char *name) {
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT coalesce(max(%s), -1)::BIGINT FROM gold_subscriber_features WHERE subscriber_id = 'SUB-7'", name);
    return number(h->conn, sql);
}

static void gold_follows_every_run(void **state) {
    RefineFixture *h = *state;
    land(h, 1, 200, "2026-11-10 08:00:00Z");
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_subscriber_features"), 0); /* one event is too few */
    land(h, 1, 150, "2026-11-10 09:00:00Z");
    land(h, 7, 9, "2026-11-10 10:00:00Z"); /* a few, the same day */
    assert_int_equal(feature(h, "total_events"), 3);
    land(h, 199, 199, "2026-11-10 11:00:00Z"); /* a second event */
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_subscriber_features"), 151);
    land(h, 7, 7, "2026-08-12 10:00:00Z"); /* 90 days late */
    assert_int_equal(feature(h, "total_events"), 4);
    assert_int_equal(feature(h, "total_events_30d"), 3);
    land(h, 1, 1, "2026-11-16 23:59:59Z"); /* the windows move: the 10th is the first of 7 days */
    assert_int_equal(feature(h, "total_events_7d"), 3);
    land(h, 2, 2, "2026-11-17 00:00:00Z"); /* and is over, for subscribers without a new event too */
    assert_int_equal(feature(h, "total_events_7d"), 0);
    assert_int_equal(feature(h, "max_days_overdue_7d"), -1);
    assert_int_equal(feature(h, "max_days_overdue_30d"), 7);
    land(h, 3, 3, "2026-12-10 00:00:00Z");
    assert_int_equal(feature(h, "total_events_30d"), 0);
    land(h, 7, 7, "2026-11-11 12:00:00Z"); /* late, at the first moment of 30 days */
    assert_int_equal(feature(h, "total_events_30d"), 1);
    land(h, 1, 200, "2027-03-01 00:00:00Z");
}

/* One batch: a measurement of each tower [first, last] at `time`. */
static void land_towers(RefineFixture *h, int first, int last, const char *time) {
    static const char kept[] = "CREATE OR REPLACE TEMP TABLE kept_towers AS FROM gold_tower_features";
    static const char differences[] = "SELECT count(*) FROM ((FROM kept_towers EXCEPT ALL FROM gold_tower_features) UNION ALL "
                                      "(FROM gold_tower_features EXCEPT ALL FROM kept_towers))";
    CLEANUP(free_text)
    char *sql =
        xasprintf(BRONZE_INSERT "SELECT '%d-' || i, 'OSS', 'NMS', 'SUB-' || i, TIMESTAMPTZ '%s', "
                                "'{\"tower_id\":\"T' || i || '\",\"signal_dbm\":-' || (60 + i %% 40) || ',\"latency_ms\":' || %d || "
                                "',\"packet_loss_pct\":0.25}', 90, TIMESTAMPTZ '2027-12-31 00:00:00Z', 't', 0, 0, i, NULL, %d, NULL "
                                "FROM range(%d, %d) r(i)",
                  (int)h->batches, time, 100 + (int)h->batches, (int)h->batches + 1, first, last + 1);
    h->batches++;
    run(h->conn, sql);
    refine(h, false);
    run(h->conn, kept);
    refine(h, true);
    int64_t different = number(h->conn, differences);
    if (different != 0) fail_msg("after batch %d: %d towers are not what a rebuild makes", (int)h->batches, (int)different);
}

static int64_t tower(RefineFixture *h, const char *name) {
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT coalesce(max(%s), -1)::BIGINT FROM gold_tower_features WHERE oss_tower_id = 'T7'", name);
    return number(h->conn, sql);
}

/* The windows of towers end at the newest event of a tower, whatever other events there are. */
static void each_entity_has_its_own_windows(void **state) {
    RefineFixture *h = *state;
    land_towers(h, 1, 100, "2026-11-10 08:00:00Z");
    land_towers(h, 7, 7, "2026-11-10 09:00:00Z");
    assert_int_equal(tower(h, "measurements_7d"), 2);
    land(h, 1, 100, "2026-11-20 08:00:00Z"); /* no tower: theirs stay */
    assert_int_equal(tower(h, "measurements_7d"), 2);
    assert_int_equal(tower(h, "max_latency_ms_7d"), 101);
    land_towers(h, 7, 7, "2026-08-10 09:00:00Z"); /* late */
    assert_int_equal(tower(h, "measurements"), 3);
    assert_int_equal(tower(h, "measurements_30d"), 2);
    land_towers(h, 8, 8, "2026-11-17 00:00:00Z"); /* another tower moves them */
    assert_int_equal(tower(h, "measurements_7d"), 0);
    assert_int_equal(tower(h, "max_latency_ms_7d"), -1);
    assert_int_equal(tower(h, "measurements_30d"), 2);
    assert_int_equal(feature(h, "total_events_7d"), 1); /* of subscribers: up to the 20th */
    land_towers(h, 1, 100, "2027-01-20 00:00:00Z");
}

/* One batch as above, refined; Gold is compared by the caller. */
static void land_only(RefineFixture *h, int first, int last, const char *time) {
    insert_batch(h, first, last, time);
    refine(h, false);
}

static char *base_id(RefineFixture *h) {
    return query_text(h->conn, "SELECT base_id::VARCHAR FROM gold_base");
}

/* A few subscribers at a time go to the delta, under the same base, until the delta is large. */
static void the_delta_is_merged_when_it_is_large(void **state) {
    RefineFixture *h = *state;
    land_only(h, 1, 200, "2026-11-10 08:00:00Z");
    land_only(h, 1, 200, "2026-11-10 09:00:00Z");
    CLEANUP(free_text) char *first = base_id(h);
    land_only(h, 5, 14, "2026-11-10 10:00:00Z");
    land_only(h, 10, 19, "2026-11-10 11:00:00Z");
    land_only(h, 300, 300, "2026-11-10 11:00:00Z");
    land_only(h, 300, 300, "2026-11-09 11:00:00Z"); /* a second event: is new in Gold */
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_features_fresh"), 16);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_subscriber_features"), 201);
    CLEANUP(free_text) char *second = base_id(h);
    assert_string_equal(first, second);
    land(h, 7, 8, "2026-11-10 12:00:00Z"); /* Gold is what a rebuild makes; which it is from now on */
    land_only(h, 40, 59, "2026-11-10 13:00:00Z");
    CLEANUP(free_text) char *third = base_id(h);
    land_only(h, 60, 79, "2026-11-10 14:00:00Z");
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_features_fresh"), 0);
    CLEANUP(free_text) char *fourth = base_id(h);
    assert_string_not_equal(third, fourth);
    assert_int_equal(number(h->conn, "SELECT count(DISTINCT refined_batch) FROM gold_features_base"), 3); /* rows keep theirs */
    land(h, 1, 2, "2026-11-10 15:00:00Z");
}

/* Gold as it is, and as a rebuild makes it. */
static void assert_gold_is_right(RefineFixture *h) {
    static const char digest[] = "SELECT md5(string_agg(g::VARCHAR, ';' ORDER BY subscriber_id)) FROM gold_subscriber_features g";
    CLEANUP(free_text) char *live = query_text(h->conn, digest);
    refine(h, true);
    CLEANUP(free_text) char *full = query_text(h->conn, digest);
    assert_string_equal(live, full);
}

/* `up` checkpoints while it refines, and an update would wait for that. */
static void nothing_that_each_refine_writes_is_an_update(void **state) {
    (void)state;
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    Error err = {0};
    must(pipeline_load_dir(NULL, &p, &err), &err);
    CLEANUP(compile_freep) Compiled *c = compile_new(p, "");
    static const Statement each[] = {SQL_SILVER_CLEAN, SQL_SILVER_QUARANTINE, SQL_SILVER_DRIFT,     SQL_GOLD_PARTIALS,
                                     SQL_GOLD_SUMS,    SQL_GOLD_EXTREME,      SQL_GOLD_UPDATE_DELTA};
    for (size_t i = 0; i < ARRAY_LEN(each); i++) assert_null(strstr(compile_statement(c, each[i], 0)->sql, "UPDATE"));
    assert_null(strstr(lake_sql("refine/progress_stored"), "UPDATE"));
    assert_null(strstr(lake_sql("event_times/add"), "UPDATE"));
}

static RefineStats refine_following(RefineFixture *h) {
    Error err = {0};
    RefineStats stats;
    RefineOptions options = {.quiet = true, .follows = true};
    must(refine_run(h->refinery, h->conn, &options, &stats, &err), &err);
    return stats;
}

/* What is refined while the next base is made: the pause begins when it is. */
typedef struct Meanwhile {
    RefineFixture *h;
    const char *time;
    bool paused;
} Meanwhile;

static void refine_some(void *arg) {
    Meanwhile *m = arg;
    insert_batch(m->h, 95, 104, m->time);
    insert_batch(m->h, 301, 301, m->time);
    (void)refine_following(m->h);
    m->paused = true;
}

static void go_on(void *arg) {
    Meanwhile *m = arg;
    m->paused = false;
}

static void settle(RefineFixture *h, Meanwhile *m) {
    Error err = {0};
    const RefinePause pause = {refine_some, go_on, m};
    must(refine_settle(h->refinery, h->conn, &pause, &err), &err);
    assert_false(m->paused);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '%next'"), 0);
}

static void a_base_is_made_beside_refines(void **state) {
    RefineFixture *h = *state;
    Meanwhile meanwhile = {.h = h, .time = "2026-11-10 12:00:00Z"};
    land_only(h, 1, 200, "2026-11-10 08:00:00Z");
    land_only(h, 1, 200, "2026-11-10 09:00:00Z");
    insert_batch(h, 301, 301, "2026-11-10 10:00:00Z"); /* the first of two events: not in Gold yet */
    insert_batch(h, 1, 40, "2026-11-10 10:00:00Z");
    assert_false(refine_following(h).settle_due);
    insert_batch(h, 41, 80, "2026-11-10 10:30:00Z");
    assert_false(refine_following(h).settle_due);
    CLEANUP(free_text) char *before = base_id(h);
    settle(h, &meanwhile);
    CLEANUP(free_text) char *same = base_id(h);
    assert_string_equal(before, same);
    insert_batch(h, 81, 110, "2026-11-10 11:00:00Z");
    assert_true(refine_following(h).settle_due);
    settle(h, &meanwhile);
    CLEANUP(free_text) char *after = base_id(h);
    assert_string_not_equal(before, after);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_features_base"), 200);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_features_fresh"), 11); /* what was refined meanwhile */
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_subscriber_features"), 201);
    assert_gold_is_right(h);
}

static void a_base_that_was_made_again_meanwhile_stays(void **state) {
    RefineFixture *h = *state;
    Meanwhile meanwhile = {.h = h, .time = "2026-11-11 12:00:00Z"}; /* the windows move */
    land_only(h, 1, 200, "2026-11-10 08:00:00Z");
    land_only(h, 1, 200, "2026-11-10 09:00:00Z");
    for (int part = 0; part < 3; part++) {
        insert_batch(h, 40 * part + 1, 40 * part + 40, "2026-11-10 10:00:00Z");
        (void)refine_following(h);
    }
    settle(h, &meanwhile);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_features_fresh"), 0);
    assert_gold_is_right(h);
}

/* ---- compaction ---- */

/* A batch of bills of each of 600 subscribers on each of 20 days: a day's worst is not better than that of the next day. */
static const char bills[] = BRONZE_INSERT
    "SELECT i::VARCHAR, 'BSS', 'billing', 'SUB-' || (i % 600), TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_days((i // 600)::INTEGER), "
    "'{\"plan\":\"Prepaid Lite\",\"bill_amount_zmw\":10.5,\"payment_status\":\"paid\",\"days_overdue\":' || (i // 600) || ',\"data_used_mb\":100}', 90, "
    "TIMESTAMPTZ '2026-12-31 00:00:00Z', 't', 0, 0, i, NULL, 1, NULL FROM range(12000) r(i)";

/* One more bill, of the last day. */
static RefineStats follow(RefineFixture *h, int64_t batch_id) {
    CLEANUP(free_text)
    char *sql = xasprintf(
        "INSERT INTO bronze_raw_events SELECT * REPLACE ('f' || event_id AS event_id, 20000 + kafka_offset AS kafka_offset, %" PRId64
        " AS batch_id) FROM bronze_raw_events WHERE kafka_offset = 11000 + %" PRId64,
        batch_id, batch_id);
    run(h->conn, sql);
    return refine_following(h);
}

static const char extremes[] = "SELECT count(*) FROM gold_state_extreme", sums[] = "SELECT count(*) FROM gold_state_sums";

static void assert_gold_is_that_of_full(RefineFixture *h) {
    static const char digest[] = "SELECT md5(string_agg(g::VARCHAR, ';' ORDER BY subscriber_id)) FROM gold_subscriber_features g";
    CLEANUP(free_text) char *followed = query_text(h->conn, digest);
    refine(h, true);
    CLEANUP(free_text) char *full = query_text(h->conn, digest);
    assert_string_equal(followed, full);
}

static void bill_again(void *arg) {
    Meanwhile *m = arg;
    (void)follow(m->h, 9);
    m->paused = true;
}

static void compact_beside(RefineFixture *h, void (*meanwhile)(void *)) {
    Error err = {0};
    Meanwhile m = {.h = h, .time = "2026-11-30 12:00:00Z"};
    const RefinePause pause = {meanwhile, go_on, &m};
    must(refine_settle(h->refinery, h->conn, &pause, &err), &err);
    assert_false(m.paused);
    assert_int_equal(
        number(h->conn, "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '%next' OR table_name = 'refine_compacted'"), 0);
}

/* The first load is compacted when refines follow it, which is seen in one of eight batches. */
static void what_was_loaded_is_compacted_when_refines_follow(void **state) {
    RefineFixture *h = *state;
    run(h->conn, bills);
    refine(h, false);
    assert_int_equal(number(h->conn, extremes), 12000);
    assert_false(follow(h, 7).settle_due);
    assert_true(follow(h, 8).settle_due);
    assert_int_equal(number(h->conn, extremes), 12002);
    compact_beside(h, bill_again);
    assert_int_equal(number(h->conn, extremes), 601);  /* the batch of meanwhile is a row of its own */
    assert_int_equal(number(h->conn, sums), 1201 + 2); /* of two bands; too few to be compacted */
    assert_false(follow(h, 16).settle_due);            /* once */
    assert_int_equal(number(h->conn, extremes), 602);
    assert_gold_is_that_of_full(h);
}

/* More rows than one piece of what is copied. */
static void sums_of_many_entities_are_compacted(void **state) {
    RefineFixture *h = *state;
    run(h->conn, BRONZE_INSERT "SELECT i::VARCHAR, 'OSS', 'NMS', 'SUB-' || i, TIMESTAMPTZ '2026-11-20 00:00:00Z', "
                               "'{\"tower_id\":\"T1\",\"signal_dbm\":-70,\"latency_ms\":7,\"packet_loss_pct\":0.25}', 90, "
                               "TIMESTAMPTZ '2026-12-31 00:00:00Z', 't', 0, 0, i, NULL, 1, NULL FROM range(25000) r(i)");
    refine(h, false);
    assert_int_equal(number(h->conn, sums), 25000);
    assert_true(follow(h, 8).settle_due);
    assert_int_equal(number(h->conn, sums), 25001);
    compact_beside(h, bill_again);
    assert_int_equal(number(h->conn, sums), 25001);
    assert_int_equal(number(h->conn, "SELECT abs(compacted_sums) FROM gold_state"), 25001);
    assert_gold_is_that_of_full(h);
}

/* The windows move while it is compacted: those rows of the state are others now. */
static void what_was_compacted_while_windows_moved_is_dropped(void **state) {
    RefineFixture *h = *state;
    run(h->conn, bills);
    refine(h, false);
    assert_true(follow(h, 8).settle_due);
    h->batches = 8;
    compact_beside(h, refine_some);
    assert_true(number(h->conn, extremes) > 12001);
    assert_gold_is_that_of_full(h);
}

static void replay(void *arg) {
    Meanwhile *m = arg;
    refine(m->h, true);
    m->paused = true;
}

static void what_was_compacted_while_gold_was_made_again_is_dropped(void **state) {
    RefineFixture *h = *state;
    run(h->conn, bills);
    refine(h, false);
    assert_true(follow(h, 8).settle_due);
    compact_beside(h, replay);
    assert_int_equal(number(h->conn, extremes), 12000);
    assert_gold_is_that_of_full(h);
}

static void gold_is_made_again_when_its_sql_is_another(void **state) {
    RefineFixture *h = *state;
    land(h, 1, 20, "2026-11-10 08:00:00Z");
    land(h, 1, 20, "2026-11-10 09:00:00Z");
    run(h->conn, "UPDATE refine_progress SET features_sha256 = 'of another binary'; UPDATE gold_features_base SET total_events = 99");
    refine(h, false);
    assert_int_equal(feature(h, "total_events"), 2);
}

/* Of an entity that is not declared any more nothing stays, and the first one goes on. */
static void an_entity_that_is_gone_is_dropped(void **state) {
    RefineFixture *h = *state;
    static const char towers[] = "SELECT count(*) FROM (SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM "
                                 "duckdb_views()) WHERE name LIKE 'gold_tower%'";
    land_towers(h, 1, 20, "2026-11-10 08:00:00Z");
    assert_int_equal(number(h->conn, towers), 8);
    refinery_free(h->refinery);
    h->refinery = load(SOURCE_ROOT "/tests/pipelines/everything");
    refine(h, false);
    assert_int_equal(number(h->conn, towers), 0);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_entities"), 1);
    assert_int_equal(number(h->conn, "SELECT count(*) FROM gold_subscriber_features"), 20);
}

/* A lake whose features_sha256 is another one makes Gold again from Silver at its next refine. So the value may only change together with
 * the meaning of the features or with the SQL compiled from them (tests/golden): a change of either is the only reason to edit this test.
 */
static void the_fingerprint_of_the_features_stays(void **state) {
    (void)state;
    static const struct {
        const char *dir, *sha256;
    } cases[] = {
        {NULL, "f09d20e7129516c54b13793c5b99f31388e797808ca417d2362f6fb045e7c6c5"},
        {SOURCE_ROOT "/tests/pipelines/everything", "42a7c606ade33f707ece7e956dde704e9c3963721f7709d1cbe24ab745c27696"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(fixture_done) RefineFixture h = {.refinery = load(cases[i].dir), .lake = open_migrated_lake(":memory:", NULL)};
        h.conn = h.lake.conn;
        refine(&h, false);
        CLEANUP(free_text) char *features = query_text(h.conn, "SELECT features_sha256 FROM refine_progress");
        assert_string_equal(features, cases[i].sha256);
    }
}

/* ---- large payloads ---- */

/* Three batches of 1,000 events; every second event has a note of 30 KB that its contract does not know, one of ten breaks the contract. */
static const char large[] =
    BRONZE_INSERT "SELECT i::VARCHAR, 'OSS', 'NMS', 'SUB-' || (i % 10), TIMESTAMPTZ '2026-11-01 00:00:00Z' + "
                  "to_minutes(i), "
                  "'{' || CASE WHEN i % 2 = 0 THEN '\"note\":\"' || repeat(chr((97 + i % 26)::INTEGER), 30000) || '\",' ELSE '' END || "
                  "'\"tower_id\":\"T1\",\"signal_dbm\":-70,\"latency_ms\":' || (i % 200) || ',\"packet_loss_pct\":0.25}', "
                  "CASE WHEN i % 10 < 2 THEN 20 ELSE 90 END, TIMESTAMPTZ '2026-12-31 00:00:00Z', 't', 0, 0, i, NULL, 1 + i // 1000, NULL "
                  "FROM range(3000) r(i)";

static void large_payloads_take_little_memory(void **state) {
    (void)state;
    CLEANUP(fixture_done) RefineFixture h = {0};
    fixture_init(&h, "lake.duckdb", &(LakeOptions){.memory_limit = 192 << 20, .threads = 1});
    run(h.conn, large);
    refine(&h, false);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM silver_clean_events"), 2400);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM silver_quarantine WHERE field = 'quality_score'"), 600);
    assert_int_equal(number(h.conn, "SELECT events FROM silver_drift WHERE field = 'note' AND length(example) = 200"), 1500);
    run(h.conn, "CREATE TEMP TABLE kept AS FROM silver_clean_events; CREATE TEMP TABLE kept_aside AS FROM silver_quarantine");
    refine(&h, true);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM (FROM kept EXCEPT ALL FROM silver_clean_events)"), 0);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM (FROM kept_aside EXCEPT ALL FROM silver_quarantine)"), 0);
}

/* ---- much that is bad ---- */

/* 30,000 events, more than a round holds: two of three break the contract, and each has a field of a name of its own and one of a common
 * name. */
static const char bad[] =
    BRONZE_INSERT "SELECT i::VARCHAR, 'OSS', 'NMS', 'SUB-' || (i % 10), TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_seconds(i), "
                  "'{\"tower_id\":\"T1\",\"signal_dbm\":' || CASE WHEN i % 3 = 0 THEN '-70' ELSE '\"x\"' END || "
                  "',\"latency_ms\":7,\"packet_loss_pct\":0.25,\"new' || i || '\":1,\"zz\":' || (i % 7) || '}', "
                  "90, TIMESTAMPTZ '2026-12-31 00:00:00Z' + to_seconds(i), 't', 0, 0, i, NULL, 1 + i // 10000, NULL FROM range(30000) r(i)";

static void what_is_held_is_stored_in_rounds(void **state) {
    RefineFixture *h = *state;
    run(h->conn, bad);
    for (int full = 0; full < 2; full++) {
        refine(h, full);
        assert_int_equal(number(h->conn, "SELECT count(*) FROM silver_clean_events"), 10000);
        assert_int_equal(number(h->conn, "SELECT count(*) FROM silver_quarantine WHERE rule = 'type' AND field = 'signal_dbm' "
                                         "AND value = 'x' AND reason = 'must be an integer, not a text' AND violations IS NULL AND "
                                         "json_extract_string(raw_payload, '$.signal_dbm') = 'x' AND quarantined_at = ingested_at"),
                         20000);
        assert_int_equal(number(h->conn, "SELECT count(*) FROM silver_drift WHERE kind = 'unknown_field'"), 30001);
        assert_int_equal(number(h->conn, "SELECT count(*) FROM silver_drift WHERE field = 'zz' AND events = 30000 AND example = '0' "
                                         "AND first_seen = TIMESTAMP '2026-12-31 00:00:00' "
                                         "AND last_seen = TIMESTAMP '2026-12-31 00:00:00' + to_seconds(29999)"),
                         1);
    }
}

/* A message of 17 MB is not parsed, one of 30 levels is, and both memory and the other events are as ever. */
static void a_message_that_is_too_large_is_in_quarantine(void **state) {
    (void)state;
    CLEANUP(fixture_done) RefineFixture h = {0};
    fixture_init(&h, "lake.duckdb", &(LakeOptions){.memory_limit = 192 << 20, .threads = 1});
    run(h.conn, BRONZE_INSERT
        "SELECT i::VARCHAR, 'OSS', 'NMS', 'SUB-1', TIMESTAMPTZ '2026-11-01 00:00:00Z' + to_seconds(i), "
        "'{\"tower_id\":\"T1\",\"signal_dbm\":-70,\"latency_ms\":7,\"packet_loss_pct\":0.25,\"x\":' || CASE i WHEN 1 THEN "
        "'\"' || repeat('y', 17000000) || '\"' WHEN 2 THEN repeat('[', 30) || repeat(']', 30) WHEN 3 THEN repeat('[', 500000) || "
        "repeat(']', 500000) ELSE '1' END || '}', 90, now(), 't', 0, 0, i, NULL, 1, NULL FROM range(5) r(i)");
    refine(&h, false);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM silver_clean_events"), 3);
    assert_int_equal(number(h.conn, "SELECT count(*) FROM silver_quarantine WHERE (kafka_offset, rule, field, length(value)) IN "
                                    "((1, 'too_large', 'payload', 200), (3, 'too_deep', 'payload', 200))"),
                     2);
    assert_int_equal(number(h.conn, "SELECT max(strlen(raw_payload)) FROM silver_quarantine"), 17000079);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_change_nothing),
        cmocka_unit_test(a_rebuild_is_done_though_a_checkpoint_is_refused),
        cmocka_unit_test(threads_change_nothing),
        IN_SCRATCH(large_payloads_take_little_memory),
        cmocka_unit_test_setup_teardown(each_entity_has_its_own_windows, up, down),
        cmocka_unit_test_setup_teardown(an_entity_that_is_gone_is_dropped, up, down),
        cmocka_unit_test_setup_teardown(gold_follows_every_run, up, down),
        cmocka_unit_test_setup_teardown(what_was_loaded_is_compacted_when_refines_follow, up, down),
        cmocka_unit_test_setup_teardown(sums_of_many_entities_are_compacted, up, down),
        cmocka_unit_test_setup_teardown(what_was_compacted_while_windows_moved_is_dropped, up, down),
        cmocka_unit_test_setup_teardown(what_was_compacted_while_gold_was_made_again_is_dropped, up, down),
        cmocka_unit_test_setup_teardown(the_delta_is_merged_when_it_is_large, up, down),
        cmocka_unit_test(nothing_that_each_refine_writes_is_an_update),
        cmocka_unit_test_setup_teardown(a_base_is_made_beside_refines, up, down),
        cmocka_unit_test_setup_teardown(a_base_that_was_made_again_meanwhile_stays, up, down),
        cmocka_unit_test_setup_teardown(gold_is_made_again_when_its_sql_is_another, up, down),
        cmocka_unit_test(the_fingerprint_of_the_features_stays),
        cmocka_unit_test_setup_teardown(what_is_held_is_stored_in_rounds, up, down),
        IN_SCRATCH(a_message_that_is_too_large_is_in_quarantine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

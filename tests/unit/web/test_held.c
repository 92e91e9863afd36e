/* test_held.c: What is answered from the rows in memory, byte by byte beside what the queries answer: every id that is nasty, every kind of
 * value, pages to their end, over a base, a delta and changes of scores. */
#include "base/document.h"
#include "fixture.h"
#include "snapshot/publish.h"
#include "web/self_check.h"
#include "web/service.h"
#include <ctype.h>

typedef struct HeldFixture {
    void *dir;
    LakeFixture lake;
    Service fast, slow;
} HeldFixture;

/* Values as they come, and worse; ids that paths, JSON and SQL have their own ideas about. */
static const char nasty_sql[] =
    "CREATE OR REPLACE TABLE gold_features_base AS SELECT id AS subscriber_id, i::INTEGER AS total_events, "
    "(i * 1.25)::DECIMAL(18,2) AS avg_bill_zmw, nullif(i, 3)::INTEGER AS max_days_overdue, "
    "CASE i % 16 WHEN 0 THEN 0.0 WHEN 1 THEN -0.0 WHEN 2 THEN 'nan'::DOUBLE WHEN 3 THEN 'infinity'::DOUBLE WHEN 4 THEN 1e300 WHEN 5 THEN 1e-5 "
    "WHEN 6 THEN 0.1 + 0.2 WHEN 7 THEN 123456789.123 WHEN 8 THEN -0.000123 WHEN 9 THEN 99999999.999999 WHEN 10 THEN NULL WHEN 11 THEN 0.05 WHEN 12 THEN -7.07 WHEN 13 THEN 100.001 WHEN 14 THEN 20.0 ELSE i / 7.0 END "
    "AS avg_signal_dbm, (i / 8.0)::FLOAT AS avg_latency_ms, (i % 2)::INTEGER AS churn_label, i % 3 = 0 AS is_new, 'it''s \"' || id AS plan, "
    "TIMESTAMPTZ '2026-01-02 03:04:05.678Z' + INTERVAL (i) DAY AS seen_at, DATE '2025-12-31' + i::INTEGER AS seen_on, "
    "i::HUGEINT * 1000000000000000000 AS huge, (-i)::BIGINT AS large, i::TINYINT AS tiny, '{\"a\": [1, 2.50, \"é\"]}'::JSON AS more, "
    "1::BIGINT AS refined_batch FROM (SELECT id, (row_number() OVER () - 1) AS i FROM (VALUES ('S-00'), (''), (' '), ('a/b'), ('a'), ('A'), "
    "('b'), ('ü'), ('Ü'), ('ß'), ('SS'), ('x' || chr(0) || 'y'), ('\"quoted\\'), (chr(10) || chr(9)), ('😀'), (repeat('long', 50)), "
    "('%00'), ('1e5'), ('..'), ('events'), ('NULL'), ('K&=?#'), ('z'), ('Z'), ('zz'), (chr(127))) AS v(id));" GOLD_PARTS
    "DELETE FROM scores_base; INSERT INTO scores_base (entity_id, churn_probability, risk_band, reasons, model_id, scored_at) "
    "SELECT subscriber_id, (total_events % 5) / 7.0, 'low', '[{\"feature\": \"plan\", \"value\": \"' || 'x' || '\", \"contribution\": 0.25}]', "
    "'m1', now() FROM gold_features_base WHERE total_events % 4 > 0;"
    "INSERT INTO score_changes (scored_at, entity_id, probability_before, band_before, churn_probability, risk_band, model_id) "
    "SELECT now() - INTERVAL (d) HOUR, subscriber_id, d / 9.0, CASE WHEN d = 1 THEN NULL ELSE 'high' END, 0.5, 'low', 'm1' "
    "FROM gold_features_base, range(3) AS r(d) WHERE total_events % 3 = 0;";

/* Some change, one is new; their scores too. */
static const char delta_sql[] =
    "INSERT INTO gold_features_fresh SELECT * REPLACE (total_events + 1000 AS total_events, 2 AS refined_batch) FROM gold_features_base "
    "WHERE total_events % 6 = 1;"
    "INSERT INTO gold_features_fresh SELECT * REPLACE ('NEW-1' AS subscriber_id, 2 AS refined_batch) FROM gold_features_base WHERE subscriber_id = 'z';"
    "INSERT INTO scores_fresh SELECT * REPLACE (now() + INTERVAL 2 MINUTE AS scored_at, 0.99 AS churn_probability, 'high' AS risk_band) FROM scores_base WHERE entity_id IN "
    "(SELECT subscriber_id FROM gold_features_fresh) AND entity_id NOT IN (SELECT entity_id FROM scores_fresh);"
    "INSERT INTO score_changes (scored_at, entity_id, probability_before, band_before, churn_probability, risk_band, model_id) "
    "SELECT now() + INTERVAL 1 HOUR, 'a', 0.1, 'low', 0.99, 'high', 'm1';";

static Service serve(const char *dir, int64_t rows_memory) {
    Service s = {.routes = routes,
                 .pool = snapshot_pool_open(dir, &(LakeOptions){.threads = 1}, rows_memory),
                 .metrics = metrics_new(route_count(), route_pattern),
                 .timeouts = query_timeouts_new(1, 60000, 500)};
    snapshot_pool_follow(s.pool); /* reads the rows */
    return s;
}

/* The live lake: with a view, and without. */
static Service serve_live(Lake *lake, int view_ms) {
    Service s = {.routes = routes,
                 .pool = snapshot_pool_open_live(lake, view_ms, INT64_C(1) << 30),
                 .metrics = metrics_new(route_count(), route_pattern),
                 .timeouts = query_timeouts_new(1, 60000, 500)};
    snapshot_pool_follow(s.pool);
    return s;
}

static void end_service(Service *s) {
    snapshot_pool_free(s->pool);
    metrics_free(s->metrics);
    query_timeouts_free(s->timeouts);
}

static void publish(HeldFixture *f) {
    PublishResult result = {0};
    Error err = {0};
    must(publish_run(f->lake.conn, f->dir, &(PublishOptions){.keep = 3}, &result, &err), &err);
    publish_result_done(&result);
}

static int setup(void **state) {
    HeldFixture *f = xcalloc(1, sizeof *f);
    if (scratch_up(&f->dir) != 0) return -1;
    f->lake = make_refined_lake();
    run(f->lake.conn, nasty_sql);
    publish(f);
    f->fast = serve(f->dir, INT64_C(1) << 30);
    f->slow = serve(f->dir, 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    HeldFixture *f = *state;
    end_service(&f->fast);
    end_service(&f->slow);
    lake_fixture_done(&f->lake);
    int rc = scratch_down(&f->dir);
    free(f);
    return rc;
}

/* ---- asking both ---- */

static Response ask(Service *s, const char *target, const char *coding, const char *etag, bool *ret_at_once) {
    CLEANUP(request_freep) Request *req = request_new(target);
    Response resp = {0};
    if (coding != NULL) req->accept_encoding = xstrdup(coding);
    if (etag != NULL) req->if_none_match = xstrdup(etag);
    Matched m = service_begin(s, "GET", req, &resp);
    *ret_at_once = !m.needs_worker;
    if (m.needs_worker) service_finish(s, 0, m.route, req, &resp);
    return resp;
}

static void assert_same(const char *target, const Response *a, const Response *b) {
    if (a->status != b->status || a->body.len != b->body.len || (a->body.len > 0 && memcmp(a->body.data, b->body.data, a->body.len) != 0))
        fail_msg("%s\n%d %s\n%d %s", target, a->status, a->coding == NULL ? a->body.data : a->coding, b->status,
                 b->coding == NULL ? b->body.data : b->coding);
    assert_string_equal(a->etag, b->etag);
    assert_true(a->varies == b->varies);
    assert_true((a->cache_control == NULL) == (b->cache_control == NULL));
    assert_true((a->coding == NULL) == (b->coding == NULL));
    if (a->status != 304) assert_string_equal(a->content_type, b->content_type);
}

/* As it is made, and as it is given again. */
static bool compare_coded(HeldFixture *f, const char *target, const char *coding, const char *etag) {
    bool at_once, ignored;
    Response a = ask(&f->fast, target, coding, etag, &at_once), again = ask(&f->fast, target, coding, etag, &ignored);
    Response b = ask(&f->slow, target, coding, etag, &ignored);
    assert_same(target, &a, &b);
    assert_same(target, &again, &b);
    response_done(&a);
    response_done(&again);
    response_done(&b);
    return at_once;
}

/* Returns whether the fast one needed no worker. */
static bool compare(HeldFixture *f, const char *target) {
    bool ignored;
    Response resp = ask(&f->fast, target, NULL, NULL, &ignored);
    bool at_once = compare_coded(f, target, NULL, NULL);
    if (resp.etag[0] != '\0') (void)compare_coded(f, target, NULL, resp.etag);
    (void)compare_coded(f, target, "gzip", NULL);
    response_done(&resp);
    return at_once;
}

static char *escaped(const char *id, size_t n) {
    Buf out = {0};
    for (size_t i = 0; i < n; i++) {
        if (isalnum((unsigned char)id[i]) || id[i] == '-')
            buf_add_char(&out, id[i]);
        else
            buf_addf(&out, "%%%02X", (unsigned char)id[i]);
    }
    return buf_take(&out);
}

/* Every id that there is, as it is and in small letters. */
static void compare_all(HeldFixture *f) {
    static const char *const cases[] = {"subscriber_id", "lower(subscriber_id)", "'none-' || subscriber_id"};
    Error err = {0};
    size_t n, fast = 0, all = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(free_text) char *sql = xasprintf("SELECT %s FROM gold_subscriber_features", cases[i]);
        CLEANUP(lake_result_freep) LakeResult *ids = NULL;
        must(lake_query(f->lake.conn, "test", sql, NULL, 0, &ids, &err), &err);
        while (lake_next(ids, &err) > 0) {
            const char *id = lake_col_text(ids, 0, &n);
            CLEANUP(free_text) char *part = escaped(id, n);
            CLEANUP(free_text) char *path = xasprintf("/api/v1/subscribers/%s", part);
            CLEANUP(free_text) char *query = xasprintf("/api/v1/subscriber?id=%s", part);
            fast += compare(f, path);
            if (i == 0) (void)compare(f, query);
            all++;
        }
    }
    assert_true(all >= 75);
    assert_true(fast >= all - 20); /* where SQL has to say what capitals are, it is asked */
}

static char *next_of(Service *s, const char *target) {
    bool ignored;
    Response resp = ask(s, target, NULL, NULL, &ignored);
    CLEANUP(json_freep) json_t *page = json_loadb(resp.body.data, resp.body.len, JSON_ALLOW_NUL, NULL);
    const char *next = json_string_value(json_object_get(page, "next_cursor"));
    char *copy = next != NULL ? xstrdup(next) : NULL;
    response_done(&resp);
    return copy;
}

static size_t compare_pages(HeldFixture *f, const char *list, int limit) {
    CLEANUP(free_text) char *target = xasprintf("%s?limit=%d", list, limit);
    size_t pages = 0;
    while (target != NULL) {
        (void)compare(f, target);
        CLEANUP(free_text) char *next = next_of(&f->slow, target);
        free(target);
        target = next != NULL ? xasprintf("%s?limit=%d&cursor=%s", list, limit, next) : NULL;
        pages++;
    }
    return pages;
}

static void answers_are_the_same(HeldFixture *f) {
    static const char *const targets[] = {"/api/v1/overview",
                                          "/api/v1/pipeline",
                                          "/api/v1/features",
                                          "/api/v1/models",
                                          "/api/v1/scores/histogram",
                                          "/api/v1/subscribers",
                                          "/api/v1/subscribers?band=low&limit=3",
                                          "/api/v1/subscribers?search=s",
                                          "/api/v1/subscribers?sort=-avg_bill_zmw&fields=*&where=total_events>=4",
                                          "/api/v1/subscribers?cursor=nonsense",
                                          "/api/v1/subscribers?limit=0",
                                          "/api/v1/subscriber?id=a&x=1",
                                          "/api/v1/subscriber",
                                          "/api/v1/nothing/1",
                                          "/api/v1/subscribers/%FF"};
    compare_all(f);
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) (void)compare(f, targets[i]);
    assert_true(compare_pages(f, "/api/v1/subscribers", 4) >= 6);
    assert_int_equal(compare_pages(f, "/api/v1/subscribers", 500), 1);
}

static void held_rows_answer_as_queries_do(void **state) {
    HeldFixture *f = *state;
    answers_are_the_same(f);
    run(f->lake.conn, delta_sql);
    publish(f);
    snapshot_pool_follow(f->fast.pool);
    snapshot_pool_follow(f->slow.pool);
    assert_int_equal(snapshot_pool_generation(f->fast.pool), 2);
    answers_are_the_same(f);
}

static int status_at(Service *s, const char *target) {
    bool ignored;
    Response resp = ask(s, target, NULL, NULL, &ignored);
    int status = resp.status;
    response_done(&resp);
    return status;
}

static int readiness(Service *s) {
    s->self_check = self_check_new(s, 60000, 60000);
    self_check_look(s->self_check);
    int status = status_at(s, "/readyz");
    self_check_free(TAKE(s->self_check));
    return status;
}

/* Before, each answer would be a query, and those who came first would wait behind each other. */
static void a_server_is_ready_when_its_rows_are_in_memory(void **state) {
    HeldFixture *f = *state;
    end_service(&f->fast);
    f->fast.pool = snapshot_pool_open(f->dir, &(LakeOptions){.threads = 1}, INT64_C(1) << 30);
    f->fast.metrics = metrics_new(route_count(), route_pattern);
    f->fast.timeouts = query_timeouts_new(1, 60000, 500);
    assert_int_equal(readiness(&f->fast), 503);
    assert_int_equal(status_at(&f->fast, "/api/v1/subscribers/S-00"), 200);
    snapshot_pool_follow(f->fast.pool);
    assert_int_equal(readiness(&f->fast), 200);
    assert_int_equal(readiness(&f->slow), 200);
}

/* A row that does not fit is queried. */
static void what_does_not_fit_is_queried(void **state) {
    HeldFixture *f = *state;
    bool at_once;
    end_service(&f->fast);
    f->fast = serve(f->dir, 4096);
    Response resp = ask(&f->fast, "/api/v1/subscribers/S-00", NULL, NULL, &at_once);
    assert_false(at_once);
    assert_int_equal(resp.status, 200);
    response_done(&resp);
}

/* Once the rows in memory are of the state that the lake is in. */
static void compare_live(HeldFixture *f, const char *target) {
    bool at_once, ignored, same;
    int64_t began_ns = 0;
    Response a = {0}, b = ask(&f->slow, target, NULL, NULL, &ignored);
    do {
        wait_a_little(&began_ns, "the rows in memory are of this state", __FILE__, __LINE__);
        response_done(&a);
        a = ask(&f->fast, target, NULL, NULL, &at_once);
        same = a.status == b.status && a.body.len == b.body.len && (a.body.len == 0 || memcmp(a.body.data, b.body.data, a.body.len) == 0);
    } while (!same || !at_once);
    a.etag[0] = b.etag[0] = '\0'; /* there is another tag for each way */
    assert_same(target, &a, &b);
    response_done(&a);
    response_done(&b);
}

static void compare_all_live(HeldFixture *f) {
    Error err = {0};
    size_t n;
    CLEANUP(lake_result_freep) LakeResult *ids = NULL;
    must(lake_query(f->lake.conn, "test", "SELECT subscriber_id FROM gold_subscriber_features", NULL, 0, &ids, &err), &err);
    while (lake_next(ids, &err) > 0) {
        const char *id = lake_col_text(ids, 0, &n);
        CLEANUP(free_text) char *part = escaped(id, n);
        CLEANUP(free_text) char *path = xasprintf("/api/v1/subscribers/%s", part);
        compare_live(f, path);
    }
}

/* So many commits that layers become larger ones; each changes one row, makes another, and scores it. */
static void commit_many(HeldFixture *f, int from, int until) {
    for (int batch = from; batch < until; batch++) {
        CLEANUP(free_text)
        char *sql =
            xasprintf("DELETE FROM gold_features_fresh WHERE subscriber_id = 'z';"
                      "INSERT INTO gold_features_fresh SELECT * REPLACE (%d AS total_events, %d AS refined_batch) FROM gold_features_base "
                      "WHERE subscriber_id = 'z';"
                      "INSERT INTO gold_features_fresh SELECT * REPLACE ('N-%d' AS subscriber_id, %d AS refined_batch) "
                      "FROM gold_features_base WHERE subscriber_id = 'a';"
                      "INSERT INTO scores_fresh SELECT * REPLACE ('N-%d' AS entity_id, now() + INTERVAL '%d MINUTE' AS scored_at) "
                      "FROM scores_base WHERE entity_id = 'a'",
                      batch, batch, batch, batch, batch, batch);
        CLEANUP(free_text) char *path = xasprintf("/api/v1/subscribers/N-%d", batch);
        run(f->lake.conn, sql);
        compare_live(f, path);
    }
    compare_live(f, "/api/v1/subscribers/z");
}

/* Also when only scores have changed, when the deltas have become part of the bases, when all features are computed anew from the same
 * batches, when a row has gone with that, and beside a transaction that is not committed. */
static void rows_of_the_live_lake_follow_it(void **state) {
    static const char merged[] =
        "DELETE FROM scores_base WHERE entity_id IN (SELECT entity_id FROM scores_fresh); "
        "INSERT INTO scores_base SELECT * FROM scores_fresh; DELETE FROM scores_fresh;"
        "CREATE OR REPLACE TABLE gold_features_base AS FROM gold_features_base ANTI JOIN gold_features_fresh USING "
        "(subscriber_id) UNION ALL FROM gold_features_fresh; DELETE FROM gold_features_fresh;"
        "UPDATE gold_base SET base_id = uuid();";
    static const char anew[] =
        "DELETE FROM gold_features_base WHERE subscriber_id = 'N-9'; DELETE FROM scores_base WHERE entity_id = 'N-9';"
        "UPDATE gold_features_base SET total_events = total_events + 7;"
        "UPDATE gold_base SET base_id = uuid(), features_id = uuid();";
    static const char model_moved[] = "DELETE FROM scores_base; DELETE FROM scores_fresh; DELETE FROM score_changes;";
    HeldFixture *f = *state;
    Error err = {0};
    end_service(&f->fast);
    end_service(&f->slow);
    f->fast = serve_live(f->lake.lake, 3600000);
    f->slow = serve_live(f->lake.lake, 0);
    compare_all_live(f);
    run(f->lake.conn,
        "INSERT INTO scores_fresh SELECT * REPLACE (0.77 AS churn_probability, now() + INTERVAL 1 MINUTE AS scored_at) FROM scores_base "
        "WHERE entity_id IN ('a', 'b', 'x')");
    compare_all_live(f);
    run(f->lake.conn, delta_sql);
    must(lake_begin(f->lake.conn, &err), &err);
    run(f->lake.conn, "UPDATE gold_features_base SET total_events = -1");
    compare_live(f, "/api/v1/subscribers/a");
    lake_rollback(f->lake.conn);
    compare_all_live(f);
    commit_many(f, 3, 70);
    run(f->lake.conn, merged);
    compare_all_live(f);
    commit_many(f, 70, 73);
    run(f->lake.conn, anew);
    compare_all_live(f);
    compare_live(f, "/api/v1/subscribers/N-9");
    run(f->lake.conn, model_moved);
    compare_all_live(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(held_rows_answer_as_queries_do, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_is_ready_when_its_rows_are_in_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_queried, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_of_the_live_lake_follow_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

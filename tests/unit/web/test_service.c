/* test_service.c: Routing and answers without a socket: the routes table, problem documents, conditions, and every API route over a live
 * lake. */
#include "web/service.h"

#include "base/document.h"
#include "fixture.h"

static LakeFixture lake;
static Service service;

static json_t *fixed_status(void *arg) {
    return json_pack("{s:s}", "state", (const char *)arg);
}

static json_t *fixed_samples(void *arg) {
    (void)arg;
    return json_pack("[[s f {}] [s f {s:s s:s}] [s f {s:s s:s}]]", "smelt_kafka_up", 1.0, "smelt_partition_lag_events", 7.0, "topic",
                     "a\"b\\c\nd", "partition", "0", "smelt_partition_lag_events", 0.5, "topic", "t", "partition", "1");
}

static int setup(void **state) {
    (void)state;
    static char word[] = "ok";
    lake = make_refined_lake();
    service = (Service){.pool = snapshot_pool_open_live(lake.lake),
                        .metrics = metrics_new(route_count(), route_pattern),
                        .timeouts = query_timeouts_new(1, 10000, 500),
                        .status = fixed_status,
                        .status_arg = word,
                        .samples = fixed_samples};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    snapshot_pool_free(service.pool);
    metrics_free(service.metrics);
    query_timeouts_free(service.timeouts);
    lake_fixture_done(&lake);
    return 0;
}

static Response answer_to(const char *method, const char *target) {
    CLEANUP(request_freep) Request *req = request_new(target);
    Response resp = {0};
    Matched m = service_begin(&service, method, req, &resp);
    if (m.needs_worker) service_finish(&service, 0, m.route, req, &resp);
    assert_true(resp.status != 0);
    return resp;
}

static json_t *get_json(const char *target, int status) {
    Response resp = answer_to("GET", target);
    if (resp.status != status) fail_msg("%s: %d, not %d: %s", target, resp.status, status, resp.body.data);
    json_t *value = json_loads(resp.body.data, 0, NULL);
    assert_non_null(value);
    response_done(&resp);
    return value;
}

static int64_t int_at(json_t *value, const char *key) {
    assert_true(json_is_integer(json_object_get(value, key)));
    return json_integer_value(json_object_get(value, key));
}

static void assert_text_at(json_t *value, const char *key, const char *expected) {
    const char *text = json_string_value(json_object_get(value, key));
    assert_non_null(text);
    assert_string_equal(text, expected);
}

/* ---- routing ---- */

static void test_matches_by_segments(void **state) {
    (void)state;
    static const struct {
        const char *path, *pattern, *id;
    } cases[] = {
        {"/", "/", NULL},
        {"/livez", "/livez", NULL},
        {"/livez/", NULL, NULL},
        {"//livez", NULL, NULL},
        {"/LIVEZ", NULL, NULL},
        {"/api/v1/subscribers", "/api/v1/subscribers", NULL},
        {"/api/v1/subscribers/", NULL, NULL},
        {"/api/v1/subscribers/S-01", "/api/v1/subscribers/{id}", "S-01"},
        {"/api/v1/subscribers/a%2Fb", "/api/v1/subscribers/{id}", "a/b"},
        {"/api/v1/subscribers/a/b", NULL, NULL},
        {"/ui/app.js", "/ui/*", NULL},
        {"/ui/vendor/x.js", "/ui/*", NULL},
        {"/ui/", NULL, NULL},
        {"/api", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why;
        CLEANUP(request_freep) Request *req = request_new(cases[i].path);
        assert_int_equal(request_parse(req, &why), 0);
        const Route *route = route_match(req);
        if (cases[i].pattern == NULL)
            assert_null(route);
        else
            assert_string_equal(route->pattern, cases[i].pattern);
        if (cases[i].id != NULL) assert_string_equal(req->id, cases[i].id);
    }
}

static void assert_problem(const char *method, const char *target, int status, const char *instance) {
    Response resp = answer_to(method, target);
    assert_int_equal(resp.status, status);
    assert_string_equal(resp.content_type, "application/problem+json");
    json_t *problem = json_loads(resp.body.data, 0, NULL);
    assert_text_at(problem, "type", "about:blank");
    assert_text_at(problem, "title", response_reason(status));
    assert_text_at(problem, "instance", instance);
    assert_int_equal(int_at(problem, "status"), status);
    assert_true(json_string_length(json_object_get(problem, "detail")) > 10);
    assert_int_equal(resp.etag[0], '\0');
    json_decref(problem);
    if (status == 405) assert_string_equal(resp.allow, "GET, HEAD, OPTIONS");
    response_done(&resp);
}

static void test_problems(void **state) {
    (void)state;
    assert_problem("GET", "/nowhere", 404, "/nowhere");
    assert_problem("GET", "/ui/../sql/api/alive.sql", 404, "/ui/../sql/api/alive.sql");
    assert_problem("GET", "/ui/%2e%2e/sql/api/alive.sql", 404, "/ui/%2e%2e/sql/api/alive.sql");
    assert_problem("GET", "/sql/api/alive.sql", 404, "/sql/api/alive.sql");
    assert_problem("POST", "/api/v1/overview", 405, "/api/v1/overview");
    assert_problem("DELETE", "/livez", 405, "/livez");
    assert_problem("POST", "/nowhere", 404, "/nowhere");
    assert_problem("GET", "/api/v1/subscribers?limit=0", 400, "/api/v1/subscribers");
    assert_problem("GET", "/api/v1/subscribers?page=2", 400, "/api/v1/subscribers");
    assert_problem("GET", "/api/v1/subscribers?cursor=1.5", 400, "/api/v1/subscribers");
    assert_problem("GET", "/api/v1/subscribers?cursor=nan~S", 400, "/api/v1/subscribers");
    assert_problem("GET", "/api/v1/subscribers/%ff", 400, "/");
    assert_problem("GET", "/api/v1/subscribers/S-99", 404, "/api/v1/subscribers/S-99");
    assert_problem("GET", "/api/v1/subscribers/'%20OR%20true", 404, "/api/v1/subscribers/'%20OR%20true");
}

/* ---- the API ---- */

static void test_overview(void **state) {
    (void)state;
    json_t *o = get_json("/api/v1/overview", 200), *events = json_object_get(o, "events"), *s = json_object_get(o, "subscribers");
    assert_int_equal(int_at(events, "bronze"), 120);
    assert_int_equal(int_at(events, "offsets"), 126);
    assert_int_equal(int_at(events, "last_24h"), 120);
    assert_int_equal(int_at(s, "total"), 10);
    assert_int_equal(int_at(s, "high"), 3);
    assert_int_equal(int_at(s, "unscored"), 1);
    assert_int_equal(int_at(s, "at_risk"), 4); /* three by the model, S-09 by the rule */
    static const int rows[] = {120, 0, 10, 9};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(int_at(json_array_get(json_object_get(o, "layers"), i), "row_count"), rows[i]);
    assert_int_equal(json_array_size(json_object_get(o, "hours")), 2);
    assert_text_at(json_object_get(o, "model"), "model_id", "m1");
    json_decref(o);
}

static void test_pages_cover_everyone_once(void **state) {
    (void)state;
    CLEANUP(free_text) char *target = xstrdup("/api/v1/subscribers?limit=4");
    Buf seen = {0};
    for (int page = 0; target != NULL; page++) {
        assert_in_range(page, 0, 3);
        json_t *p = get_json(target, 200), *item;
        size_t i;
        assert_int_equal(int_at(p, "total"), 10);
        json_array_foreach(json_object_get(p, "items"), i, item) {
            buf_addf(&seen, "%s ", json_string_value(json_object_get(item, "subscriber_id")));
            assert_null(json_object_get(item, "rank"));
        }
        const char *next = json_string_value(json_object_get(p, "next_cursor"));
        free(target);
        target = next != NULL ? xasprintf("/api/v1/subscribers?limit=4&cursor=%s", next) : NULL;
        json_decref(p);
    }
    assert_string_equal(seen.data, "S-00 S-01 S-02 S-03 S-04 S-05 S-06 S-07 S-08 S-09 ");
    buf_done(&seen);
}

static void test_filters(void **state) {
    (void)state;
    static const struct {
        const char *target;
        int total;
    } cases[] = {{"/api/v1/subscribers?band=high", 3},           {"/api/v1/subscribers?band=unscored", 1},
                 {"/api/v1/subscribers?search=S-0", 10},         {"/api/v1/subscribers?search=S-03", 1},
                 {"/api/v1/subscribers?search=%25", 0},          {"/api/v1/subscribers?band=low&search=S-08", 1},
                 {"/api/v1/subscribers?search='%20OR%20true", 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *p = get_json(cases[i].target, 200);
        assert_int_equal(int_at(p, "total"), cases[i].total);
        assert_int_equal(json_array_size(json_object_get(p, "items")), cases[i].total);
        json_decref(p);
    }
}

static void test_one_subscriber(void **state) {
    (void)state;
    json_t *s = get_json("/api/v1/subscribers/S-02", 200), *risk = json_object_get(s, "risk"), *features = json_object_get(s, "features");
    assert_text_at(s, "subscriber_id", "S-02");
    assert_text_at(risk, "risk_band", "high");
    assert_text_at(json_array_get(json_object_get(risk, "reasons"), 0), "feature", "avg_signal_dbm");
    assert_int_equal(int_at(features, "total_events"), 12);
    assert_true(json_real_value(json_object_get(features, "avg_bill_zmw")) == 12.5);
    assert_null(json_object_get(features, "risk_band"));
    json_decref(s);
}

static void test_runs_status_probes(void **state) {
    (void)state;
    json_t *r = get_json("/api/v1/runs?limit=1", 200), *run = json_array_get(json_object_get(r, "runs"), 0);
    assert_text_at(run, "run_id", "r1");
    assert_int_equal(int_at(json_object_get(json_array_get(json_object_get(run, "steps"), 0), "summary"), "landed"), 120);
    json_decref(r);
    r = get_json("/api/v1/status", 200);
    assert_text_at(r, "state", "ok");
    json_decref(r);
    json_decref(get_json("/livez", 200));
    json_decref(get_json("/readyz", 200));
    atomic_store(&service.draining, true);
    json_decref(get_json("/readyz", 503));
    json_decref(get_json("/livez", 200));
    atomic_store(&service.draining, false);
}

/* Each sample has the HELP and TYPE lines of its metric before it, and no metric comes twice: Prometheus would refuse all of them. */
static void check_families(char *text) {
    CLEANUP(free_text) char *family = xstrdup("");
    CLEANUP(buf_done) Buf seen = {0};
    int samples = 0;
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            free(family);
            family = xstrndup(line + 7, strcspn(line + 7, " "));
            CLEANUP(free_text) char *word = xasprintf(" %s ", family);
            if (seen.len > 0 && strstr(seen.data, word) != NULL) fail_msg("%s comes twice", family);
            buf_add_str(&seen, word);
        } else if (line[0] != '#') {
            if (strncmp(line, family, strlen(family)) != 0) fail_msg("after TYPE %s: %s", family, line);
            samples++;
        }
    }
    assert_true(samples > 40);
}

static void expect_line(const Response *resp, const char *line) {
    CLEANUP(free_text) char *whole = xasprintf("\n%s\n", line);
    if (strstr(resp->body.data, whole) == NULL) fail_msg("not there: %s\n%s", line, resp->body.data);
}

static void test_metrics(void **state) {
    (void)state;
    metrics_count(service.metrics, 0, 200, 1000000);
    Response resp = answer_to("GET", "/metrics");
    assert_int_equal(resp.status, 200);
    expect_line(&resp, "smelt_partition_lag_events{topic=\"a\\\"b\\\\c\\nd\",partition=\"0\"} 7");
    expect_line(&resp, "smelt_partition_lag_events{topic=\"t\",partition=\"1\"} 0.5");
    expect_line(&resp, "smelt_kafka_up 1");
    expect_line(&resp, "smelt_snapshot_generation 0");
    expect_line(&resp, "smelt_bronze_offsets_total{fate=\"landed\"} 120");
    expect_line(&resp, "smelt_layer_rows{layer=\"gold\"} 10");
    expect_line(&resp, "smelt_recent_events{event_type=\"BSS\"} 120");
    expect_line(&resp, "smelt_subscribers{risk=\"unscored\"} 1");
    assert_null(strstr(resp.body.data, "smelt_snapshot_published_timestamp_seconds")); /* live */
    check_families(resp.body.data);
    response_done(&resp);
}

/* What was said is kept only as long as the lake is the same. */
static void test_metrics_follow_the_lake(void **state) {
    (void)state;
    Response before = answer_to("GET", "/metrics"), again = answer_to("GET", "/metrics");
    assert_string_equal(strstr(before.body.data, "# HELP smelt_bronze"), strstr(again.body.data, "# HELP smelt_bronze"));
    run(lake.conn, "INSERT INTO ledger_batches VALUES (2, now(), 5, 0, 0, 0)");
    Response after = answer_to("GET", "/metrics");
    expect_line(&after, "smelt_bronze_offsets_total{fate=\"landed\"} 125");
    expect_line(&after, "smelt_refine_pending_events 5");
    assert_null(strstr(after.body.data, "newest_event_timestamp_seconds{layer=\"silver\"")); /* not known while 5 wait */
    run(lake.conn, "DELETE FROM ledger_batches WHERE batch_id = 2");
    response_done(&before);
    response_done(&again);
    response_done(&after);
}

/* A contract that gains a column changes Gold under a connection that has already seen it. */
static void test_live_survives_a_new_column(void **state) {
    (void)state;
    json_decref(get_json("/api/v1/subscribers/S-01", 200));
    run(lake.conn, "ALTER TABLE gold_features_base ADD COLUMN roaming_mb INTEGER DEFAULT 7;" GOLD_PARTS);
    json_t *s = get_json("/api/v1/subscribers/S-01", 200);
    assert_int_equal(int_at(json_object_get(s, "features"), "roaming_mb"), 7);
    json_decref(s);
}

/* A live answer has a tag too, and it changes with the lake. */
static void test_live_answers_have_tags(void **state) {
    (void)state;
    Response first = answer_to("GET", "/api/v1/overview");
    assert_true(first.etag[0] != '\0');
    for (int changed = 0; changed < 2; changed++) {
        CLEANUP(request_freep) Request *req = request_new("/api/v1/overview");
        req->if_none_match = xstrdup(first.etag);
        Response resp = {0};
        Matched m = service_begin(&service, "GET", req, &resp);
        assert_true(m.needs_worker);
        service_finish(&service, 0, m.route, req, &resp);
        assert_int_equal(resp.status, changed ? 200 : 304);
        response_done(&resp);
        run(lake.conn, "INSERT INTO ledger_batches VALUES (2, now(), 0, 1, 0, 0)");
    }
    response_done(&first);
}

static void test_nothing_refined_is_not_ready(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture empty = open_lake(":memory:", NULL);
    SnapshotPool *kept = service.pool;
    service.pool = snapshot_pool_open_live(empty.lake);
    assert_problem("GET", "/api/v1/overview", 503, "/api/v1/overview");
    assert_problem("GET", "/readyz", 503, "/readyz");
    json_decref(get_json("/livez", 200)); /* restarting would not help */
    snapshot_pool_free(service.pool);
    service.pool = kept;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_by_segments),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_overview),
        cmocka_unit_test(test_pages_cover_everyone_once),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_one_subscriber),
        cmocka_unit_test(test_runs_status_probes),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_metrics_follow_the_lake),
        cmocka_unit_test(test_live_survives_a_new_column),
        cmocka_unit_test(test_live_answers_have_tags),
        cmocka_unit_test(test_nothing_refined_is_not_ready),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

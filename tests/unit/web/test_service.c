/* test_service.c: Routing and answers without a socket: the routes table, problem documents, conditions, and every API route over a live
 * lake. */
#include "web/service.h"

#include "base/document.h"
#include "fixture.h"
#include "web/self_check.h"
#include <pthread.h>

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
    service = (Service){.routes = routes,
                        .pool = snapshot_pool_open_live(lake.lake, 0, 0),
                        .metrics = metrics_new(route_count(), route_pattern),
                        .timeouts = query_timeouts_new(1, 10000, 500),
                        .status = fixed_status,
                        .status_arg = word,
                        .samples = fixed_samples};
    service.self_check = self_check_new(&service, 10000, 60000);
    self_check_look(service.self_check);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    self_check_free(service.self_check);
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
    json_t *value = json_loads(resp.body.data, JSON_ALLOW_NUL, NULL);
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
        {"/api/v1/subscribers", "/api/v1/{entities}", NULL},
        {"/api/v1/runs", "/api/v1/runs", NULL},
        {"/api/v1/subscribers/", NULL, NULL},
        {"/api/v1/subscribers/S-01", "/api/v1/{entities}/{id}", "S-01"},
        {"/api/v1/subscribers/a%2Fb", "/api/v1/{entities}/{id}", "a/b"},
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
        RouteMatch match = route_match("GET", req);
        if (cases[i].pattern == NULL)
            assert_null(match.route);
        else
            assert_string_equal(match.route->pattern, cases[i].pattern);
        if (cases[i].id != NULL) assert_string_equal(req->id, cases[i].id);
    }
}

static void assert_problem(const char *method, const char *target, int status, const char *instance) {
    Response resp = answer_to(method, target);
    assert_int_equal(resp.status, status);
    assert_string_equal(resp.content_type, "application/problem+json");
    json_t *problem = json_loads(resp.body.data, JSON_ALLOW_NUL, NULL);
    assert_int_equal(strncmp(json_string_value(json_object_get(problem, "type")), "/problems/", 10), 0);
    json_decref(get_json(json_string_value(json_object_get(problem, "type")), 200)); /* which says what it means */
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
    Response named = answer_to("GET", "/api/v1/query"); /* no entity, though there is only POST */
    assert_int_equal(named.status, 405);
    assert_string_equal(named.allow, "POST, OPTIONS");
    response_done(&named);
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
    } cases[] = {{"/api/v1/subscribers?band=high", 3},
                 {"/api/v1/subscribers?band=unscored", 1},
                 {"/api/v1/subscribers?search=S-0", 10},
                 {"/api/v1/subscribers?search=S-03", 1},
                 {"/api/v1/subscribers?search=%25", 0},
                 {"/api/v1/subscribers?band=low&search=S-08", 1},
                 {"/api/v1/subscribers?search='%20OR%20true", 0},
                 {"/api/v1/subscribers?search=s-03", 1}};
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

/* As other answers of a live lake: who asks again within that time costs no query, although something was committed. */
static void test_metrics_are_given_again_for_a_while(void **state) {
    (void)state;
    snapshot_pool_free(service.pool);
    service.pool = snapshot_pool_open_live(lake.lake, 3600 * 1000, 0);
    metrics_free(service.metrics);
    service.metrics = metrics_new(route_count(), route_pattern); /* that nobody has asked */
    Response before = answer_to("GET", "/metrics");
    run(lake.conn, "INSERT INTO ledger_batches VALUES (2, now(), 5, 0, 0, 0)");
    Response again = answer_to("GET", "/metrics");
    expect_line(&again, "smelt_bronze_offsets_total{fate=\"landed\"} 120");
    check_families(again.body.data);
    snapshot_pool_free(service.pool);
    service.pool = snapshot_pool_open_live(lake.lake, 0, 0);
    Response after = answer_to("GET", "/metrics");
    expect_line(&after, "smelt_bronze_offsets_total{fate=\"landed\"} 125");
    run(lake.conn, "DELETE FROM ledger_batches WHERE batch_id = 2");
    response_done(&before);
    response_done(&again);
    response_done(&after);
}

/* Of the gaps, what is lost has a fate of its own: the fates add up to the offsets. */
static void what_is_lost_is_told_from_other_gaps(void **state) {
    (void)state;
    run(lake.conn, "INSERT INTO bronze_gaps VALUES ('t', 1, 0, 120, 160, 'retention', 3, now()), ('t', 1, 0, 160, 167, "
                   "'compacted_or_aborted', 3, now()); INSERT INTO ledger_batches VALUES (3, now(), 0, 0, 0, 47)");
    Response metrics = answer_to("GET", "/metrics"), audit = answer_to("GET", "/api/v1/audit"),
             overview = answer_to("GET", "/api/v1/overview");
    expect_line(&metrics, "smelt_bronze_offsets_total{fate=\"gap\"} 8");
    expect_line(&metrics, "smelt_bronze_offsets_total{fate=\"lost\"} 40");
    assert_non_null(strstr(audit.body.data, "\"gaps\":48,\"lost\":40"));
    assert_non_null(strstr(audit.body.data, "\"losses\":[{\"topic\":\"t\",\"epoch\":1,\"partition\":0,\"first_offset\":120,"
                                            "\"next_offset\":160,\"reason\":\"retention\""));
    assert_non_null(strstr(overview.body.data, "\"gaps\":48,\"lost\":40"));
    run(lake.conn, "DELETE FROM ledger_batches WHERE batch_id = 3; DELETE FROM bronze_gaps");
    response_done(&metrics);
    response_done(&audit);
    response_done(&overview);
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

/* The answer, and whether it needed a query. */
static int64_t events_of(const char *id, int status, bool *ret_asked) {
    CLEANUP(free_text) char *target = xasprintf("/api/v1/subscribers/%s", id);
    CLEANUP(request_freep) Request *req = request_new(target);
    Response resp = {0};
    Matched m = service_begin(&service, "GET", req, &resp);
    *ret_asked = m.needs_worker;
    if (m.needs_worker) service_finish(&service, 0, m.route, req, &resp);
    assert_int_equal(resp.status, status);
    assert_true((resp.etag[0] != '\0') == (status == 200));
    CLEANUP(json_freep) json_t *one = json_loads(resp.body.data, 0, NULL);
    int64_t events = status == 200 ? int_at(json_object_get(one, "features"), "total_events") : 0;
    response_done(&resp);
    return events;
}

/* Whoever waits for a row asks many times, and sees it with the commit. */
static void test_a_live_row_is_answered_again_until_something_is_committed(void **state) {
    (void)state;
    bool asked;
    snapshot_pool_free(service.pool);
    service.pool = snapshot_pool_open_live(lake.lake, 500, 0);
    for (int times = 0; times < 2; times++) {
        events_of("NEW-1", 404, &asked);
        assert_int_equal(asked, times == 0);
    }
    assert_int_equal(events_of("new-1", 404, &asked), 0);
    int64_t before = events_of("S-01", 200, &asked);
    run(lake.conn,
        "INSERT INTO gold_features_fresh SELECT * REPLACE ('NEW-1' AS subscriber_id) FROM gold_features_base WHERE subscriber_id = 'S-01'");
    for (int times = 0; times < 2; times++) {
        assert_int_equal(events_of("NEW-1", 200, &asked), before);
        assert_int_equal(asked, times == 0);
    }
    assert_int_equal(events_of("new-1", 200, &asked), before);
    run(lake.conn, "UPDATE gold_features_fresh SET total_events = total_events + 1");
    assert_int_equal(events_of("NEW-1", 200, &asked), before + 1);
    run(lake.conn, "DELETE FROM gold_features_fresh");
    events_of("NEW-1", 404, &asked);
    snapshot_pool_free(service.pool);
    service.pool = snapshot_pool_open_live(lake.lake, 0, 0);
}

/* ---- methods, content, types, conditions ---- */

static Response answer_request(const char *method, Request *req) {
    Response resp = {0};
    Matched m = service_begin(&service, method, req, &resp);
    if (m.needs_worker) service_finish(&service, 0, m.route, req, &resp);
    return resp;
}

static void test_methods_content_and_types(void **state) {
    (void)state;
    static const struct {
        const char *method, *target, *accept;
        bool content, typed;
        int status;
    } cases[] = {
        {"OPTIONS", "/api/v1/runs", NULL, false, false, 204},
        {"OPTIONS", "*", NULL, false, false, 204},
        {"OPTIONS", "/nowhere", NULL, false, false, 404},
        {"POST", "/api/v1/overview", NULL, true, true, 405},
        {"GET", "/api/v1/runs", NULL, true, false, 400},
        {"GET", "/api/v1/runs", NULL, true, true, 415},
        {"GET", "/api/v1/runs", "text/csv", false, false, 406},
        {"GET", "/api/v1/runs", "*/*", false, false, 200},
        {"GET", "/nowhere", "text/csv", false, false, 404},
        {"GET", "/a%00b", NULL, false, false, 400},
        {"GET", "/a%0ab", NULL, false, false, 400},
        {"GET", "/api/v1/runs?limit=+5", NULL, false, false, 400},
        {"GET", "/api/v1/runs?limit=%205", NULL, false, false, 400},
        {"GET", "/api/v1/subscribers/a%00b", NULL, false, false, 404},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(request_freep) Request *req = request_new(cases[i].target);
        if (cases[i].accept != NULL) req->accept = xstrdup(cases[i].accept);
        req->has_content = cases[i].content;
        req->content_is_typed = cases[i].typed;
        Response resp = answer_request(cases[i].method, req);
        if (resp.status != cases[i].status) fail_msg("%s %s: %d, not %d", cases[i].method, cases[i].target, resp.status, cases[i].status);
        response_done(&resp);
    }
}

/* A condition never turns an answer that would not be 200 into a 304. */
static void test_only_what_exists_is_not_modified(void **state) {
    (void)state;
    static const struct {
        const char *target;
        int status;
    } cases[] = {{"/api/v1/overview", 304},
                 {"/api/v1/subscribers", 304},
                 {"/api/v1/subscribers/S-01", 304},
                 {"/api/v1/runs?limit=1", 304},
                 {"/api/v1/subscribers/NOBODY", 404},
                 {"/api/v1/subscribers?cursor=garbage", 400},
                 {"/api/v1/subscribers?limit=0", 400},
                 {"/nowhere", 404},
                 {"/ui/nothing.js", 404},
                 {"/ui/app.js", 304},
                 {"/ui/style", 304},
                 {"/livez", 200}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(request_freep) Request *req = request_new(cases[i].target);
        req->if_none_match = xstrdup("*");
        Response resp = answer_request("GET", req);
        if (resp.status != cases[i].status) fail_msg("%s: %d, not %d", cases[i].target, resp.status, cases[i].status);
        if (resp.status == 304) assert_int_equal(resp.body.len, 0);
        response_done(&resp);
    }
}

static void test_answers_about_persons_are_private(void **state) {
    (void)state;
    static const char *const targets[] = {"/api/v1/overview", "/api/v1/subscribers", "/api/v1/subscribers/S-01", "/api/v1/runs"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        Response resp = answer_to("GET", targets[i]);
        assert_string_equal(resp.cache_control, "private, no-cache");
        response_done(&resp);
    }
}

/* ---- ids ---- */

/* Ids that lakes of before may hold; where there is no NUL the text is the id. */
static const struct Id {
    const char *bytes;
    size_t n;
} nasty_ids[] = {
#define ID(text)                                                                                                                           \
    { text, sizeof text - 1 }
    ID("N"),
    ID("NUL\0X"),
    ID("NUL\0"),
    ID("\0"),
    ID("NEW\nLINE"),
    ID("TAB\tX"),
    ID("\x7f"),
    ID(" "),
    ID("."),
    ID(".."),
    ID("a/b"),
    ID("%2F"),
    ID("%00"),
    ID("?a=b&c"),
    ID("#"),
    ID("~"),
    ID("1~2"),
    ID("\\"),
    ID("\""),
    ID("'"),
    ID("<img src=x>"),
    ID("\xc3\x9f-STRASSE"),
    ID("\xe2\x80\xaeRTL"),
    ID("\xc3\x89"),
    ID("E\xcc\x81"),
    ID("\xf0\x9f\x98\x80"),
    ID("+"),
    ID("NULL"),
    ID("{{x}}"),
    ID("$1"),
#undef ID
};
enum { LONG_IDS = 12 };

static void add_id(const char *bytes, size_t n, double probability) {
    Error err = {0};
    LakeValue id = lake_blob(bytes, n), values[] = {id, lake_real(probability)};
    must(lake_exec_values(lake.conn, "id",
                          "INSERT INTO gold_features_base BY NAME SELECT decode($1) AS subscriber_id, 3 AS total_events, 0 AS churn_label, "
                          "1 AS refined_batch",
                          &id, 1, NULL, &err),
         &err);
    must(
        lake_exec_values(
            lake.conn, "score",
            "INSERT INTO scores_base (entity_id, churn_probability, risk_band, reasons, model_id, scored_at) SELECT decode($1), $2, 'low', '[]', 'm1', now()",
            values, 2, NULL, &err),
        &err);
}

/* Some have the same rank, some the same first 200 bytes. */
static void add_nasty_ids(void) {
    char long_id[1000];
    for (size_t i = 0; i < ARRAY_LEN(nasty_ids); i++) add_id(nasty_ids[i].bytes, nasty_ids[i].n, (double)(i % 3) / 10);
    memset(long_id, 'W', sizeof long_id);
    for (size_t i = 0; i < LONG_IDS; i++) {
        long_id[i < 6 ? 100 : 0] = (char)('!' + i);
        add_id(long_id, 126 + i, (double)(i % 2) / 10);
    }
}

static char *escape(const char *s, size_t n) {
    Buf out = {0};
    buf_add_str(&out, "");
    for (size_t i = 0; i < n; i++) buf_addf(&out, "%%%02X", (unsigned char)s[i]);
    return buf_take(&out);
}

static void check_readable(const json_t *id) {
    CLEANUP(free_text) char *escaped = escape(json_string_value(id), json_string_length(id));
    CLEANUP(free_text) char *target = xasprintf("/api/v1/subscribers/%s", escaped);
    json_t *one = get_json(target, 200);
    assert_true(json_equal(json_object_get(one, "subscriber_id"), id));
    json_decref(one);
}

static size_t page_through(size_t limit, size_t expected) {
    CLEANUP(json_freep) json_t *seen = json_array();
    CLEANUP(free_text) char *cursor = xstrdup("");
    while (cursor != NULL) {
        CLEANUP(free_text) char *target = xasprintf("/api/v1/subscribers?limit=%zu%s%s", limit, *cursor != '\0' ? "&cursor=" : "", cursor);
        size_t i, j;
        json_t *page = get_json(target, 200), *item, *other;
        json_array_foreach(json_object_get(page, "items"), i, item) {
            const json_t *id = json_object_get(item, "subscriber_id");
            json_array_foreach(seen, j, other) if (json_equal(other, id)) fail_msg("%s came twice", json_string_value(id));
            json_array_append(seen, json_object_get(item, "subscriber_id"));
            if (limit == 1) check_readable(id);
        }
        const char *next = json_string_value(json_object_get(page, "next_cursor"));
        free(cursor);
        cursor = next != NULL ? xstrdup(next) : NULL;
        if (cursor != NULL)
            assert_true(strlen(cursor) <= 208 &&
                        strspn(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(cursor));
        json_decref(page);
        assert_true(json_array_size(seen) <= expected);
    }
    return json_array_size(seen);
}

static void test_every_id_that_is_listed_can_be_read_and_paged(void **state) {
    (void)state;
    add_nasty_ids();
    size_t all = 10 + ARRAY_LEN(nasty_ids) + LONG_IDS;
    for (size_t limit = 1; limit <= 7; limit += 6) assert_int_equal(page_through(limit, all), all);
    run(lake.conn, "DELETE FROM gold_features_base WHERE refined_batch = 1 AND subscriber_id NOT LIKE 'S-0_';"
                   "DELETE FROM scores_base WHERE entity_id NOT LIKE 'S-0_'");
    assert_int_equal(page_through(3, 10), 10);
}

static void test_a_page_of_long_ids_ends_early(void **state) {
    (void)state;
    run(lake.conn,
        "INSERT INTO gold_features_base BY NAME SELECT repeat(chr((65 + i)::INTEGER), 100000) AS subscriber_id, 0 AS churn_label, 1 AS "
        "refined_batch FROM range(8) AS r(i)");
    json_t *page = get_json("/api/v1/subscribers?band=unscored", 200);
    assert_in_range(json_array_size(json_object_get(page, "items")), 1, 4);
    assert_false(json_is_null(json_object_get(page, "next_cursor")));
    json_decref(page);
    assert_int_equal(page_through(50, 18), 18);
    run(lake.conn, "DELETE FROM gold_features_base WHERE strlen(subscriber_id) > 1000");
}

static void test_ids_in_capitals_are_found(void **state) {
    (void)state;
    json_t *one = get_json("/api/v1/subscribers/s-01", 200);
    assert_text_at(one, "subscriber_id", "S-01");
    json_decref(one);
}

/* Browsers and libraries take "/.." and "/%2e%2e" away before they ask. */
static void test_ids_of_dots_can_be_asked_for(void **state) {
    (void)state;
    add_id("..", 2, 0.5);
    json_t *one = get_json("/api/v1/subscriber?id=..", 200), *same = get_json("/api/v1/subscribers/..", 200);
    assert_true(json_equal(one, same));
    json_decref(one);
    json_decref(same);
    assert_problem("GET", "/api/v1/subscriber", 400, "/api/v1/subscriber");
    assert_problem("GET", "/api/v1/subscriber?id=", 404, "/api/v1/subscriber"); /* an id may be empty */
    assert_problem("GET", "/api/v1/subscriber?id=NOBODY", 404, "/api/v1/subscriber");
    run(lake.conn, "DELETE FROM gold_features_base WHERE subscriber_id = '..'; DELETE FROM scores_base WHERE entity_id = '..'");
}

static void test_cursors_are_of_their_filter(void **state) {
    (void)state;
    json_t *page = get_json("/api/v1/subscribers?limit=2&band=high", 200);
    CLEANUP(free_text)
    char *other = xasprintf("/api/v1/subscribers?limit=2&band=low&cursor=%s", json_string_value(json_object_get(page, "next_cursor")));
    assert_problem("GET", other, 400, "/api/v1/subscribers");
    SnapshotPool *kept = service.pool;
    service.pool = snapshot_pool_open_live(lake.lake, 0, 0); /* as after a restart */
    CLEANUP(free_text)
    char *same = xasprintf("/api/v1/subscribers?limit=2&band=high&cursor=%s", json_string_value(json_object_get(page, "next_cursor")));
    assert_problem("GET", same, 410, "/api/v1/subscribers");
    snapshot_pool_free(service.pool);
    service.pool = kept;
    json_decref(page);
}

/* Many runs, some of which began at once, are each on one page. */
static void test_all_runs_can_be_paged(void **state) {
    (void)state;
    run(lake.conn,
        "INSERT INTO runs SELECT printf('many-%03d', i), TIMESTAMPTZ '2026-01-01 00:00:00Z' + to_hours((i // 3)::INTEGER), NULL, "
        "'done', NULL FROM range(130) AS r(i)");
    CLEANUP(json_freep) json_t *seen = json_object();
    CLEANUP(free_text) char *target = xstrdup("/api/v1/runs?limit=50");
    for (int pages = 0; target != NULL; pages++) {
        CLEANUP(json_freep) json_t *page = get_json(target, 200);
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(page, "runs"), i, item) {
            const char *id = json_string_value(json_object_get(item, "run_id"));
            assert_null(json_object_get(seen, id));
            json_object_set_new(seen, id, json_true());
        }
        const char *next = json_string_value(json_object_get(page, "next_cursor"));
        free(target);
        target = next != NULL ? xasprintf("/api/v1/runs?limit=50&cursor=%s", next) : NULL;
        assert_in_range(pages, 0, 5);
    }
    assert_in_range(json_object_size(seen), 130, 140);
    assert_problem("GET", "/api/v1/runs?cursor=gone", 410, "/api/v1/runs");
    run(lake.conn, "DELETE FROM runs WHERE run_id LIKE 'many-%'");
}

/* Of two pages of two: the cursor behind the first, with what `change` did meanwhile. */
static void assert_page_after(const char *sort, const char *change, const char *back, int status) {
    CLEANUP(free_text) char *first = xasprintf("/api/v1/subscribers?limit=2%s", sort);
    CLEANUP(json_freep) json_t *page = get_json(first, 200);
    CLEANUP(free_text) char *next = xasprintf("%s&cursor=%s", first, json_string_value(json_object_get(page, "next_cursor")));
    run(lake.conn, change);
    CLEANUP(json_freep) json_t *second = get_json(next, status);
    if (status == 410) assert_non_null(strstr(json_string_value(json_object_get(second, "detail")), "sort by id"));
    run(lake.conn, back);
}

#define SCORE(id, score) "UPDATE scores_base SET churn_probability = " score " WHERE entity_id = '" id "'; "

/* A page of a live lake follows when that repeats no row and leaves out none; otherwise it is gone. */
static void test_live_pages_repeat_no_row_and_leave_out_none(void **state) {
    (void)state;
    run(lake.conn, "CREATE TEMP TABLE scores_before AS FROM scores_base");
    static const char back[] = "DELETE FROM scores_base; INSERT INTO scores_base FROM scores_before";
    json_t *all = get_json("/api/v1/subscribers", 200), *items = json_object_get(all, "items");
    const char *first = json_string_value(json_object_get(json_array_get(items, 0), "subscriber_id"));
    const char *third = json_string_value(json_object_get(json_array_get(items, 2), "subscriber_id"));
    CLEANUP(free_text) char *down = xasprintf(SCORE("%s", "0.0001"), first);
    CLEANUP(free_text) char *up = xasprintf(SCORE("%s", "0.9999"), third);
    CLEANUP(free_text) char *behind = xasprintf(SCORE("%s", "0.0001"), third);
    CLEANUP(free_text) char *before = xasprintf(SCORE("%s", "0.9999"), first);
    CLEANUP(free_text) char *both = xasprintf("%s%s", down, up);
    assert_page_after("", "SELECT 1", back, 200);
    assert_page_after("", down, back, 410); /* it would come twice */
    assert_page_after("", up, back, 410);   /* it would be left out */
    assert_page_after("", both, back, 410);
    assert_page_after("", behind, back, 200);
    assert_page_after("", before, back, 200);
    assert_page_after("&sort=id", both, back, 200);
    assert_page_after("&sort=risk", up, back, 200);
    assert_page_after("", "SELECT 1", "DROP TABLE scores_before", 200);
    json_decref(all);
}

/* ---- one moment, any pipeline, bounds ---- */

typedef struct Writing {
    LakeConn *conn;
    atomic_bool stop;
} Writing;

static void *commit_on_and_on(void *arg) {
    Writing *w = arg;
    for (int i = 100; !atomic_load(&w->stop); i++) {
        CLEANUP(free_text) char *sql = xasprintf("INSERT INTO ledger_batches VALUES (%d, now(), 1, 0, 0, 0)", i);
        run(w->conn, sql);
    }
    return NULL;
}

static void test_an_answer_is_one_moment(void **state) {
    (void)state;
    Error err = {0};
    Writing w = {0};
    pthread_t writer;
    must(lake_connect(lake.lake, &w.conn, &err), &err);
    assert_int_equal(pthread_create(&writer, NULL, commit_on_and_on, &w), 0);
    for (int i = 0; i < 40; i++) {
        json_t *o = get_json("/api/v1/overview", 200);
        assert_true(json_equal(json_object_get(json_object_get(o, "events"), "bronze"),
                               json_object_get(json_array_get(json_object_get(o, "layers"), 0), "row_count")));
        json_decref(o);
    }
    atomic_store(&w.stop, true);
    pthread_join(writer, NULL);
    lake_conn_free(w.conn);
    run(lake.conn, "DELETE FROM ledger_batches WHERE batch_id >= 100");
}

static void test_types_that_strangers_send_have_a_bound(void **state) {
    (void)state;
    run(lake.conn,
        "INSERT INTO bronze_raw_events (event_id, event_type, source_system, subscriber_id, event_timestamp, raw_payload, quality_score, "
        "ingested_at, kafka_topic, kafka_epoch, kafka_partition, kafka_offset, kafka_timestamp, batch_id, extra_fields) "
        "SELECT printf('t%d', i), printf('TYPE-%d', i), 'CRM', 'S-01', TIMESTAMPTZ '2025-06-01 10:00:00+00', "
        "'{}', 80, now(), 't', 1, 0, 1000 + i, now(), 1, NULL FROM range(3000) AS r(i)");
    json_t *o = get_json("/api/v1/overview", 200), *hour;
    size_t i;
    json_int_t events = 0;
    json_array_foreach(json_object_get(o, "hours"), i, hour) events += int_at(hour, "events");
    assert_int_equal(events, 3120);
    assert_in_range(json_array_size(json_object_get(o, "hours")), 3, 3 * 21);
    json_decref(o);
    run(lake.conn, "DELETE FROM bronze_raw_events WHERE event_id LIKE 't%'");
}

/* What refine would have made of a pipeline of bikes and stations, whose ids are numbers; nothing is learned of them. */
static const char bikes_sql[] =
    "DROP VIEW gold_subscriber_features;"
    "CREATE OR REPLACE TABLE gold_features_base AS SELECT printf('BIKE-%d', i) AS bike_id, i * 0.5 AS mean_trip_km, i AS trips, 1::BIGINT AS "
    "refined_batch FROM range(7) AS r(i);"
    "CREATE OR REPLACE TABLE gold_features_fresh AS FROM gold_features_base LIMIT 0;"
    "CREATE VIEW gold_bike_features AS SELECT * EXCLUDE (refined_batch) FROM gold_features_base;"
    "CREATE VIEW gold_station_features AS SELECT i::BIGINT AS station_id, i * 10 AS departures FROM range(12) AS r(i);"
    "CREATE OR REPLACE VIEW gold_entities AS SELECT * FROM (VALUES"
    " (0, 'bike', 'bikes', 'bike_id', 'VARCHAR', 'bike', 'bikes', '', 'gold_bike_features', 'gold_features_base', 'gold_features_fresh',"
    "  'gold_base', NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR, NULL::VARCHAR),"
    " (1, 'station', 'stations', 'station_id', 'BIGINT', 'docking station', 'docking stations', '', 'gold_station_features', 'b', 'd', 'n',"
    "  NULL, NULL, NULL, NULL, NULL, NULL)) AS e(position, entity, plural, key_column, key_type, title, title_plural, description,"
    "  features_view, features_base, features_delta, base_table, label, risk_title, value_feature, value_name, value_title, value_unit);"
    "CREATE OR REPLACE VIEW gold_columns AS SELECT * FROM (VALUES"
    " (0, 'bike', 'mean_trip_km', 'feature', 'mean_trip_km', 'mean trip', 'km', '', 0, 1),"
    " (1, 'bike', 'trips', 'feature', 'trips', 'trips', '', '', 0, 2),"
    " (2, 'station', 'departures', 'feature', 'departures', 'departures', '', '', 0, 1))"
    " AS c(position, entity, name, kind, feature, title, unit, description, days, list_position);"
    "DELETE FROM models; DELETE FROM scores_base";

static void check_bikes(void) {
    json_t *o = get_json("/api/v1/overview", 200);
    assert_null(json_object_get(o, "subscribers"));
    assert_int_equal(int_at(json_object_get(o, "bikes"), "total"), 7);
    assert_null(json_object_get(json_object_get(o, "bikes"), "scored"));
    assert_int_equal(int_at(json_array_get(json_object_get(o, "entities"), 1), "total"), 12);
    json_decref(o);
    json_t *page = get_json("/api/v1/bikes?limit=500", 200), *bike = json_array_get(json_object_get(page, "items"), 2);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 7);
    assert_text_at(bike, "bike_id", "BIKE-2");
    assert_int_equal(json_object_size(bike), 3);
    json_decref(page);
    json_t *one = get_json("/api/v1/bikes/BIKE-3", 200);
    assert_true(json_real_value(json_object_get(json_object_get(one, "features"), "mean_trip_km")) == 1.5);
    assert_null(json_object_get(one, "risk"));
    json_decref(one);
    assert_problem("GET", "/api/v1/bikes?band=high", 400, "/api/v1/bikes");
    assert_problem("GET", "/api/v1/bikes/S-01", 404, "/api/v1/bikes/S-01");
    assert_problem("GET", "/api/v1/subscribers", 404, "/api/v1/subscribers");
}

/* Ids that are numbers are texts here, and in the order of texts. */
static void check_stations(void) {
    json_t *page = get_json("/api/v1/stations?limit=5", 200), *items = json_object_get(page, "items");
    assert_int_equal(int_at(page, "total"), 12);
    assert_text_at(json_array_get(items, 2), "station_id", "10");
    CLEANUP(free_text)
    char *next = xasprintf("/api/v1/stations?limit=500&cursor=%s", json_string_value(json_object_get(page, "next_cursor")));
    CLEANUP(free_text) char *others = xasprintf("/api/v1/bikes?cursor=%s", json_string_value(json_object_get(page, "next_cursor")));
    json_t *rest = get_json(next, 200);
    assert_int_equal(json_array_size(json_object_get(rest, "items")), 7);
    assert_text_at(json_array_get(json_object_get(rest, "items"), 0), "station_id", "3");
    assert_problem("GET", others, 400, "/api/v1/bikes");
    json_t *one = get_json("/api/v1/stations/10", 200), *same = get_json("/api/v1/station?id=10", 200);
    assert_true(json_equal(one, same));
    assert_text_at(one, "station_id", "10");
    assert_int_equal(int_at(json_object_get(one, "features"), "departures"), 100);
    assert_problem("GET", "/api/v1/stations/ten", 404, "/api/v1/stations/ten");
    assert_problem("GET", "/api/v1/stations?id=10", 400, "/api/v1/stations");
    json_t *pipeline = get_json("/api/v1/pipeline", 200), *station = json_array_get(json_object_get(pipeline, "entities"), 1);
    assert_text_at(station, "title", "docking station");
    assert_true(json_is_null(json_object_get(station, "risk")));
    assert_text_at(json_array_get(json_object_get(station, "columns"), 0), "name", "departures");
    json_decref(page), json_decref(rest), json_decref(one), json_decref(same), json_decref(pipeline);
}

static void test_any_pipeline_is_served(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture bikes = make_refined_lake();
    SnapshotPool *kept = service.pool;
    run(bikes.conn, bikes_sql);
    service.pool = snapshot_pool_open_live(bikes.lake, 0, 0);
    check_bikes();
    check_stations();
    json_decref(get_json("/api/v1/runs", 200));
    Response metrics = answer_to("GET", "/metrics");
    expect_line(&metrics, "smelt_layer_rows{layer=\"gold\"} 7");
    expect_line(&metrics, "smelt_entities{entity=\"station\"} 12");
    assert_null(strstr(metrics.body.data, "smelt_subscribers{"));
    response_done(&metrics);
    snapshot_pool_free(service.pool);
    service.pool = kept;
}

static void test_nothing_refined_is_not_ready(void **state) {
    (void)state;
    CLEANUP(lake_fixture_done) LakeFixture empty = open_lake(":memory:", NULL);
    SnapshotPool *kept = service.pool;
    service.pool = snapshot_pool_open_live(empty.lake, 0, 0);
    assert_problem("GET", "/api/v1/overview", 503, "/api/v1/overview");
    self_check_look(service.self_check);
    assert_problem("GET", "/readyz", 503, "/readyz");
    json_decref(get_json("/livez", 200)); /* restarting would not help */
    snapshot_pool_free(service.pool);
    service.pool = kept;
    self_check_look(service.self_check);
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
        cmocka_unit_test(test_metrics_are_given_again_for_a_while),
        cmocka_unit_test(what_is_lost_is_told_from_other_gaps),
        cmocka_unit_test(test_live_survives_a_new_column),
        cmocka_unit_test(test_live_answers_have_tags),
        cmocka_unit_test(test_a_live_row_is_answered_again_until_something_is_committed),
        cmocka_unit_test(test_methods_content_and_types),
        cmocka_unit_test(test_only_what_exists_is_not_modified),
        cmocka_unit_test(test_answers_about_persons_are_private),
        cmocka_unit_test(test_every_id_that_is_listed_can_be_read_and_paged),
        cmocka_unit_test(test_a_page_of_long_ids_ends_early),
        cmocka_unit_test(test_ids_in_capitals_are_found),
        cmocka_unit_test(test_ids_of_dots_can_be_asked_for),
        cmocka_unit_test(test_cursors_are_of_their_filter),
        cmocka_unit_test(test_live_pages_repeat_no_row_and_leave_out_none),
        cmocka_unit_test(test_all_runs_can_be_paged),
        cmocka_unit_test(test_an_answer_is_one_moment),
        cmocka_unit_test(test_types_that_strangers_send_have_a_bound),
        cmocka_unit_test(test_any_pipeline_is_served),
        cmocka_unit_test(test_nothing_refined_is_not_ready),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

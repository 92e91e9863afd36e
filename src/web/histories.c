/* histories.c: numbers over time, and beside those of a day and a week ago. */
#include "web/histories.h"

#include "base/clock.h"
#include "base/memory.h"
#include "web/rows.h"
#include "web/time_range.h"
#include <inttypes.h>
#include <string.h>

const ParamSpec history_params[] = {
    {"metric", PARAM_TEXT, .least = 1, .most = 400, .help = "names with commas between them; all when it is not given"},
    TIME_RANGE_PARAMS,
    {.name = NULL},
};

const ParamSpec changes_params[] = {
    {"since", PARAM_TEXT, .least = 1, .most = 40, .help = "a generation, a time (ISO 8601), or how long ago: -24h"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low", .help = "which risk band was entered and left; high when it is not given"},
    {"limit", PARAM_INT, .least = 1, .most = 1000, .otherwise = 100, .help = "rows of each of the two lists"},
    {.name = NULL},
};

/* Columns of the table `history`. title NULL: what people call the entities; unit NULL: that of the value. */
static const struct Metric {
    const char *name, *title, *unit;
} metrics[] = {
    {"total", NULL, ""},
    {"scored", "with a score", ""},
    {"high", "in the band high", ""},
    {"medium", "in the band medium", ""},
    {"low", "in the band low", ""},
    {"at_risk", "at risk", ""},
    {"value", "value", NULL},
    {"value_at_risk", "value at risk", NULL},
    {"landed", "events in Bronze", "events"},
    {"duplicates", "copies", "events"},
    {"rejected", "messages that are no events", "messages"},
    {"gaps", "offsets without a message, and lost ones", "offsets"},
    {"conflicts", "events with the identity of another", "events"},
    {"silver", "events in Silver", "events"},
    {"quarantined", "events in quarantine", "events"},
    {"pending", "events that wait for refine", "events"},
    {"arrival_p50_s", "from Kafka to Bronze, median", "s"},
    {"arrival_p95_s", "from Kafka to Bronze, 95 of 100", "s"},
    {"publish_p50_s", "from Kafka to readers, median", "s"},
    {"publish_p95_s", "from Kafka to readers, 95 of 100", "s"},
};

static bool list_has(const char *list, const char *name) {
    size_t n = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0')) return true;
    }
    return false;
}

static bool is_metric(const char *name, size_t n) {
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
        if (strlen(metrics[i].name) == n && memcmp(metrics[i].name, name, n) == 0) return true;
    return false;
}

/* False: the answer names the first that is none. */
static bool check_metrics(const Request *req, Response *resp) {
    const char *at = request_param(req, "metric");
    for (size_t n; at != NULL && *at != '\0'; at += n + (at[n] == ',')) {
        n = strcspn(at, ",");
        if (is_metric(at, n)) continue;
        response_bad_param(resp, req, "metric", "The parameter 'metric' has '%.*s', which is no metric.", (int)(n < 64 ? n : 64), at);
        return false;
    }
    return true;
}

static json_t *points_of(const json_t *rows, const char *metric) {
    json_t *points = json_array(), *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        json_t *value = json_object_get(row, metric);
        if (!json_is_null(value)) json_array_append_new(points, json_pack("[O, O]", json_object_get(row, "at"), value));
    }
    return points;
}

static json_t *describe_metrics(const Request *req, const GoldEntity *e, const json_t *rows) {
    const char *asked = request_param(req, "metric");
    json_t *all = json_array();
    for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
        const struct Metric *m = &metrics[i];
        if (asked != NULL && !list_has(asked, m->name)) continue;
        const char *unit = m->unit != NULL ? m->unit : e->value_unit;
        json_array_append_new(all, json_pack("{ss ss ss so}", "metric", m->name, "title", m->title != NULL ? m->title : e->title_plural,
                                             "unit", unit != NULL ? unit : "", "points", points_of(rows, m->name)));
    }
    return all;
}

int handle_history(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    TimeRange range;
    json_t *marks;
    CLEANUP(json_freep) json_t *rows = NULL;
    if (!check_metrics(req, resp) || !time_range_read(req, 7 * 86400, 60, &range, resp)) return 0;
    const LakeValue values[] = {lake_time(range.from_us), lake_time(range.to_us), lake_int(range.step_s)};
    if (rows_query(lease->conn, "api/history", values, 3, &rows, err) != 0 ||
        rows_query(lease->conn, "api/history_marks", values, 2, &marks, err) != 0)
        return -1;
    json_t *out = json_pack("{sI so so}", "generation", (json_int_t)lease->generation, "metrics",
                            describe_metrics(req, gold_entities_scored(lease->entities), rows), "marks", marks);
    time_range_describe(&range, out);
    response_json(resp, 200, out);
    return 0;
}

/* ---- changes ---- */

/* A whole number is a generation: one before all that are known means everything. An answer when it is neither that nor a time. */
static int read_since(const Request *req, const Lease *lease, int64_t *ret_us, Response *resp, Error *err) {
    const char *text = request_param(req, "since");
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (text == NULL || strspn(text, "0123456789") != strlen(text) || strlen(text) > 18) {
        bool read = time_param_read(req, "since", clock_wall_us() - 86400 * USEC_PER_SEC, ret_us, resp);
        BUG_IF(!read && resp->status == 0);
        return 0;
    }
    LakeValue generation = lake_int(strtoll(text, NULL, 10));
    if (lake_query(lease->conn, "api/changes_since", lake_sql("api/changes_since"), &generation, 1, &row, err) != 0) return -1;
    if (lake_next(row, err) < 0) return -1;
    *ret_us = lake_is_null(row, 0) ? CLOCK_FIRST_US : lake_col_int(row, 0);
    int64_t newest = lake_is_null(row, 1) ? 0 : lake_col_int(row, 1);
    if (newest > 0 && strtoll(text, NULL, 10) > newest)
        response_bad_param(resp, req, "since", "There is no generation %s yet: the newest is %" PRId64 ".", text, newest);
    return 0;
}

/* {<list>: [...], <list>_total} into the answer. */
static int add_changes(const Lease *lease, const Request *req, int64_t since_us, bool entered, json_t *out, Error *err) {
    const char *band = request_param(req, "band");
    const LakeValue values[] = {lake_time(since_us), lake_text(band != NULL ? band : "high"), lake_bool(entered),
                                lake_int(request_int(req, changes_params, "limit"))};
    CLEANUP(free_text) char *sql = gold_entity_sql(gold_entities_scored(lease->entities), "api/changes");
    json_t *rows, *row;
    int64_t total = 0;
    size_t i;
    if (rows_query_sql(lease->conn, "api/changes", sql, values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    json_array_foreach(rows, i, row) {
        total = json_integer_value(json_object_get(row, "total"));
        json_object_del(row, "total");
    }
    json_object_set_new(out, entered ? "entered" : "left", rows);
    json_object_set_new(out, entered ? "entered_total" : "left_total", json_integer(total));
    return 0;
}

int handle_changes(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    char text[CLOCK_TEXT_SIZE];
    int64_t since_us = 0;
    const char *band = request_param(req, "band");
    if (read_since(req, lease, &since_us, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    CLEANUP(json_freep)
    json_t *out = json_pack("{sI ss ss}", "generation", (json_int_t)lease->generation, "since", clock_format(since_us, text), "band",
                            band != NULL ? band : "high");
    if (add_changes(lease, req, since_us, true, out, err) != 0 || add_changes(lease, req, since_us, false, out, err) != 0) return -1;
    response_json(resp, 200, TAKE(out));
    return 0;
}

/* ---- overview ---- */

int overview_add_before(const Lease *lease, json_t *overview, Error *err) {
    LakeValue as_of = lake_text(json_string_value(json_object_get(json_object_get(overview, "events"), "as_of")));
    json_t *before = json_pack("{sn sn}", "day", "week"), *row;
    CLEANUP(json_freep) json_t *rows = NULL;
    size_t i;
    json_object_set_new(overview, "before", before);
    if (rows_query(lease->conn, "api/overview_before", &as_of, 1, &rows, err) != 0) return -1;
    json_array_foreach(rows, i, row) {
        json_object_set(before, json_string_value(json_object_get(row, "when")), row);
        json_object_del(row, "when");
    }
    return 0;
}

void overview_count_inflow(json_t *overview) {
    CLEANUP(json_freep) json_t *counts = json_object();
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(overview, "hours"), i, row) {
        const char *hour = json_string_value(json_object_get(row, "hour"));
        json_int_t events = json_integer_value(json_object_get(row, "events")) + json_integer_value(json_object_get(counts, hour));
        json_object_set_new(counts, hour, json_integer(events));
    }
    json_array_foreach(json_object_get(overview, "inflow"), i, row) {
        json_t *events = json_object_get(counts, json_string_value(json_object_get(row, "hour")));
        if (events != NULL) json_object_set(row, "events", events);
    }
}

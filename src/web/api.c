/* api.c: the JSON of /api/v1. The queries are the files of sql/api/; here values are bound and rows become documents.
 *
 * Invariant: nothing that a client sent becomes SQL text; it is bound. */
#include "web/handlers.h"

#include "base/document.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

const ParamSpec subscribers_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = 200, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band"},
    {"search", PARAM_TEXT, .least = 1, .most = 64, .help = "only ids that begin so"},
    {.name = NULL},
};
const ParamSpec runs_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 50, .otherwise = 20, .help = "runs, newest first"},
    {.name = NULL},
};

/* ---- rows to JSON ---- */

static int query_rows(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, lake_sql(name), values, n, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

/* The first row, or JSON null when there is none. */
static int query_row(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, lake_sql(name), values, n, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? lake_row_json(rows) : json_null();
    return 0;
}

/* ---- overview ---- */

static const struct Part {
    const char *key, *sql;
    bool one_row;
} overview_parts[] = {
    {"events", "api/overview_pipeline", true}, {"subscribers", "api/overview_subscribers", true},
    {"layers", "api/overview_layers", false},  {"model", "api/overview_model", true},
    {"hours", "api/overview_hours", false},    {"quarantine", "api/overview_quarantine", false},
    {"drift", "api/overview_drift", false},
};

static void fill_gold_rows(json_t *overview) {
    size_t i;
    json_t *layer;
    json_array_foreach(json_object_get(overview, "layers"), i, layer) if (json_is_null(json_object_get(layer, "row_count")))
        json_object_set(layer, "row_count", json_object_get(json_object_get(overview, "subscribers"), "total"));
}

int handle_overview(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    CLEANUP(json_freep) json_t *out = json_pack("{s:I, s:b}", "generation", (json_int_t)lease->generation, "live", lease->generation == 0);
    for (size_t i = 0; i < ARRAY_LEN(overview_parts); i++) {
        const struct Part *part = &overview_parts[i];
        json_t *value;
        int rc = part->one_row ? query_row(lease->conn, part->sql, NULL, 0, &value, err)
                               : query_rows(lease->conn, part->sql, NULL, 0, &value, err);
        if (rc != 0) return -1;
        json_object_set_new(out, part->key, value);
    }
    fill_gold_rows(out);
    response_json(resp, 200, json_incref(out));
    return 0;
}

/* ---- subscribers ---- */

/* "<rank>~<id>" of the last row of a page. Clients send it back unchanged. */
static bool parse_cursor(const char *cursor, double *ret_rank, const char **ret_id) {
    char *end;
    *ret_rank = strtod(cursor, &end);
    if (end == cursor || *end != '~' || !isfinite(*ret_rank)) return false;
    *ret_id = end + 1;
    return true;
}

/* Removes `rank` from each row: clients get it in the cursor alone. Returns the cursor of the last row, or NULL when the page is not full.
 */
static char *take_ranks(json_t *items, size_t limit) {
    size_t i;
    json_t *item;
    char *cursor = NULL;
    json_array_foreach(items, i, item) {
        if (i + 1 == limit)
            cursor = xasprintf("%.17g~%s", json_number_value(json_object_get(item, "rank")),
                               json_string_value(json_object_get(item, "subscriber_id")));
        json_object_del(item, "rank");
    }
    return cursor;
}

int handle_subscribers(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const char *cursor = request_param(req, "cursor"), *last_id = NULL;
    double rank = 0;
    int64_t limit = request_int(req, subscribers_params, "limit"), total;
    if (cursor != NULL && !parse_cursor(cursor, &rank, &last_id)) {
        response_problem(resp, 400, req, "The parameter 'cursor' is not one that this server gave.");
        return 0;
    }
    LakeValue values[] = {lake_text(request_param(req, "band")), lake_text(request_param(req, "search")),
                          cursor != NULL ? lake_real(rank) : lake_null(), lake_text(last_id), lake_int(limit)};
    json_t *items;
    if (lake_query_int(lease->conn, "api/subscribers_count", lake_sql("api/subscribers_count"), values, 2, &total, err) != 0) return -1;
    if (query_rows(lease->conn, "api/subscribers", values, ARRAY_LEN(values), &items, err) != 0) return -1;
    CLEANUP(free_text) char *next = take_ranks(items, (size_t)limit);
    response_json(resp, 200,
                  json_pack("{s:I, s:I, s:o, s:s?}", "generation", (json_int_t)lease->generation, "total", (json_int_t)total, "items",
                            items, "next_cursor", next));
    return 0;
}

static const char *const risk_columns[] = {"churn_probability", "risk_band", "reasons", "model_id", "scored_at"};

/* {subscriber_id, generation, risk: {...}, features: {the rest}} from the flat row. */
static json_t *shape_subscriber(json_t *row, int64_t generation) {
    json_t *risk = json_object(), *out = json_object();
    for (size_t i = 0; i < ARRAY_LEN(risk_columns); i++) {
        json_object_set(risk, risk_columns[i], json_object_get(row, risk_columns[i]));
        json_object_del(row, risk_columns[i]);
    }
    json_object_set(out, "subscriber_id", json_object_get(row, "subscriber_id"));
    json_object_del(row, "subscriber_id");
    json_object_set_new(out, "generation", json_integer(generation));
    json_object_set_new(out, "risk", risk);
    json_object_set(out, "features", row);
    return out;
}

int handle_subscriber(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    LakeValue id = lake_text(req->id);
    CLEANUP(json_freep) json_t *row = NULL;
    if (query_row(lease->conn, "api/subscriber", &id, 1, &row, err) != 0) return -1;
    if (json_is_null(row))
        response_problem(resp, 404, req, "There is no subscriber %s with at least two events.", req->id);
    else
        response_json(resp, 200, shape_subscriber(row, lease->generation));
    return 0;
}

/* ---- runs, status ---- */

/* Moves each step to its run. */
static void nest_steps(json_t *runs, json_t *steps) {
    size_t r, i;
    json_t *run, *step;
    json_array_foreach(runs, r, run) {
        json_t *own = json_array();
        json_array_foreach(steps, i, step) if (json_equal(json_object_get(step, "run_id"), json_object_get(run, "run_id")))
            json_array_append(own, step);
        json_object_set_new(run, "steps", own);
    }
    json_array_foreach(steps, i, step) json_object_del(step, "run_id");
}

int handle_runs(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    LakeValue limit = lake_int(request_int(req, runs_params, "limit"));
    CLEANUP(json_freep) json_t *runs = NULL;
    CLEANUP(json_freep) json_t *steps = NULL;
    if (query_rows(lease->conn, "api/runs", &limit, 1, &runs, err) != 0) return -1;
    if (query_rows(lease->conn, "api/run_steps", &limit, 1, &steps, err) != 0) return -1;
    nest_steps(runs, steps);
    response_json(resp, 200, json_pack("{s:I, s:O}", "generation", (json_int_t)lease->generation, "runs", runs));
    return 0;
}

int handle_status(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    if (s->status == NULL)
        response_problem(resp, 404, req, "This server was started without a status.");
    else
        response_json(resp, 200, s->status(s->status_arg));
    return 0;
}

/* api.c: the JSON of /api/v1. The queries are the files of sql/api/; here values are bound and rows become documents.
 *
 * Invariant: nothing that a client sent becomes SQL text; it is bound. */
#include "web/handlers.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/cursor.h"
#include "web/redact.h"
#include <string.h>

enum { PAGE_ID_BYTES = 256 * 1024 };

const ParamSpec subscribers_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    {.name = NULL},
};
const ParamSpec subscriber_params[] = {
    {"id", PARAM_TEXT, .least = 1, .most = TARGET_MAX, .help = "the id"},
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

/* What a page is of, besides the content. */
static uint64_t filter_of(const Request *req) {
    const char *band = request_param(req, "band"), *search = request_param(req, "search");
    CLEANUP(free_text) char *text = xasprintf("%s\n%s", band != NULL ? band : "", search != NULL ? search : "");
    return cursor_hash(text, strlen(text));
}

/* False: it cannot be used here, and the answer says why. */
static bool read_cursor(const Request *req, const Lease *lease, Cursor *ret, Response *resp) {
    if (!cursor_parse(request_param(req, "cursor"), ret))
        response_problem(resp, 400, req, "The parameter 'cursor' is not one that this server gave.");
    else if (ret->filter != filter_of(req))
        response_problem(resp, 400, req, "The parameter 'cursor' is of a page with another band or search.");
    else if (ret->scope != lease->scope)
        response_problem(resp, 410, req, "The content that the cursor is of is not kept any more: start again without it.");
    return resp->status == 0;
}

/* The cursor has a hash for a long id. Answers when no subscriber has that id any more. */
static int find_long_id(const Lease *lease, const Request *req, const Cursor *cursor, char **ret, size_t *ret_len, Response *resp,
                        Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    LakeValue hash = lake_text(cursor->id);
    if (lake_query(lease->conn, "api/subscriber_by_hash", lake_sql("api/subscriber_by_hash"), &hash, 1, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) {
        response_problem(resp, 410, req, "The subscriber where the page before ended is gone: start again without the cursor.");
        return 0;
    }
    const char *id = lake_col_text(row, 0, ret_len);
    *ret = xmalloc(*ret_len + 1);
    memcpy(*ret, id, *ret_len + 1);
    return 0;
}

/* How many of the rows are of this page: ids are as long as strangers made them. At least one, when there is one. */
static size_t rows_of_page(const json_t *items, size_t limit) {
    size_t i, bytes = 0;
    const json_t *item;
    json_array_foreach(items, i, item) {
        bytes += json_string_length(json_object_get(item, "subscriber_id"));
        if (i == limit || (i > 0 && bytes > PAGE_ID_BYTES)) return i;
    }
    return json_array_size(items);
}

/* Removes what is not of this page, and `rank` from each row: clients get it in the cursor alone. Returns the cursor of the last row, or
 * NULL when there is no page behind. */
static char *end_page(json_t *items, size_t limit, const Request *req, const Lease *lease) {
    size_t i, found = json_array_size(items), rows = rows_of_page(items, limit);
    json_t *item;
    Cursor cursor = {.scope = lease->scope, .filter = filter_of(req)};
    while (json_array_size(items) > rows) json_array_remove(items, json_array_size(items) - 1);
    json_array_foreach(items, i, item) {
        const json_t *id = json_object_get(item, "subscriber_id");
        cursor.rank = json_number_value(json_object_get(item, "rank"));
        if (i + 1 == rows) cursor_set_id(&cursor, json_string_value(id), json_string_length(id));
        json_object_del(item, "rank");
    }
    return rows < found ? cursor_format(&cursor) : NULL;
}

static int answer_page(Service *s, const Request *req, const Lease *lease, LakeValue rank, LakeValue last_id, Response *resp, Error *err) {
    int64_t limit = request_int(req, subscribers_params, "limit"), total;
    LakeValue values[] = {lake_text(request_param(req, "band")), lake_text(request_param(req, "search")), rank, last_id,
                          lake_int(limit + 1)};
    json_t *items;
    if (lake_query_int(lease->conn, "api/subscribers_count", lake_sql("api/subscribers_count"), values, 2, &total, err) != 0) return -1;
    if (query_rows(lease->conn, "api/subscribers", values, ARRAY_LEN(values), &items, err) != 0) return -1;
    CLEANUP(free_text) char *next = end_page(items, (size_t)limit, req, lease);
    if (next != NULL) snapshot_pool_keep(s->pool, lease);
    response_json(resp, 200,
                  json_pack("{s:I, s:I, s:o, s:s?}", "generation", (json_int_t)lease->generation, "total", (json_int_t)total, "items",
                            items, "next_cursor", next));
    return 0;
}

int handle_subscribers(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    Cursor cursor;
    CLEANUP(free_text) char *long_id = NULL;
    size_t n = 0;
    if (request_param(req, "cursor") == NULL) return answer_page(s, req, lease, lake_null(), lake_null(), resp, err);
    if (!read_cursor(req, lease, &cursor, resp)) return 0;
    if (!cursor.hashed) return answer_page(s, req, lease, lake_real(cursor.rank), lake_blob(cursor.id, cursor.id_len), resp, err);
    if (find_long_id(lease, req, &cursor, &long_id, &n, resp, err) != 0) return -1;
    return resp->status != 0 ? 0 : answer_page(s, req, lease, lake_real(cursor.rank), lake_blob(long_id, n), resp, err);
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
    const char *text = req->id != NULL ? req->id : request_param(req, "id");
    if (text == NULL) {
        response_problem(resp, 400, req, "The parameter 'id' is missing.");
        return 0;
    }
    LakeValue id = lake_blob(text, req->id != NULL ? req->id_len : strlen(text));
    CLEANUP(json_freep) json_t *row = NULL;
    if (query_row(lease->conn, "api/subscriber", &id, 1, &row, err) != 0) return -1;
    if (json_is_null(row) && query_row(lease->conn, "api/subscriber_in_capitals", &id, 1, &row, err) != 0) return -1;
    if (json_is_null(row))
        response_problem(resp, 404, req, "There is no subscriber with this id in Gold.");
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
    if (!req->is_operator) redact_runs(runs);
    response_json(resp, 200, json_pack("{s:I, s:O}", "generation", (json_int_t)lease->generation, "runs", runs));
    return 0;
}

static json_t *report_for(const Request *req, json_t *report) {
    if (!req->is_operator) redact_status(report);
    return report;
}

int handle_status(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    if (s->status == NULL)
        response_problem(resp, 404, req, "This server was started without a status.");
    else
        response_json(resp, 200, report_for(req, s->status(s->status_arg)));
    return 0;
}

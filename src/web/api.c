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

/* Of a list, of one that has no risk, and of one row. */
static const ParamSpec ranked_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    {.name = NULL},
};
static const ParamSpec listed_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    {.name = NULL},
};
static const ParamSpec one_params[] = {
    {"id", PARAM_TEXT, .least = 1, .most = TARGET_MAX, .help = "the id"},
    {.name = NULL},
};
/* Which of them an address takes is known once it is known whose it is. */
const ParamSpec entities_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    {"id", PARAM_TEXT, .least = 1, .most = TARGET_MAX, .help = "the id, of the address with the entity's name"},
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

/* As query_row, of a query with the names of an entity. */
static int query_entity(const Lease *lease, const GoldEntity *e, const char *name, const LakeValue *values, size_t n, json_t **ret,
                        Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *sql = gold_entity_sql(e, name);
    if (lake_query(lease->conn, name, sql, values, n, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? lake_row_json(rows) : json_null();
    return 0;
}

/* ---- which entity ---- */

static bool is_word(const Request *req, const char *word) {
    return strlen(word) == req->entity_len && memcmp(word, req->entity, req->entity_len) == 0;
}

/* By its plural, or else by its name. NULL: there is none. */
static const GoldEntity *find_entity(const Request *req, const Lease *lease, bool plural) {
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        if (is_word(req, plural ? e->plural : e->name)) return e;
    }
    return NULL;
}

bool is_entity_list(const Request *req, const Lease *lease) {
    return find_entity(req, lease, true) != NULL && request_param(req, "id") == NULL;
}

/* It has a risk when a label is declared, or when a model was trained on labels of a file. */
static int has_risk(const Lease *lease, const GoldEntity *e, bool *ret, Error *err) {
    int64_t models = 0;
    *ret = e->first && e->label != NULL;
    if (!e->first || *ret) return 0;
    if (lake_query_int(lease->conn, "api/models", lake_sql("api/models"), NULL, 0, &models, err) != 0) return -1;
    *ret = models > 0;
    return 0;
}

static bool refuse_params(const Request *req, const ParamSpec *specs, Response *resp) {
    CLEANUP(free_text) char *why = request_check_params(req, specs);
    if (why != NULL) response_problem(resp, 400, req, "%s", why);
    return why != NULL;
}

static int answer_nothing_here(const Request *req, Response *resp) {
    response_problem(resp, 404, req, "There is nothing at this address.");
    return 0;
}

/* ---- overview ---- */

static const struct OverviewPart {
    const char *key, *sql;
    bool one_row;
} overview_parts[] = {
    {"events", "api/overview_pipeline", true}, {"layers", "api/overview_layers", false},         {"model", "api/overview_model", true},
    {"hours", "api/overview_hours", false},    {"quarantine", "api/overview_quarantine", false}, {"drift", "api/overview_drift", false},
};

/* {"value": 5} becomes {"mean_bills_zmw": 5}, as the declarations say. */
static void rename_value(json_t *figures, const GoldEntity *e, const char *key, const char *ending) {
    CLEANUP(free_text) char *name = NULL;
    if (e->value_name != NULL) name = xasprintf("%s%s%s%s", e->value_name, ending, e->value_unit[0] != '\0' ? "_" : "", e->value_unit);
    for (char *c = name; c != NULL && *c != '\0'; c++) *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    if (name != NULL) json_object_set(figures, name, json_object_get(figures, key));
    json_object_del(figures, key);
}

static int first_figures(const Lease *lease, json_t **ret, Error *err) {
    const GoldEntity *e = &lease->entities->items[0];
    bool risk;
    if (has_risk(lease, e, &risk, err) != 0) return -1;
    if (query_entity(lease, e, risk ? "api/overview_entities" : "api/entity_total", NULL, 0, ret, err) != 0) return -1;
    if (!risk) return 0;
    rename_value(*ret, e, "value", "");
    rename_value(*ret, e, "value_at_risk", "_at_risk");
    return 0;
}

static json_t *entity_total(const GoldEntity *e, const json_t *figures) {
    return json_pack("{ss ss ss ss sO}", "entity", e->name, "plural", e->plural, "title", e->title, "title_plural", e->title_plural,
                     "total", json_object_get(figures, "total"));
}

/* The figures of the first entity under its plural, and how many there are of each. */
static int add_entities(const Lease *lease, json_t *overview, Error *err) {
    json_t *figures, *all = json_array();
    json_object_set_new(overview, "entities", all);
    if (first_figures(lease, &figures, err) != 0) return -1;
    json_object_set_new(overview, lease->entities->items[0].plural, figures);
    json_array_append_new(all, entity_total(&lease->entities->items[0], figures));
    for (size_t i = 1; i < lease->entities->count; i++) {
        CLEANUP(json_freep) json_t *total = NULL;
        if (query_entity(lease, &lease->entities->items[i], "api/entity_total", NULL, 0, &total, err) != 0) return -1;
        json_array_append_new(all, entity_total(&lease->entities->items[i], total));
    }
    return 0;
}

static void fill_gold_rows(json_t *overview) {
    size_t i;
    json_t *layer, *total = json_object_get(json_array_get(json_object_get(overview, "entities"), 0), "total");
    json_array_foreach(json_object_get(overview, "layers"), i, layer) if (json_is_null(json_object_get(layer, "row_count")))
        json_object_set(layer, "row_count", total);
}

int handle_overview(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    CLEANUP(json_freep) json_t *out = json_pack("{s:I, s:b}", "generation", (json_int_t)lease->generation, "live", lease->generation == 0);
    for (size_t i = 0; i < ARRAY_LEN(overview_parts); i++) {
        const struct OverviewPart *part = &overview_parts[i];
        json_t *value;
        int rc = part->one_row ? query_row(lease->conn, part->sql, NULL, 0, &value, err)
                               : query_rows(lease->conn, part->sql, NULL, 0, &value, err);
        if (rc != 0) return -1;
        json_object_set_new(out, part->key, value);
    }
    if (add_entities(lease, out, err) != 0) return -1;
    fill_gold_rows(out);
    response_json(resp, 200, json_incref(out));
    return 0;
}

/* ---- the pipeline ---- */

static json_t *describe_risk(const GoldEntity *e) {
    return json_pack("{ss? ss ss? ss? ss? ss?}", "label", e->label, "title", e->risk_title != NULL ? e->risk_title : "risk", "value",
                     e->value, "value_name", e->value_name, "value_title", e->value_title, "value_unit", e->value_unit);
}

static int describe_entity(const Lease *lease, const GoldEntity *e, json_t *all, Error *err) {
    LakeValue name = lake_text(e->name);
    json_t *columns;
    bool risk;
    if (has_risk(lease, e, &risk, err) != 0 || query_rows(lease->conn, "api/columns", &name, 1, &columns, err) != 0) return -1;
    json_array_append_new(all, json_pack("{ss ss ss ss ss ss? ss so so}", "entity", e->name, "plural", e->plural, "key", e->key, "title",
                                         e->title, "title_plural", e->title_plural, "description", e->description, "table", e->view, "risk",
                                         risk ? describe_risk(e) : json_null(), "columns", columns));
    return 0;
}

int handle_pipeline(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    CLEANUP(json_freep) json_t *all = json_array();
    for (size_t i = 0; i < lease->entities->count; i++)
        if (describe_entity(lease, &lease->entities->items[i], all, err) != 0) return -1;
    response_json(resp, 200, json_pack("{s:I, s:O}", "generation", (json_int_t)lease->generation, "entities", all));
    return 0;
}

/* ---- lists ---- */

/* What a page is of, besides the content. */
static uint64_t filter_of(const Request *req) {
    const char *band = request_param(req, "band"), *search = request_param(req, "search");
    CLEANUP(free_text)
    char *text = xasprintf("%.*s\n%s\n%s", (int)req->entity_len, req->entity, band != NULL ? band : "", search != NULL ? search : "");
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

/* The cursor has a hash for a long id. Answers when nothing has that id any more. */
static int find_long_id(const Lease *lease, const GoldEntity *e, const Request *req, const Cursor *cursor, char **ret, size_t *ret_len,
                        Response *resp, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/entity_by_hash");
    LakeValue hash = lake_text(cursor->id);
    if (lake_query(lease->conn, "api/entity_by_hash", sql, &hash, 1, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) {
        response_problem(resp, 410, req, "The row where the page before ended is gone: start again without the cursor.");
        return 0;
    }
    const char *id = lake_col_text(row, 0, ret_len);
    *ret = xmalloc(*ret_len + 1);
    memcpy(*ret, id, *ret_len + 1);
    return 0;
}

/* How many of the rows are of this page: ids are as long as strangers made them. At least one, when there is one. */
static size_t rows_of_page(const GoldEntity *e, const json_t *items, size_t limit) {
    size_t i, bytes = 0;
    const json_t *item;
    json_array_foreach(items, i, item) {
        bytes += json_string_length(json_object_get(item, e->key));
        if (i == limit || (i > 0 && bytes > PAGE_ID_BYTES)) return i;
    }
    return json_array_size(items);
}

/* Removes what is not of this page, and `rank` from each row: clients get it in the cursor alone. Returns the cursor of the last row, or
 * NULL when there is no page behind. */
static char *end_page(const GoldEntity *e, json_t *items, size_t limit, const Request *req, const Lease *lease) {
    size_t i, found = json_array_size(items), rows = rows_of_page(e, items, limit);
    json_t *item;
    Cursor cursor = {.scope = lease->scope, .filter = filter_of(req)};
    while (json_array_size(items) > rows) json_array_remove(items, json_array_size(items) - 1);
    json_array_foreach(items, i, item) {
        const json_t *id = json_object_get(item, e->key);
        cursor.rank = json_number_value(json_object_get(item, "rank"));
        if (i + 1 == rows) cursor_set_id(&cursor, json_string_value(id), json_string_length(id));
        json_object_del(item, "rank");
    }
    return rows < found ? cursor_format(&cursor) : NULL;
}

/* What is asked for, and where the page begins. */
typedef struct PageQuery {
    const GoldEntity *entity;
    bool risk;
    LakeValue rank, last_id;
} PageQuery;

static int count_rows(const PageQuery *page, const Lease *lease, const LakeValue *values, int64_t *ret, Error *err) {
    const char *name = page->risk ? "api/ranked_count" : "api/listed_count";
    CLEANUP(free_text) char *sql = gold_entity_sql(page->entity, name);
    return lake_query_int(lease->conn, name, sql, values, 2, ret, err);
}

static int query_page(const PageQuery *page, const Lease *lease, const LakeValue values[5], json_t **ret, Error *err) {
    const char *name = page->risk ? "api/ranked" : "api/listed";
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *sql = gold_entity_sql(page->entity, name);
    if (lake_query(lease->conn, name, sql, values, 5, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

static int answer_page(Service *s, const Request *req, const Lease *lease, const PageQuery *page, Response *resp, Error *err) {
    int64_t limit = request_int(req, listed_params, "limit"), total;
    LakeValue values[] = {lake_text(request_param(req, "band")), lake_text(request_param(req, "search")), page->rank, page->last_id,
                          lake_int(limit + 1)};
    json_t *items;
    if (count_rows(page, lease, values, &total, err) != 0 || query_page(page, lease, values, &items, err) != 0) return -1;
    CLEANUP(free_text) char *next = end_page(page->entity, items, (size_t)limit, req, lease);
    if (next != NULL) snapshot_pool_keep(s->pool, lease);
    response_json(resp, 200,
                  json_pack("{s:I, s:I, s:o, s:s?}", "generation", (json_int_t)lease->generation, "total", (json_int_t)total, "items",
                            items, "next_cursor", next));
    return 0;
}

static int answer_list(Service *s, const Request *req, const Lease *lease, const GoldEntity *e, Response *resp, Error *err) {
    PageQuery page = {.entity = e, .rank = lake_null(), .last_id = lake_null()};
    Cursor cursor;
    CLEANUP(free_text) char *long_id = NULL;
    size_t n = 0;
    if (has_risk(lease, e, &page.risk, err) != 0) return -1;
    if (refuse_params(req, page.risk ? ranked_params : listed_params, resp)) return 0;
    if (request_param(req, "cursor") == NULL) return answer_page(s, req, lease, &page, resp, err);
    if (!read_cursor(req, lease, &cursor, resp)) return 0;
    page.rank = lake_real(cursor.rank);
    page.last_id = lake_blob(cursor.id, cursor.id_len);
    if (!cursor.hashed) return answer_page(s, req, lease, &page, resp, err);
    if (find_long_id(lease, e, req, &cursor, &long_id, &n, resp, err) != 0) return -1;
    page.last_id = lake_blob(long_id, n);
    return resp->status != 0 ? 0 : answer_page(s, req, lease, &page, resp, err);
}

/* ---- one row ---- */

static const char *const risk_columns[] = {"churn_probability", "risk_band", "reasons",      "model_id",
                                           "scored_at",         "log_odds",  "reasons_bias", "reasons_rest"};

/* {<key>, generation, risk: {...}, features: {the rest}} from the flat row. */
static json_t *shape_entity(const GoldEntity *e, bool has_a_risk, json_t *row, int64_t generation) {
    json_t *risk = json_object(), *out = json_object();
    for (size_t i = 0; e->first && i < ARRAY_LEN(risk_columns); i++) {
        json_object_set(risk, risk_columns[i], json_object_get(row, risk_columns[i]));
        json_object_del(row, risk_columns[i]);
    }
    json_object_set(out, e->key, json_object_get(row, e->key));
    json_object_del(row, e->key);
    json_object_set_new(out, "generation", json_integer(generation));
    if (has_a_risk)
        json_object_set_new(out, "risk", risk);
    else
        json_decref(risk);
    json_object_set(out, "features", row);
    return out;
}

static int answer_one(const Request *req, const Lease *lease, const GoldEntity *e, LakeValue id, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *row = NULL;
    bool risk;
    if (has_risk(lease, e, &risk, err) != 0 || query_entity(lease, e, "api/entity", &id, 1, &row, err) != 0) return -1;
    if (json_is_null(row) && query_entity(lease, e, "api/entity_in_capitals", &id, 1, &row, err) != 0) return -1;
    if (json_is_null(row))
        response_problem(resp, 404, req, "There is no %s with this id in Gold.", e->title);
    else
        response_json(resp, 200, shape_entity(e, risk, row, lease->generation));
    return 0;
}

int handle_entity(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const GoldEntity *e = find_entity(req, lease, true);
    return e != NULL ? answer_one(req, lease, e, lake_blob(req->id, req->id_len), resp, err) : answer_nothing_here(req, resp);
}

static int answer_by_param(const Request *req, const Lease *lease, const GoldEntity *e, Response *resp, Error *err) {
    const char *id = request_param(req, "id");
    if (refuse_params(req, one_params, resp)) return 0;
    if (id != NULL) return answer_one(req, lease, e, lake_blob(id, strlen(id)), resp, err);
    response_problem(resp, 400, req, "The parameter 'id' is missing.");
    return 0;
}

int handle_entities(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *list = find_entity(req, lease, true), *one = find_entity(req, lease, false);
    if (list != NULL) return answer_list(s, req, lease, list, resp, err);
    return one != NULL ? answer_by_param(req, lease, one, resp, err) : answer_nothing_here(req, resp);
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

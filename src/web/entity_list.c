/* entity_list.c: the rows of an entity in pages.
 *
 * A cursor names the content that it is of: of a snapshot, whose order does not change, Lease.scope. A live lake changes between two pages:
 * there the content is Lease.scope and which rows the pages before had (api/passed_ranked). A page follows only while the rows that now
 * come before it are the same ones, so that none comes twice and none that was there is left out; what moves among the rows behind it, or
 * among those before it, is no matter. Ordered by id no row moves, and a new one stops nobody.
 *
 * Invariant: nothing that a client sent becomes SQL text; it is bound, or a literal. */
#include "web/csv.h"
#include "web/entity.h"
#include "web/entity_filter.h"
#include "web/parquet.h"

#include "base/memory.h"
#include "web/cursor.h"
#include <string.h>

enum { CSV_ROWS_MAX = 10000 };

/* Of a list, and of one that has no risk. */
static const ParamSpec ranked_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    ENTITY_FILTER_PARAMS,
    NOTED_PARAM,
    {.name = NULL},
};
static const ParamSpec listed_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    ENTITY_FILTER_PARAMS,
    NOTED_PARAM,
    {.name = NULL},
};
/* Which of them an address takes is known once it is known whose it is. */
const ParamSpec entities_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 500, .otherwise = 50, .help = "rows of a page"},
    {"cursor", PARAM_TEXT, .least = 1, .most = CURSOR_TEXT_MAX, .help = "next_cursor of the page before"},
    {"band", PARAM_CHOICE, .choices = "high|medium|low|unscored", .help = "only this risk band", .only = PARAM_OF_RANKED},
    {"search", PARAM_TEXT, .least = 1, .most = 256, .help = "only ids that begin so"},
    ENTITY_FILTER_PARAMS,
    NOTED_PARAM,
    {"id", PARAM_TEXT, .least = 0, .most = ENTITY_ID_MAX, .help = "the id, of the address with the entity's name", .only = PARAM_OF_ONE,
     .required = true},
    AS_OF_PARAM(PARAM_OF_ONE),
    {.name = NULL},
};
uint64_t entity_filter_hash(const Request *req) {
    static const char *const names[] = {"band", "search", "sort", "where", "noted"};
    CLEANUP(buf_done) Buf text = {0};
    buf_add(&text, req->entity, req->entity_len);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = request_param(req, names[i]);
        buf_addf(&text, "\n%s", value != NULL ? value : "");
    }
    return cursor_hash(text.data, text.len);
}

/* False: it cannot be used here, and the answer says why. */
static bool read_cursor(const Request *req, Cursor *ret, Response *resp) {
    if (!cursor_parse(request_param(req, "cursor"), ret))
        response_bad_param(resp, req, "cursor", "The parameter 'cursor' is not one that this server gave.");
    else if (ret->filter != entity_filter_hash(req))
        response_bad_param(resp, req, "cursor", "The parameter 'cursor' is of a page with another band, search, sort, where or noted.");
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
        if (i == limit || (i > 0 && bytes > ENTITY_PAGE_ID_BYTES)) return i;
    }
    return json_array_size(items);
}

/* What is asked for, and where the page begins. */
typedef struct PageQuery {
    const GoldEntity *entity;
    EntityFilter filter;
    LakeValue rank, last_id; /* NULL: at the beginning */
    char *long_id;
    bool is_csv, is_parquet;
    bool can_move;   /* rows, between two pages */
    uint64_t passed; /* which rows the pages before had; 0: none, or they cannot move */
} PageQuery;

static void page_query_done(PageQuery *page) {
    entity_filter_done(&page->filter);
    free(page->long_id);
}

/* Removes what is not of this page, and the rank from each row: clients get it in the cursor alone. Returns the cursor of the last row, or
 * NULL when there is no page behind. */
static char *end_page(const PageQuery *page, json_t *items, size_t limit, const Request *req, uint64_t scope) {
    const GoldEntity *e = page->entity;
    size_t i, found = json_array_size(items), rows = rows_of_page(e, items, limit);
    json_t *item;
    Cursor cursor = {.scope = scope, .filter = entity_filter_hash(req)};
    while (json_array_size(items) > rows) json_array_remove(items, json_array_size(items) - 1);
    json_array_foreach(items, i, item) {
        const json_t *id = json_object_get(item, e->key);
        cursor.rank = json_number_value(json_object_get(item, "(rank)"));
        if (i + 1 == rows) cursor_set_id(&cursor, json_string_value(id), json_string_length(id));
        json_object_del(item, "(rank)");
    }
    return rows < found ? cursor_format(&cursor) : NULL;
}

/* Without a join of the scores: each row has at most one. */
static int count_all(const GoldEntity *e, const Lease *lease, int64_t *ret, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/entity_total");
    return lake_query_int(lease->conn, "api/entity_total", sql, NULL, 0, ret, err);
}

static int count_rows(const PageQuery *page, const Lease *lease, const LakeValue *values, int64_t *ret, Error *err) {
    const char *name = page->filter.has_risk ? "api/ranked_count" : "api/listed_count";
    if (!entity_filter_is_narrow(&page->filter) && values[0].type == LAKE_NULL && values[1].type == LAKE_NULL)
        return count_all(page->entity, lease, ret, err);
    CLEANUP(free_text) char *sql = entity_filter_sql(&page->filter, name, "api/where", NULL);
    return lake_query_int(lease->conn, name, sql, values, 2, ret, err);
}

static const char *page_name(const PageQuery *page) {
    return page->filter.ids_down ? "api/page_down" : "api/page";
}

static int query_page(const PageQuery *page, const Lease *lease, const LakeValue values[5], LakeResult **ret, Error *err) {
    const char *name = page->filter.has_risk ? "api/ranked" : "api/listed";
    CLEANUP(free_text) char *sql = entity_filter_sql(&page->filter, name, "api/where", page_name(page));
    return lake_query(lease->conn, name, sql, values, 5, ret, err);
}

/* Which rows come before this page now. */
static int query_passed(const PageQuery *page, const Request *req, const Lease *lease, int64_t *ret, Error *err) {
    const char *name = page->filter.has_risk ? "api/passed_ranked" : "api/passed_listed";
    const LakeValue values[] = {lake_text(request_param(req, "band")), lake_text(request_param(req, "search")), page->rank, page->last_id};
    CLEANUP(free_text) char *sql = entity_filter_sql(&page->filter, name, "api/where", "api/passed");
    return lake_query_int(lease->conn, name, sql, values, ARRAY_LEN(values), ret, err);
}

/* The first `rows` of the items, as the number that query_passed has for them. */
static int hash_rows(const PageQuery *page, const Lease *lease, const json_t *items, size_t rows, int64_t *ret, Error *err) {
    CLEANUP(json_freep) json_t *ids = json_array();
    for (size_t i = 0; i < rows; i++) json_array_append(ids, json_object_get(json_array_get(items, i), page->entity->key));
    CLEANUP(free_text) char *text = json_text(ids);
    LakeValue value = lake_text(text);
    return lake_query_int(lease->conn, "api/passed_page", lake_sql("api/passed_page"), &value, 1, ret, err);
}

/* What a cursor behind this page is of. */
static int read_scope(const PageQuery *page, const Lease *lease, const json_t *items, size_t limit, uint64_t *ret, Error *err) {
    int64_t rows = 0;
    if (page->can_move && hash_rows(page, lease, items, rows_of_page(page->entity, items, limit), &rows, err) != 0) return -1;
    *ret = lease->scope ^ page->passed ^ (uint64_t)rows;
    return 0;
}

static int answer_parquet(Service *s, const Request *req, const Lease *lease, const PageQuery *page, const LakeValue values[5],
                          Response *resp, Error *err) {
    const char *name = page->filter.has_risk ? "api/ranked" : "api/listed";
    CLEANUP(free_text) char *sql = entity_filter_sql(&page->filter, name, "api/where", page_name(page));
    return parquet_answer(s, req, lease, name, sql, values, 5, "(rank)", resp, err);
}

static int answer_page(Service *s, const Request *req, const Lease *lease, const PageQuery *page, Response *resp, Error *err) {
    bool all = (page->is_csv || page->is_parquet) && request_param(req, "limit") == NULL;
    int64_t limit = all ? CSV_ROWS_MAX : request_int(req, listed_params, "limit"), total;
    LakeValue values[] = {lake_text(request_param(req, "band")), lake_text(request_param(req, "search")), page->rank, page->last_id,
                          lake_int(page->is_parquet ? limit : limit + 1)};
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(json_freep) json_t *items = NULL;
    uint64_t scope;
    if (count_rows(page, lease, values, &total, err) != 0) return -1;
    if (page->is_csv || page->is_parquet) resp->total_rows = total;
    if (page->is_parquet) return answer_parquet(s, req, lease, page, values, resp, err);
    if (query_page(page, lease, values, &rows, err) != 0) return -1;
    if (page->is_csv) return csv_answer(resp, rows, (size_t)limit, "(rank)", err);
    if (lake_rows_json(rows, &items, err) != 0 || read_scope(page, lease, items, (size_t)limit, &scope, err) != 0) return -1;
    CLEANUP(free_text) char *next = end_page(page, items, (size_t)limit, req, scope);
    if (next != NULL) snapshot_pool_keep(s->pool, lease);
    response_json(resp, 200,
                  json_pack("{s:I, s:I, s:O, s:s?}", "generation", (json_int_t)lease->generation, "total", (json_int_t)total, "items",
                            items, "next_cursor", next));
    return 0;
}

/* Is it the content that the cursor is of, and on a live lake, are the rows before the page the same? Answers when it is not. */
static int check_content(const Request *req, const Lease *lease, PageQuery *page, const Cursor *cursor, Response *resp, Error *err) {
    int64_t passed = 0;
    if (page->can_move && query_passed(page, req, lease, &passed, err) != 0) return -1;
    page->passed = (uint64_t)passed;
    if (cursor->scope == (lease->scope ^ page->passed)) return 0;
    response_problem(resp, 410, req,
                     page->can_move
                         ? "Rows have moved from or to the pages before since (or the server was restarted): start again without "
                           "the cursor, or sort by id, where none moves."
                         : "The content that the cursor is of is not kept any more: start again without it.");
    return 0;
}

/* Where the page begins. Answers when the cursor cannot be used. */
static int read_beginning(const Request *req, const Lease *lease, PageQuery *page, Cursor *cursor, Response *resp, Error *err) {
    if (request_param(req, "cursor") == NULL || !read_cursor(req, cursor, resp)) return 0;
    size_t n = cursor->id_len;
    if (cursor->hashed && find_long_id(lease, page->entity, req, cursor, &page->long_id, &n, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    page->rank = lake_real(cursor->rank);
    page->last_id = lake_blob(cursor->hashed ? page->long_id : cursor->id, n);
    return check_content(req, lease, page, cursor, resp, err);
}

int entity_answer_list(Service *s, const Request *req, const Lease *lease, const GoldEntity *e, Response *resp, Error *err) {
    CLEANUP(page_query_done)
    PageQuery page = {.entity = e,
                      .rank = lake_null(),
                      .last_id = lake_null(),
                      .is_csv = strcmp(req->type, "text/csv") == 0,
                      .is_parquet = parquet_is_wanted(req)};
    Cursor cursor;
    bool risk;
    if (entity_has_risk(lease, e, &risk, err) != 0) return -1;
    if (entity_refuse_params(req, risk ? ranked_params : listed_params, resp)) return 0;
    if (entity_filter_read(req, lease, e, risk, &page.filter, resp, err) != 0) return -1;
    if (resp->status == 0 && entity_filter_read_noted(s, req, &page.filter, resp, err) != 0) return -1;
    page.can_move = snapshot_pool_is_live(s->pool) && resp->status == 0 && strcmp(page.filter.sort, "(id)") != 0;
    if (resp->status == 0 && read_beginning(req, lease, &page, &cursor, resp, err) != 0) return -1;
    return resp->status != 0 ? 0 : answer_page(s, req, lease, &page, resp, err);
}

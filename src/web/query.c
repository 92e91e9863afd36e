/* query.c: POST /api/v1/query: a read-only query of a user on the newest snapshot.
 *
 * It runs in a database of its own (Service.sql), with its own memory, that knows neither files nor the network nor settings. As a part of
 * our SELECT nothing but one query parses. Limits: time as every query (query_timeouts.h), workers of its own (lanes.h), rows, bytes.
 *
 * Invariant: what a user wrote becomes SQL only here, and only on such a connection. */
#include "web/csv.h"
#include "web/handlers.h"
#include "web/parquet.h"

#include "base/document.h"
#include "base/json_row.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

enum { ROWS_MAX = 10000, BODY_MAX = 32 * 1024 * 1024 };

/* {"sql": "..."}; NULL: it is something else, and the answer says so. Borrowed from `content`. */
static const char *read_query(const json_t *content, const Request *req, Response *resp) {
    const char *sql = json_string_value(json_object_get(content, "sql"));
    if (sql == NULL || json_object_size(content) != 1)
        response_bad_param(resp, req, "sql", "The content must be {\"sql\": \"SELECT ...\"}, and nothing else.");
    else if (strlen(sql) != json_string_length(json_object_get(content, "sql")))
        response_bad_param(resp, req, "sql", "A query has no NUL.");
    return resp->status == 0 ? sql : NULL;
}

/* False: it has more than is answered. */
static bool has_space(const Buf *body, int rows) {
    return rows < ROWS_MAX && body->len < BODY_MAX;
}

/* Rows come as JSON texts. `ret_whole`: these are all. */
static int write_json(LakeResult *rows, Buf *body, bool *ret_whole, Error *err) {
    int got, n = 0;
    while ((got = lake_next(rows, err)) > 0 && (*ret_whole = has_space(body, n))) {
        if (n++ > 0) buf_add_char(body, ',');
        json_write_row(body, lake_col_text(rows, 0, NULL), false);
    }
    return got < 0 ? -1 : 0;
}

/* As it is: who writes the query decides what a spreadsheet gets. */
static void add_csv(Buf *body, const char *text, size_t n) {
    if (n == 0 || strcspn(text, "\",\r\n") < n) /* which also ends at a NUL */
        csv_add_quoted(body, "", text, n);
    else
        buf_add(body, text, n);
}

/* RFC 4180; NULL is an empty field, the empty text one in quotes. */
static int write_csv(LakeResult *rows, Buf *body, bool *ret_whole, Error *err) {
    int got, n = 0;
    for (size_t i = 0; i < lake_columns(rows); i++) {
        if (i > 0) buf_add_char(body, ',');
        add_csv(body, lake_column_name(rows, i), strlen(lake_column_name(rows, i)));
    }
    buf_add_str(body, "\r\n");
    for (; (got = lake_next(rows, err)) > 0 && (*ret_whole = has_space(body, n)); n++) {
        for (size_t i = 0; i < lake_columns(rows); i++) {
            if (i > 0) buf_add_char(body, ',');
            size_t length;
            const char *text = lake_is_null(rows, i) ? NULL : lake_col_text(rows, i, &length);
            if (text != NULL) add_csv(body, text, length);
        }
        buf_add_str(body, "\r\n");
    }
    return got < 0 ? -1 : 0;
}

/* The mistake is in the user's query, unless it was stopped. */
static int answer_failed(const Request *req, const char *sql, Response *resp, Error *err) {
    if (err->kind == ERR_STOPPED || err->kind == ERR_UNAVAILABLE) return -1;
    lake_user_query_failed(sql, err);
    response_problem(resp, 422, req, "%s", err->text);
    error_clear(err);
    return 0;
}

static int answer_rows(const Request *req, const Lease *lease, const char *sql, LakeResult *rows, bool csv, Response *resp, Error *err) {
    CLEANUP(buf_done) Buf body = {0};
    bool whole = true;
    if (!csv) buf_addf(&body, "{\"generation\":%" PRId64 ",\"rows\":[", lease->generation);
    if ((csv ? write_csv(rows, &body, &whole, err) : write_json(rows, &body, &whole, err)) != 0) return answer_failed(req, sql, resp, err);
    if (!csv) buf_addf(&body, "],\"truncated\":%s}\n", whole ? "false" : "true");
    if (csv && !whole) {
        response_problem(resp, 422, req, "The answer has more than %d rows or %d MiB: give the query a LIMIT.", ROWS_MAX, BODY_MAX >> 20);
        return 0;
    }
    resp->status = 200;
    resp->content_type = csv ? "text/csv; charset=utf-8" : "application/json";
    resp->body = body;
    body = (Buf){0};
    return 0;
}

static int answer_parquet(const Service *s, const Request *req, const Lease *lease, const char *sql, Response *resp, Error *err) {
    CLEANUP(free_text) char *limit = xasprintf(" LIMIT %d", PARQUET_ROWS_MAX + 1), *wrapped = lake_user_query("*", sql, limit);
    if (parquet_answer(s, req, lease, "your query", wrapped, NULL, 0, NULL, resp, err) == 0) return 0;
    bool is_ours = (err->kind == ERR_IO || err->kind == ERR_FULL) && !lake_lacks_memory(err); /* the file, not the query */
    return is_ours ? -1 : answer_failed(req, sql, resp, err);
}

int handle_query(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *content = json_loadb(req->content, req->content_len, JSON_REJECT_DUPLICATES, NULL);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    const char *sql = read_query(content, req, resp);
    bool csv = strcmp(req->type, "text/csv") == 0;
    if (sql == NULL) return 0;
    if (parquet_is_wanted(req)) return answer_parquet(s, req, lease, sql, resp, err);
    /* to_json can print every type of DuckDB. A column of the row's own name would stand for the row. */
    CLEANUP(free_text) char *limit = xasprintf(" LIMIT %d", ROWS_MAX + 1);
    CLEANUP(free_text)
    char *wrapped = lake_user_query(csv ? "COLUMNS(*)::VARCHAR" : "to_json(\"the query's row\")::VARCHAR", sql, limit);
    if (lake_query(lease->conn, "your query", wrapped, NULL, 0, &rows, err) != 0) return answer_failed(req, sql, resp, err);
    return answer_rows(req, lease, sql, rows, csv, resp, err);
}

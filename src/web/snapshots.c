/* snapshots.c: /api/v1/snapshots: generations as files, for a client that attaches them over HTTP, as DuckDB does. What is under an address
 * never changes: a new generation has a new one.
 *
 * All rows of all tables leave by this door, so it is closed while anybody could come in without a token. */
#include "web/handlers.h"

#include "base/memory.h"
#include "web/downloads.h"
#include "web/exports.h"
#include "web/parquet.h"
#include "web/past.h"
#include "web/ranges.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { EXPORT_LIMIT_MS = 30000 }; /* a large table takes longer than a query may */

static bool refuse_without_token(const Request *req, Response *resp) {
    if (req->who != NULL) return false;
    response_problem(resp, 403, req, "Whole snapshots are given only to tokens: `smelt token create NAME --scopes query` makes one.");
    return true;
}

int handle_newest_snapshot(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    int64_t newest = s->downloads != NULL ? downloads_newest(s->downloads) : 0, size;
    char etag[64];
    if (refuse_without_token(req, resp)) return 0;
    int file = newest > 0 ? downloads_open(s->downloads, newest, &size, etag) : -1;
    if (file < 0) return error_set(err, ERR_UNAVAILABLE, "no snapshot is published yet: run `smelt publish`");
    close(file);
    response_json(resp, 200,
                  json_pack("{s:I, s:o, s:o, s:I, s:s}", "generation", (json_int_t)newest, "url",
                            json_sprintf("/api/v1/snapshots/%" PRId64 ".duckdb", newest), "parquet_url",
                            json_sprintf("/api/v1/snapshots/%" PRId64 ".parquet", newest), "bytes", (json_int_t)size, "etag", etag));
    return 0;
}

const ParamSpec snapshot_params[] = {
    {"table", PARAM_TEXT, .least = 1, .most = 200,
     .help = "which table of Gold, of GENERATION.parquet; without it that of the first entity"},
    {.name = NULL},
};

/* "42" of "42.duckdb"; 0 for any other ending, and what is no generation. */
static int64_t generation_of(const Request *req, const char *ending) {
    size_t digits = strspn(req->entity, "0123456789");
    bool is_name = req->entity_len == digits + strlen(ending) && strncmp(req->entity + digits, ending, strlen(ending)) == 0;
    return is_name && digits > 0 && digits <= 12 && req->entity[0] != '0' ? strtoll(req->entity, NULL, 10) : 0;
}

/* If-Range with another tag: the client has bytes of something else, so it gets all of this. */
static const char *range_of(const Request *req, const char *etag) {
    return req->if_range == NULL || strcmp(req->if_range, etag) == 0 ? req->range : NULL;
}

/* Takes the file. */
static void answer_file(const Request *req, int file, int64_t size, Response *resp) {
    int64_t first = 0, len = size;
    RangeKind kind = range_parse(range_of(req, resp->etag), size, &first, &len);
    if (kind == RANGE_NOTHING) {
        close(file);
        response_problem(resp, 416, req, "No byte of the range is in the file, which has %" PRId64 " of them.", size);
        snprintf(resp->content_range, sizeof resp->content_range, "bytes */%" PRId64, size);
        return;
    }
    if (kind == RANGE_PART)
        snprintf(resp->content_range, sizeof resp->content_range, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, first, first + len - 1, size);
    resp->status = kind == RANGE_PART ? 206 : 200;
    resp->file = file;
    resp->file_at = first;
    resp->fixed_len = (size_t)len;
}

static int answer_not_there(const Request *req, Response *resp) {
    response_problem(resp, 404, req, "There is no such snapshot; /api/v1/snapshots/current names the newest.");
    return 0;
}

/* Takes the file. */
static void answer_for_ever(const Request *req, int file, int64_t size, const char *etag, const char *type, Response *resp) {
    resp->content_type = type;
    resp->cache_control = "private, max-age=31536000, immutable";
    resp->takes_ranges = true;
    if (response_by_condition(resp, req, etag))
        close(file);
    else
        answer_file(req, file, size, resp);
}

static int answer_whole(Service *s, const Request *req, int64_t generation, Response *resp) {
    int64_t size;
    char etag[64];
    if (request_param(req, "table") != NULL) {
        response_bad_param(resp, req, "table", "A whole snapshot has all tables; GENERATION.parquet has one.");
        return 0;
    }
    int file = s->downloads != NULL ? downloads_open(s->downloads, generation, &size, etag) : -1;
    if (file < 0) return answer_not_there(req, resp);
    answer_for_ever(req, file, size, etag, "application/octet-stream", resp);
    return 0;
}

/* By the name of its table. NULL: there is none. */
static const GoldEntity *entity_of_table(const Lease *lease, const char *table) {
    for (size_t i = 0; i < lease->entities->count; i++)
        if (table == NULL || strcmp(lease->entities->items[i].view, table) == 0) return &lease->entities->items[i];
    return NULL;
}

static int answer_table(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *e = entity_of_table(lease, request_param(req, "table"));
    ExportFile file;
    if (e == NULL) {
        response_bad_param(resp, req, "table", "There is no such table; the first is %s.", lease->entities->items[0].view);
        return 0;
    }
    if (exports_open(s->exports, lease, e, &file, err) != 0) return -1;
    answer_for_ever(req, file.fd, file.bytes, file.etag, PARQUET_TYPE, resp);
    return 0;
}

static int answer_parquet(Service *s, const Request *req, int64_t generation, Response *resp, Error *err) {
    PastLease past;
    if (s->exports == NULL) return error_set(err, ERR_UNAVAILABLE, "there is no folder for Parquet files: set TMPDIR");
    if (s->past == NULL) return answer_not_there(req, resp);
    if (past_lease(s->past, generation, &past, err) != 0) {
        if (err->kind != ERR_UNAVAILABLE) return -1;
        error_clear(err);
        return answer_not_there(req, resp);
    }
    query_timeouts_begin_long(s->timeouts, past.lease.conn, EXPORT_LIMIT_MS);
    int rc = answer_table(s, req, &past.lease, resp, err);
    query_timeouts_end_long(s->timeouts);
    past_return(s->past, &past, rc != 0);
    return rc;
}

int handle_snapshot(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease;
    int64_t whole = generation_of(req, ".duckdb"), table = generation_of(req, ".parquet");
    if (refuse_without_token(req, resp)) return 0;
    if (whole > 0) return answer_whole(s, req, whole, resp);
    return table > 0 ? answer_parquet(s, req, table, resp, err) : answer_not_there(req, resp);
}

/* snapshots.c: /api/v1/snapshots: generations as files, for a client that attaches them over HTTP, as DuckDB does. What is under an address
 * never changes: a new generation has a new one.
 *
 * All rows of all tables leave by this door, so it is closed while anybody could come in without a token. */
#include "web/handlers.h"

#include "base/memory.h"
#include "web/downloads.h"
#include "web/ranges.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

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
                  json_pack("{s:I, s:o, s:I, s:s}", "generation", (json_int_t)newest, "url",
                            json_sprintf("/api/v1/snapshots/%" PRId64 ".duckdb", newest), "bytes", (json_int_t)size, "etag", etag));
    return 0;
}

/* "42.duckdb"; 0 for anything else. */
static int64_t generation_of(const Request *req) {
    static const char ending[] = ".duckdb";
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

int handle_snapshot(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    int64_t generation = generation_of(req), size;
    char etag[64];
    if (refuse_without_token(req, resp)) return 0;
    int file = generation > 0 && s->downloads != NULL ? downloads_open(s->downloads, generation, &size, etag) : -1;
    if (file < 0) {
        response_problem(resp, 404, req, "There is no such snapshot; /api/v1/snapshots/current names the newest.");
        return 0;
    }
    resp->content_type = "application/octet-stream";
    resp->cache_control = "private, max-age=31536000, immutable";
    resp->takes_ranges = true;
    if (response_not_modified(resp, req, etag))
        close(file);
    else
        answer_file(req, file, size, resp);
    return 0;
}

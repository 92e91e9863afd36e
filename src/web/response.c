/* response.c: bodies, problems, conditions.
 *
 * Invariant: a response with a status has a complete body; errors are always problem documents, so a client needs one way to read them. */
#include "web/response.h"

#include "base/compress.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/negotiate.h"
#include "web/statuses.h"
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { INSTANCE_MAX = 256 }; /* a longer path is not repeated */

const char *response_reason(int status) {
    const Status *s = status_of_code(status);
    return s != NULL ? s->reason : "Error";
}

void response_done(Response *r) {
    if (r->file > 0) close(r->file);
    r->file = 0;
    buf_done(&r->body);
}

void response_json(Response *r, int status, json_t *value) {
    char *text = json_text(value);
    json_decref(value);
    r->status = status;
    r->content_type = "application/json";
    buf_clear(&r->body);
    buf_add_str(&r->body, text);
    buf_add_char(&r->body, '\n');
    free(text);
}

/* `errors` NULL: none. Takes its reference. */
static void answer_problem(Response *r, const Status *kind, const Request *req, const char *detail, json_t *errors) {
    response_json(r, kind->code,
                  json_pack("{s:o, s:s, s:i, s:s*, s:s*, s:o*}", "type", json_sprintf("/problems/%s", kind->name), "title", kind->reason,
                            "status", kind->code, "detail", detail, "instance", strlen(req->path) <= INSTANCE_MAX ? req->path : NULL,
                            "errors", errors));
    r->content_type = "application/problem+json";
    r->fixed = NULL;
    r->coding = NULL;
    r->etag[0] = '\0';
    r->cache_control = NULL;
}

static const Status *invalid_parameters(void) {
    static const char name[] = "invalid-parameters";
    return status_of_name(name, sizeof name - 1);
}

/* The caller frees. */
PRINTF_LIKE(1, 0) static char *format(const char *fmt, va_list args) {
    char *text;
    return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

void response_problem(Response *r, int status, const Request *req, const char *detail_fmt, ...) {
    va_list args;
    va_start(args, detail_fmt);
    CLEANUP(free_text) char *text = format(detail_fmt, args);
    va_end(args);
    answer_problem(r, status_of_code(status), req, text, NULL);
}

void response_problem_of(Response *r, const char *kind, const Request *req, const char *detail_fmt, ...) {
    va_list args;
    va_start(args, detail_fmt);
    CLEANUP(free_text) char *text = format(detail_fmt, args);
    va_end(args);
    answer_problem(r, status_of_name(kind, strlen(kind)), req, text, NULL);
}

void response_bad_params(Response *r, const Request *req, json_t *faults) {
    CLEANUP(free_text) char *first = xstrdup(json_string_value(json_object_get(json_array_get(faults, 0), "reason")));
    answer_problem(r, invalid_parameters(), req, first, faults);
}

void response_bad_param(Response *r, const Request *req, const char *parameter, const char *reason_fmt, ...) {
    va_list args;
    va_start(args, reason_fmt);
    CLEANUP(free_text) char *text = format(reason_fmt, args);
    va_end(args);
    answer_problem(r, invalid_parameters(), req, text, json_pack("[{s:s, s:s}]", "parameter", parameter, "reason", text));
}

const char *response_detail(const Request *req, const char *text) {
    return req->is_operator ? text : "There is nothing to serve now; the log of the server says why.";
}

/* ---- codings ---- */

const char *response_coding(const Request *req) {
    static const char *const codings[] = {"zstd", "gzip", NULL};
    return negotiate_coding(req->accept_encoding, codings);
}

void response_encode(Response *r, const Request *req) {
    enum { LEAST = 1024 }; /* bytes; less is not worth it */
    if (r->fixed != NULL || r->body.len == 0 || r->varies) return;
    r->varies = true;
    const char *coding = r->body.len >= LEAST ? response_coding(req) : NULL;
    CLEANUP(buf_done) Buf packed = {0};
    if (coding == NULL) return;
    bool done =
        strcmp(coding, "gzip") == 0 ? compress_gzip(r->body.data, r->body.len, &packed) : compress_zstd(r->body.data, r->body.len, &packed);
    if (!done || packed.len >= r->body.len) return;
    buf_done(&r->body);
    r->body = packed;
    packed = (Buf){0};
    r->coding = coding;
}

/* ---- conditions ---- */

/* The header is "*" or a list of tags, each maybe weak (W/"..."). A weak comparison takes W/"a" for "a", a strong one takes no weak tag at
 * all (RFC 9110, 8.8.3.2). */
static bool names_etag(const char *header, const char *etag, bool weakly) {
    if (strcmp(header, "*") == 0) return true;
    if (!weakly && etag[0] != '"') return false;
    const char *opaque = strchr(etag, '"');
    size_t n = strlen(opaque);
    for (const char *p = header; (p = strstr(p, opaque)) != NULL; p += n) {
        bool weak = p >= header + 2 && p[-1] == '/' && p[-2] == 'W', ends = p[n] == '\0' || p[n] == ',' || p[n] == ' ';
        if (ends && (weakly || !weak)) return true;
    }
    return false;
}

static void drop_content(Response *r) {
    buf_clear(&r->body);
    if (r->file > 0) close(r->file);
    r->file = 0;
    r->fixed = NULL;
    r->fixed_len = 0;
}

static bool refuse_precondition(Response *r, const Request *req) {
    if (req->if_match == NULL || names_etag(req->if_match, r->etag, false)) return false;
    drop_content(r);
    response_problem(r, 412, req, "If-Match names no tag that this has: it has %s now.", r->etag);
    r->etag[0] = '\0';
    return true;
}

bool response_by_condition(Response *r, const Request *req, const char *etag) {
    snprintf(r->etag, sizeof r->etag, "%s", etag);
    if (refuse_precondition(r, req)) return true;
    if (req->if_none_match == NULL || !names_etag(req->if_none_match, r->etag, true)) return false;
    drop_content(r);
    r->status = 304;
    return true;
}

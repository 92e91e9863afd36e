/* response.c: bodies, problems, conditions.
 *
 * Invariant: a response with a status has a complete body; errors are always problem documents, so a client needs one way to read them. */
#include "web/response.h"

#include "base/document.h"
#include "base/memory.h"
#include <stdarg.h>
#include <string.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char *response_reason(int status) {
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (reasons[i].status == status) return reasons[i].reason;
    return "Error";
}

void response_done(Response *r) {
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

void response_problem(Response *r, int status, const Request *req, const char *detail_fmt, ...) {
    va_list args;
    va_start(args, detail_fmt);
    CLEANUP(free_text) char *text = NULL;
    if (vasprintf(&text, detail_fmt, args) < 0) text = NULL;
    va_end(args);
    response_json(r, status,
                  json_pack("{s:s, s:s, s:i, s:s*, s:s*}", "type", "about:blank", "title", response_reason(status), "status", status,
                            "detail", text, "instance", req->path));
    r->content_type = "application/problem+json";
    r->fixed = NULL;
    r->etag[0] = '\0';
    r->cache_control = NULL;
}

/* If-None-Match is "*" or a list of tags, each maybe weak (W/"..."); comparison is weak. */
static bool names_etag(const char *header, const char *etag) {
    if (strcmp(header, "*") == 0) return true;
    const char *opaque = strchr(etag, '"');
    size_t n = strlen(opaque);
    for (const char *p = header; (p = strstr(p, opaque)) != NULL; p += n)
        if (p[n] == '\0' || p[n] == ',' || p[n] == ' ') return true;
    return false;
}

bool response_not_modified(Response *r, const Request *req, const char *etag) {
    snprintf(r->etag, sizeof r->etag, "%s", etag);
    if (req->if_none_match == NULL || !names_etag(req->if_none_match, r->etag)) return false;
    r->status = 304;
    return true;
}

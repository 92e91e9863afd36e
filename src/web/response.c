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
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

enum { INSTANCE_MAX = 256 }; /* a longer path is not repeated */

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
                            "detail", text, "instance", strlen(req->path) <= INSTANCE_MAX ? req->path : NULL));
    r->content_type = "application/problem+json";
    r->fixed = NULL;
    r->etag[0] = '\0';
    r->cache_control = NULL;
}

const char *response_detail(const Request *req, const char *text) {
    return req->is_operator ? text : "There is nothing to serve now; the log of the server says why.";
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
    buf_clear(&r->body);
    r->status = 304;
    return true;
}

/* ---- Accept ---- */

/* How well a media range names the type: 3 "text/plain", 2 "text" + "/" + "*", 1 everything, 0 not at all. */
static int match_range(const char *range, size_t n, const char *type) {
    size_t len = strcspn(type, ";"), slash = strcspn(type, "/");
    if (n == 3 && memcmp(range, "*/*", 3) == 0) return 1;
    if (n == len && strncasecmp(range, type, len) == 0) return 3;
    return n == slash + 2 && strncasecmp(range, type, slash + 1) == 0 && range[n - 1] == '*' ? 2 : 0;
}

/* q=0, q=0., q=0.0 up to three zeros: not this one. */
static bool is_refused(const char *params, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (params[i] != ';') continue;
        size_t at = i + 1;
        while (at < n && (params[at] == ' ' || params[at] == '\t')) at++;
        if (n - at < 3 || (params[at] != 'q' && params[at] != 'Q') || params[at + 1] != '=' || params[at + 2] != '0') continue;
        for (at += 3; at < n && (params[at] == '.' || params[at] == '0'); at++) {
        }
        return at == n || params[at] == ' ' || params[at] == ';' || params[at] == '\t';
    }
    return false;
}

bool response_is_acceptable(const char *accept, const char *type) {
    int best = 0;
    bool allowed = true, any = false;
    for (const char *at = accept; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ","), skip = strspn(at, " \t"), from = skip < n ? skip : n;
        size_t range = strcspn(at + from, "; \t,");
        int match = match_range(at + from, range, type);
        any |= range > 0;
        if (match > best || (match > 0 && match == best && !allowed)) {
            best = match;
            allowed = !is_refused(at + from + range, n - from - range);
        }
        at += n + (at[n] == ',');
    }
    return any ? best > 0 && allowed : true;
}

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
    {413, "Content Too Large"},
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

/* `errors` NULL: none. Takes its reference. */
static void answer_problem(Response *r, int status, const Request *req, const char *detail, json_t *errors) {
    response_json(r, status,
                  json_pack("{s:s, s:s, s:i, s:s*, s:s*, s:o*}", "type", "about:blank", "title", response_reason(status), "status", status,
                            "detail", detail, "instance", strlen(req->path) <= INSTANCE_MAX ? req->path : NULL, "errors", errors));
    r->content_type = "application/problem+json";
    r->fixed = NULL;
    r->etag[0] = '\0';
    r->cache_control = NULL;
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
    answer_problem(r, status, req, text, NULL);
}

void response_bad_params(Response *r, const Request *req, json_t *faults) {
    CLEANUP(free_text) char *first = xstrdup(json_string_value(json_object_get(json_array_get(faults, 0), "reason")));
    answer_problem(r, 400, req, first, faults);
}

void response_bad_param(Response *r, const Request *req, const char *parameter, const char *reason_fmt, ...) {
    va_list args;
    va_start(args, reason_fmt);
    CLEANUP(free_text) char *text = format(reason_fmt, args);
    va_end(args);
    answer_problem(r, 400, req, text, json_pack("[{s:s, s:s}]", "parameter", parameter, "reason", text));
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
    size_t len = strcspn(type, "; "), slash = strcspn(type, "/");
    if (n == 3 && memcmp(range, "*/*", 3) == 0) return 1;
    if (n == len && strncasecmp(range, type, len) == 0) return 3;
    return n == slash + 2 && strncasecmp(range, type, slash + 1) == 0 && range[n - 1] == '*' ? 2 : 0;
}

/* The quality that follows a range, in thousandths: ";q=0.5" is 500; without one 1000. */
static int quality_of(const char *params, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (params[i] != ';') continue;
        size_t at = i + 1;
        while (at < n && (params[at] == ' ' || params[at] == '\t')) at++;
        if (n - at < 3 || (params[at] != 'q' && params[at] != 'Q') || params[at + 1] != '=') continue;
        int quality = params[at + 2] == '1' ? 1000 : 0, digit = 100;
        for (at += 4; at < n && params[at] >= '0' && params[at] <= '9' && digit > 0; at++, digit /= 10)
            quality += (params[at] - '0') * digit;
        return quality < 1000 ? quality : 1000;
    }
    return 1000;
}

/* What the range that names the type best says of it; 0: not this one. */
static int quality_for(const char *accept, const char *type) {
    int best = 0, quality = 0;
    bool any = false;
    for (const char *at = accept; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ","), skip = strspn(at, " \t"), from = skip < n ? skip : n;
        size_t range = strcspn(at + from, "; \t,");
        int match = match_range(at + from, range, type), its = quality_of(at + from + range, n - from - range);
        any |= range > 0;
        if (match > best || (match > 0 && match == best && its > quality)) {
            best = match;
            quality = its;
        }
        at += n + (at[n] == ',');
    }
    return any ? quality : 1000;
}

bool response_choose_type(const char *accept, const char *types, char ret[RESPONSE_TYPE_SIZE]) {
    int best = 0;
    for (const char *type = types; *type != '\0';) {
        size_t n = strcspn(type, " ;");
        int quality = quality_for(accept, type);
        if (quality > best) snprintf(ret, RESPONSE_TYPE_SIZE, "%.*s", (int)n, type);
        best = quality > best ? quality : best;
        type += strcspn(type, " ");
        type += strspn(type, " ");
        if (strchr(types, ';') != NULL) break; /* one, with parameters */
    }
    return best > 0;
}

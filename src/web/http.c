/* http.c: reads a request's header line by line.
 *
 *   request line ─▶ fields ─▶ empty line ─▶ judged as a whole (Host, length, codings)
 *
 * Each line is judged as soon as it is complete, so that where the bytes were cut on their way changes nothing. The grammar is that of
 * RFC 9110 and 9112 without what they only allow for old senders: no bare CR or LF, no folded line, no white space where there must be
 * none.
 *
 * Invariant: after HTTP_COMPLETE the target is in origin form or "*", and the end of the request is certain. */
#include "web/http.h"

#include "base/memory.h"
#include <arpa/inet.h>
#include <string.h>

/* ---- characters ---- */

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define HEX   "abcdefABCDEF" DIGIT
static const char token_characters[] = "!#$%&'*+-.^_`|~" DIGIT ALPHA;
static const char name_characters[] = ALPHA DIGIT "-._~!$&'()*+,;="; /* of a host: unreserved and sub-delims */
static const char path_characters[] = ALPHA DIGIT "-._~!$&'()*+,;=:@/";

static size_t span_of(const char *s, size_t n, const char *allowed) {
    size_t i = 0;
    while (i < n && s[i] != '\0' && strchr(allowed, s[i]) != NULL) i++;
    return i;
}

static bool is_token(const char *s, size_t n) {
    return n > 0 && span_of(s, n, token_characters) == n;
}

/* The characters of `allowed` and whole escapes (%41). */
static size_t span_escaped(const char *s, size_t n, const char *allowed) {
    size_t i = 0;
    while (i < n) {
        size_t plain = span_of(s + i, n - i, allowed);
        if (plain == 0 && (n - i < 3 || s[i] != '%' || span_of(s + i + 1, 2, HEX) != 2)) break;
        i += plain > 0 ? plain : 3;
    }
    return i;
}

static bool equals(const char *s, size_t n, const char *word) {
    return strlen(word) == n && strncasecmp(s, word, n) == 0;
}

/* ---- hosts ---- */

/* Up to eight groups of hex digits, "::" once, an IPv4 address at the end: all that RFC 3986 allows and inet_pton reads. Zones are not
 * allowed in a URI. */
static bool is_ip_literal(const char *s, size_t n) {
    unsigned char address[16];
    char text[64];
    if (n < 4 || n - 2 >= sizeof text || s[0] != '[' || s[n - 1] != ']') return false;
    memcpy(text, s + 1, n - 2);
    text[n - 2] = '\0';
    return strlen(text) == n - 2 && inet_pton(AF_INET6, text, address) == 1;
}

static bool is_port(const char *s, size_t n) {
    return n <= 5 && span_of(s, n, DIGIT) == n && (n < 5 || strncmp(s, "65535", 5) <= 0);
}

bool http_is_authority(const char *s, size_t n, size_t *ret_host_len) {
    const char *end = n > 0 && s[0] == '[' ? memchr(s, ']', n) : NULL;
    size_t host = end != NULL ? (size_t)(end - s) + 1 : span_escaped(s, n, name_characters);
    if (ret_host_len != NULL) *ret_host_len = host;
    if (host == 0 || host > 255 || (s[0] == '[' && !is_ip_literal(s, host))) return false;
    return host == n || (s[host] == ':' && is_port(s + host + 1, n - host - 1));
}

/* ---- the request line ---- */

static HttpState refuse(HttpReader *r, int status, const char *why) {
    r->status = status;
    r->why = why;
    return HTTP_REFUSED;
}

static const char *after_scheme(const char *s, size_t n) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (n >= strlen(schemes[i]) && strncasecmp(s, schemes[i], strlen(schemes[i])) == 0) return s + strlen(schemes[i]);
    return NULL;
}

static bool is_path_and_query(const char *s, size_t n) {
    size_t path = span_escaped(s, n, path_characters);
    if (path == n) return true;
    return s[path] == '?' && path + 1 + span_escaped(s + path + 1, n - path - 1, ALPHA DIGIT "-._~!$&'()*+,;=:@/?") == n;
}

/* "http://host/path" is what proxies are sent, and every server must accept it: its host is the one that counts. */
static bool take_absolute(HttpReader *r, const char *s, const char *end) {
    const char *path = s;
    while (path < end && *path != '/' && *path != '?') path++;
    if (!http_is_authority(s, (size_t)(path - s), NULL) || !is_path_and_query(path, (size_t)(end - path))) return false;
    r->request->authority = xstrndup(s, (size_t)(path - s));
    free(r->request->target);
    r->request->target = xasprintf("%s%.*s", path < end && *path == '/' ? "" : "/", (int)(end - path), path);
    return true;
}

static bool take_target(HttpReader *r, const char *s, size_t n) {
    const char *rest = after_scheme(s, n);
    if (rest != NULL) return take_absolute(r, rest, s + n);
    bool asterisk = n == 1 && *s == '*' && strcmp(r->request->method, "OPTIONS") == 0;
    if (!asterisk && (n == 0 || *s != '/' || !is_path_and_query(s, n))) return false;
    free(r->request->target);
    r->request->target = xstrndup(s, n);
    return true;
}

/* 1.0 and 1.1 are spoken here; a client that says 1.2 can read an answer in 1.1. */
static HttpState read_version(HttpReader *r, const char *s, size_t n) {
    if (n != 8 || strncmp(s, "HTTP/", 5) != 0 || span_of(s + 5, 1, DIGIT) != 1 || s[6] != '.' || span_of(s + 7, 1, DIGIT) != 1)
        return refuse(r, 400, "The request line must be a method, a target and HTTP/1.1, with one space between them.");
    if (s[5] != '1') return refuse(r, 505, "This server speaks HTTP/1.1.");
    r->http_1_0 = s[7] == '0';
    return HTTP_MORE;
}

static bool is_implemented(const char *method) {
    static const char *const known[] = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i], method) == 0) return true;
    return false;
}

static HttpState read_request_line(HttpReader *r, const char *s, size_t n) {
    const char *space = memchr(s, ' ', n), *end = s + n, *target = space != NULL ? space + 1 : end;
    const char *after = memchr(target, ' ', (size_t)(end - target));
    if (space == NULL || after == NULL || !is_token(s, (size_t)(space - s)))
        return refuse(r, 400, "The request line must be a method, a target and HTTP/1.1, with one space between them.");
    free(r->request->method);
    r->request->method = xstrndup(s, (size_t)(space - s));
    if (read_version(r, after + 1, (size_t)(end - after - 1)) == HTTP_REFUSED) return HTTP_REFUSED;
    if (after - target > TARGET_MAX) return refuse(r, 414, "The address is longer than 4096 bytes.");
    if (!is_implemented(r->request->method)) return refuse(r, 501, "This server does not know the method.");
    if (!take_target(r, target, (size_t)(after - target)))
        return refuse(r, 400, "The target must be a path, with every character escaped that RFC 3986 does not allow there.");
    return HTTP_MORE;
}

/* ---- fields ---- */

static void append(char **list, const char *s, size_t n) {
    char *longer = *list == NULL ? xstrndup(s, n) : xasprintf("%s, %.*s", *list, (int)n, s);
    free(*list);
    *list = longer;
}

/* Elements of a comma-separated list, without the blanks around them. */
static bool next_element(const char **at, const char *end, const char **ret, size_t *ret_len) {
    if (*at >= end) return false;
    const char *comma = memchr(*at, ',', (size_t)(end - *at)), *stop = comma != NULL ? comma : end, *from = *at;
    *at = comma != NULL ? comma + 1 : end;
    while (from < stop && (*from == ' ' || *from == '\t')) from++;
    while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    *ret = from;
    *ret_len = (size_t)(stop - from);
    return true;
}

static HttpState on_host(HttpReader *r, const char *s, size_t n) {
    if (r->hosts++ > 0) return refuse(r, 400, "There is more than one Host.");
    if (!http_is_authority(s, n, NULL)) return refuse(r, 400, "Host must be a name or an address, and maybe a port.");
    if (r->request->authority == NULL) r->request->authority = xstrndup(s, n);
    return HTTP_MORE;
}

static HttpState on_length(HttpReader *r, const char *s, size_t n) {
    if (r->lengths++ > 0 || n == 0 || span_of(s, n, DIGIT) != n) return refuse(r, 400, "Content-Length must be one number.");
    r->length_is_zero = span_of(s, n, "0") == n;
    return HTTP_MORE;
}

static HttpState on_coding(HttpReader *r, const char *s, size_t n) {
    const char *at = s, *element;
    size_t len;
    r->codings++;
    while (next_element(&at, s + n, &element, &len)) {
        if (!is_token(element, span_of(element, len, token_characters)) || r->chunked_last)
            return refuse(r, 400, "Transfer-Encoding must end with chunked.");
        r->chunked_last = equals(element, len, "chunked");
        r->unknown_coding |= !r->chunked_last;
    }
    return HTTP_MORE;
}

static HttpState on_connection(HttpReader *r, const char *s, size_t n) {
    const char *at = s, *option;
    size_t len;
    while (next_element(&at, s + n, &option, &len)) {
        if (len > 0 && !is_token(option, len)) return refuse(r, 400, "Connection must be a list of names.");
        r->close |= equals(option, len, "close");
        r->keep_alive |= equals(option, len, "keep-alive");
    }
    return HTTP_MORE;
}

static HttpState on_expect(HttpReader *r, const char *s, size_t n) {
    r->expects_other |= !equals(s, n, "100-continue");
    return HTTP_MORE;
}

static HttpState on_condition(HttpReader *r, const char *s, size_t n) {
    append(&r->request->if_none_match, s, n);
    return HTTP_MORE;
}

static HttpState on_accept(HttpReader *r, const char *s, size_t n) {
    append(&r->request->accept, s, n);
    return HTTP_MORE;
}

static HttpState on_content_type(HttpReader *r, const char *s, size_t n) {
    (void)s, (void)n;
    r->request->content_is_typed = true;
    return HTTP_MORE;
}

static const struct Known {
    const char *name;
    HttpState (*take)(HttpReader *r, const char *value, size_t n);
} known_fields[] = {
    {"Host", on_host},
    {"Content-Length", on_length},
    {"Transfer-Encoding", on_coding},
    {"Connection", on_connection},
    {"Expect", on_expect},
    {"If-None-Match", on_condition},
    {"Accept", on_accept},
    {"Content-Type", on_content_type},
    {"Content-Encoding", on_content_type},
};

/* Visible characters, obs-text, blanks. */
static bool is_value(const char *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static HttpState read_field(HttpReader *r, const char *s, size_t n) {
    const char *colon = memchr(s, ':', n), *value, *end = s + n;
    if (++r->fields > HTTP_FIELDS_MAX) return refuse(r, 431, "The header has more than 100 fields.");
    if (*s == ' ' || *s == '\t') return refuse(r, 400, "The header has a folded line.");
    if (colon == NULL || !is_token(s, (size_t)(colon - s)))
        return refuse(r, 400, "A line of the header must be a name, a colon and a value.");
    for (value = colon + 1; value < end && (*value == ' ' || *value == '\t');) value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
    if (!is_value(value, (size_t)(end - value))) return refuse(r, 400, "A value of the header has a control character.");
    for (size_t i = 0; i < ARRAY_LEN(known_fields); i++)
        if (equals(s, (size_t)(colon - s), known_fields[i].name)) return known_fields[i].take(r, value, (size_t)(end - value));
    return HTTP_MORE;
}

/* ---- the whole ---- */

static HttpState judge(HttpReader *r) {
    if (r->hosts == 0 && !r->http_1_0) return refuse(r, 400, "There is no Host.");
    if (r->lengths > 0 && r->codings > 0) return refuse(r, 400, "Content-Length and Transfer-Encoding exclude each other.");
    if (r->codings > 0 && r->http_1_0) return refuse(r, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (r->codings > 0 && !r->chunked_last) return refuse(r, 400, "Transfer-Encoding must end with chunked.");
    if (r->unknown_coding) return refuse(r, 501, "This server knows only the transfer coding chunked.");
    if (r->expects_other) return refuse(r, 417, "This server meets no expectation but 100-continue.");
    r->request->has_content = r->codings > 0 || (r->lengths > 0 && !r->length_is_zero);
    return HTTP_COMPLETE;
}

/* The lines of the header; an empty one before the request line is to be ignored (RFC 9112 2.2). */
static HttpState read_line(HttpReader *r, const char *s, size_t n) {
    if (r->lines == 0 && n == 0 && r->at == 2) return HTTP_MORE;
    if (r->lines++ == 0) return read_request_line(r, s, n);
    return n > 0 ? read_field(r, s, n) : judge(r);
}

static HttpState check_unfinished(HttpReader *r, size_t n) {
    if (r->lines == 0 && n - r->at > HTTP_LINE_MAX) return refuse(r, 414, "The request line is too long.");
    if (n > HTTP_HEADER_MAX) return refuse(r, 431, "The header is longer than 16384 bytes.");
    return HTTP_MORE;
}

HttpState http_read(HttpReader *r, const char *bytes, size_t n) {
    while (r->at < n) {
        const char *line = bytes + r->at, *end = memchr(line, '\n', n - r->at);
        if (end == NULL) break;
        size_t len = (size_t)(end - line);
        r->at += len + 1;
        if (r->at > HTTP_HEADER_MAX) return refuse(r, 431, "The header is longer than 16384 bytes.");
        if (r->lines == 0 && len > HTTP_LINE_MAX) return refuse(r, 414, "The request line is too long.");
        if (len == 0 || line[len - 1] != '\r' || memchr(line, '\r', len - 1) != NULL || memchr(line, '\0', len) != NULL)
            return refuse(r, 400, "Each line of the header must end with CR LF, and have neither of them nor a NUL inside.");
        HttpState state = read_line(r, line, len - 1);
        if (state != HTTP_MORE) return state;
    }
    return check_unfinished(r, n);
}

bool http_keeps_alive(const HttpReader *r) {
    return !r->close && !r->request->has_content && (!r->http_1_0 || r->keep_alive);
}

/* http.c: reads a request's header with llhttp, in its strict mode, and judges what llhttp leaves to its users.
 *
 *   whole lines ─▶ llhttp ─▶ a callback for each part ─▶ on_headers_complete: judged as a whole
 *
 * llhttp has the grammar: lines and their ends, names, values, versions, lengths, the end of the header. The rules here are those that it
 * does not have: methods, the characters of a target, hosts, limits, codings. It gets whole lines only, so that each part comes in one
 * piece, and where the bytes were cut on their way changes nothing.
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

static const char bad_line[] = "The request line must be a method, a target and HTTP/1.1, with one space between them.";
static const char bad_method[] = "This server does not know the method.";
static const char bad_version[] = "This server speaks HTTP/1.1.";

/* -1 ends llhttp. */
static int refuse(HttpReader *r, int status, const char *why) {
    r->status = status;
    r->why = why;
    return -1;
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

static int on_method_complete(llhttp_t *parser) {
    static const llhttp_method_t known[] = {HTTP_GET,    HTTP_HEAD,  HTTP_OPTIONS, HTTP_POST, HTTP_PUT,
                                            HTTP_DELETE, HTTP_PATCH, HTTP_TRACE,   HTTP_QUERY};
    HttpReader *r = parser->data;
    free(r->request->method);
    r->request->method = xstrdup(llhttp_method_name(parser->method));
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (parser->method == known[i]) return 0;
    return refuse(r, 501, bad_method);
}

/* llhttp skips any number of line ends before the method and of spaces behind it; RFC 9112 2.2 and 3 have one of each. */
static int on_url(llhttp_t *parser, const char *s, size_t n) {
    HttpReader *r = parser->data;
    size_t before = (size_t)(s - r->bytes) - strlen(r->request->method) - 1;
    if (before != 0 && (before != 2 || memcmp(r->bytes, "\r\n", 2) != 0)) return refuse(r, 400, bad_line);
    if (n > TARGET_MAX) return refuse(r, 414, "The address is longer than 4096 bytes.");
    if (take_target(r, s, n)) return 0;
    return refuse(r, 400, "The target must be a path, with every character escaped that RFC 3986 does not allow there.");
}

/* llhttp reads RTSP and ICE too. */
static int on_protocol(llhttp_t *parser, const char *s, size_t n) {
    return n == 4 && memcmp(s, "HTTP", 4) == 0 ? 0 : refuse(parser->data, 400, bad_line);
}

static int on_version_complete(llhttp_t *parser) {
    return parser->http_major == 1 ? 0 : refuse(parser->data, 505, bad_version);
}

/* ---- fields ---- */

static int append(char **list, const char *s, size_t n) {
    char *longer = *list == NULL ? xstrndup(s, n) : xasprintf("%s, %.*s", *list, (int)n, s);
    free(*list);
    *list = longer;
    return 0;
}

static int take_host(HttpReader *r, const char *s, size_t n) {
    if (r->hosts++ > 0) return refuse(r, 400, "There is more than one Host.");
    if (!http_is_authority(s, n, NULL)) return refuse(r, 400, "Host must be a name or an address, and maybe a port.");
    return r->request->authority == NULL ? append(&r->request->authority, s, n) : 0;
}

/* That chunked comes once and last is llhttp's rule. */
static int take_coding(HttpReader *r, const char *s, size_t n) {
    r->unknown_coding |= !equals(s, n, "chunked");
    return 0;
}

/* llhttp finds close and keep-alive, and passes over what is no list. */
static int take_connection(HttpReader *r, const char *s, size_t n) {
    for (size_t i = 0; i < n;) {
        i += span_of(s + i, n - i, " \t");
        i += span_of(s + i, n - i, token_characters);
        i += span_of(s + i, n - i, " \t");
        if (i < n && s[i++] != ',') return refuse(r, 400, "Connection must be a list of names.");
    }
    return 0;
}

static int take_expect(HttpReader *r, const char *s, size_t n) {
    r->expects_other |= !equals(s, n, "100-continue");
    r->expects_continue = true;
    return 0;
}

static int take_condition(HttpReader *r, const char *s, size_t n) {
    return append(&r->request->if_none_match, s, n);
}

static int take_precondition(HttpReader *r, const char *s, size_t n) {
    return append(&r->request->if_match, s, n);
}

static int take_accept(HttpReader *r, const char *s, size_t n) {
    return append(&r->request->accept, s, n);
}

static int take_accept_encoding(HttpReader *r, const char *s, size_t n) {
    return append(&r->request->accept_encoding, s, n);
}

/* One that would be odd in a log is not taken. */
static int take_request_id(HttpReader *r, const char *s, size_t n) {
    if (n > 0 && n < REQUEST_ID_SIZE && span_of(s, n, ALPHA DIGIT "-_.") == n)
        snprintf(r->request->request_id, REQUEST_ID_SIZE, "%.*s", (int)n, s);
    return 0;
}

static int take_content_coding(HttpReader *r, const char *s, size_t n) {
    (void)s, (void)n;
    r->request->content_is_typed = r->request->content_is_coded = true;
    return 0;
}

static int take_once(HttpReader *r, char **place, const char *s, size_t n, const char *why) {
    return *place == NULL ? append(place, s, n) : refuse(r, 400, why);
}

static int take_authorization(HttpReader *r, const char *s, size_t n) {
    return take_once(r, &r->request->authorization, s, n, "There is more than one Authorization.");
}

static int take_cookie(HttpReader *r, const char *s, size_t n) {
    return take_once(r, &r->request->cookie, s, n, "There is more than one Cookie.");
}

static int take_idempotency_key(HttpReader *r, const char *s, size_t n) {
    return take_once(r, &r->request->idempotency_key, s, n, "There is more than one Idempotency-Key.");
}

static int take_content_type(HttpReader *r, const char *s, size_t n) {
    r->request->content_is_typed = true;
    return take_once(r, &r->request->content_type, s, n, "There is more than one Content-Type.");
}

/* Of several only the first counts; a range is a wish. */
static int take_first(char **place, const char *s, size_t n) {
    if (*place == NULL) *place = xstrndup(s, n);
    return 0;
}

static int take_range(HttpReader *r, const char *s, size_t n) {
    return take_first(&r->request->range, s, n);
}

static int take_if_range(HttpReader *r, const char *s, size_t n) {
    return take_first(&r->request->if_range, s, n);
}

static int take_last_event_id(HttpReader *r, const char *s, size_t n) {
    return take_first(&r->request->last_event_id, s, n);
}

static int take_deliberate(HttpReader *r, const char *s, size_t n) {
    (void)s, (void)n;
    r->request->is_deliberate = true;
    return 0;
}

static int take_proto(HttpReader *r, const char *s, size_t n) {
    r->request->came_by_https = equals(s, n, "https");
    return 0;
}

static const struct Known {
    const char *name;
    int (*take)(HttpReader *r, const char *value, size_t n);
} known_fields[] = {
    {"Host", take_host},
    {"Transfer-Encoding", take_coding},
    {"Connection", take_connection},
    {"Expect", take_expect},
    {"If-None-Match", take_condition},
    {"If-Match", take_precondition},
    {"Accept", take_accept},
    {"Accept-Encoding", take_accept_encoding},
    {"Request-Id", take_request_id},
    {"Range", take_range},
    {"Last-Event-ID", take_last_event_id},
    {"If-Range", take_if_range},
    {"Content-Type", take_content_type},
    {"Content-Encoding", take_content_coding},
    {"Authorization", take_authorization},
    {"Cookie", take_cookie},
    {"Smelt-Request", take_deliberate},
    {"Idempotency-Key", take_idempotency_key},
    {"X-Forwarded-Proto", take_proto},
};

static int on_name(llhttp_t *parser, const char *s, size_t n) {
    HttpReader *r = parser->data;
    if (r->has_header) return refuse(r, 400, "This server takes no fields behind the content.");
    r->name = s;
    r->name_len = n;
    return ++r->fields <= HTTP_FIELDS_MAX ? 0 : refuse(r, 431, "The header has more than 100 fields.");
}

static int on_value(llhttp_t *parser, const char *s, size_t n) {
    HttpReader *r = parser->data;
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t')) n--;
    for (size_t i = 0; i < ARRAY_LEN(known_fields); i++)
        if (equals(r->name, r->name_len, known_fields[i].name)) return known_fields[i].take(r, s, n);
    return 0;
}

/* ---- the whole ---- */

static int on_headers_complete(llhttp_t *parser) {
    HttpReader *r = parser->data;
    bool coded = parser->flags & F_TRANSFER_ENCODING, http_1_0 = parser->http_minor == 0;
    if (parser->http_major == 0) return refuse(r, 400, bad_line); /* HTTP/0.9, which has no version */
    if (r->hosts == 0 && !http_1_0) return refuse(r, 400, "There is no Host.");
    if (coded && http_1_0) return refuse(r, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (coded && !(parser->flags & F_CHUNKED)) return refuse(r, 400, "Transfer-Encoding must end with chunked.");
    if (r->unknown_coding) return refuse(r, 501, "This server knows only the transfer coding chunked.");
    if (r->expects_other) return refuse(r, 417, "This server meets no expectation but 100-continue.");
    r->request->has_content = coded || parser->content_length > 0;
    r->has_header = true;
    return HPE_PAUSED;
}

/* ---- content ---- */

const char http_content_too_long[] = "The content is longer than this address takes.";

static int on_body(llhttp_t *parser, const char *s, size_t n) {
    HttpReader *r = parser->data;
    if (n > r->content_max - r->content.len) return refuse(r, 413, http_content_too_long);
    buf_add(&r->content, s, n);
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    HttpReader *r = parser->data;
    r->has_content = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t callbacks = {
    .on_method_complete = on_method_complete,
    .on_url = on_url,
    .on_protocol = on_protocol,
    .on_version_complete = on_version_complete,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* The rest of the line is in order; llhttp gave up at the first letter of the method that it does not expect. */
static bool has_unknown_method(const char *line, const char *end) {
    size_t n = span_of(line, (size_t)(end - line), token_characters);
    return n > 0 && line[n] == ' ' && end - line > 10 && memcmp(end - 10, " HTTP/1.", 8) == 0;
}

static HttpState refuse_error(HttpReader *r, llhttp_errno_t error) {
    const char *why = llhttp_get_error_reason(&r->parser), *line = r->bytes + (r->bytes[0] == '\r' ? 2 : 0);
    if (r->status != 0) return HTTP_REFUSED; /* by a callback */
    if (error == HPE_INVALID_METHOD && has_unknown_method(line, memchr(line, '\n', (size_t)(r->bytes + r->at - line))))
        refuse(r, 501, bad_method);
    else if (error == HPE_INVALID_VERSION && strcmp(why, "Invalid HTTP version") == 0) /* well-formed, but another */
        refuse(r, 505, bad_version);
    else
        refuse(r, 400, why);
    return HTTP_REFUSED;
}

HttpState http_read(HttpReader *r, const char *bytes, size_t n) {
    size_t most = n < HTTP_HEADER_MAX ? n : HTTP_HEADER_MAX;
    const char *from = bytes + r->at, *last = most > r->at ? memrchr(from, '\n', most - r->at) : NULL;
    if (r->parser.settings == NULL) llhttp_init(&r->parser, HTTP_REQUEST, &callbacks);
    r->parser.data = r;
    r->bytes = bytes;
    if (last != NULL) {
        llhttp_errno_t error = llhttp_execute(&r->parser, from, (size_t)(last + 1 - from));
        r->at = (size_t)((error == HPE_PAUSED ? llhttp_get_error_pos(&r->parser) : last + 1) - bytes);
        if (error != HPE_OK) return error == HPE_PAUSED ? HTTP_COMPLETE : refuse_error(r, error);
    }
    if (n <= HTTP_HEADER_MAX) return HTTP_MORE;
    if (r->at <= 2)
        refuse(r, 414, "The request line is too long.");
    else
        refuse(r, 431, "The header is longer than 16384 bytes.");
    return HTTP_REFUSED;
}

HttpState http_read_content(HttpReader *r, const char *bytes, size_t n) {
    r->parser.data = r;
    r->bytes = bytes;
    if (llhttp_get_errno(&r->parser) == HPE_PAUSED) llhttp_resume(&r->parser);
    llhttp_errno_t error = llhttp_execute(&r->parser, bytes, n);
    r->at = error == HPE_PAUSED ? (size_t)(llhttp_get_error_pos(&r->parser) - bytes) : n;
    if (error == HPE_OK) return HTTP_MORE;
    if (error == HPE_PAUSED && r->has_content) return HTTP_COMPLETE;
    if (r->status == 0) refuse(r, 400, "The content is not framed as HTTP/1.1 allows.");
    return HTTP_REFUSED;
}

uint64_t http_content_length(const HttpReader *r) {
    return r->parser.flags & F_TRANSFER_ENCODING ? 0 : r->parser.content_length;
}

bool http_keeps_alive(const HttpReader *r) {
    return llhttp_should_keep_alive(&r->parser);
}

/* connection.c: see connection.h.
 *
 * Invariants: no byte behind a refused request, or behind one with content, is ever taken for a request. Every answer has a length, so the
 * client knows where it ends. */
#include "web/connection.h"

#include "base/memory.h"
#include "web/http.h"
#include "web/tokens.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_PART = 256 * 1024 }; /* of a file, in memory at once */
enum { READ_MAX = 4096 };        /* at once, so that the many with short requests have small buffers */

struct Connection {
    const Hosts *hosts;
    Buf in;
    size_t begin; /* of the request in `in` that is being read */
    HttpReader reader;
    bool keeps_alive, ended;
    bool content_is_read; /* of the request that is being answered, or it has none */
    Buf head;
    Response response; /* its body, while it is sent */
    size_t body_len, sent;
    int64_t file_left; /* bytes of the response's file that are not read yet */
};

static void reader_done(Connection *c) {
    if (c->reader.request != NULL) request_free(c->reader.request);
    buf_done(&c->reader.content);
}

static void next_reader(Connection *c) {
    reader_done(c);
    c->reader = (HttpReader){.request = request_new("/")};
}

Connection *connection_new(const Hosts *hosts) {
    Connection *c = xcalloc(1, sizeof *c);
    c->hosts = hosts;
    next_reader(c);
    return c;
}

void connection_free(Connection *c) {
    reader_done(c);
    response_done(&c->response);
    buf_done(&c->head);
    buf_done(&c->in);
    free(c);
}

/* ---- in ---- */

char *connection_space(Connection *c, size_t *ret_n) {
    if (c->begin > 0) {
        memmove(c->in.data, c->in.data + c->begin, c->in.len - c->begin);
        c->in.len -= c->begin;
        c->begin = 0;
    }
    size_t left = HTTP_HEADER_MAX + 1 - (c->in.len < HTTP_HEADER_MAX ? c->in.len : HTTP_HEADER_MAX);
    *ret_n = left < READ_MAX ? left : READ_MAX;
    return buf_reserve(&c->in, *ret_n);
}

void connection_received(Connection *c, size_t n) {
    c->in.len += n;
}

bool connection_has_input(const Connection *c) {
    return c->in.len > c->begin;
}

bool connection_has_ended(const Connection *c) {
    return c->ended;
}

/* One that the client did not name gets a name here. */
static void name_request(Request *req) {
    char made[SHA256_TEXT_SIZE];
    if (req->request_id[0] != '\0') return;
    random_hex(made);
    snprintf(req->request_id, sizeof req->request_id, "%.16s", made);
}

static void refuse(Connection *c, int status, const char *why, bool last) {
    Response resp = {0};
    Request *req = c->reader.request;
    c->content_is_read = !req->has_content;
    name_request(req);
    response_problem(&resp, status, req, "%s", why);
    connection_answer(c, req, &resp, last);
    response_done(&resp);
}

static const char foreign_host[] = "This server does not answer for that host; http.hosts lists those that it answers for.";

Request *connection_next(Connection *c, int *ret_refused) {
    *ret_refused = 0;
    if (c->ended || !connection_has_input(c)) return NULL;
    HttpState state = http_read(&c->reader, c->in.data + c->begin, c->in.len - c->begin);
    if (state == HTTP_MORE) return NULL;
    c->keeps_alive = state == HTTP_COMPLETE && http_keeps_alive(&c->reader);
    if (state == HTTP_REFUSED) {
        refuse(c, *ret_refused = c->reader.status, c->reader.why, true);
        return NULL;
    }
    c->begin += c->reader.at;
    if (!hosts_allow(c->hosts, c->reader.request->authority)) {
        refuse(c, *ret_refused = 421, foreign_host, false);
        next_reader(c);
        return NULL;
    }
    Request *req = TAKE(c->reader.request);
    c->content_is_read = !req->has_content;
    name_request(req);
    if (c->content_is_read) next_reader(c);
    return req;
}

bool connection_want_content(Connection *c, size_t most) {
    if (http_content_length(&c->reader) > most) return false;
    c->reader.content_max = most;
    if (c->reader.expects_continue && !connection_has_input(c)) buf_add_str(&c->head, "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

bool connection_take_content(Connection *c, Request *req, int *ret_status, const char **ret_why) {
    *ret_status = 0;
    if (!connection_has_input(c)) return false;
    HttpState state = http_read_content(&c->reader, c->in.data + c->begin, c->in.len - c->begin);
    c->begin += c->reader.at;
    if (state == HTTP_REFUSED) {
        *ret_status = c->reader.status;
        *ret_why = c->reader.why;
    }
    if (state != HTTP_COMPLETE) return false;
    req->content_len = c->reader.content.len;
    buf_add_str(&c->reader.content, "");
    req->content = buf_take(&c->reader.content);
    c->content_is_read = true;
    next_reader(c);
    return true;
}

bool connection_answer_late(Connection *c) {
    if (c->ended || !connection_has_input(c)) return false;
    refuse(c, 408, "The request was not complete in time.", true);
    return true;
}

/* ---- out ---- */

/* A page that may run its own scripts and styles and talk to its own server, and nothing else. */
static const char security_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";

static void add_date(Buf *head) {
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm t;
    gmtime_r(&now, &t);
    buf_addf(head, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + (size_t)t.tm_wday * 3, t.tm_mday,
             months + (size_t)t.tm_mon * 3, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

static void add_head(Connection *c, const Request *req, const Response *r, size_t length) {
    Buf *head = &c->head;
    buf_addf(head, "HTTP/1.1 %d %s\r\n", r->status, response_reason(r->status));
    add_date(head);
    buf_addf(head, "Request-Id: %s\r\n", req->request_id);
    buf_add_str(head, security_headers);
    if (r->content_type != NULL && r->status != 304) buf_addf(head, "Content-Type: %s\r\n", r->content_type);
    buf_addf(head, "Cache-Control: %s\r\n", r->cache_control != NULL ? r->cache_control : "no-store");
    if (r->coding != NULL) buf_addf(head, "Content-Encoding: %s\r\n", r->coding);
    if (req->has_types || r->varies)
        buf_addf(head, "Vary: %s%s%s\r\n", req->has_types ? "Accept" : "", req->has_types && r->varies ? ", " : "",
                 r->varies ? "Accept-Encoding" : "");
    if (r->total_rows > 0) buf_addf(head, "Total-Rows: %" PRId64 "\r\n", r->total_rows);
    if (r->etag[0] != '\0') buf_addf(head, "ETag: %s\r\n", r->etag);
    if (r->link != NULL) buf_addf(head, "Link: %s\r\n", r->link);
    if (r->takes_ranges) buf_add_str(head, "Accept-Ranges: bytes\r\n");
    if (r->content_range[0] != '\0') buf_addf(head, "Content-Range: %s\r\n", r->content_range);
    if (r->allow != NULL) buf_addf(head, "Allow: %s\r\n", r->allow);
    if (r->challenge[0] != '\0') buf_addf(head, "WWW-Authenticate: %s\r\n", r->challenge);
    if (r->cookie[0] != '\0') buf_addf(head, "Set-Cookie: %s\r\n", r->cookie);
    if (r->location[0] != '\0') buf_addf(head, "Location: %s\r\n", r->location);
    if (r->retry_after_s > 0) buf_addf(head, "Retry-After: %d\r\n", r->retry_after_s);
    if (r->status != 204 && r->status != 304 && !r->streams) buf_addf(head, "Content-Length: %zu\r\n", length);
    buf_addf(head, "Connection: %s\r\n\r\n", c->ended ? "close" : "keep-alive");
}

/* The next part of the file becomes the body. A file that cannot be read ends the connection, so that the client sees that bytes are
 * missing. */
static void load_part(Connection *c) {
    Response *r = &c->response;
    size_t want = c->file_left < FILE_PART ? (size_t)c->file_left : FILE_PART;
    buf_clear(&r->body);
    ssize_t n = pread(r->file, buf_reserve(&r->body, want), want, r->file_at);
    c->body_len = r->body.len = n > 0 ? (size_t)n : 0;
    c->file_left -= n > 0 ? n : c->file_left;
    r->file_at += n;
    c->ended |= n <= 0;
}

void connection_answer(Connection *c, const Request *req, Response *resp, bool last) {
    bool empty = resp->status == 204 || resp->status == 304;
    size_t length = resp->fixed != NULL || resp->file > 0 ? resp->fixed_len : resp->body.len;
    c->ended = last || resp->streams || !c->keeps_alive || !c->content_is_read;
    add_head(c, req, resp, length);
    c->body_len = empty || strcmp(req->method, "HEAD") == 0 ? 0 : length;
    c->response = *resp;
    *resp = (Response){0};
    c->file_left = c->response.file > 0 ? (int64_t)c->body_len : 0;
    if (c->file_left > 0) load_part(c);
}

void connection_stream(Connection *c, const Buf *bytes) {
    buf_add(&c->head, bytes->data, bytes->len);
}

int connection_output(const Connection *c, struct iovec parts[2]) {
    /* writev takes a pointer to non-const and only reads it. */
    union {
        const void *in;
        void *out;
    } body = {.in = c->response.fixed != NULL ? c->response.fixed : c->response.body.data};
    size_t head_left = c->sent < c->head.len ? c->head.len - c->sent : 0, body_sent = c->sent - (c->head.len - head_left);
    int n = 0;
    if (head_left > 0) parts[n++] = (struct iovec){c->head.data + c->sent, head_left};
    if (body_sent < c->body_len) parts[n++] = (struct iovec){(char *)body.out + body_sent, c->body_len - body_sent};
    return n;
}

void connection_sent(Connection *c, size_t n) {
    c->sent += n;
    if (c->sent < c->head.len + c->body_len) return;
    if (c->file_left > 0) {
        c->sent = 0;
        buf_clear(&c->head);
        load_part(c);
        return;
    }
    response_done(&c->response);
    c->response = (Response){0};
    c->body_len = c->sent = 0;
    buf_clear(&c->head);
}

/* fuzz_http.c: any bytes as what a client sends over one connection, cut as the first bytes say. Each request is answered. Where the bytes
 * were cut must change nothing, what comes out must be whole answers, and after a refusal nothing more. */
#include "base/memory.h"
#include "web/connection.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CONTENT_MAX = 50 };

typedef struct Said {
    Buf statuses, targets;
    size_t answers;
    bool ended;
    Request *pending; /* whose content is being read */
} Said;

static void note(Said *said, int status, const char *target) {
    buf_addf(&said->statuses, "%d ", status);
    buf_addf(&said->targets, "%s\n", target);
    said->answers++;
}

/* As the server does: the body is the target. */
static void answer(Connection *c, Request *req, Said *said) {
    Response resp = {.status = 200, .content_type = "text/plain"};
    const char *why;
    if (strcmp(req->target, "*") != 0 && req->target[0] != '/') abort();
    if (strcmp(req->target, "*") != 0 && request_parse(req, &why) == 0 && req->path[0] != '/') abort();
    buf_add_str(&resp.body, req->target);
    note(said, 200, req->target);
    connection_answer(c, req, &resp, false);
    response_done(&resp);
    request_free(req);
}

static void check_output(const Connection *c) {
    struct iovec parts[2];
    int n = connection_output(c, parts);
    if (n < 1 || parts[0].iov_len < 20 || memcmp(parts[0].iov_base, "HTTP/1.1 ", 9) != 0) abort();
    CLEANUP(free_text) char *head = xstrndup(parts[0].iov_base, parts[0].iov_len);
    const char *end = strstr(head, "\r\n\r\n"), *length = strstr(head, "\r\nContent-Length: ");
    if (end == NULL || end[4] != '\0' || length == NULL || length > end) abort();
    if (n == 2 && strtoul(length + 18, NULL, 10) != parts[1].iov_len) abort();
}

/* Takes the output in pieces of `step` bytes. */
static void send_output(Connection *c, size_t step) {
    struct iovec parts[2];
    for (int n; (n = connection_output(c, parts)) > 0;) connection_sent(c, parts[0].iov_len < step ? parts[0].iov_len : step);
}

/* False: more of it has to come. */
static bool take_content(Connection *c, Said *said) {
    int refused;
    const char *why;
    if (connection_take_content(c, said->pending, &refused, &why)) {
        if (said->pending->content_len > CONTENT_MAX || strlen(said->pending->content) > said->pending->content_len) abort();
        buf_add(&said->targets, said->pending->content, said->pending->content_len);
        answer(c, TAKE(said->pending), said);
    } else if (refused != 0) {
        Response resp = {0};
        response_problem(&resp, refused, said->pending, "%s", why);
        note(said, refused, "");
        connection_answer(c, said->pending, &resp, false);
        request_free(TAKE(said->pending));
    } else {
        return false;
    }
    return true;
}

/* Of some methods the content is wanted, of others not, as routes do it. False: there is no whole request. */
static bool take_request(Connection *c, Said *said, size_t step) {
    int refused;
    Request *req = connection_next(c, &refused);
    bool is_wanted = req != NULL && req->has_content && strcmp(req->method, "POST") == 0;
    if (is_wanted && connection_want_content(c, CONTENT_MAX)) {
        said->pending = req;
        send_output(c, step);
        return take_content(c, said);
    }
    if (req != NULL)
        answer(c, req, said);
    else if (refused != 0)
        note(said, refused, "");
    return req != NULL || refused != 0;
}

static void take_requests(Connection *c, Said *said, size_t step) {
    while (said->pending != NULL ? take_content(c, said) : take_request(c, said, step)) {
        check_output(c);
        send_output(c, step);
    }
}

static void talk(const Hosts *hosts, const uint8_t *data, size_t size, size_t step, Said *said) {
    CLEANUP(connection_freep) Connection *c = connection_new(hosts);
    while (size > 0 && !connection_has_ended(c)) {
        size_t space, n;
        char *at = connection_space(c, &space);
        if (space == 0) abort();
        n = size < step ? size : step;
        if (n > space) n = space;
        memcpy(at, data, n);
        connection_received(c, n);
        data += n, size -= n;
        take_requests(c, said, step);
    }
    said->ended = connection_has_ended(c);
    if (said->pending != NULL) request_free(TAKE(said->pending));
}

static void said_done(Said *said) {
    buf_done(&said->statuses);
    buf_done(&said->targets);
}

static bool same(const Buf *a, const Buf *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Hosts *hosts;
    Error err = {0};
    if (hosts == NULL && hosts_new("t", "127.0.0.1", &hosts, &err) != 0) abort();
    if (size < 1) return 0;
    CLEANUP(said_done) Said whole = {0};
    CLEANUP(said_done) Said cut = {0};
    talk(hosts, data + 1, size - 1, SIZE_MAX, &whole);
    talk(hosts, data + 1, size - 1, (size_t)data[0] % 61 + 1, &cut);
    if (whole.ended != cut.ended || !same(&whole.statuses, &cut.statuses) || !same(&whole.targets, &cut.targets)) abort();
    return 0;
}

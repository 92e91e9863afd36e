/* probe.c: one HTTP request to the API, with one timeout for all of it. */
#include "health/internal.h"

#include "base/memory.h"
#include "base/tls.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a server that listens on `listen` can be reached from here. */
static void reachable(const char *listen, char **ret_host, char **ret_port) {
    const char *colon = strrchr(listen, ':');
    size_t n = colon != NULL ? (size_t)(colon - listen) : 0;
    if (n >= 2 && listen[0] == '[')
        *ret_host = xstrndup(listen + 1, n - 2);
    else
        *ret_host = xstrndup(listen, n);
    if (**ret_host == '\0' || strcmp(*ret_host, "0.0.0.0") == 0 || strcmp(*ret_host, "::") == 0) {
        free(*ret_host);
        *ret_host = xstrdup("localhost");
    }
    *ret_port = xstrdup(colon != NULL ? colon + 1 : "8080");
}

static bool wait_for(int s, short events, int64_t until_ns) {
    int64_t left_ms = (until_ns - clock_mono_ns()) / (NSEC_PER_SEC / 1000);
    struct pollfd p = {.fd = s, .events = events};
    return left_ms > 0 && poll(&p, 1, (int)left_ms) == 1;
}

static int connect_one(const struct addrinfo *at, int64_t until_ns) {
    int s = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), why = 0;
    socklen_t len = sizeof why;
    if (s < 0) return -1;
    if (connect(s, at->ai_addr, at->ai_addrlen) == 0) return s;
    if (errno == EINPROGRESS && wait_for(s, POLLOUT, until_ns) && getsockopt(s, SOL_SOCKET, SO_ERROR, &why, &len) == 0 && why == 0)
        return s;
    close(s);
    return -1;
}

static int connect_any(const char *host, const char *port, int64_t until_ns) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int s = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    for (const struct addrinfo *at = found; at != NULL && s < 0; at = at->ai_next) s = connect_one(at, until_ns);
    freeaddrinfo(found);
    return s;
}

/* As send and recv, but wait; TLS, if any, wants either direction. */
static ssize_t exchange(int s, TlsStream *tls, bool sends, char *bytes, size_t n, int64_t until_ns) {
    short wants = sends ? POLLOUT : POLLIN;
    while (wait_for(s, wants, until_ns)) {
        ssize_t got;
        if (tls == NULL) return sends ? send(s, bytes, n, MSG_NOSIGNAL) : recv(s, bytes, n, 0);
        got = sends ? tls_stream_write(tls, bytes, n) : tls_stream_read(tls, bytes, n);
        if (got >= 0 || errno != EAGAIN) return got;
        wants = tls_stream_wants(tls);
    }
    return -1;
}

static const char alive[] = "\"status\":\"alive\""; /* in the answer of a server of Smelt */

/* The status of the answer, or 0. *ret_is_ours: it is what Smelt says, not another program that has an answer to everything. */
static int ask(int s, TlsStream *tls, const char *host, int64_t until_ns, bool *ret_is_ours) {
    const char *open = strchr(host, ':') != NULL ? "[" : "", *shut = strchr(host, ':') != NULL ? "]" : "";
    CLEANUP(free_text) char *request = xasprintf("GET /livez HTTP/1.1\r\nHost: %s%s%s\r\nConnection: close\r\n\r\n", open, host, shut);
    char answer[4096] = "";
    size_t got = 0;
    if (exchange(s, tls, true, request, strlen(request), until_ns) != (ssize_t)strlen(request)) return 0;
    while (got < sizeof answer - 1 && strstr(answer, alive) == NULL) {
        ssize_t n = exchange(s, tls, false, answer + got, sizeof answer - 1 - got, until_ns);
        if (n <= 0) break;
        got += (size_t)n;
        answer[got] = '\0';
    }
    int status = 0;
    *ret_is_ours = strstr(answer, alive) != NULL;
    return sscanf(answer, "HTTP/1.%*1d %3d", &status) == 1 ? status : 0;
}

int probe_livez(const char *listen, bool tls, int timeout_ms, char **ret_url, Error *err) {
    int64_t until_ns = clock_mono_ns() + timeout_ms * (NSEC_PER_SEC / 1000);
    CLEANUP(free_text) char *host = NULL;
    CLEANUP(free_text) char *port = NULL;
    reachable(listen, &host, &port);
    *ret_url = xasprintf("%s://%s%s%s:%s", tls ? "https" : "http", strchr(host, ':') != NULL ? "[" : "", host,
                         strchr(host, ':') != NULL ? "]" : "", port);
    int s = connect_any(host, port, until_ns);
    if (s < 0) return error_set(err, ERR_UNAVAILABLE, "nothing answers at %s. `smelt serve` starts it", *ret_url);
    CLEANUP(tls_stream_freep) TlsStream *stream = tls ? tls_stream_connect(s) : NULL;
    bool is_ours = false;
    int status = ask(s, stream, host, until_ns, &is_ours);
    close(s);
    if (status == 200 && is_ours) return 0;
    if (status == 200) return error_set(err, ERR_UNAVAILABLE, "another program answers at %s (see http.listen)", *ret_url);
    if (status == 0) return error_set(err, ERR_UNAVAILABLE, "%s takes connections but does not answer", *ret_url);
    return error_set(err, ERR_UNAVAILABLE, "%s/livez answered %d", *ret_url, status);
}

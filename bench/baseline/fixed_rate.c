/* fixed_rate.c: asks a server at a fixed rate, and counts each answer's time from when its request was due, not from when it was sent: who
 * waits behind a slow answer counts too ("coordinated omission" is what leaves that out; wrk does).
 *
 *   fixed_rate PORT RATE SECONDS CONNECTIONS PREFIX COUNT    GET PREFIX, followed by SUB-%06d of a random number up to COUNT (0: PREFIX
 * alone)
 *
 * Requests are due RATE times a second, evenly; each takes a free connection, or waits for one. Prints one line: answers, failures,
 * and milliseconds at 50, 90, 99, 99.9 of a hundred and at most. Statuses 200 and 404 are answers. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS INT64_C(1000000000)

typedef struct Connection {
    int64_t due_ns; /* of the request that is under way; 0: none */
    size_t have;
    char buf[65536];
} Connection;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "fixed_rate: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&at, sizeof at) != 0) fail("connect");
    (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

static void ask(int s, const char *prefix, long count) {
    char text[1024], id[32] = "";
    if (count > 0) snprintf(id, sizeof id, "SUB-%06ld", 1 + random() % count);
    int n = snprintf(text, sizeof text, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", prefix, id);
    if (send(s, text, (size_t)n, MSG_NOSIGNAL) != n) fail("send");
}

/* 0: not all there; else the status. */
static int whole(const Connection *c) {
    const char *end = strstr(c->buf, "\r\n\r\n"), *length = strcasestr(c->buf, "\r\ncontent-length:");
    if (end == NULL) return 0;
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return c->have >= (size_t)(end + 4 - c->buf) + body ? atoi(c->buf + 9) : 0;
}

static int receive(int s, Connection *c) {
    ssize_t n = recv(s, c->buf + c->have, sizeof c->buf - 1 - c->have, 0);
    if (n <= 0) fail("recv");
    c->have += (size_t)n;
    c->buf[c->have] = '\0';
    return whole(c);
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double ms_at(const int64_t *sorted, size_t n, double share) {
    size_t i = (size_t)((double)n * share);
    return n == 0 ? 0 : (double)sorted[i < n ? i : n - 1] / 1e6;
}

int main(int argc, char **argv) {
    if (argc != 7) return 64;
    int port = atoi(argv[1]), connections = atoi(argv[4]), status;
    double rate = atof(argv[2]);
    size_t all = (size_t)(rate * atof(argv[3])), sent = 0, done = 0, failed = 0;
    long count = atol(argv[6]);
    Connection *c = calloc((size_t)connections, sizeof *c);
    struct pollfd *polls = calloc((size_t)connections, sizeof *polls);
    int64_t *took = calloc(all + 1, sizeof *took);
    for (int i = 0; i < connections; i++) polls[i] = (struct pollfd){.fd = connect_to(port), .events = POLLIN};
    int64_t began = now_ns();
    size_t turn = 0; /* in turn, so that none is idle for so long that the server closes it */
    while (done < all) {
        int64_t due = began + (int64_t)((double)sent / rate * 1e9), now = now_ns();
        for (int n = 0; n < connections && sent < all && due <= now; n++) {
            size_t i = turn++ % (size_t)connections;
            if (c[i].due_ns != 0) continue;
            c[i].due_ns = due;
            c[i].have = 0;
            ask(polls[i].fd, argv[5], count);
            due = began + (int64_t)((double)++sent / rate * 1e9);
        }
        int64_t left = sent < all && due > now ? due - now : NS / 100;
        struct timespec wait = {.tv_nsec = left < NS / 100 ? (long)left : NS / 100};
        if (ppoll(polls, (nfds_t)connections, &wait, NULL) < 0) fail("poll");
        now = now_ns();
        for (int i = 0; i < connections; i++) {
            if (polls[i].revents == 0 || (status = receive(polls[i].fd, &c[i])) == 0) continue;
            if (status != 200 && status != 404) failed++;
            took[done++] = now - c[i].due_ns;
            c[i].due_ns = 0;
        }
    }
    qsort(took, done, sizeof *took, compare);
    printf("%zu %zu %.3f %.3f %.3f %.3f %.3f\n", done, failed, ms_at(took, done, 0.5), ms_at(took, done, 0.9), ms_at(took, done, 0.99),
           ms_at(took, done, 0.999), ms_at(took, done, 1));
    return 0;
}

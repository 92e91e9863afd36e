/* server.c: sockets: one event loop, and lanes of workers for what takes time.
 *
 *   event loop:  accept ─▶ read ─▶ request (connection.h) ─▶ route ─▶ answer (assets, errors, 304) ─▶ write
 *                                                              └────▶ lane: query, body ─▶ done ────▶ write
 *
 * A client is in one phase at a time, and each phase has a deadline that no byte moves: a request must be complete in time, an answer must
 * be taken in time, an idle connection is closed after a while. Near the limit of connections, a new one closes the one that has waited
 * longest for a request.
 *
 * Invariant: a Client belongs to the event loop; a lane has only its Exchange, and the client lives until that comes back. */
#include "web/web.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "base/threads.h"
#include "base/tls.h"
#include "web/audit_log.h"
#include "web/connection.h"
#include "web/gate.h"
#include "web/http.h"
#include "web/lanes.h"
#include "web/listen.h"
#include "web/peers.h"
#include "web/self_check.h"
#include "web/set_up.h"
#include "web/stream.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 200, DRAIN_MS = 3000, REQUEST_WITHIN_MS = 10000, ANSWER_WITHIN_MS = 60000, IDLE_FOR_MS = 30000, LINGER_MS = 1000 };
enum { HEARTBEAT_MS = 15000, STREAM_FOR_S = 300 }; /* then the client asks again, with a token that may have been revoked */
enum { OTHER_THREADS = 7 };                        /* than those that query: of the other lanes, the loop, the janitor, ... */
enum { SELF_CHECK_MS = 500 };

typedef enum Phase { PHASE_READING, PHASE_WORKING, PHASE_WRITING, PHASE_STREAMING, PHASE_LINGERING, PHASE_CLOSED } Phase;

typedef struct Client {
    struct Client *prev, *next; /* in the order of the last change of phase */
    int socket;                 /* -1 once it is closed */
    Peer *peer;                 /* whose connection it is */
    TlsStream *tls;             /* over the socket; NULL: none */
    Phase phase;
    int64_t ends_ns;
    uint32_t events, wanted; /* that epoll looks for now, and that the phase waits for */
    Connection *connection;
    Exchange *pending;  /* while PHASE_READING: its content is being read; NULL: none */
    Exchange *exchange; /* while PHASE_WORKING, also after the socket is closed */
    const Route *route; /* of the answer that is sent, for the metrics; NULL: none */
    int status;         /* of that answer; 0: none is sent */
    int64_t started_ns;
    Exchange *streamed; /* what the stream is the answer to; NULL: there is none */
    bool streams;       /* events, until one of both ends it */
    uint64_t seen;      /* number of the last event that it got */
} Client;

struct Web {
    Service service;
    Lanes *lanes;
    Hosts *hosts;
    Peers *peers;
    TlsServer *tls; /* NULL: HTTP without TLS */
    char *url;
    Periodic *janitor; /* follows CURRENT, ends what takes too long */
    Periodic *checks;  /* of how the server is, for its probes */
    pthread_t loop;
    bool loop_runs, access_log;
    int listener, poll, wake;
    atomic_bool ending;
    /* of the event loop: */
    Client list; /* sentinel */
    Client *closed;
    size_t count, limit;
    bool listens;
};

/* ---- clients ---- */

static void unlink_client(Client *c) {
    c->prev->next = c->next;
    c->next->prev = c->prev;
}

static void enter(Web *web, Client *c, Phase phase, int within_ms, uint32_t wanted) {
    unlink_client(c);
    c->phase = phase;
    c->ends_ns = clock_mono_ns() + within_ms * (NSEC_PER_SEC / 1000);
    c->wanted = wanted;
    c->prev = web->list.prev;
    c->next = &web->list;
    c->prev->next = c->next->prev = c;
}

/* Tells epoll, once after several changes. */
static void watch(Web *web, Client *c) {
    struct epoll_event wanted = {.events = c->wanted, .data.ptr = c};
    if (c->socket < 0 || c->events == c->wanted) return;
    if (epoll_ctl(web->poll, EPOLL_CTL_MOD, c->socket, &wanted) != 0) BUG("epoll_ctl");
    c->events = c->wanted;
}

static void close_socket(Client *c) {
    if (c->socket >= 0) close(c->socket);
    c->socket = -1;
}

/* Frees it at the end of the turn: events of this turn may still name it. One whose request is in a lane waits for that. */
static void drop(Web *web, Client *c) {
    close_socket(c);
    if (c->exchange != NULL) {
        int64_t none = 0;
        (void)atomic_compare_exchange_strong(&c->exchange->abandoned_ns, &none, 1);
        return;
    }
    if (c->phase == PHASE_CLOSED) return;
    if (c->streams) stream_leave(web->service.stream);
    c->streams = false;
    peers_leave(web->peers, c->peer);
    unlink_client(c);
    c->phase = PHASE_CLOSED;
    c->next = web->closed;
    web->closed = c;
    metrics_connections(web->service.metrics, --web->count);
}

static void free_client(Client *c) {
    close_socket(c);
    if (c->exchange != NULL) exchange_free(c->exchange);
    if (c->pending != NULL) exchange_free(c->pending);
    if (c->streamed != NULL) exchange_free(c->streamed);
    if (c->tls != NULL) tls_stream_free(c->tls);
    connection_free(c->connection);
    free(c);
}

static void free_closed(Web *web) {
    for (Client *c; (c = web->closed) != NULL;) {
        web->closed = c->next;
        free_client(c);
    }
}

/* `peer`: of that one only; NULL: of any. False: there is none. */
static bool drop_waiting(Web *web, const Peer *peer) {
    for (Client *c = web->list.next; c != &web->list; c = c->next)
        if ((c->phase == PHASE_READING || c->phase == PHASE_LINGERING) && (peer == NULL || c->peer == peer)) {
            drop(web, c);
            return true;
        }
    return false;
}

/* Of the address with the most connections, so that it cannot take those of others. */
static void drop_longest_waiting(Web *web) {
    const Peer *busiest = peers_busiest(web->peers);
    if (busiest == NULL || !drop_waiting(web, busiest)) (void)drop_waiting(web, NULL);
}

static void add_client(Web *web, int socket, const struct sockaddr_storage *from) {
    int yes = 1;
    Client *c = xcalloc(1, sizeof *c);
    c->prev = c->next = c;
    c->socket = socket;
    c->connection = connection_new(web->hosts);
    if (web->tls != NULL) c->tls = tls_stream_accept(web->tls, socket);
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(web->poll, EPOLL_CTL_ADD, socket, &wanted) != 0) {
        free_client(c);
        return;
    }
    c->events = EPOLLIN;
    c->peer = peers_enter(web->peers, from);
    if (++web->count > web->limit - web->limit / 8) drop_longest_waiting(web);
    enter(web, c, PHASE_READING, REQUEST_WITHIN_MS, EPOLLIN);
    metrics_connections(web->service.metrics, web->count);
}

static void set_listening(Web *web, bool listens) {
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &web->listener};
    if (listens == web->listens || epoll_ctl(web->poll, listens ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, web->listener, &wanted) != 0) return;
    web->listens = listens;
}

static void accept_clients(Web *web) {
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    for (int s; (s = accept4(web->listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0 || errno == EINTR ||
                errno == ECONNABORTED;
         len = sizeof from) {
        if (s < 0) continue;
        if (web->count < web->limit)
            add_client(web, s, &from);
        else
            close(s);
    }
    if (errno == EAGAIN) return;
    log_warn("web", "cannot accept a connection: %s", strerror(errno));
    drop_longest_waiting(web);
    set_listening(web, false); /* until the next tick: it would be tried again without end */
}

/* ---- one request ---- */

static void count_answer(Web *web, Client *c) {
    if (c->status != 0)
        metrics_count(web->service.metrics, c->route != NULL ? (int)route_index(c->route) : -1, c->status, clock_mono_ns() - c->started_ns);
    c->status = 0;
}

/* ---- bytes ---- */

/* As recv; with EAGAIN the client waits for what TLS wants. */
static ssize_t receive_bytes(Client *c, char *at, size_t space) {
    if (c->tls == NULL) return recv(c->socket, at, space, 0);
    ssize_t n = tls_stream_read(c->tls, at, space);
    c->wanted = n < 0 ? (uint32_t)tls_stream_wants(c->tls) : EPOLLIN;
    return n;
}

static ssize_t send_bytes(Client *c, struct iovec *parts, size_t n) {
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = n};
    if (c->tls == NULL) return sendmsg(c->socket, &message, MSG_NOSIGNAL);
    ssize_t sent = tls_stream_write(c->tls, parts[0].iov_base, parts[0].iov_len);
    if (sent < 0) c->wanted = (uint32_t)tls_stream_wants(c->tls);
    return sent;
}

/* The client learns that this was the last answer, and what it still sends is read: closing at once would destroy an answer that it has not
 * read yet (RFC 9112 9.6). */
static void linger(Web *web, Client *c) {
    if (c->tls != NULL) tls_stream_end(c->tls);
    shutdown(c->socket, SHUT_WR);
    enter(web, c, PHASE_LINGERING, LINGER_MS, EPOLLIN);
}

static void after_answer(Web *web, Client *c) {
    count_answer(web, c);
    if (c->streams) {
        enter(web, c, PHASE_STREAMING, HEARTBEAT_MS, EPOLLRDHUP);
        return;
    }
    if (connection_has_ended(c->connection)) {
        linger(web, c);
        return;
    }
    enter(web, c, PHASE_READING, connection_has_input(c->connection) ? REQUEST_WITHIN_MS : IDLE_FOR_MS, EPOLLIN);
}

/* False: the rest has to wait, or the client is gone. */
static bool write_answer(Web *web, Client *c) {
    struct iovec parts[2];
    for (int count; (count = connection_output(c->connection, parts)) > 0;) {
        ssize_t n = send_bytes(c, parts, (size_t)count);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return false;
        if (n <= 0) {
            drop(web, c);
            return false;
        }
        connection_sent(c->connection, (size_t)n);
    }
    return true;
}

/* The pattern, not the path: no line has a person in it. */
static void log_access(const Web *web, const Exchange *x) {
    if (!web->access_log) return;
    const Request *req = x->request;
    log_info("access", "%s %s %s: %d, %zu bytes after %.1f ms, request %s", req->who != NULL ? req->who : "-", req->method,
             x->route != NULL ? x->route->pattern : "(none)", x->response.status, x->response.body.len + x->response.fixed_len,
             clock_seconds_since(x->started_ns) * 1000, req->request_id);
}

static void answer(Web *web, Client *c, Exchange *x) {
    log_access(web, x);
    audit_log_answer(web->service.audit_log, x->route, x->request, x->response.status);
    c->route = x->route;
    c->status = x->response.status;
    c->started_ns = x->started_ns;
    c->streams = x->response.streams;
    if (c->streams) c->seen = stream_parse_id(web->service.stream, x->request->last_event_id);
    connection_answer(c->connection, x->request, &x->response, atomic_load(&web->service.draining));
    if (c->streams)
        c->streamed = x;
    else
        exchange_free(x);
    enter(web, c, PHASE_WRITING, ANSWER_WITHIN_MS, EPOLLOUT);
}

static void proceed(Web *web, Client *c, Exchange *x, Matched m) {
    x->route = m.route;
    if (m.needs_content && !connection_want_content(c->connection, CONTENT_MAX)) {
        response_problem(&x->response, 413, x->request, "%s", http_content_too_long);
        answer(web, c, x);
        return;
    }
    if (m.needs_content) {
        c->pending = x;
        enter(web, c, PHASE_READING, REQUEST_WITHIN_MS, EPOLLIN);
        (void)write_answer(web, c); /* 100 Continue, when the client waits for it */
        return;
    }
    c->exchange = x; /* before the lane has it */
    enter(web, c, PHASE_WORKING, ANSWER_WITHIN_MS, EPOLLRDHUP);
    if (m.needs_worker && lanes_push(web->lanes, x)) return;
    c->exchange = NULL;
    answer(web, c, x);
}

static void begin(Web *web, Client *c, Request *request) {
    request->is_secure = c->tls != NULL || (c->peer->is_proxy && request->came_by_https);
    Exchange *x = exchange_new(request, c);
    proceed(web, c, x, service_begin(&web->service, request->method, request, &x->response));
}

/* False: it is not all there. */
static bool take_content(Web *web, Client *c) {
    Exchange *x = c->pending;
    int refused;
    const char *why;
    if (connection_take_content(c->connection, x->request, &refused, &why)) {
        c->pending = NULL;
        proceed(web, c, x, service_content(&web->service, x->route, x->request, &x->response));
    } else if (refused != 0) {
        c->pending = NULL;
        response_problem(&x->response, refused, x->request, "%s", why);
        answer(web, c, x);
    }
    return c->pending == NULL;
}

static void answer_refused(Web *web, Client *c, int status) {
    c->route = NULL;
    c->status = status;
    c->started_ns = clock_mono_ns();
    enter(web, c, PHASE_WRITING, ANSWER_WITHIN_MS, EPOLLOUT);
}

/* False: there is no whole request. */
static bool take_request(Web *web, Client *c) {
    int refused;
    if (c->pending != NULL) return take_content(web, c);
    Request *request = connection_next(c->connection, &refused);
    if (request != NULL)
        begin(web, c, request);
    else if (refused != 0)
        answer_refused(web, c, refused);
    return request != NULL || refused != 0;
}

/* False: there was nothing, or the client is gone. */
static bool receive(Web *web, Client *c) {
    size_t space;
    bool was_idle = !connection_has_input(c->connection);
    char *at = connection_space(c->connection, &space);
    ssize_t n = receive_bytes(c, at, space);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n <= 0) {
        drop(web, c);
        return false;
    }
    connection_received(c->connection, (size_t)n);
    if (was_idle) enter(web, c, PHASE_READING, REQUEST_WITHIN_MS, EPOLLIN);
    return true;
}

/* Answers the requests that are here, as far as can be done without waiting. */
static void go_on(Web *web, Client *c) {
    for (bool moves = true; moves;) {
        if (c->phase == PHASE_READING) {
            moves = take_request(web, c) || (c->tls != NULL && tls_stream_has_bytes(c->tls) && receive(web, c));
        } else if (c->phase == PHASE_WRITING) {
            moves = write_answer(web, c);
            if (moves) after_answer(web, c);
        } else {
            moves = false;
        }
    }
    watch(web, c);
}

static void read_rest(Web *web, Client *c) {
    char unread[4096];
    ssize_t n = recv(c->socket, unread, sizeof unread, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) drop(web, c);
}

static void on_event(Web *web, Client *c, uint32_t events) {
    if (c->socket < 0) return;
    if (events & (EPOLLERR | EPOLLHUP) && c->phase != PHASE_READING) {
        drop(web, c);
    } else if (c->phase == PHASE_READING) {
        if (receive(web, c))
            go_on(web, c);
        else
            watch(web, c);
    } else if (c->phase == PHASE_LINGERING) {
        read_rest(web, c);
    } else if (c->phase == PHASE_WRITING) {
        go_on(web, c);
    } else if (c->phase == PHASE_STREAMING) {
        drop(web, c);
    } else if (c->phase == PHASE_WORKING && events & EPOLLRDHUP) {
        int64_t none = 0;
        (void)atomic_compare_exchange_strong(&c->exchange->abandoned_ns, &none, clock_mono_ns());
        c->wanted = 0;
        watch(web, c);
    }
}

static void take_done(Web *web) {
    for (Exchange *x = lanes_take_done(web->lanes), *next; x != NULL; x = next) {
        next = x->next;
        Client *c = x->client;
        c->exchange = NULL;
        if (c->socket >= 0) {
            answer(web, c, x);
            go_on(web, c);
        } else {
            exchange_free(x);
            drop(web, c);
        }
    }
}

/* ---- the event loop ---- */

static void end_late(Web *web, Client *c) {
    if (c->phase == PHASE_READING && c->pending != NULL) {
        Exchange *x = TAKE(c->pending);
        response_problem(&x->response, 408, x->request, "The content of the request was not complete in time.");
        answer(web, c, x);
        go_on(web, c);
    } else if (c->phase == PHASE_READING && connection_answer_late(c->connection)) {
        answer_refused(web, c, 408);
        go_on(web, c);
    } else {
        drop(web, c);
    }
}

static bool is_still_admitted(const Web *web, const Client *c) {
    return web->service.gate == NULL || gate_admits_still(web->service.gate, c->streamed->request, c->route->scope);
}

/* What has happened since, or a comment now and then, so that both ends know that the other is there. Whose token or session has ended
 * hears nothing more. */
static void feed(Web *web, Client *c, bool is_due) {
    CLEANUP(buf_done) Buf events = {0};
    stream_read(web->service.stream, &c->seen, &events);
    if (events.len == 0 && is_due) buf_add_str(&events, ":\n\n");
    if (clock_seconds_since(c->started_ns) > STREAM_FOR_S || (events.len > 0 && !is_still_admitted(web, c))) {
        linger(web, c);
        watch(web, c);
        return;
    }
    if (events.len == 0) return;
    connection_stream(c->connection, &events);
    enter(web, c, PHASE_WRITING, ANSWER_WITHIN_MS, EPOLLOUT);
    go_on(web, c);
}

static void sweep(Web *web) {
    int64_t now = clock_mono_ns();
    bool ending = atomic_load(&web->ending);
    for (Client *c = web->list.next, *next; c != &web->list; c = next) {
        next = c->next;
        if (c->phase == PHASE_STREAMING && !ending)
            feed(web, c, c->ends_ns < now);
        else if (ending && (c->phase == PHASE_LINGERING || c->phase == PHASE_STREAMING ||
                            (c->phase == PHASE_READING && !connection_has_input(c->connection))))
            drop(web, c);
        else if (c->ends_ns < now)
            end_late(web, c);
    }
    if (!ending) set_listening(web, true);
    if (!ending || web->listener < 0) return;
    close(web->listener);
    web->listener = -1;
}

static void take_events(Web *web) {
    struct epoll_event events[64];
    uint64_t woken;
    int n = epoll_wait(web->poll, events, ARRAY_LEN(events), TICK_MS);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &web->listener)
            accept_clients(web);
        else if (events[i].data.ptr == &web->wake)
            (void)!read(web->wake, &woken, sizeof woken);
        else
            on_event(web, events[i].data.ptr, events[i].events);
    }
}

static void *run_loop(void *arg) {
    Web *web = arg;
    int64_t ends_ns = 0;
    for (;;) {
        take_events(web);
        take_done(web);
        sweep(web);
        free_closed(web);
        if (!atomic_load(&web->ending)) continue;
        if (ends_ns == 0) ends_ns = clock_mono_ns() + DRAIN_MS * (NSEC_PER_SEC / 1000);
        if (web->count == 0 || clock_mono_ns() > ends_ns) return NULL;
    }
}

static void wake_loop(void *arg) {
    Web *web = arg;
    uint64_t one = 1;
    (void)!write(web->wake, &one, sizeof one);
}

/* ---- start and stop ---- */

static void tidy(void *arg) {
    Web *web = arg;
    service_follow(&web->service);
    if (web->tls != NULL) tls_server_follow(web->tls);
    lanes_sweep(web->lanes);
}

static int start_loop(Web *web, Error *err) {
    struct epoll_event woken = {.events = EPOLLIN, .data.ptr = &web->wake};
    web->poll = epoll_create1(EPOLL_CLOEXEC);
    web->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (web->poll < 0 || web->wake < 0 || epoll_ctl(web->poll, EPOLL_CTL_ADD, web->wake, &woken) != 0)
        return error_errno(err, ERR_IO, errno, "cannot start the HTTP server");
    set_listening(web, true);
    if (!web->listens || pthread_create(&web->loop, NULL, run_loop, web) != 0)
        return error_set(err, ERR_IO, "cannot start the HTTP server");
    web->loop_runs = true;
    return 0;
}

static void free_web(Web *web) {
    periodic_stopp(&web->janitor);
    periodic_stopp(&web->checks);
    if (web->lanes != NULL) lanes_stop(web->lanes);
    if (web->loop_runs) {
        atomic_store(&web->ending, true);
        wake_loop(web);
        pthread_join(web->loop, NULL);
    }
    for (Client *c = web->list.next, *next; c != &web->list; c = next) {
        next = c->next;
        free_client(c);
    }
    if (web->lanes != NULL) lanes_free(web->lanes);
    if (web->listener >= 0) close(web->listener);
    if (web->poll >= 0) close(web->poll);
    if (web->wake >= 0) close(web->wake);
    service_clean_up(&web->service);
    hosts_free(web->hosts);
    if (web->tls != NULL) tls_server_free(web->tls);
    peers_free(web->peers);
    free(web->url);
    free(web);
}

static Web *new_web(const WebOptions *options, int listener, char *url, Hosts *hosts, TlsServer *tls, Peers *peers) {
    Web *web = xcalloc(1, sizeof *web);
    web->listener = listener;
    web->poll = web->wake = -1;
    web->url = url;
    web->hosts = hosts;
    web->access_log = options->access_log;
    web->tls = tls;
    web->peers = peers;
    web->list.prev = web->list.next = &web->list;
    web->limit = options_connections(options->max_connections);
    service_set_up(&web->service, options, listener);
    web->lanes = lanes_start(&web->service, options_workers(options), wake_loop, web);
    return web;
}

int web_start(const WebOptions *options, Web **ret, Error *err) {
    int listener;
    CLEANUP(free_text) char *url = NULL;
    CLEANUP(free_text) char *host = NULL;
    CLEANUP(hosts_freep) Hosts *hosts = NULL;
    CLEANUP(tls_server_freep) TlsServer *tls = NULL;
    CLEANUP(peers_freep) Peers *peers = NULL;
    if (options_tls(options, &tls, err) != 0 || peers_new(options->trusted_proxies, &peers, err) != 0 ||
        listen_on(options->listen, tls != NULL, &listener, &url, &host, err) != 0)
        return -1;
    if (threads_check((int)options_workers(options) + OTHER_THREADS, err) != 0 || options_check_open(options, listener, err) != 0 ||
        hosts_new(options->hosts, host, &hosts, err) != 0) {
        close(listener);
        return -1;
    }
    Web *web = new_web(options, listener, TAKE(url), TAKE(hosts), TAKE(tls), TAKE(peers));
    self_check_look(web->service.self_check); /* so that the first probe has an answer */
    if (start_loop(web, err) != 0 || periodic_start(TICK_MS, tidy, web, &web->janitor, err) != 0 ||
        periodic_start(SELF_CHECK_MS, self_check_look, web->service.self_check, &web->checks, err) != 0) {
        free_web(web);
        return -1;
    }
    *ret = web;
    return 0;
}

const char *web_url(const Web *web) {
    return web->url;
}

/* Answers what is open before anything is interrupted: the loop ends when all clients are gone, or it is late. */
void web_stop(Web *web) {
    atomic_store(&web->service.draining, true);
    atomic_store(&web->ending, true);
    wake_loop(web);
    pthread_join(web->loop, NULL);
    web->loop_runs = false;
    free_web(web);
}

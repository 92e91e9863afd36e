/* server.c: HTTP by libmicrohttpd: one event loop, and workers for what takes time.
 *
 *   event loop:  target ─▶ headers checked ─▶ route ─▶ answer (assets, errors, 304)
 *                                               └────▶ suspend ─▶ worker: query, body ─▶ resume ─▶ answer
 *
 * A request whose framing is not clear (framing.h) is refused at its first call, and the connection closed: what follows on it cannot be
 * trusted to be a request.
 *
 * Invariant: an Exchange belongs to the event loop, except between suspend and resume, when it belongs to one worker. */
#include "web/web.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/periodic.h"
#include "web/connections.h"
#include "web/framing.h"
#include "web/listen.h"
#include "web/service.h"
#include "web/work.h"
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MEMORY_PER_CONNECTION = 16 * 1024, /* request line, headers, and what libmicrohttpd needs beside them */
    QUEUE_MAX = 512,
    QUERY_LIMIT_MS = 10000,
    TICK_MS = 200,
    DRAIN_MS = 3000,
    IDLE_TIMEOUT_S = 30,
};

struct Web {
    Service service;
    struct MHD_Daemon *daemon;
    Connections *connections;
    Workers *workers;
    char *url;
    Periodic *janitor; /* follows CURRENT, ends what takes too long */
    pthread_mutex_t lock;
    pthread_cond_t drained;
    size_t open_exchanges; /* under lock */
};

typedef enum Phase { PHASE_NEW, PHASE_BEGUN, PHASE_WORKING, PHASE_ANSWERED } Phase;

typedef struct Exchange {
    Web *web;
    struct MHD_Connection *connection;
    Request *request;
    Response response;
    Matched matched;
    Phase phase;
    bool close; /* the connection ends with this answer */
    int64_t started_ns;
} Exchange;

/* ---- answers ---- */

/* A page that may run its own scripts and styles and talk to its own server, and nothing else. */
static const struct {
    const char *name, *value;
} security_headers[] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

static struct MHD_Response *make_response(Response *r) {
    if (r->fixed != NULL) {
        /* libmicrohttpd takes a pointer to non-const and only reads it. */
        union {
            const void *in;
            void *out;
        } bytes = {.in = r->fixed};
        return MHD_create_response_from_buffer(r->fixed_len, bytes.out, MHD_RESPMEM_PERSISTENT);
    }
    size_t len = r->status == 304 ? 0 : r->body.len;
    return MHD_create_response_from_buffer(len, buf_take(&r->body), MHD_RESPMEM_MUST_FREE);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    if (MHD_add_response_header(response, name, value) != MHD_YES) BUG(name);
}

static void add_headers(struct MHD_Response *response, const Exchange *x) {
    const Response *r = &x->response;
    char number[16];
    for (size_t i = 0; i < ARRAY_LEN(security_headers); i++) add_header(response, security_headers[i].name, security_headers[i].value);
    if (r->content_type != NULL && r->status != 304) add_header(response, "Content-Type", r->content_type);
    add_header(response, "Cache-Control", r->cache_control != NULL ? r->cache_control : "no-store");
    if (r->etag[0] != '\0') add_header(response, "ETag", r->etag);
    if (r->allow != NULL) add_header(response, "Allow", r->allow);
    if (r->retry_after_s > 0) {
        snprintf(number, sizeof number, "%d", r->retry_after_s);
        add_header(response, "Retry-After", number);
    }
    if (x->close || atomic_load(&x->web->service.draining)) add_header(response, "Connection", "close");
}

static enum MHD_Result answer(Exchange *x) {
    struct MHD_Response *response = make_response(&x->response);
    if (response == NULL) return MHD_NO;
    add_headers(response, x);
    enum MHD_Result rc = MHD_queue_response(x->connection, (unsigned)x->response.status, response);
    MHD_destroy_response(response);
    return rc;
}

/* ---- one request ---- */

static enum MHD_Result begin(Exchange *x, const char *method, const char *version) {
    Framing framing = framing_check(x->connection, method, x->request->target, version);
    const char *condition = MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, "If-None-Match");
    if (condition != NULL) x->request->if_none_match = xstrdup(condition);
    x->matched = service_begin(&x->web->service, method, x->request, &x->response);
    if (framing.problem != NULL && x->response.status < 400) {
        x->matched.needs_worker = false;
        response_problem(&x->response, 400, x->request, "%s", framing.problem);
    }
    x->phase = x->matched.needs_worker ? PHASE_BEGUN : PHASE_ANSWERED;
    x->close = framing.has_body || framing.problem != NULL;
    return x->close ? answer(x) : MHD_YES; /* otherwise libmicrohttpd calls again when the request is complete */
}

static enum MHD_Result hand_to_worker(Exchange *x) {
    x->phase = PHASE_WORKING;
    MHD_suspend_connection(x->connection); /* first, because the worker may be done before the next line */
    if (workers_push(x->web->workers, x)) return MHD_YES;
    response_problem(&x->response, 503, x->request, "Too many requests are waiting already.");
    x->response.retry_after_s = 1;
    x->phase = PHASE_ANSWERED;
    MHD_resume_connection(x->connection);
    return MHD_YES;
}

static void run_exchange(void *state, size_t worker, void *job) {
    Web *web = state;
    Exchange *x = job;
    service_finish(&web->service, worker, x->matched.route, x->request, &x->response);
    x->phase = PHASE_ANSWERED;
    MHD_resume_connection(x->connection);
}

static Connection *connection_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state) {
    (void)cls, (void)url, (void)upload;
    Exchange *x = *state;
    if (x->phase == PHASE_NEW) {
        x->connection = connection;
        connections_set_busy(x->web->connections, connection_of(connection));
        return begin(x, method, version);
    }
    if (*upload_size > 0) return MHD_NO; /* a body that was not announced cannot come; end it if it does */
    if (x->phase == PHASE_BEGUN) return hand_to_worker(x);
    return answer(x);
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection) {
    (void)connection;
    Web *web = cls;
    Exchange *x = xcalloc(1, sizeof *x);
    x->web = web;
    x->request = request_new(target);
    x->started_ns = clock_mono_ns();
    pthread_mutex_lock(&web->lock);
    web->open_exchanges++;
    pthread_mutex_unlock(&web->lock);
    return x;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code) {
    (void)code;
    Web *web = cls;
    Exchange *x = *state;
    if (x == NULL) return;
    *state = NULL;
    if (x->phase == PHASE_ANSWERED) {
        int place = x->matched.route != NULL ? (int)(x->matched.route - routes) : -1;
        metrics_count(web->service.metrics, place, x->response.status, clock_mono_ns() - x->started_ns);
    }
    connections_set_idle(web->connections, connection_of(connection));
    request_free(x->request);
    response_done(&x->response);
    free(x);
    pthread_mutex_lock(&web->lock);
    if (--web->open_exchanges == 0) pthread_cond_broadcast(&web->drained);
    pthread_mutex_unlock(&web->lock);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code) {
    Web *web = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = connections_add(web->connections, info->connect_fd);
    } else {
        connections_remove(web->connections, *context);
    }
    metrics_connections(web->service.metrics, connections_count(web->connections));
}

/* Targets are decoded strictly by request_parse; libmicrohttpd shall leave them as they are. */
static size_t keep_escaped(void *cls, struct MHD_Connection *connection, char *s) {
    (void)cls, (void)connection;
    return strlen(s);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *cls, const char *fmt, va_list args) {
    (void)cls;
    CLEANUP(free_text) char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0) return;
    text[strcspn(text, "\n")] = '\0';
    log_debug("web", "libmicrohttpd: %s", text);
}

/* ---- start and stop ---- */

static void tidy(void *arg) {
    Web *web = arg;
    snapshot_pool_follow(web->service.pool);
    query_timeouts_sweep(web->service.timeouts);
    connections_sweep(web->connections);
}

/* The connections asked for, or as many as the limit of open files leaves after those of the lake and the process. */
static size_t allowed_connections(int asked) {
    enum { OTHER_FILES = 128, FEWEST = 16 };
    size_t want = asked > 0 ? (size_t)asked : 1024;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return want;
    if (files.rlim_cur < want + OTHER_FILES) {
        files.rlim_cur = files.rlim_max < want + OTHER_FILES ? files.rlim_max : want + OTHER_FILES;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0) (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= want + OTHER_FILES) return want;
    return files.rlim_cur > OTHER_FILES + FEWEST ? files.rlim_cur - OTHER_FILES : FEWEST;
}

static int start_daemon(Web *web, int socket, size_t limit, Error *err) {
    web->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, web,
                         MHD_OPTION_EXTERNAL_LOGGER, on_log, web, MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_URI_LOG_CALLBACK, on_target, web,
                         MHD_OPTION_NOTIFY_COMPLETED, on_completed, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web,
                         MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, web, MHD_OPTION_END);
    if (web->daemon != NULL) return 0;
    close(socket);
    return error_set(err, ERR_IO, "libmicrohttpd could not start the HTTP server");
}

static size_t worker_count(const WebOptions *options) {
    if (options->workers > 0) return (size_t)options->workers;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 2 ? (size_t)cores * 2 : 4;
}

static void free_web(Web *web) {
    periodic_stopp(&web->janitor);
    query_timeouts_interrupt_all(web->service.timeouts);
    workers_stop(web->workers); /* resumes what was suspended */
    if (web->daemon != NULL) MHD_stop_daemon(web->daemon);
    workers_free(web->workers); /* until here a request may still be pushed, and is refused */
    snapshot_pool_free(web->service.pool);
    query_timeouts_free(web->service.timeouts);
    metrics_free(web->service.metrics);
    connections_free(web->connections);
    pthread_cond_destroy(&web->drained);
    pthread_mutex_destroy(&web->lock);
    free(web->url);
    free(web);
}

int web_start(const WebOptions *options, Web **ret, Error *err) {
    int socket;
    char *url;
    if (listen_on(options->listen, &socket, &url, err) != 0) return -1;
    size_t workers = worker_count(options), limit = allowed_connections(options->max_connections);
    Web *web = xcalloc(1, sizeof *web);
    pthread_mutex_init(&web->lock, NULL);
    clock_cond_init(&web->drained);
    web->url = url;
    web->connections = connections_new(limit);
    web->service = (Service){.status = options->status,
                             .status_arg = options->status_arg,
                             .samples = options->samples,
                             .samples_arg = options->samples_arg,
                             .ready = options->ready,
                             .ready_arg = options->ready_arg,
                             .metrics = metrics_new(route_count(), route_pattern),
                             .timeouts = query_timeouts_new(workers, QUERY_LIMIT_MS)};
    web->service.pool =
        options->live != NULL ? snapshot_pool_open_live(options->live) : snapshot_pool_open(options->snapshots_dir, &options->lake);
    web->workers = workers_start(workers, QUEUE_MAX, run_exchange, web);
    if (start_daemon(web, socket, limit, err) != 0 || periodic_start(TICK_MS, tidy, web, &web->janitor, err) != 0) {
        free_web(web);
        return -1;
    }
    *ret = web;
    return 0;
}

const char *web_url(const Web *web) {
    return web->url;
}

static void wait_for_answers(Web *web) {
    struct timespec deadline = clock_deadline(DRAIN_MS);
    pthread_mutex_lock(&web->lock);
    while (web->open_exchanges > 0 && pthread_cond_timedwait(&web->drained, &web->lock, &deadline) == 0) {
    }
    pthread_mutex_unlock(&web->lock);
}

void web_stop(Web *web) {
    atomic_store(&web->service.draining, true);
    int listener = MHD_quiesce_daemon(web->daemon);
    if (listener >= 0) close(listener);
    wait_for_answers(web);
    free_web(web);
}

/* service.c: routing, and one way for everything that can go wrong.
 *
 * Invariant: when service_begin asked for no worker, or service_finish returned, the response has a status and a complete body. */
#include "web/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/handlers.h"
#include <pthread.h>
#include <string.h>

const Route routes[] = {
    {"/", 0, handle_asset, NULL, "the dashboards"},
    {"/ui/*", 0, handle_asset, NULL, "what the dashboards are made of"},
    {"/api/v1/overview", ROUTE_LAKE | ROUTE_VERSIONED, handle_overview, NULL, "headline numbers, layers, quarantine, hours, model"},
    {"/api/v1/subscribers", ROUTE_LAKE | ROUTE_VERSIONED, handle_subscribers, subscribers_params, "subscribers by risk, in pages"},
    {"/api/v1/subscribers/{id}", ROUTE_LAKE | ROUTE_VERSIONED, handle_subscriber, NULL, "one subscriber: risk, reasons, features"},
    {"/api/v1/runs", ROUTE_LAKE | ROUTE_VERSIONED, handle_runs, runs_params, "the last runs of the pipeline with their steps"},
    {"/api/v1/status", ROUTE_WORKER, handle_status, NULL, "the state of each part, in words"},
    {"/livez", ROUTE_WORKER, handle_livez, NULL, "the process works: a query was answered"},
    {"/readyz", ROUTE_WORKER, handle_readyz, NULL, "there is data to serve"},
    {"/metrics", ROUTE_WORKER, handle_metrics, NULL, "Prometheus metrics"},
    {NULL, 0, NULL, NULL, NULL},
};

/* ---- matching ---------------------------------------------------------------------------------------------------------------------- */

/* Compares segment by segment; `ret_id` gets where the {id} of the path is. */
static bool fits(const char *pattern, const char *path, const char **ret_id, size_t *ret_id_len) {
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        size_t want = strcspn(pattern, "/"), have = strcspn(path, "/");
        if (want == 1 && *pattern == '*') return *path != '\0';
        if (want > 0 && *pattern == '{') {
            if (have == 0) return false;
            *ret_id = path;
            *ret_id_len = have;
        } else if (want != have || memcmp(pattern, path, want) != 0) {
            return false;
        }
        pattern += want, path += have;
    }
    return *pattern == '\0' && *path == '\0';
}

const Route *service_match(Request *req, bool *ret_bad_id) {
    *ret_bad_id = false;
    for (const Route *route = routes; route->pattern != NULL; route++) {
        const char *id = NULL;
        size_t id_len = 0;
        if (!fits(route->pattern, req->path, &id, &id_len)) continue;
        if (id != NULL) req->id = request_decode(id, id_len, false);
        *ret_bad_id = id != NULL && req->id == NULL;
        return route;
    }
    return NULL;
}

/* ---- the event loop's half ----------------------------------------------------------------------------------------------------------- */

static void etag_of(const char *tag, char etag[ETAG_SIZE]) {
    snprintf(etag, ETAG_SIZE, "W/\"%s-" SMELT_VERSION "\"", tag);
}

static bool answered_by_etag(Service *s, const Route *route, const Request *req, Response *resp) {
    char tag[SNAPSHOT_TAG_SIZE], etag[ETAG_SIZE];
    if (!(route->flags & ROUTE_VERSIONED) || req->if_none_match == NULL || !snapshot_pool_tag(s->source, tag)) return false;
    etag_of(tag, etag);
    resp->cache_control = "no-cache";
    return response_not_modified(resp, req, etag);
}

static bool is_read(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* What a handler left undone becomes a problem; the sentence goes to the log, and to the client where it helps. */
static void answer_error(const Request *req, Response *resp, Error *err) {
    if (err->kind == ERR_UNAVAILABLE || err->kind == ERR_BUSY) {
        response_problem(resp, 503, req, "%s", err->text);
        resp->retry_after_s = 5;
    } else if (err->kind == ERR_STOPPED) {
        response_problem(resp, 504, req, "The query took too long and was stopped.");
    } else {
        log_error("web", "%s: %s", req->path, err->text);
        response_problem(resp, 500, req, "The query failed; the server's log says why.");
    }
    error_clear(err);
}

static void run_inline(Service *s, const Route *route, const Request *req, Response *resp) {
    Error err = {0};
    if (route->handle(s, req, NULL, resp, &err) != 0) answer_error(req, resp, &err);
}

Matched service_begin(Service *s, const char *method, Request *req, Response *resp) {
    const char *why = NULL;
    bool bad_id = false;
    int refused = request_parse(req, &why);
    const Route *route = refused == 0 ? service_match(req, &bad_id) : NULL;
    CLEANUP(free_text) char *bad_param = route != NULL ? request_check_params(req, route->params) : NULL;
    if (refused != 0) {
        response_problem(resp, refused, req, "%s", why);
    } else if (route == NULL) {
        response_problem(resp, 404, req, "There is nothing at this address.");
    } else if (!is_read(method)) {
        response_problem(resp, 405, req, "This address answers GET and HEAD.");
        resp->allow = "GET, HEAD";
    } else if (bad_id) {
        response_problem(resp, 400, req, "The last part of the address is not UTF-8 text.");
    } else if (bad_param != NULL) {
        response_problem(resp, 400, req, "%s", bad_param);
    } else if (!answered_by_etag(s, route, req, resp)) {
        if (route->flags & (ROUTE_WORKER | ROUTE_LAKE)) return (Matched){route, true};
        run_inline(s, route, req, resp);
    }
    return (Matched){route, false};
}

/* ---- the worker's half --------------------------------------------------------------------------------------------------------------- */

struct QueryTimeouts {
    size_t count;
    int64_t limit_ns;
    struct QueryTimeoutSlot {
        pthread_mutex_t lock; /* while it is held the connection stays */
        LakeConn *conn;
        int64_t started_ns;
    } slots[];
};

QueryTimeouts *query_timeouts_new(size_t workers, int limit_ms) {
    QueryTimeouts *w = xcalloc(1, sizeof *w + workers * sizeof w->slots[0]);
    w->count = workers;
    w->limit_ns = limit_ms * (NSEC_PER_SEC / 1000);
    for (size_t i = 0; i < workers; i++) pthread_mutex_init(&w->slots[i].lock, NULL);
    return w;
}

void query_timeouts_free(QueryTimeouts *w) {
    for (size_t i = 0; i < w->count; i++) pthread_mutex_destroy(&w->slots[i].lock);
    free(w);
}

static void query_timeouts_set(QueryTimeouts *w, size_t worker, LakeConn *conn) {
    struct QueryTimeoutSlot *slot = &w->slots[worker];
    pthread_mutex_lock(&slot->lock);
    slot->conn = conn;
    slot->started_ns = clock_mono_ns();
    pthread_mutex_unlock(&slot->lock);
}

static void interrupt_since(QueryTimeouts *w, int64_t started_before_ns) {
    for (size_t i = 0; i < w->count; i++) {
        struct QueryTimeoutSlot *slot = &w->slots[i];
        pthread_mutex_lock(&slot->lock);
        if (slot->conn != NULL && slot->started_ns < started_before_ns) lake_interrupt(slot->conn);
        pthread_mutex_unlock(&slot->lock);
    }
}

void query_timeouts_sweep(QueryTimeouts *w) {
    interrupt_since(w, clock_mono_ns() - w->limit_ns);
}

void query_timeouts_interrupt_all(QueryTimeouts *w) {
    interrupt_since(w, INT64_MAX);
}

static int handle_leased(Service *s, const Route *route, const Request *req, const Lease *lease, Response *resp, Error *err) {
    char etag[ETAG_SIZE];
    if (route->flags & ROUTE_VERSIONED) {
        etag_of(lease->tag, etag);
        resp->cache_control = "no-cache";
        if (response_not_modified(resp, req, etag)) return 0;
    }
    return route->handle(s, req, lease, resp, err);
}

static int run_leased(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    Lease lease;
    if (snapshot_pool_lease(s->source, &lease, err) != 0) return -1;
    query_timeouts_set(s->timeouts, worker, lease.conn);
    int rc = handle_leased(s, route, req, &lease, resp, err);
    query_timeouts_set(s->timeouts, worker, NULL);
    snapshot_pool_return(s->source, &lease, rc != 0);
    return rc;
}

/* The live lake changes under us: a contract that gained a column makes an old connection's views invalid, a new one is right again. */
static int run_route(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    if (!(route->flags & ROUTE_LAKE)) return route->handle(s, req, NULL, resp, err);
    int rc = run_leased(s, worker, route, req, resp, err);
    if (rc == 0 || !snapshot_pool_is_live(s->source) || err->kind == ERR_UNAVAILABLE || err->kind == ERR_STOPPED) return rc;
    error_clear(err);
    return run_leased(s, worker, route, req, resp, err);
}

void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp) {
    Error err = {0};
    if (run_route(s, worker, route, req, resp, &err) != 0) answer_error(req, resp, &err);
}

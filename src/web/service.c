/* service.c: runs the handlers, and turns every failure into a problem document.
 *
 * Invariant: when service_begin asked for no worker, or service_finish returned, the response has a status and a complete body. */
#include "web/service.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

/* ---- the event loop's half ---- */

static void etag_of(const char *tag, char etag[ETAG_SIZE]) {
    snprintf(etag, ETAG_SIZE, "W/\"%s-" SMELT_VERSION "\"", tag);
}

static bool answered_by_etag(Service *s, const Route *route, const Request *req, Response *resp) {
    char tag[SNAPSHOT_TAG_SIZE], etag[ETAG_SIZE];
    if (!(route->flags & ROUTE_VERSIONED) || req->if_none_match == NULL || !snapshot_pool_tag(s->pool, tag)) return false;
    etag_of(tag, etag);
    resp->cache_control = "no-cache";
    return response_not_modified(resp, req, etag);
}

static bool is_read(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A handler's error becomes a problem document; its text goes to the log, or to the client when that can do something about it. */
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
    const Route *route = refused == 0 ? route_match(req, &bad_id) : NULL;
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

/* ---- the worker's half ---- */

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
    if (snapshot_pool_lease(s->pool, &lease, err) != 0) return -1;
    query_timeouts_begin(s->timeouts, worker, lease.conn);
    int rc = handle_leased(s, route, req, &lease, resp, err);
    query_timeouts_end(s->timeouts, worker);
    snapshot_pool_return(s->pool, &lease, rc != 0);
    return rc;
}

/* The live lake changes while it is served: a new column of a contract makes the views of an old connection invalid, not those of a new
 * one. */
static int run_route(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    if (!(route->flags & ROUTE_LAKE)) return route->handle(s, req, NULL, resp, err);
    int rc = run_leased(s, worker, route, req, resp, err);
    if (rc == 0 || !snapshot_pool_is_live(s->pool) || err->kind == ERR_UNAVAILABLE || err->kind == ERR_STOPPED) return rc;
    error_clear(err);
    return run_leased(s, worker, route, req, resp, err);
}

void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp) {
    Error err = {0};
    if (run_route(s, worker, route, req, resp, &err) != 0) answer_error(req, resp, &err);
}

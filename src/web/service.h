/* service.h: from a request to a response: the routes table and what answers. Knows nothing of sockets.
 *
 *   service_begin   event loop: finds the route, checks the parameters, answers what needs no query
 *   service_finish  worker: leases a connection, runs the handler
 *
 * Service: any thread. */
#pragma once
#include "web/metrics.h"
#include "web/request.h"
#include "web/response.h"
#include "web/snapshot_pool.h"
#include <jansson.h>
#include <stdatomic.h>

typedef struct QueryTimeouts QueryTimeouts;

typedef struct Service {
    SnapshotPool *source;
    json_t *(*status)(void *arg);
    void *status_arg;
    json_t *(*samples)(void *arg); /* NULL: none */
    void *samples_arg;
    int (*ready)(void *arg, Error *err); /* NULL: always */
    void *ready_arg;
    WebMetrics *metrics;
    QueryTimeouts *timeouts; /* interrupts queries that take too long */
    atomic_bool draining;    /* readyz says no, so that no new work is sent here */
} Service;

/* Answers, or returns -1 with the error set; a response that was begun is then dropped. `lease` is NULL for routes without ROUTE_LAKE. */
typedef int (*Handler)(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err);

enum {
    ROUTE_WORKER = 1,    /* may take a while: runs on a worker */
    ROUTE_LAKE = 2,      /* gets a lease; implies ROUTE_WORKER */
    ROUTE_VERSIONED = 4, /* the answer depends on the generation and the target alone: ETag, and 304 without a query */
};

typedef struct Route {
    const char *pattern; /* "/api/v1/subscribers/{id}"; a last segment "*" takes the rest of the path */
    unsigned flags;
    Handler handle;
    const ParamSpec *params; /* NULL: none */
    const char *help;
} Route;

extern const Route routes[]; /* GET and HEAD; ends with pattern == NULL */

typedef struct Matched {
    const Route *route; /* NULL: none; the request was answered */
    bool needs_worker;
} Matched;

/* Answers at once (needs_worker false) or asks to be called again on a worker. */
Matched service_begin(Service *s, const char *method, Request *req, Response *resp);
void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp);
/* NULL when no pattern fits; sets req->id. `ret_bad_id`: the pattern fits, but its {id} is not clean text. */
const Route *service_match(Request *req, bool *ret_bad_id);

/* ---- queries that take too long ---- */
QueryTimeouts *query_timeouts_new(size_t workers, int limit_ms) MUST_CHECK;
void query_timeouts_free(QueryTimeouts *w);
/* Interrupts what is over its time. To be called a few times a second. */
void query_timeouts_sweep(QueryTimeouts *w);
/* Interrupts everything, for the end of the process. */
void query_timeouts_interrupt_all(QueryTimeouts *w);

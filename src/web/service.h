/* service.h: from a request to a response. Knows nothing of sockets.
 *
 *   service_begin   event loop: finds the route, checks the parameters, answers what needs no query
 *   service_finish  worker: leases a connection, runs the handler */
#pragma once
#include "web/routes.h"

typedef struct Matched {
    const Route *route; /* NULL: none; the request was answered */
    bool needs_worker;
} Matched;

/* Answers at once (needs_worker false) or asks to be called again on a worker. */
Matched service_begin(Service *s, const char *method, Request *req, Response *resp);
void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp);

/* service.h: from a request to a response. Knows nothing of sockets.
 *
 *   service_begin   event loop: finds the route, checks the parameters, answers what needs no query
 *   service_content event loop: the same, once the content of the request is there
 *   service_finish  worker: leases a connection, runs the handler */
#pragma once
#include "web/routes.h"

typedef struct Matched {
    const Route *route; /* NULL: none; the request was answered */
    bool needs_worker, needs_content;
} Matched;
enum { CONTENT_MAX = 512 * 1024 }; /* bytes of content that a request may have */

/* Answers at once, or asks to be called again: on a worker, or with the content. */
Matched service_begin(Service *s, const char *method, Request *req, Response *resp);
Matched service_content(Service *s, const Route *route, const Request *req, Response *resp);
void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp);

/* routes.h: the table of addresses: who answers, and what is to be done before. Read-only; any thread. */
#pragma once
#include "web/handlers.h"

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
size_t route_count(void);
const char *route_pattern(size_t i);
/* NULL when no pattern fits; sets req->id. `ret_bad_id`: the pattern fits, but its {id} is not clean text. */
const Route *route_match(Request *req, bool *ret_bad_id);

/* routes.h: the table of addresses: who answers, and what is to be done before. Read-only; any thread. */
#pragma once
#include "web/handlers.h"
#include "web/scopes.h"

enum {
    ROUTE_WORKER = 1,    /* may take a while: runs on a worker */
    ROUTE_LAKE = 2,      /* gets a lease; implies ROUTE_WORKER */
    ROUTE_VERSIONED = 4, /* the answer depends on the generation and the target alone: ETag, and 304 */
    ROUTE_EXISTS = 8,    /* always answers 200, unless there is a cursor: 304 needs no query */
    ROUTE_PROBE = 16,    /* which lane: see lanes.h; none of them: a query */
    ROUTE_MONITORING = 32,
    ROUTE_LIST = 64, /* as ROUTE_EXISTS, when what is served has such a list */
};

typedef struct Route {
    const char *pattern; /* "/api/v1/{entities}/{id}"; a last segment "*" takes the rest of the path */
    unsigned flags;
    Handler handle;
    const ParamSpec *params; /* NULL: none */
    const char *type;        /* media type of the answer, "application/json"; NULL: by the path */
    const char *help;
    Scope scope;       /* what a token needs; SCOPE_ADMIN unless it says otherwise */
    const char *allow; /* its methods, "GET, HEAD, POST, OPTIONS"; NULL: ROUTES_ALLOW */
} Route;

#define ROUTES_ALLOW "GET, HEAD, OPTIONS"
extern const Route routes[]; /* ends with pattern == NULL */
size_t route_count(void);
const char *route_pattern(size_t i);
/* NULL when no pattern fits; sets req->entity and req->id. */
const Route *route_match(Request *req);

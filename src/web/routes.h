/* routes.h: the table of addresses. A row has the handler, what is checked before it is called, and what it answers; routing, OpenAPI,
 * metrics and the tests of scopes are made from it. Read-only; any thread. */
#pragma once
#include "web/handlers.h"
#include "web/scopes.h"

enum {
    ROUTE_WORKER = 1,          /* may take a while: runs on a worker */
    ROUTE_LAKE = 2,            /* gets a lease; implies ROUTE_WORKER */
    ROUTE_VERSIONED = 4,       /* the answer depends on the generation and the target alone: ETag, and 304 */
    ROUTE_EXISTS = 8,          /* always answers 200, unless there is a cursor: 304 needs no query */
    ROUTE_SQL = 64,            /* the lease is of Service.sql; with ROUTE_LAKE */
    ROUTE_RANGES = 32,         /* answers 206 and 416 too */
    ROUTE_KEPT = 128,          /* few targets, asked often: the answer is kept (bodies.h); with ROUTE_VERSIONED */
    ROUTE_ROW = 256,           /* one row: live, the answer is kept as long as nothing is committed; with ROUTE_VERSIONED */
    ROUTE_WRITES = 512,        /* changes the lake (writes.c): Idempotency-Key, 202 and 409 */
    ROUTE_BARE = 1024,         /* may come without its content */
    ROUTE_CREATES = 2048,      /* answers 201 instead of 200 */
    ROUTE_READS = 4096,        /* changes nothing, though it is a POST */
    ROUTE_PAST = 8192,         /* has the parameter as_of: an earlier generation answers (past.h); with ROUTE_LAKE */
    ROUTE_UNAVAILABLE = 16384, /* answers 503 although it needs no worker */
    ROUTE_LIST = 16,           /* as ROUTE_EXISTS, when what is served has such a list */
};

/* How expensive an answer is: which workers it waits for (lanes.h). */
typedef enum Cost { COST_QUERY, COST_MONITORING, COST_SQL } Cost;

struct Route {
    const char *method;  /* "GET", which answers HEAD too, "POST", "DELETE" */
    const char *pattern; /* "/api/v1/{entities}/{id}"; a last segment "*" takes the rest of the path */
    Handler handle;
    unsigned flags;
    Cost cost;
    Scope scope;             /* what a token needs; SCOPE_ADMIN unless it says otherwise */
    const ParamSpec *params; /* of the query; NULL: none */
    const char *types;       /* media types of the answer, with blanks between them, the one for any client first; NULL: application/json */
    const char *schema;      /* of the answer in JSON: the name of a file in src/web/schemas; NULL: none is described */
    const char *content;     /* of the content that it takes, in the same way; NULL: it takes none */
    const char *help;        /* one sentence without a dot */
    AtOnce at_once;          /* the answer from the rows in memory; NULL: there is no such way */
    bool waits_for_worker;   /* that takes some milliseconds: not on the event loop */
};

#define TYPES_BY_PATH ""     /* of a file: by its ending */
extern const Route routes[]; /* ends with pattern == NULL */
size_t route_count(void);
const char *route_pattern(size_t i);
/* The first row with the same pattern: what metrics count by. */
size_t route_index(const Route *route);

/* What a path means. `route` is NULL when nothing is there; with `found` false the address has other methods, and route is one of them. */
typedef struct RouteMatch {
    const Route *route;
    bool found;
    const char *allow; /* its methods: "GET, HEAD, OPTIONS"; static */
} RouteMatch;

#define ROUTES_ALLOW "GET, HEAD, OPTIONS"
/* Sets req->entity and req->id of the row that was found. */
RouteMatch route_match(const char *method, Request *req);

/* at_once.c: see at_once.h.
 *
 * Invariant: the answer has the bytes that the handler of the route would have given on the same generation. */
#include "web/at_once.h"

#include "web/bodies.h"
#include "web/cursor.h"
#include <string.h>

void versioned_etag(const char *tag, const Request *req, char etag[ETAG_SIZE]) {
    const char *slash = strchr(req->type, '/'), *type = slash != NULL && strcmp(slash, "/json") != 0 ? slash + 1 : "";
    snprintf(etag, ETAG_SIZE, "W/\"%s-" SMELT_VERSION "%s%s%.12s\"", tag, req->is_operator ? "" : "-r", type[0] != '\0' ? "-" : "", type);
}

bool is_versioned(const Route *route, const Request *req) {
    return (route->flags & ROUTE_VERSIONED) && request_param(req, "noted") == NULL;
}

uint64_t scope_of(const Request *req) {
    const char *text = request_param(req, "cursor");
    Cursor cursor;
    return text != NULL && cursor_parse(text, &cursor) ? cursor.scope : 0;
}

/* One row of the live lake is answered again as long as nothing is committed: whoever waits for it asks many times. */
static bool has_state(const Route *route, const Lease *lease) {
    return (route->flags & ROUTE_ROW) && lease->state != 0;
}

static bool find_kept(const Route *route, const Request *req, bool on_worker, const Lease *lease, Response *resp) {
    if (has_state(route, lease)) return bodies_get(lease->rows, req, lease->state, 0, false, resp);
    return (route->flags & ROUTE_KEPT) && bodies_get(lease->bodies, req, 0, lease->view_ns, on_worker, resp);
}

/* What was answered before. */
static bool repeat(const Route *route, const Request *req, bool on_worker, const Lease *lease, Response *resp) {
    char etag[ETAG_SIZE];
    if (!find_kept(route, req, on_worker, lease, resp)) return false;
    if (resp->status != 200) return true;
    memcpy(etag, resp->etag, sizeof etag);
    if (response_by_condition(resp, req, etag)) {
        resp->coding = NULL;
        resp->varies = false;
    }
    resp->cache_control = LAKE_CACHING;
    return true;
}

/* What its rows in memory say. */
static bool read_rows(Service *s, const Route *route, const Request *req, bool on_worker, const Lease *lease, Response *resp) {
    if (route->at_once == NULL || (lease->store == NULL && lease->live == NULL)) return false;
    if (!on_worker && (route->waits_for_worker || response_coding(req) != NULL)) return false;
    if (!route->at_once(s, req, lease, resp)) return false;
    if (lease->live == NULL) keep_answer(route, req, lease, resp);
    response_encode(resp, req);
    return true;
}

static bool is_past(const Route *route, const Request *req) {
    return (route->flags & ROUTE_PAST) && request_param(req, "as_of") != NULL;
}

bool will_be_kept(const Route *route, const Request *req) {
    return (route->flags & ROUTE_KEPT) && is_versioned(route, req) && !is_past(route, req);
}

bool answer_at_once(Service *s, const Route *route, const Request *req, bool on_worker, Response *resp) {
    Lease lease;
    if (!is_versioned(route, req) || is_past(route, req) || !snapshot_pool_peek(s->pool, scope_of(req), on_worker, &lease)) return false;
    bool answered = repeat(route, req, on_worker, &lease, resp) || read_rows(s, route, req, on_worker, &lease, resp);
    snapshot_pool_return(s->pool, &lease, false);
    return answered;
}

void keep_answer(const Route *route, const Request *req, const Lease *lease, Response *resp) {
    if (resp->file > 0 || !is_versioned(route, req)) return;
    bool row = has_state(route, lease) && (resp->status == 200 || resp->status == 404);
    if (!row && (!(route->flags & ROUTE_KEPT) || resp->status != 200)) return;
    response_encode(resp, req);
    if (row)
        bodies_put(lease->rows, req, lease->state, resp);
    else
        bodies_put(lease->bodies, req, 0, resp);
}

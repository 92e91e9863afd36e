/* service.c: runs the handlers, and turns every failure into a problem document.
 *
 * Invariant: when service_begin asked for no worker, or service_finish returned, the response has a status and a complete body. */
#include "web/service.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/at_once.h"
#include "web/bodies.h"
#include "web/negotiate.h"
#include "web/past.h"
#include "web/single_flight.h"
#include <inttypes.h>
#include <string.h>

enum { TOGETHER_MS = 2000 }; /* the longest wait for the answer that another worker is making */

/* ---- the event loop's half ---- */

/* Only where it is certain that without the condition the answer is 200 (RFC 9110 13.2.1). */
static bool answered_by_etag(Service *s, const Route *route, const Request *req, Response *resp) {
    char tag[SNAPSHOT_TAG_SIZE], etag[ETAG_SIZE];
    bool exists = (route->flags & ROUTE_EXISTS) && request_param(req, "cursor") == NULL;
    if (!exists || (req->if_none_match == NULL && req->if_match == NULL) || !snapshot_pool_tag(s->pool, tag)) return false;
    versioned_etag(tag, req, etag);
    resp->cache_control = LAKE_CACHING;
    return response_by_condition(resp, req, etag);
}

static bool is_read(const char *method) {
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A handler's error becomes a problem document; its text goes to the log, or to the client when that can do something about it. */
static void answer_error(const Route *route, const Request *req, Response *resp, Error *err) {
    if (err->kind == ERR_UNAVAILABLE || err->kind == ERR_BUSY) {
        response_problem(resp, 503, req, "%s", response_detail(req, err->text));
        resp->retry_after_s = 5;
    } else if (err->kind == ERR_STOPPED) {
        response_problem(resp, 504, req, "The query took too long and was stopped.");
    } else {
        log_error("web", "%s: %s", route->pattern, err->text); /* not the path: it may name a person */
        response_problem(resp, 500, req, "The query failed; the server's log says why.");
    }
    error_clear(err);
}

static void run_inline(Service *s, const Route *route, const Request *req, Response *resp) {
    Error err = {0};
    if (route->handle(s, req, NULL, resp, &err) != 0) answer_error(route, req, resp, &err);
}

static void answer_options(const char *allow, Response *resp) {
    resp->status = 204;
    resp->allow = allow;
}

static bool refuse_method(const RouteMatch *match, const char *method, const Request *req, Response *resp) {
    if (strcmp(method, "OPTIONS") == 0) {
        answer_options(match->allow, resp);
    } else if (!match->found) {
        response_problem(resp, 405, req, "This address answers %s.", match->allow);
        resp->allow = match->allow;
    }
    return resp->status != 0;
}

static void refuse_lacking(Scope scope, const Request *req, Response *resp) {
    CLEANUP(free_text) char *has = scopes_text(req->scopes);
    response_problem(resp, 403, req, "This needs a token with the scope %s; '%s' has %s.", scope_name(scope), req->who, has);
    snprintf(resp->challenge, sizeof resp->challenge, "Bearer realm=\"smelt\", error=\"insufficient_scope\", scope=\"%s\"",
             scope_name(scope));
}

static void refuse_unknown(bool came, const Request *req, Response *resp) {
    response_problem(resp, 401, req, "%s",
                     came ? "The token is not one of this server, or has expired or was revoked."
                          : "This needs a token, as Authorization: Bearer TOKEN; `smelt token create` makes one.");
    snprintf(resp->challenge, sizeof resp->challenge, "Bearer realm=\"smelt\"%s", came ? ", error=\"invalid_token\"" : "");
}

/* A browser sends a cookie along with what a page of a stranger asks for, but never a field that only scripts of our own page can set: a
 * token in Authorization is one as well. */
static bool refuse_stranger(Service *s, const Route *route, const char *method, Request *req, Response *resp) {
    if (!is_read(method) && !req->is_deliberate && !gate_has_bearer(req)) {
        response_problem(resp, 403, req, "%s without a token in Authorization needs the field Smelt-Request, with any value.", method);
        return true;
    }
    if (s->gate == NULL) {
        req->is_operator = true;
        return false;
    }
    switch (gate_admit(s->gate, req, route->scope)) {
    case ADMITTED: break;
    case ADMISSION_NEEDS_TOKEN: refuse_unknown(false, req, resp); break;
    case ADMISSION_UNKNOWN: refuse_unknown(true, req, resp); break;
    case ADMISSION_TOO_MANY:
        response_problem(resp, 429, req, "The token '%s' has asked too often in this second (http.token_rate).", req->who);
        resp->retry_after_s = 1;
        break;
    case ADMISSION_LACKS_SCOPE: refuse_lacking(route->scope, req, resp); break;
    }
    return resp->status != 0;
}

static bool is_json(const char *type) {
    static const char json[] = "application/json";
    size_t n = sizeof json - 1;
    return type != NULL && strncasecmp(type, json, n) == 0 && (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static bool refuse_content(const Route *route, const Request *req, Response *resp) {
    if (route->content == NULL && req->has_content)
        response_problem(resp, req->content_is_typed ? 415 : 400, req, "This address takes no content.");
    else if (route->content != NULL && !req->has_content && !(route->flags & ROUTE_BARE))
        response_problem(resp, 400, req, "This address needs content, as application/json.");
    else if (route->content != NULL && req->has_content && (req->content_is_coded || !is_json(req->content_type)))
        response_problem(resp, 415, req, "This address takes application/json, without a Content-Encoding.");
    return resp->status != 0;
}

/* Chooses what the client gets of the types that there are. */
static bool refuse_type(const Route *route, Request *req, Response *resp) {
    const char *types = route->types != NULL ? route->types : "application/json";
    if (types[0] == '\0') types = asset_type(req->path);
    req->has_types = types != NULL && strchr(types, ' ') != NULL && strchr(types, ';') == NULL; /* one with parameters is one */
    if (types == NULL || negotiate_type(req->accept, types, req->type)) return false;
    CLEANUP(buf_done) Buf list = {0};
    for (const char *at = types; *at != '\0' && *at != ';'; at++) buf_addf(&list, *at == ' ' ? " or " : "%c", *at);
    response_problem(resp, 406, req, "This address answers with %s.", list.data);
    return true;
}

static bool refuse_params(const Route *route, const Request *req, Response *resp) {
    json_t *faults = request_check_params(req, route->params);
    if (faults != NULL)
        response_bad_params(resp, req, faults);
    else if (req->id == NULL && strstr(route->pattern, "{id}") != NULL)
        response_problem(resp, 400, req, "The last part of the address is not UTF-8 text.");
    return resp->status != 0;
}

/* A slash at the end is what people type. */
static void answer_nothing_here(const Request *req, Response *resp) {
    size_t n = strlen(req->path);
    bool has_slash = n > 1 && req->path[n - 1] == '/';
    response_problem(resp, 404, req,
                     has_slash ? "There is nothing at this address: none has a slash at its end." : "There is nothing at this address.");
}

/* Without a route there is nothing at this address; the answer says so. */
static RouteMatch find_route(const char *method, Request *req, Response *resp) {
    const char *why = NULL;
    int refused = request_parse(req, &why);
    RouteMatch match = {0};
    if (refused == 0) match = route_match(method, req);
    if (refused != 0)
        response_problem(resp, refused, req, "%s", why);
    else if (req->path_has_controls && (match.route == NULL || strstr(match.route->pattern, "{id}") == NULL))
        response_problem(resp, 400, req, "The path has an escaped control character.");
    else if (match.route == NULL)
        answer_nothing_here(req, resp);
    if (resp->status != 0) match.route = NULL;
    return match;
}

/* Probes, metrics and the status do not count. */
static void note_question(const Service *s, const Route *route) {
    bool is_question = route->cost == COST_QUERY && strncmp(route->pattern, "/api/", strlen("/api/")) == 0;
    if (is_question && s->asked != NULL) s->asked(s->asked_arg);
}

/* Where clients find what this API can do (RFC 8631). */
static void link_description(const Route *route, Response *resp) {
    if (strncmp(route->pattern, "/api/", strlen("/api/")) == 0) resp->link = "</openapi.json>; rel=\"service-desc\"";
}

Matched service_content(Service *s, const Route *route, const Request *req, Response *resp) {
    if (route->flags & (ROUTE_WORKER | ROUTE_LAKE)) return (Matched){.route = route, .needs_worker = true};
    run_inline(s, route, req, resp);
    return (Matched){.route = route};
}

Matched service_begin(Service *s, const char *method, Request *req, Response *resp) {
    if (strcmp(method, "OPTIONS") == 0 && strcmp(req->target, "*") == 0) {
        answer_options(ROUTES_ALLOW, resp);
        return (Matched){.route = NULL};
    }
    RouteMatch match = find_route(method, req, resp);
    const Route *route = match.route;
    if (route != NULL) link_description(route, resp);
    if (route == NULL || refuse_method(&match, method, req, resp) || refuse_stranger(s, route, method, req, resp) ||
        refuse_content(route, req, resp) || refuse_params(route, req, resp) || refuse_type(route, req, resp))
        return (Matched){.route = route};
    note_question(s, route);
    if (answered_by_etag(s, route, req, resp)) return (Matched){.route = route};
    if (route->flags & ROUTE_SQL && s->sql == NULL) {
        response_problem(resp, 404, req, "This server answers no SQL: http.query is off.");
        return (Matched){.route = route};
    }
    if (route->content != NULL && (req->has_content || !(route->flags & ROUTE_BARE)))
        return (Matched){.route = route, .needs_content = true};
    if (answer_at_once(s, route, req, false, resp)) return (Matched){.route = route};
    return service_content(s, route, req, resp);
}

/* ---- the worker's half ---- */

/* A condition is judged before a query where the answer would be 200 for certain, and else behind it. */
static int handle_leased(Service *s, const Route *route, const Request *req, const Lease *lease, Response *resp, Error *err) {
    char etag[ETAG_SIZE];
    if (!is_versioned(route, req)) return route->handle(s, req, lease, resp, err);
    versioned_etag(lease->tag, req, etag);
    bool exists = (route->flags & ROUTE_EXISTS) || ((route->flags & ROUTE_LIST) && is_entity_list(req, lease));
    exists = exists && request_param(req, "cursor") == NULL;
    if (!exists || !response_by_condition(resp, req, etag)) {
        if (route->handle(s, req, lease, resp, err) != 0) return -1;
        if (resp->status != 200) return 0;
        (void)response_by_condition(resp, req, etag);
    }
    resp->cache_control = LAKE_CACHING;
    return 0;
}

static int run_leased(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    Lease lease;
    SnapshotPool *pool = route->flags & ROUTE_SQL ? s->sql : s->pool;
    if (snapshot_pool_lease(pool, scope_of(req), &lease, err) != 0) return -1;
    query_timeouts_begin(s->timeouts, worker, lease.conn);
    int rc = handle_leased(s, route, req, &lease, resp, err);
    query_timeouts_end(s->timeouts, worker);
    if (rc == 0) keep_answer(route, req, &lease, resp);
    snapshot_pool_return(pool, &lease, rc != 0);
    return rc;
}

static void refuse_past(Service *s, const Request *req, int64_t generation, Response *resp) {
    CLEANUP(json_freep) json_t *kept = past_kept(s->past);
    CLEANUP(buf_done) Buf numbers = {0};
    size_t i;
    json_t *number;
    json_array_foreach(kept, i, number) buf_addf(&numbers, "%s%" JSON_INTEGER_FORMAT, i > 0 ? ", " : "", json_integer_value(number));
    bool was = generation < json_integer_value(json_array_get(kept, 0));
    response_problem(resp, was ? 410 : 404, req, "The generation %" PRId64 " is %s; kept are: %s.", generation,
                     was ? "not kept any more" : "not there", numbers.len > 0 ? numbers.data : "none");
}

/* As it was in an earlier generation. */
static int run_past(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    int64_t generation = request_int(req, route->params, "as_of");
    PastLease past;
    if (s->past == NULL) return error_set(err, ERR_UNAVAILABLE, "this server has no snapshots");
    if (past_lease(s->past, generation, &past, err) != 0) {
        if (err->kind != ERR_UNAVAILABLE) return -1;
        error_clear(err);
        refuse_past(s, req, generation, resp);
        return 0;
    }
    query_timeouts_begin(s->timeouts, worker, past.lease.conn);
    int rc = handle_leased(s, route, req, &past.lease, resp, err);
    query_timeouts_end(s->timeouts, worker);
    past_return(s->past, &past, rc != 0);
    return rc;
}

/* The live lake changes while it is served: a new column of a contract makes the views of an old connection invalid, not those of a new
 * one. */
static int run_route(Service *s, size_t worker, const Route *route, const Request *req, Response *resp, Error *err) {
    if (!(route->flags & ROUTE_LAKE)) return route->handle(s, req, NULL, resp, err);
    if ((route->flags & ROUTE_PAST) && request_param(req, "as_of") != NULL) return run_past(s, worker, route, req, resp, err);
    int rc = run_leased(s, worker, route, req, resp, err);
    if (rc == 0 || route->flags & ROUTE_SQL || !snapshot_pool_is_live(s->pool) || err->kind == ERR_UNAVAILABLE || err->kind == ERR_STOPPED)
        return rc;
    error_clear(err);
    return run_leased(s, worker, route, req, resp, err);
}

static void run_and_encode(Service *s, size_t worker, const Route *route, const Request *req, Response *resp) {
    Error err = {0};
    if (run_route(s, worker, route, req, resp, &err) != 0) answer_error(route, req, resp, &err);
    response_encode(resp, req);
}

/* What many ask at the same time, as dashboards after a publication do, is made once. */
static void answer_together(Service *s, size_t worker, const Route *route, const Request *req, Response *resp) {
    CLEANUP(free_text) char *key = bodies_key(req);
    bool makes = single_flight_begin(s->flights, key, TOGETHER_MS);
    if (makes || !answer_at_once(s, route, req, true, resp)) run_and_encode(s, worker, route, req, resp);
    if (makes) single_flight_end(s->flights, key);
}

void service_finish(Service *s, size_t worker, const Route *route, const Request *req, Response *resp) {
    if (answer_at_once(s, route, req, true, resp)) return;
    if (s->flights != NULL && will_be_kept(route, req))
        answer_together(s, worker, route, req, resp);
    else
        run_and_encode(s, worker, route, req, resp);
}

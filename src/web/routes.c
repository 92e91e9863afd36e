/* routes.c: every address that this server answers, and which one a path means. */
#include "web/routes.h"

#include "web/handlers.h"
#include <string.h>

#define JSON "application/json"
#define LAKE (ROUTE_LAKE | ROUTE_VERSIONED)

const Route routes[] = {
    {"/", 0, handle_asset, NULL, NULL, "the dashboards", SCOPE_OPEN, NULL},
    {"/ui/*", 0, handle_asset, NULL, NULL, "what the dashboards are made of", SCOPE_OPEN, NULL},
    {"/api/v1/overview", LAKE | ROUTE_EXISTS, handle_overview, NULL, JSON, "headline numbers, layers, quarantine, hours, model",
     SCOPE_AGGREGATE, NULL},
    {"/api/v1/subscribers", LAKE | ROUTE_EXISTS, handle_subscribers, subscribers_params, JSON, "subscribers by risk, in pages",
     SCOPE_ENTITIES, NULL},
    {"/api/v1/subscribers/{id}", LAKE, handle_subscriber, NULL, JSON, "one subscriber: risk, reasons, features", SCOPE_ENTITIES, NULL},
    {"/api/v1/subscriber", LAKE, handle_subscriber, subscriber_params, JSON,
     "the same by ?id=, for ids that clients take for a path: . and ..", SCOPE_ENTITIES, NULL},
    {"/api/v1/runs", LAKE | ROUTE_EXISTS, handle_runs, runs_params, JSON, "the last runs of the pipeline with their steps", SCOPE_STATUS,
     NULL},
    {"/api/v1/status", ROUTE_WORKER | ROUTE_MONITORING, handle_status, NULL, JSON, "the state of each part, in words", SCOPE_STATUS, NULL},
    {"/api/v1/session", 0, handle_session, NULL, JSON, "who is signed in; POST exchanges a token for a cookie, DELETE ends that", SCOPE_ANY,
     "GET, HEAD, POST, DELETE, OPTIONS"},
    {"/livez", ROUTE_WORKER | ROUTE_PROBE, handle_livez, NULL, JSON, "the process works: a query was answered", SCOPE_OPEN, NULL},
    {"/readyz", ROUTE_WORKER | ROUTE_PROBE, handle_readyz, NULL, JSON, "there is data to serve", SCOPE_OPEN, NULL},
    {"/metrics", ROUTE_WORKER | ROUTE_MONITORING, handle_metrics, NULL, "text/plain", "Prometheus metrics", SCOPE_AGGREGATE, NULL},
    {NULL, 0, NULL, NULL, NULL, NULL, SCOPE_ADMIN, NULL},
};

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

const Route *route_match(Request *req) {
    for (const Route *route = routes; route->pattern != NULL; route++) {
        const char *id = NULL;
        size_t id_len = 0;
        if (!fits(route->pattern, req->path, &id, &id_len)) continue;
        if (id != NULL) req->id = request_decode_id(id, id_len, &req->id_len);
        return route;
    }
    return NULL;
}

size_t route_count(void) {
    return ARRAY_LEN(routes) - 1;
}

const char *route_pattern(size_t i) {
    return routes[i].pattern;
}

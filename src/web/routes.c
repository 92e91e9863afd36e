/* routes.c: every address that this server answers, and which one a path means. */
#include "web/routes.h"

#include "web/handlers.h"
#include <string.h>

const Route routes[] = {
    {"/", 0, handle_asset, NULL, "the dashboards"},
    {"/ui/*", 0, handle_asset, NULL, "what the dashboards are made of"},
    {"/api/v1/overview", ROUTE_LAKE | ROUTE_VERSIONED, handle_overview, NULL, "headline numbers, layers, quarantine, hours, model"},
    {"/api/v1/subscribers", ROUTE_LAKE | ROUTE_VERSIONED, handle_subscribers, subscribers_params, "subscribers by risk, in pages"},
    {"/api/v1/subscribers/{id}", ROUTE_LAKE | ROUTE_VERSIONED, handle_subscriber, NULL, "one subscriber: risk, reasons, features"},
    {"/api/v1/runs", ROUTE_LAKE | ROUTE_VERSIONED, handle_runs, runs_params, "the last runs of the pipeline with their steps"},
    {"/api/v1/status", ROUTE_WORKER, handle_status, NULL, "the state of each part, in words"},
    {"/livez", ROUTE_WORKER, handle_livez, NULL, "the process works: a query was answered"},
    {"/readyz", ROUTE_WORKER, handle_readyz, NULL, "there is data to serve"},
    {"/metrics", ROUTE_WORKER, handle_metrics, NULL, "Prometheus metrics"},
    {NULL, 0, NULL, NULL, NULL},
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

const Route *route_match(Request *req, bool *ret_bad_id) {
    *ret_bad_id = false;
    for (const Route *route = routes; route->pattern != NULL; route++) {
        const char *id = NULL;
        size_t id_len = 0;
        if (!fits(route->pattern, req->path, &id, &id_len)) continue;
        if (id != NULL) req->id = request_decode(id, id_len, false);
        *ret_bad_id = id != NULL && req->id == NULL;
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

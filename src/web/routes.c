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
    {"/api/v1/pipeline", LAKE | ROUTE_EXISTS, handle_pipeline, NULL, JSON,
     "what is served: entities, their columns, and what people call them", SCOPE_AGGREGATE, NULL},
    {"/api/v1/history", ROUTE_LAKE, handle_history, history_params, JSON, "the numbers of each generation over time, and what changed",
     SCOPE_AGGREGATE, NULL},
    {"/api/v1/changes", ROUTE_LAKE, handle_changes, changes_params, JSON, "who came into a risk band since a generation, and who left it",
     SCOPE_ENTITIES, NULL},
    {"/api/v1/runs", LAKE | ROUTE_EXISTS, handle_runs, runs_params, JSON, "the last runs of the pipeline with their steps", SCOPE_STATUS,
     NULL},
    {"/api/v1/status", ROUTE_WORKER | ROUTE_MONITORING, handle_status, NULL, JSON, "the state of each part, in words", SCOPE_STATUS, NULL},
    {"/api/v1/session", 0, handle_session, NULL, JSON, "who is signed in; POST exchanges a token for a cookie, DELETE ends that", SCOPE_ANY,
     "GET, HEAD, POST, DELETE, OPTIONS"},
    {"/api/v1/{entities}", LAKE | ROUTE_LIST, handle_entities, entities_params, JSON,
     "the rows of an entity, those with a risk by risk, in pages; by its name and ?id= one of them, for ids that clients take for a path",
     SCOPE_ENTITIES, NULL},
    {"/api/v1/{entities}/{id}", LAKE, handle_entity, NULL, JSON, "one row: features, and risk with reasons", SCOPE_ENTITIES, NULL},
    {"/livez", ROUTE_WORKER | ROUTE_PROBE, handle_livez, NULL, JSON, "the process works: a query was answered", SCOPE_OPEN, NULL},
    {"/readyz", ROUTE_WORKER | ROUTE_PROBE, handle_readyz, NULL, JSON, "there is data to serve", SCOPE_OPEN, NULL},
    {"/metrics", ROUTE_WORKER | ROUTE_MONITORING, handle_metrics, NULL, "text/plain", "Prometheus metrics", SCOPE_AGGREGATE, NULL},
    {NULL, 0, NULL, NULL, NULL, NULL, SCOPE_ADMIN, NULL},
};

/* A part of the path that stands for something. */
typedef struct Part {
    const char *at;
    size_t len;
} Part;

static bool is_id(const char *segment) {
    return strncmp(segment, "{id}", strlen("{id}")) == 0;
}

/* Compares segment by segment; `ret_id` and `ret_entity` get where the {id} and the {entities} of the path are. */
static bool fits(const char *pattern, const char *path, Part *ret_entity, Part *ret_id) {
    while (*pattern == '/' && *path == '/') {
        pattern++, path++;
        size_t want = strcspn(pattern, "/"), have = strcspn(path, "/");
        if (want == 1 && *pattern == '*') return *path != '\0';
        if (want > 0 && *pattern == '{') {
            if (have == 0) return false;
            *(is_id(pattern) ? ret_id : ret_entity) = (Part){path, have};
        } else if (want != have || memcmp(pattern, path, want) != 0) {
            return false;
        }
        pattern += want, path += have;
    }
    return *pattern == '\0' && *path == '\0';
}

const Route *route_match(Request *req) {
    for (const Route *route = routes; route->pattern != NULL; route++) {
        Part entity = {0}, id = {0};
        if (!fits(route->pattern, req->path, &entity, &id)) continue;
        req->entity = entity.at;
        req->entity_len = entity.len;
        if (id.at != NULL) req->id = request_decode_id(id.at, id.len, &req->id_len);
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

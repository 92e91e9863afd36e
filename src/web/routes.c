/* routes.c: every address that this server answers, and which one a path means.
 *
 * A new address is a row here, a handler (handlers.h), and the schema of its answer (src/web/schemas/NAME.json). The first row that fits
 * wins, so names come before {entities} and {id}. */
#include "web/routes.h"

#include "web/handlers.h"
#include "web/parquet.h"
#include <string.h>

#define LAKE   (ROUTE_LAKE | ROUTE_VERSIONED)
#define KEPT   (LAKE | ROUTE_KEPT)
#define WRITES (ROUTE_WORKER | ROUTE_WRITES)

const Route routes[] = {
    {"GET", "/", handle_asset, .scope = SCOPE_OPEN, .types = TYPES_BY_PATH, .help = "the dashboards"},
    {"GET", "/ui/*", handle_asset, .scope = SCOPE_OPEN, .types = TYPES_BY_PATH, .help = "what the dashboards are made of"},
    {"GET", "/docs", handle_asset, .scope = SCOPE_OPEN, .types = TYPES_BY_PATH, .help = "a page to read this API and to try it"},
    {"GET", "/openapi.json", handle_openapi, ROUTE_WORKER, .scope = SCOPE_ANY, .help = "this API as OpenAPI 3.1"},
    {"GET", "/problems/{name}", handle_problem, .scope = SCOPE_OPEN, .types = "application/json text/html", .schema = "ProblemKind",
     .help = "what a kind of error means"},
    {"GET", "/api/v1/overview", handle_overview, KEPT | ROUTE_EXISTS, .scope = SCOPE_AGGREGATE, .schema = "Overview",
     .help = "headline numbers, layers, quarantine, hours, model"},
    {"GET", "/api/v1/pipeline", handle_pipeline, KEPT | ROUTE_EXISTS, .scope = SCOPE_AGGREGATE, .schema = "Pipeline",
     .help = "what is served: entities, their columns, and what people call them"},
    {"GET", "/api/v1/history", handle_history, ROUTE_LAKE, .scope = SCOPE_AGGREGATE, .params = history_params, .schema = "History",
     .help = "the numbers of each generation over time, and what changed"},
    {"GET", "/api/v1/changes", handle_changes, ROUTE_LAKE, .scope = SCOPE_ENTITIES, .params = changes_params, .schema = "Changes",
     .help = "who came into a risk band since a generation, and who left it"},
    {"GET", "/api/v1/features", handle_features, KEPT | ROUTE_PAST, .scope = SCOPE_AGGREGATE, .params = features_params,
     .schema = "Features", .help = "the columns of the entities, with what is typical of them"},
    {"GET", "/api/v1/models", handle_models, KEPT | ROUTE_EXISTS, .scope = SCOPE_AGGREGATE, .schema = "Models",
     .help = "the models that were trained"},
    {"GET", "/api/v1/models/{id}", handle_model, LAKE, .scope = SCOPE_AGGREGATE, .schema = "ModelDetail",
     .help = "one model, with its report"},
    {"GET", "/api/v1/scores/histogram", handle_histogram, KEPT | ROUTE_EXISTS, .scope = SCOPE_AGGREGATE, .params = histogram_params,
     .schema = "Histogram", .help = "how many have which score"},
    {"POST", "/api/v1/models/{id}/promote", handle_promote, WRITES | ROUTE_BARE, .scope = SCOPE_ADMIN, .schema = "Operation",
     .content = "PromoteRequest", .help = "makes a model the one in use"},
    {"GET", "/api/v1/quality", handle_quality, ROUTE_LAKE, .scope = SCOPE_AGGREGATE, .params = quality_params, .schema = "Quality",
     .help = "what did not pass, by rule and field over time, with senders; rules about many events; drift"},
    {"GET", "/api/v1/quality/rules", handle_quality_rules, ROUTE_LAKE, .scope = SCOPE_AGGREGATE, .params = rules_params,
     .schema = "QualityRules", .help = "what was measured of the rules about many events"},
    {"GET", "/api/v1/quality/contracts", handle_contracts, ROUTE_WORKER, .scope = SCOPE_AGGREGATE, .schema = "Contracts",
     .help = "the contracts: who answers for them, their fields and rules in words"},
    {"POST", "/api/v1/quality/state", handle_quality_state, ROUTE_LAKE, .scope = SCOPE_ADMIN, .schema = "QualityState",
     .content = "QualityStateRequest", .help = "says that a group of events that did not pass is accepted, fixed, or open again"},
    {"GET", "/api/v1/quarantine", handle_quarantine, ROUTE_LAKE, .scope = SCOPE_AGGREGATE, .params = quarantine_params,
     .schema = "Quarantine", .help = "events that broke their contract; what senders wrote only with the scope raw"},
    {"POST", "/api/v1/quarantine/replay", handle_replay, WRITES, .scope = SCOPE_ADMIN, .schema = "Operation",
     .help = "judges all of Bronze again, so that what passes by the contracts of today leaves quarantine"},
    {"GET", "/api/v1/rejects", handle_rejects, ROUTE_LAKE, .scope = SCOPE_AGGREGATE, .params = rejects_params, .schema = "Rejects",
     .help = "messages that are not events; their bytes only with the scope raw"},
    {"GET", "/api/v1/messages", handle_message, ROUTE_LAKE, .scope = SCOPE_RAW, .params = message_params, .schema = "Message",
     .help = "one message by topic, partition and offset: what it was, and what became of it"},
    {"GET", "/api/v1/system", handle_system, ROUTE_WORKER, .scope = SCOPE_STATUS, .schema = "System",
     .help = "the server itself: version, uptime; settings and backup for operators"},
    {"GET", "/api/v1/system/tokens", handle_tokens, ROUTE_WORKER, .scope = SCOPE_ADMIN, .schema = "Tokens",
     .help = "the tokens of this API: names, scopes, expiry and last use; none of them itself"},
    {"GET", "/api/v1/status/history", handle_status_history, ROUTE_WORKER, .scope = SCOPE_STATUS, .params = status_history_params,
     .schema = "StatusHistory", .help = "when the state of a part changed, of the last 30 days"},
    {"GET", "/api/v1/partitions", handle_partitions, ROUTE_LAKE, .scope = SCOPE_STATUS, .schema = "Partitions",
     .help = "how far each partition was read, and how far it reaches"},
    {"GET", "/api/v1/throughput", handle_throughput, ROUTE_LAKE, .scope = SCOPE_STATUS, .params = range_params, .schema = "Throughput",
     .help = "how much was read over time, at most two days back"},
    {"GET", "/api/v1/latency", handle_latency, ROUTE_LAKE, .scope = SCOPE_STATUS, .params = range_params, .schema = "Latency",
     .help = "how long events took from Kafka to Bronze and to readers"},
    {"GET", "/api/v1/audit", handle_audit, ROUTE_LAKE, .scope = SCOPE_STATUS, .schema = "Audit",
     .help = "what became of every offset, and what smelt audit found last"},
    {"GET", "/api/v1/runs/{id}", handle_run, LAKE, .scope = SCOPE_STATUS, .schema = "Run", .help = "one run with its steps"},
    {"GET", "/api/v1/runs", handle_runs, KEPT | ROUTE_EXISTS, .scope = SCOPE_STATUS, .params = runs_params, .schema = "Runs",
     .help = "the last runs of the pipeline with their steps"},
    {"POST", "/api/v1/runs", handle_start_run, WRITES | ROUTE_BARE, .scope = SCOPE_ADMIN, .schema = "Operation", .content = "RunRequest",
     .help = "runs the pipeline once"},
    {"GET", "/api/v1/operations", handle_operations, ROUTE_WORKER, .scope = SCOPE_ADMIN, .schema = "Operations",
     .help = "the last changes that were asked for"},
    {"GET", "/api/v1/operations/{id}", handle_operation, ROUTE_WORKER, .scope = SCOPE_ADMIN, .schema = "Operation",
     .help = "one of them: how it stands"},
    {"GET", "/api/v1/status", handle_status, ROUTE_WORKER, COST_MONITORING, SCOPE_STATUS, .schema = "Status",
     .help = "the state of each part, in words"},
    {"GET", "/api/v1/stream", handle_stream, ROUTE_UNAVAILABLE, .scope = SCOPE_STATUS, .types = "text/event-stream",
     .help = "server-sent events: generation, status, run, counters; after Last-Event-ID, those that follow it"},
    {"POST", "/api/v1/query", handle_query, ROUTE_LAKE | ROUTE_SQL | ROUTE_READS, COST_SQL, SCOPE_QUERY,
     .types = "application/json text/csv " PARQUET_TYPE, .schema = "QueryRows", .content = "Query",
     .help = "a read-only query on the newest snapshot, where http.query is on"},
    {"GET", "/api/v1/snapshots/current", handle_newest_snapshot, ROUTE_WORKER, .scope = SCOPE_QUERY, .schema = "NewestSnapshot",
     .help = "the newest snapshot as a file"},
    {"GET", "/api/v1/snapshots/{file}", handle_snapshot, ROUTE_WORKER | ROUTE_RANGES, .scope = SCOPE_QUERY, .params = snapshot_params,
     .types = "application/octet-stream " PARQUET_TYPE,
     .help = "a whole snapshot, GENERATION.duckdb, which DuckDB can attach from here, or one table of it, GENERATION.parquet; in ranges"},
    {"GET", "/api/v1/session", handle_session, .scope = SCOPE_ANY, .schema = "Session", .help = "who is signed in"},
    {"POST", "/api/v1/session", handle_session, .scope = SCOPE_ANY, .schema = "Session", .help = "exchanges a token for a cookie"},
    {"DELETE", "/api/v1/session", handle_session, .scope = SCOPE_ANY, .help = "ends the session of the cookie"},
    {"GET", "/api/v1/{entities}", handle_entities, KEPT | ROUTE_LIST | ROUTE_PAST, .scope = SCOPE_ENTITIES, .params = entities_params,
     .schema = "EntityList", .types = "application/json text/csv " PARQUET_TYPE,
     .help = "the rows of an entity, those with a risk by risk, in pages; by its name and ?id= one of them, for ids that clients take for "
             "a path",
     .at_once = entities_at_once, .waits_for_worker = true},
    {"GET", "/api/v1/{entities}/{id}", handle_entity, LAKE | ROUTE_ROW | ROUTE_PAST, .scope = SCOPE_ENTITIES, .params = entity_params,
     .schema = "Entity", .help = "one row: features, and risk with reasons", .at_once = entity_at_once},
    {"GET", "/api/v1/{entities}/{id}/events", handle_entity_events, ROUTE_LAKE, .scope = SCOPE_ENTITIES, .params = events_params,
     .schema = "EntityEvents", .help = "the last events of one row, in Silver and in quarantine"},
    {"GET", "/api/v1/{entities}/{id}/scores", handle_entity_scores, LAKE, .scope = SCOPE_ENTITIES, .params = scores_params,
     .schema = "Scores", .help = "the scores of one row over time"},
    {"GET", "/api/v1/{entities}/{id}/days", handle_days, ROUTE_LAKE, .scope = SCOPE_ENTITIES, .params = days_params, .schema = "EntityDays",
     .help = "what a feature of one row was on each day, of its events: since when is it so?"},
    {"GET", "/api/v1/{entities}/{id}/related", handle_related, ROUTE_LAKE, .scope = SCOPE_ENTITIES, .params = related_params,
     .schema = "EntityRelated", .help = "rows of another entity that were in events together with one row, and its events by the hour"},
    {"GET", "/api/v1/{entities}/{id}/notes", handle_notes, ROUTE_LAKE, .scope = SCOPE_ENTITIES, .params = notes_params,
     .schema = "EntityNotes", .help = "what people noted about one row"},
    {"POST", "/api/v1/{entities}/{id}/notes", handle_note_add, ROUTE_LAKE | ROUTE_CREATES, .scope = SCOPE_ENTITIES, .schema = "EntityNote",
     .content = "NoteRequest", .help = "notes what came of talking to one"},
    {"POST", "/api/v1/{entities}/notes/lookup", handle_notes_lookup, ROUTE_LAKE | ROUTE_READS, .scope = SCOPE_ENTITIES,
     .schema = "NotesLookup", .content = "NotesLookupRequest", .help = "the newest note of each of up to 1,000 ids that has one"},
    {"POST", "/api/v1/{entities}/lookup", handle_lookup, ROUTE_LAKE | ROUTE_READS | ROUTE_PAST, .scope = SCOPE_ENTITIES,
     .params = lookup_params, .schema = "EntityLookup", .content = "LookupRequest", .help = "rows by their ids, up to 1,000"},
    {"GET", "/livez", handle_livez, ROUTE_UNAVAILABLE, .scope = SCOPE_OPEN, .schema = "Alive",
     .help = "the process works: queries are answered, or nothing was published yet"},
    {"GET", "/readyz", handle_readyz, ROUTE_UNAVAILABLE, .scope = SCOPE_OPEN, .schema = "Ready", .help = "there is data to serve"},
    {"GET", "/metrics", handle_metrics, ROUTE_WORKER, COST_MONITORING, SCOPE_AGGREGATE, .types = "text/plain",
     .help = "Prometheus metrics"},
    {.pattern = NULL},
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

enum { DOES_GET = 1, DOES_POST = 2, DOES_DELETE = 4 };

static unsigned bit_of(const char *method) {
    if (strcmp(method, "POST") == 0) return DOES_POST;
    return strcmp(method, "DELETE") == 0 ? DOES_DELETE : DOES_GET;
}

static const char *const allowed[] = {
    [DOES_GET] = ROUTES_ALLOW,
    [DOES_POST] = "POST, OPTIONS",
    [DOES_DELETE] = "DELETE, OPTIONS",
    [DOES_GET | DOES_POST] = "GET, HEAD, POST, OPTIONS",
    [DOES_GET | DOES_DELETE] = "GET, HEAD, DELETE, OPTIONS",
    [DOES_POST | DOES_DELETE] = "POST, DELETE, OPTIONS",
    [DOES_GET | DOES_POST | DOES_DELETE] = "GET, HEAD, POST, DELETE, OPTIONS",
};

static bool is_literal(const char *pattern) {
    return strpbrk(pattern, "{*") == NULL;
}

static size_t count_blanks(const char *pattern) {
    size_t n = 0;
    for (; *pattern != '\0'; pattern++) n += *pattern == '{' || *pattern == '*';
    return n;
}

/* A row without placeholders takes precedence, also for other methods: an address of our own is not an entity. `allow` is of the pattern
 * that names most of the path: of .../lookup, though an entity may have that id, too. */
RouteMatch route_match(const char *method, Request *req) {
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    RouteMatch match = {0};
    unsigned methods = 0;
    size_t fewest = SIZE_MAX;
    for (const Route *route = routes; route->pattern != NULL && !match.found; route++) {
        Part entity = {0}, id = {0};
        if (match.route != NULL && is_literal(match.route->pattern) && !is_literal(route->pattern)) continue;
        if (!fits(route->pattern, req->path, &entity, &id)) continue;
        size_t blanks = count_blanks(route->pattern);
        if (blanks < fewest) methods = 0;
        if (blanks <= fewest) methods |= bit_of(route->method);
        fewest = blanks < fewest ? blanks : fewest;
        match.found = strcmp(route->method, wanted) == 0;
        if (match.route == NULL || match.found) match.route = route;
        if (!match.found) continue;
        req->entity = entity.at;
        req->entity_len = entity.len;
        if (id.at != NULL) req->id = request_decode_id(id.at, id.len, &req->id_len);
    }
    match.allow = allowed[methods];
    return match;
}

size_t route_count(void) {
    return ARRAY_LEN(routes) - 1;
}

const char *route_pattern(size_t i) {
    return routes[i].pattern;
}

size_t route_index(const Route *route) {
    size_t i = 0;
    while (strcmp(routes[i].pattern, route->pattern) != 0) i++;
    return i;
}

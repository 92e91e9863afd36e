/* openapi.c: /openapi.json, made from the table of routes (routes.c), the schemas of answers, and the entities that are served: each has
 * addresses and schemas of its own, as declared. Before there is anything to serve, {entities} is a parameter. */
#include "web/openapi.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/cursor.h"
#include "web/routes.h"
#include <inttypes.h>
#include <string.h>

/* ---- parameters ---- */

static json_t *schema_of_param(const ParamSpec *p) {
    json_t *choices = json_array();
    json_t *otherwise = p->otherwise != 0 ? json_integer(p->otherwise) : NULL; /* clients send a default, where there is one */
    switch (p->type) {
    case PARAM_INT:
        json_decref(choices);
        return json_pack("{s:s, s:I, s:I, s:o*}", "type", "integer", "minimum", (json_int_t)p->least, "maximum", (json_int_t)p->most,
                         "default", otherwise);
    case PARAM_TEXT:
        json_decref(choices);
        return json_pack("{s:s, s:I, s:I, s:s}", "type", "string", "minLength", (json_int_t)p->least, "maxLength", (json_int_t)p->most,
                         "pattern", p->pattern != NULL ? p->pattern : "^[^\\u0000-\\u001f\\u007f]*$");
    case PARAM_CHOICE:
        for (const char *c = p->choices; *c != '\0'; c += strcspn(c, "|"), c += *c == '|')
            json_array_append_new(choices, json_stringn(c, strcspn(c, "|")));
        break;
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", choices);
}

/* Which address of an entity: its list, with a risk or without, or the one with ?id=. */
typedef enum Variant { VARIANT_ANY, VARIANT_LIST, VARIANT_RANKED, VARIANT_ONE } Variant;

static bool has_param(const ParamSpec *p, Variant variant) {
    switch (p->only) {
    case PARAM_OF_ALL: return variant != VARIANT_ONE;
    case PARAM_OF_RANKED: return variant == VARIANT_ANY || variant == VARIANT_RANKED;
    case PARAM_OF_ONE: return variant == VARIANT_ANY || variant == VARIANT_ONE;
    }
    return true;
}

static void add_query_params(const Route *route, Variant variant, json_t *params) {
    for (const ParamSpec *p = route->params; p != NULL && p->name != NULL; p++) {
        if (!has_param(p, variant)) continue;
        json_array_append_new(params,
                              json_pack("{s:s, s:s, s:s, s:b, s:o}", "name", p->name, "in", "query", "description", p->help, "required",
                                        p->required && (p->only != PARAM_OF_ONE || variant == VARIANT_ONE), "schema", schema_of_param(p)));
    }
}

/* Those in braces. An id may have any characters; the others are names. */
static void add_path_params(const char *path, json_t *params) {
    for (const char *at = path; (at = strchr(at, '{')) != NULL; at++) {
        CLEANUP(free_text) char *name = xstrndup(at + 1, strcspn(at, "}") - 1);
        json_t *schema = json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", 256);
        if (strcmp(name, "id") != 0) json_object_set_new(schema, "pattern", json_string("^[A-Za-z0-9._-]+$"));
        json_array_append_new(params, json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", "path", "required", true, "schema", schema));
    }
}

/* ---- answers ---- */

static json_t *content_of(const Route *route, const char *schema, const GoldEntity *e) {
    json_t *content = json_object();
    const char *types = route->types != NULL ? route->types : "application/json";
    for (const char *type = types; *type != '\0'; type += strcspn(type, " "), type += strspn(type, " ")) {
        CLEANUP(free_text) char *name = xstrndup(type, strcspn(type, " "));
        bool described = schema != NULL && strcmp(name, "application/json") == 0;
        json_object_set_new(content, name, described ? json_pack("{s:o}", "schema", openapi_ref(schema, e)) : json_object());
    }
    return content;
}

/* Its description is among the components, once for all addresses. */
static void add_problem(json_t *answers, int status) {
    char code[8];
    snprintf(code, sizeof code, "%d", status);
    json_object_set_new(answers, code, json_pack("{s:o}", "$ref", json_sprintf("#/components/responses/%d", status)));
}

static const int of_all[] = {400, 405, 406, 408, 414, 415, 421, 431, 500, 501, 505}, of_closed[] = {401, 403, 429},
                 of_workers[] = {404, 410, 429, 503, 504}, of_files[] = {416}, of_content[] = {413, 422}, of_writes[] = {409};

static void add_problems(const Route *route, json_t *answers) {
    if (route->content != NULL) add_problem(answers, 413);
    if (route->flags & (ROUTE_SQL | ROUTE_WRITES)) add_problem(answers, 422);
    if (route->flags & ROUTE_WRITES) add_problem(answers, 409);
    for (size_t i = 0; i < ARRAY_LEN(of_all); i++) add_problem(answers, of_all[i]);
    for (size_t i = 0; route->scope != SCOPE_OPEN && i < ARRAY_LEN(of_closed); i++) add_problem(answers, of_closed[i]);
    bool works = route->flags & (ROUTE_WORKER | ROUTE_LAKE);
    for (size_t i = 0; works && i < ARRAY_LEN(of_workers); i++) add_problem(answers, of_workers[i]);
    if (route->flags & ROUTE_UNAVAILABLE) add_problem(answers, 503);
    if (strchr(route->pattern, '{') != NULL) add_problem(answers, 404);
}

static json_t *answers_of(const Route *route, const char *schema, const GoldEntity *e) {
    json_t *answers = json_object();
    bool creates = route->flags & ROUTE_CREATES;
    if (strcmp(route->method, "DELETE") == 0)
        json_object_set_new(answers, "204", json_pack("{s:s}", "description", response_reason(204)));
    else
        json_object_set_new(
            answers, creates ? "201" : "200",
            json_pack("{s:s, s:o}", "description", response_reason(creates ? 201 : 200), "content", content_of(route, schema, e)));
    if (route->flags & ROUTE_WRITES)
        json_object_set_new(answers, "202",
                            json_pack("{s:s, s:o, s:{s:{s:s, s:{s:s}}}}", "description", "Accepted: it is not done yet", "content",
                                      content_of(route, schema, e), "headers", "Location", "description", "where it says how it stands",
                                      "schema", "type", "string"));
    if (route->flags & ROUTE_RANGES) {
        json_object_set_new(answers, "206",
                            json_pack("{s:s, s:o}", "description", response_reason(206), "content", content_of(route, schema, e)));
        add_problem(answers, 416);
    }
    if (strcmp(route->method, "GET") == 0) json_object_set_new(answers, "304", json_pack("{s:s}", "description", response_reason(304)));
    add_problems(route, answers);
    return answers;
}

static void describe_problems(const int *statuses, size_t n, json_t *responses) {
    for (size_t i = 0; i < n; i++) {
        char code[8];
        snprintf(code, sizeof code, "%d", statuses[i]);
        json_object_set_new(responses, code,
                            json_pack("{s:s, s:{s:{s:{s:s}}}}", "description", response_reason(statuses[i]), "content",
                                      "application/problem+json", "schema", "$ref", "#/components/schemas/Problem"));
    }
}

static json_t *problem_responses(void) {
    json_t *responses = json_object();
    describe_problems(of_all, ARRAY_LEN(of_all), responses);
    describe_problems(of_closed, ARRAY_LEN(of_closed), responses);
    describe_problems(of_content, ARRAY_LEN(of_content), responses);
    describe_problems(of_files, ARRAY_LEN(of_files), responses);
    describe_problems(of_writes, ARRAY_LEN(of_writes), responses);
    describe_problems(of_workers, ARRAY_LEN(of_workers), responses);
    return responses;
}

/* ---- operations ---- */

static json_t *security_of(const Route *route) {
    if (route->scope == SCOPE_OPEN) return json_array();
    const char *scope = scope_name(route->scope);
    json_t *scopes = scope[0] != '\0' ? json_pack("[s]", scope) : json_array();
    return json_pack("[{s:O}, {s:o}]", "token", scopes, "session", scopes);
}

/* "GET", "/api/v1/bikes/{id}": "get_bikes_id". The caller frees. */
static char *operation_id(const char *method, const char *path) {
    static const char prefix[] = "/api/v1";
    Buf out = {0};
    for (const char *c = method; *c != '\0'; c++) buf_add_char(&out, (char)(*c - 'A' + 'a'));
    for (const char *c = path + (strncmp(path, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0); *c != '\0'; c++)
        if (*c != '{' && *c != '}') buf_add_char(&out, *c == '/' || *c == '.' ? '_' : *c);
    return buf_take(&out);
}

/* From a page to the next one, and to its first row. */
static void add_links(const char *list, const GoldEntity *e, json_t *operation) {
    CLEANUP(free_text) char *row = xasprintf("%s/{id}", list);
    CLEANUP(free_text) char *next_id = operation_id("GET", list);
    CLEANUP(free_text) char *row_id = operation_id("GET", row);
    json_object_set_new(json_object_get(json_object_get(operation, "responses"), "200"), "links",
                        json_pack("{s:{s:s, s:{s:s}}, s:{s:s, s:{s:o}}}", "next", "operationId", next_id, "parameters", "cursor",
                                  "$response.body#/next_cursor", "first", "operationId", row_id, "parameters", "id",
                                  json_sprintf("$response.body#/items/0/%s", e->key)));
}

static void add_operation(const Route *route, const char *path, const GoldEntity *e, Variant variant, json_t *paths) {
    json_t *params = json_array(), *item = json_object_get(paths, path);
    const char *schema = variant == VARIANT_ONE ? "Entity" : route->schema;
    CLEANUP(free_text) char *method = xstrdup(route->method);
    for (char *c = method; *c != '\0'; c++) *c = (char)(*c - 'A' + 'a');
    add_path_params(path, params);
    add_query_params(route, variant, params);
    if (strcmp(route->method, "GET") != 0)
        json_array_append_new(params, json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:s}}", "name", "Smelt-Request", "in", "header", "required",
                                                false, "description",
                                                "any value; needed without a token in Authorization: a page of a stranger cannot send it",
                                                "schema", "type", "string", "pattern", "^[a-z]+$"));
    if (route->flags & ROUTE_WRITES)
        json_array_append_new(params, json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:s}}", "name", "Idempotency-Key", "in", "header", "required",
                                                false, "description",
                                                "a text in quotes: a request with the same key and content is not done twice, for 24 hours",
                                                "schema", "type", "string", "pattern", "^\"[A-Za-z0-9._-]{1,128}\"$"));
    CLEANUP(free_text) char *id = operation_id(route->method, path);
    json_t *operation = json_pack("{s:s, s:s, s:o, s:o, s:o}", "operationId", id, "summary", route->help, "parameters", params, "responses",
                                  answers_of(route, schema, e), "security", security_of(route));
    if (route->content != NULL)
        json_object_set_new(operation, "requestBody",
                            json_pack("{s:b, s:{s:{s:o}}}", "required", !(route->flags & ROUTE_BARE), "content", "application/json",
                                      "schema", openapi_ref(route->content, e)));
    if (variant == VARIANT_LIST || variant == VARIANT_RANKED)
        if (strcmp(route->pattern, "/api/v1/{entities}") == 0) add_links(path, e, operation);
    if (item == NULL) json_object_set_new(paths, path, item = json_object());
    json_object_set_new(item, method, operation);
}

/* "/api/v1/{entities}/{id}" with the word of an entity. The caller frees. */
static char *path_with(const char *pattern, const char *word) {
    const char *at = strstr(pattern, "{entities}");
    return xasprintf("%.*s%s%s", (int)(at - pattern), pattern, word, at + strlen("{entities}"));
}

static int add_entity_paths(const Route *route, const Lease *lease, json_t *paths, Error *err) {
    bool is_list = strcmp(route->pattern, "/api/v1/{entities}") == 0;
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        CLEANUP(free_text) char *path = path_with(route->pattern, e->plural);
        CLEANUP(free_text) char *one = path_with(route->pattern, e->name);
        bool risk;
        if (entity_has_risk(lease, e, &risk, err) != 0) return -1;
        add_operation(route, path, e, risk ? VARIANT_RANKED : VARIANT_LIST, paths);
        if (is_list && strcmp(one, path) != 0) add_operation(route, one, e, VARIANT_ONE, paths);
    }
    return 0;
}

static int describe_paths(const Route *routes_, const Lease *lease, json_t *paths, Error *err) {
    for (const Route *route = routes_; route->pattern != NULL; route++) {
        if (route->types != NULL && route->types[0] == '\0') continue; /* files of the dashboards */
        if (lease == NULL || strstr(route->pattern, "{entities}") == NULL)
            add_operation(route, route->pattern, NULL, VARIANT_ANY, paths);
        else if (add_entity_paths(route, lease, paths, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- the document ---- */

static const char about[] =
    "{\"title\": \"Smelt\", \"version\": \"" SMELT_VERSION "\", \"license\": {\"name\": \"Apache-2.0\", \"identifier\": \"Apache-2.0\"}, "
    "\"description\": \"The lake as an API. Fields are only added; an address keeps its meaning within /api/v1. Times are RFC 3339 in UTC, "
    "decimals are numbers with their exact digits, and a value that is not known is null. Errors are problem documents (RFC 9457).\"}";
static const char schemes[] =
    "{\"token\": {\"type\": \"http\", \"scheme\": \"bearer\", \"description\": \"smelt token create; not needed while there are none\"}, "
    "\"session\": {\"type\": \"apiKey\", \"in\": \"cookie\", \"name\": \"smelt_session\"}}";

static int describe(const Service *s, const Lease *lease, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *schemas = NULL;
    CLEANUP(json_freep) json_t *paths = json_object();
    if (openapi_schemas(lease, &schemas, err) != 0 || describe_paths(s->routes, lease, paths, err) != 0) return -1;
    *ret = json_pack("{s:s, s:o, s:O, s:{s:O, s:o, s:o}}", "openapi", "3.1.0", "info", json_loads(about, 0, NULL), "paths", paths,
                     "components", "schemas", schemas, "responses", problem_responses(), "securitySchemes", json_loads(schemes, 0, NULL));
    return 0;
}

/* The same document has the same tag, whichever process made it. */
static void answer_description(const Request *req, json_t *description, Response *resp) {
    char etag[ETAG_SIZE];
    response_json(resp, 200, description);
    snprintf(etag, sizeof etag, "W/\"%" PRIx64 "\"", cursor_hash(resp->body.data, resp->body.len));
    resp->cache_control = "private, no-cache";
    (void)response_by_condition(resp, req, etag);
}

int handle_openapi(Service *s, const Request *req, const Lease *none, Response *resp, Error *err) {
    (void)none;
    Lease lease;
    json_t *description = NULL;
    bool leased = snapshot_pool_lease(s->pool, 0, &lease, err) == 0;
    if (!leased) error_clear(err); /* the addresses are known without it */
    int rc = describe(s, leased ? &lease : NULL, &description, err);
    if (leased) snapshot_pool_return(s->pool, &lease, rc != 0);
    if (rc == 0) answer_description(req, description, resp);
    return rc;
}

/* registry.c: the three requests that are needed, and what their answers mean. Schemas that a schema refers to are fetched too, each once,
 * in the order in which a parser needs them. */
#include "registry/registry.h"

#include "base/files.h"
#include "base/http_client.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define UNKNOWN_ID     40403 /* Confluent's error codes */
#define REFERENCES_MAX 100
#define CONNECT_MS     3000
#define TOTAL_MS       10000 /* a stop is noticed before */
#define BODY_MAX       ((size_t)4 << 20)
#define LEVELS_MAX     16

struct Registry {
    char *url;
    bool has_ca;
    HttpClient *http;
};

/* What is collected while the references of one schema are followed. */
typedef struct References {
    json_t *texts;
    json_t *seen; /* "subject version" -> true */
} References;

RegistryOptions registry_options(const Settings *s) {
    return (RegistryOptions){.url = settings_text(s, "registry.url"),
                             .user = settings_text(s, "registry.user"),
                             .password = settings_text(s, "registry.password"),
                             .token = settings_text(s, "registry.token"),
                             .ca = settings_text(s, "registry.ca")};
}

/* ---- opening ---- */

static int check_ca(const char *path, Error *err) {
    CLEANUP(buf_done) Buf file = {0};
    static const char begin[] = "-----BEGIN ";
    if (file_read(path, &file, err) != 0) {
        err->kind = ERR_CONFIG;
        return error_prefix(err, "registry.ca");
    }
    if (file.len > 0 && memmem(file.data, file.len, begin, sizeof begin - 1) != NULL) return 0;
    return error_set(err, ERR_CONFIG, "registry.ca: %s has no certificate in PEM form", path);
}

/* The text of the URL may be in logs and in the lake. */
static int check_options(const RegistryOptions *o, Error *err) {
    bool http = strncmp(o->url, "http://", 7) == 0, https = strncmp(o->url, "https://", 8) == 0;
    if (o->url[0] == '\0')
        return error_set(err, ERR_CONFIG,
                         "registry.url is not set: the ids in the messages are those of a schema registry; "
                         "set it, for example to http://registry:8081");
    if (!http && !https) return error_set(err, ERR_CONFIG, "registry.url must begin with http:// or https://");
    const char *host = o->url + (https ? 8 : 7);
    if (strchr(host, ',') != NULL)
        return error_set(err, ERR_CONFIG, "registry.url has several addresses, and takes one: remove the others");
    if (strspn(host, ":/") > 0 || host[0] == '\0')
        return error_set(err, ERR_CONFIG, "registry.url has no host: http://HOST:PORT is expected");
    if (memchr(host, '@', strcspn(host, "/")) != NULL)
        return error_set(err, ERR_CONFIG, "registry.url must not have a user or password: use registry.user and registry.password");
    if (strpbrk(host, "?# ") != NULL) return error_set(err, ERR_CONFIG, "registry.url must have no '?', '#' or blank");
    if (o->token[0] != '\0' && o->user[0] != '\0')
        return error_set(err, ERR_CONFIG, "registry.token and registry.user are both set: one of them is enough");
    return o->ca[0] != '\0' ? check_ca(o->ca, err) : 0;
}

static int open_client(const RegistryOptions *o, HttpClient **ret, Error *err) {
    static const char *const headers[] = {"Accept: application/vnd.schemaregistry.v1+json, application/json", NULL};
    const HttpClientOptions options = {.token = o->token,
                                       .user = o->user,
                                       .password = o->password,
                                       .ca = o->ca,
                                       .headers = headers,
                                       .connect_ms = CONNECT_MS,
                                       .total_ms = TOTAL_MS,
                                       .body_max = BODY_MAX};
    return http_client_open(&options, ret, err);
}

int registry_open(const RegistryOptions *options, Registry **ret, Error *err) {
    if (check_options(options, err) != 0) return -1;
    CLEANUP(registry_freep) Registry *r = xcalloc(1, sizeof *r);
    r->url = xstrdup(options->url);
    r->has_ca = options->ca[0] != '\0';
    for (size_t n = strlen(r->url); n > 0 && r->url[n - 1] == '/'; n--) r->url[n - 1] = '\0';
    if (open_client(options, &r->http, err) != 0) return -1;
    *ret = TAKE(r);
    return 0;
}

void registry_free(Registry *r) {
    http_client_freep(&r->http);
    free(r->url);
    free(r);
}

const char *registry_url(const Registry *r) {
    return r->url;
}

void registry_schema_done(RegistrySchema *schema) {
    free(schema->type);
    free(schema->text);
    json_decref(schema->references);
    *schema = (RegistrySchema){0};
}

/* ---- requests ---- */

static bool is_refusal(long status) {
    return status == 401 || status == 403;
}

static int refused(const Registry *r, long status, ErrorKind kind, Error *err) {
    return error_set(err, kind,
                     "the schema registry %s refuses us (HTTP %ld): check registry.user and registry.password, or registry.token", r->url,
                     status);
}

/* Redirects are not followed. One that keeps the path leads to the registry's own address, any other to something else. */
static int redirected(const Registry *r, const char *path, const char *url, long status, ErrorKind kind, Error *err) {
    CLEANUP(free_text) char *to = http_client_redirect(r->http);
    size_t len = to != NULL ? strlen(to) : 0, end = strlen(path);
    if (to == NULL)
        return error_set(err, kind, "the schema registry: %s: HTTP %ld, a redirect to nowhere: is registry.url right?", url, status);
    if (len > end && strcmp(to + len - end, path) == 0)
        return error_set(err, kind,
                         "the schema registry: %s: HTTP %ld, a redirect to %s, which is not followed. Next: set registry.url to %.*s", url,
                         status, to, (int)(len - end), to);
    return error_set(
        err, kind,
        "the schema registry: %s: HTTP %ld, a redirect to %s, which is not followed: a login page? Next: set registry.url to the "
        "registry's own address, and registry.user or registry.token if it asks who we are",
        url, status, to);
}

static bool is_redirect(long status) {
    return status >= 300 && status < 400;
}

static bool is_page(const Buf *body) {
    size_t i = 0;
    while (i < body->len && strchr(" \t\r\n", body->data[i]) != NULL) i++;
    return i < body->len && body->data[i] == '<';
}

static int no_registry(const char *url, long status, const Buf *body, ErrorKind kind, Error *err) {
    return error_set(err, kind, "%s: HTTP %ld, which is no answer of a schema registry%s: is registry.url right?", url, status,
                     is_page(body) ? " but a page (HTML)" : "");
}

/* -1, with what the request failed with, and the setting that may be wrong. */
static int not_asked(const Registry *r, Error *err) {
    bool unknown_ca = strstr(err->text, "issuer certificate") != NULL || strstr(err->text, "self-signed") != NULL ||
                      strstr(err->text, "self signed") != NULL;
    error_prefix(err, "the schema registry");
    if (unknown_ca)
        return error_set(err, err->kind, "%s (%s)", err->text,
                         r->has_ca ? "is the CA that signed it in registry.ca?" : "set registry.ca to the file of the CA that signed it");
    if (strstr(err->text, "subject name") != NULL)
        return error_set(err, err->kind, "%s (registry.url must have a name that its certificate has)", err->text);
    return -1;
}

/* The answer's JSON. 1: it is the object that was asked for; 0: a 404 with a code, which is in *ret_code; -1: error. */
static int get(const Registry *r, const char *path, json_t **ret, json_int_t *ret_code, Error *err) {
    CLEANUP(free_text) char *url = xasprintf("%s%s", r->url, path);
    CLEANUP(buf_done) Buf body = {0};
    CLEANUP(json_freep) json_t *answer = NULL;
    CLEANUP(error_clear) Error not_json = {0};
    long status;
    if (http_client_send(r->http, url, NULL, &status, &body, err) != 0) return not_asked(r, err);
    if (is_refusal(status)) return refused(r, status, ERR_UNAVAILABLE, err);
    if (is_redirect(status)) return redirected(r, path, url, status, ERR_UNAVAILABLE, err);
    if (json_parse(body.data != NULL ? body.data : "", body.len, url, &answer, &not_json) != 0) error_clear(&not_json);
    *ret_code = json_integer_value(json_object_get(answer, "error_code"));
    if (status == 404 && *ret_code != 0) return 0;
    if (status >= 500 || status == 429 || (status >= 400 && *ret_code != 0)) { /* it is one, and not well */
        const char *message = json_string_value(json_object_get(answer, "message"));
        return error_set(err, ERR_UNAVAILABLE, "the schema registry: %s: HTTP %ld%s%.200s", url, status, message != NULL ? ", " : "",
                         message != NULL ? message : "");
    }
    if (status != 200 || !json_is_object(answer)) return no_registry(url, status, &body, ERR_UNAVAILABLE, err);
    *ret = TAKE(answer);
    return 1;
}

int registry_check(Registry *r, Error *err) {
    CLEANUP(free_text) char *url = xasprintf("%s/schemas/types", r->url);
    CLEANUP(buf_done) Buf body = {0};
    long status;
    if (http_client_send(r->http, url, NULL, &status, &body, err) != 0) return not_asked(r, err);
    if (is_refusal(status)) return refused(r, status, ERR_CONFIG, err);
    if (is_redirect(status)) return redirected(r, "/schemas/types", url, status, ERR_CONFIG, err);
    if (status == 200 && is_page(&body)) return no_registry(url, status, &body, ERR_CONFIG, err);
    return status < 500 ? 0 : error_set(err, ERR_UNAVAILABLE, "the schema registry: %s: HTTP %ld", url, status);
}

static int follow(const Registry *r, const json_t *answer, References *refs, int level, Error *err);

static int fetch_reference(const Registry *r, const json_t *reference, References *refs, int level, Error *err) {
    const char *subject = json_string_value(json_object_get(reference, "subject"));
    json_int_t version = json_integer_value(json_object_get(reference, "version")), code;
    if (subject == NULL) return error_set(err, ERR_DATA, "a reference names no subject");
    CLEANUP(free_text) char *name = xasprintf("%s version %" JSON_INTEGER_FORMAT, subject, version);
    if (json_object_get(refs->seen, name) != NULL) return 0;
    json_object_set_new(refs->seen, name, json_true());
    if (json_object_size(refs->seen) > REFERENCES_MAX || level > LEVELS_MAX)
        return error_set(err, ERR_DATA, "it refers to more than %d schemas, or through more than %d levels", REFERENCES_MAX, LEVELS_MAX);
    CLEANUP(free_text) char *segment = http_client_escape(r->http, subject);
    CLEANUP(free_text) char *path = xasprintf("/subjects/%s/versions/%" JSON_INTEGER_FORMAT, segment, version);
    CLEANUP(json_freep) json_t *answer = NULL;
    int found = get(r, path, &answer, &code, err);
    if (found < 0) return -1;
    if (found == 0) return error_set(err, ERR_DATA, "it refers to %s, which the registry does not have", name);
    if (follow(r, answer, refs, level, err) != 0) return -1;
    json_array_append(refs->texts, json_object_get(answer, "schema"));
    return 0;
}

/* The references of one schema, before it. */
static int follow(const Registry *r, const json_t *answer, References *refs, int level, Error *err) {
    size_t i;
    json_t *reference;
    json_array_foreach(json_object_get(answer, "references"), i,
                       reference) if (fetch_reference(r, reference, refs, level + 1, err) != 0) return -1;
    return 0;
}

int registry_fetch(Registry *r, int64_t id, RegistrySchema *ret, Error *err) {
    CLEANUP(free_text) char *path = xasprintf("/schemas/ids/%" PRId64, id);
    CLEANUP(json_freep) json_t *answer = NULL;
    CLEANUP(json_freep) json_t *texts = json_array();
    CLEANUP(json_freep) json_t *seen = json_object();
    References refs = {.texts = texts, .seen = seen};
    json_int_t code;
    int found = get(r, path, &answer, &code, err);
    if (found < 0) return -1;
    if (found == 0 && code == UNKNOWN_ID) return 0;
    const char *text = json_string_value(json_object_get(answer, "schema")),
               *type = json_string_value(json_object_get(answer, "schemaType"));
    if (text == NULL) return error_set(err, ERR_UNAVAILABLE, "%s%s: an answer without a schema: is registry.url right?", r->url, path);
    if (follow(r, answer, &refs, 0, err) != 0) return -1;
    *ret = (RegistrySchema){.type = xstrdup(type != NULL ? type : "AVRO"), .text = xstrdup(text), .references = TAKE(texts)};
    return 1;
}

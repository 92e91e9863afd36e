/* writes.c: what changes the lake: starting a run, promoting a model, replaying the quarantine. An answer that is there soon is the
 * operation with its result; else 202, and Location says where it can be asked for. Only for tokens: without one nobody could say who did
 * it. */
#include "web/handlers.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/operations.h"
#include <string.h>

enum { ANSWER_WITHIN_MS = 2000, KEY_MAX = 128 };

/* ---- Idempotency-Key ---- */

/* A structured field's string (RFC 9651): "a1-b2", with its quotes. False: it is something else. */
static bool read_key(const char *field, char ret[KEY_MAX + 1]) {
    size_t len = 0, n = strlen(field);
    if (n < 2 || field[0] != '"' || field[n - 1] != '"') return false;
    for (const char *at = field + 1, *end = field + n - 1; at < end; at++) {
        bool escaped = *at == '\\' && ++at < end;
        if (*at < 0x20 || *at > 0x7e || len == KEY_MAX || (escaped ? strchr("\"\\", *at) == NULL : strchr("\"\\", *at) != NULL))
            return false;
        ret[len++] = *at;
    }
    ret[len] = '\0';
    return len > 0;
}

/* ---- the answer ---- */

static void answer_problem(ErrorKind kind, const char *detail, const Request *req, Response *resp) {
    switch (kind) {
    case ERR_BUSY: response_problem_of(resp, "lake-busy", req, "%s", detail); break;
    case ERR_UNAVAILABLE:
    case ERR_STOPPED: response_problem(resp, 503, req, "%s", detail); break;
    case ERR_USAGE:
    case ERR_DATA:
    case ERR_CONFIG: response_problem(resp, 422, req, "%s", detail); break;
    default: response_problem(resp, 500, req, "%s", detail); break;
    }
    if (kind == ERR_BUSY || kind == ERR_UNAVAILABLE || kind == ERR_STOPPED) resp->retry_after_s = 5;
}

/* How it stands, after waiting a moment for its end. */
static void answer_operation(Service *s, const char *id, const Request *req, Response *resp) {
    ErrorKind failed = ERR_NONE;
    json_t *found = operations_get(s->operations, id, ANSWER_WITHIN_MS, &failed);
    const char *state = json_string_value(json_object_get(found, "state"));
    if (found == NULL) {
        response_problem(resp, 503, req, "So many other changes have begun meanwhile that this one is not kept any more.");
    } else if (failed != ERR_NONE) {
        answer_problem(failed, json_string_value(json_object_get(json_object_get(found, "error"), "detail")), req, resp);
        json_decref(found);
    } else {
        bool runs = strcmp(state, "running") == 0;
        response_json(resp, runs ? 202 : 200, found);
        if (runs) snprintf(resp->location, sizeof resp->location, "/api/v1/operations/%s", id);
    }
}

static void refuse_busy(const char *id, const Request *req, Response *resp) {
    response_problem_of(resp, "lake-busy", req, "Another change is being made: /api/v1/operations/%s. One is made at a time.", id);
    resp->retry_after_s = 5;
}

static void do_write(Service *s, const OperationRequest *request, const Request *req, Response *resp) {
    char id[OPERATION_ID_SIZE];
    switch (operations_begin(s->operations, request, id)) {
    case OPERATION_BEGUN:
    case OPERATION_REPEATED: answer_operation(s, id, req, resp); break;
    case OPERATION_REFUSED: refuse_busy(id, req, resp); break;
    case OPERATION_OTHER_KIND:
        response_problem_of(resp, "idempotency-key-reused", req,
                            "This Idempotency-Key came with another request within the last 24 hours: take a new one.");
        break;
    }
}

/* ---- the request ---- */

/* The content is {} or {name: true or false}, or there is none. False: it is something else, and the answer says so. */
static bool read_flag(const Request *req, const char *name, bool *ret, Response *resp) {
    CLEANUP(json_freep)
    json_t *content = req->content != NULL ? json_loadb(req->content, req->content_len, JSON_REJECT_DUPLICATES, NULL) : json_object();
    json_t *flag = json_object_get(content, name);
    bool fits = json_is_object(content) && json_object_size(content) == (flag != NULL ? 1 : 0) && (flag == NULL || json_is_boolean(flag));
    if (!fits) response_bad_param(resp, req, name, "The content may be {\"%s\": true} or {\"%s\": false}, and nothing else.", name, name);
    *ret = json_is_true(flag);
    return fits;
}

/* `flag` NULL: it takes no content. */
static int handle_write(Service *s, const Request *req, const char *kind, const char *flag, Response *resp) {
    char key[KEY_MAX + 1];
    bool is_set = false;
    if (req->who == NULL) {
        response_problem(resp, 403, req, "Changes are made only for tokens: `smelt token create NAME --scopes admin` makes one.");
    } else if (s->operations == NULL) {
        response_problem(resp, 503, req, "This server makes no changes.");
    } else if (req->idempotency_key != NULL && !read_key(req->idempotency_key, key)) {
        response_problem(resp, 400, req, "Idempotency-Key must be a text in quotes of 1 to %d visible characters.", KEY_MAX);
    } else if (flag == NULL || read_flag(req, flag, &is_set, resp)) {
        CLEANUP(json_freep) json_t *args = json_pack("{s:s*}", "id", req->id);
        if (flag != NULL) json_object_set_new(args, flag, json_boolean(is_set));
        OperationRequest request = {
            .kind = kind, .target = req->id, .args = args, .by = req->who, .key = req->idempotency_key != NULL ? key : NULL};
        do_write(s, &request, req, resp);
    }
    return 0;
}

int handle_start_run(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    return handle_write(s, req, "run", "train", resp);
}

int handle_promote(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    if (strlen(req->id) == req->id_len) return handle_write(s, req, "promote", "force", resp);
    response_problem(resp, 422, req, "No model has a NUL in its id.");
    return 0;
}

int handle_replay(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    return handle_write(s, req, "replay", NULL, resp);
}

/* ---- reading ---- */

int handle_operations(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)req, (void)lease, (void)err;
    response_json(resp, 200, json_pack("{s:o}", "operations", s->operations != NULL ? operations_list(s->operations) : json_array()));
    return 0;
}

int handle_operation(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)lease, (void)err;
    json_t *found = s->operations != NULL && strlen(req->id) == req->id_len ? operations_get(s->operations, req->id, 0, NULL) : NULL;
    if (found != NULL)
        response_json(resp, 200, found);
    else
        response_problem(resp, 404, req, "There is no operation with this id among the last ones of this server.");
    return 0;
}

/* entity_row.c: one row of an entity: features, risk, and what is typical.
 *
 * Invariant: nothing that a client sent becomes SQL text; it is bound. */
#include "web/entity.h"

#include "base/memory.h"
#include "web/entity_live.h"
#include "web/scores.h"
#include <string.h>

static const ParamSpec one_params[] = {
    {"id", PARAM_TEXT, .least = 0, .most = ENTITY_ID_MAX, .help = "the id"},
    AS_OF_PARAM(PARAM_OF_ALL),
    {.name = NULL},
};
const ParamSpec entity_params[] = {
    AS_OF_PARAM(PARAM_OF_ALL),
    {.name = NULL},
};

/* {<key>, generation, risk: {...}, features: {the rest}} from the flat row. */
static json_t *shape_entity(const GoldEntity *e, bool has_a_risk, json_t *row, int64_t generation) {
    json_t *risk = json_object(), *out = json_object();
    for (size_t i = 0; e->scored && i < ANSWER_SCORES; i++) {
        json_object_set(risk, answer_scores[i], json_object_get(row, answer_scores[i]));
        json_object_del(row, answer_scores[i]);
    }
    json_object_set(out, e->key, json_object_get(row, e->key));
    json_object_del(row, e->key);
    json_object_set_new(out, "generation", json_integer(generation));
    if (has_a_risk)
        json_object_set_new(out, "risk", risk);
    else
        json_decref(risk);
    json_object_set(out, "features", row);
    return out;
}

/* Into the answer, as `typical`. */
static int add_typical(const Lease *lease, const GoldEntity *e, json_t *out, Error *err) {
    const LakeValue values[] = {lake_text(e->name), lake_text(e->key)};
    CLEANUP(json_freep) json_t *rows = NULL;
    if (rows_query(lease->conn, "api/typical", values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    json_object_set_new(out, "typical", typical_of(rows));
    return 0;
}

/* The last change of the score into the risk, as `before`; null: none is recorded. */
static int add_before(const Lease *lease, const GoldEntity *e, json_t *out, Error *err) {
    json_t *risk = json_object_get(out, "risk"), *id = json_object_get(out, e->key), *before;
    LakeValue value = lake_blob(json_string_value(id), json_string_length(id));
    if (risk == NULL) return 0;
    if (row_query(lease->conn, "api/score_before", &value, 1, &before, err) != 0) return -1;
    json_object_set_new(risk, "before", before);
    return 0;
}

/* Then capitals are no other id. */
static bool is_in_capitals(LakeValue id) {
    bool same = true;
    for (size_t i = 0; i < id.len; i++) same = same && (unsigned char)id.text[i] < 0x80 && (id.text[i] < 'a' || id.text[i] > 'z');
    return same;
}

static int find_row(const Lease *lease, const GoldEntity *e, LakeValue id, bool in_capitals, json_t **ret, Error *err) {
    if (lease->pooled->live && e->scored) return entity_live_row(lease, e, id, in_capitals, ret, err);
    return entity_query(lease, e, in_capitals ? "api/entity_in_capitals" : "api/entity", &id, 1, ret, err);
}

int entity_query_row(const Lease *lease, const GoldEntity *e, LakeValue id, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *row = NULL;
    if (find_row(lease, e, id, false, &row, err) != 0) return -1;
    if (json_is_null(row) && !is_in_capitals(id) && find_row(lease, e, id, true, &row, err) != 0) return -1;
    *ret = TAKE(row);
    return 0;
}

int entity_own_id(const Request *req, const Lease *lease, const GoldEntity *e, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *row = NULL;
    if (entity_query_row(lease, e, lake_blob(req->id, req->id_len), &row, err) != 0) return -1;
    *ret = json_is_null(row) ? json_stringn(req->id, req->id_len) : json_incref(json_object_get(row, e->key));
    return 0;
}

static int answer_one(const Request *req, const Lease *lease, const GoldEntity *e, LakeValue id, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *row = NULL;
    bool risk;
    if (entity_has_risk(lease, e, &risk, err) != 0 || entity_query_row(lease, e, id, &row, err) != 0) return -1;
    if (json_is_null(row)) {
        response_problem(resp, 404, req, "There is no %s with this id in Gold.", e->title);
        return 0;
    }
    CLEANUP(json_freep) json_t *out = shape_entity(e, risk, row, lease->generation);
    if (add_typical(lease, e, out, err) != 0 || add_before(lease, e, out, err) != 0) return -1;
    response_json(resp, 200, TAKE(out));
    return 0;
}

int handle_entity(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const GoldEntity *e = entity_find(req, lease, true);
    return e != NULL ? answer_one(req, lease, e, lake_blob(req->id, req->id_len), resp, err) : entity_answer_nothing_here(req, resp);
}

static int answer_by_param(const Request *req, const Lease *lease, const GoldEntity *e, Response *resp, Error *err) {
    const char *id = request_param(req, "id");
    if (entity_refuse_params(req, one_params, resp)) return 0;
    if (strcmp(req->type, "application/json") != 0) {
        response_problem(resp, 406, req, "One row is answered as application/json.");
        return 0;
    }
    if (id != NULL) return answer_one(req, lease, e, lake_blob(id, strlen(id)), resp, err);
    response_bad_param(resp, req, "id", "The parameter 'id' is missing.");
    return 0;
}

int handle_entities(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    const GoldEntity *list = entity_find(req, lease, true), *one = entity_find(req, lease, false);
    if (list != NULL) return entity_answer_list(s, req, lease, list, resp, err);
    return one != NULL ? answer_by_param(req, lease, one, resp, err) : entity_answer_nothing_here(req, resp);
}

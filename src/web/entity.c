/* entity.c: see entity.h: which entity an address is of, and its queries. */
#include "web/entity.h"

#include "base/memory.h"
#include <string.h>

static bool is_word(const Request *req, const char *word) {
    return strlen(word) == req->entity_len && memcmp(word, req->entity, req->entity_len) == 0;
}

const GoldEntity *entity_find(const Request *req, const Lease *lease, bool plural) {
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        if (is_word(req, plural ? e->plural : e->name)) return e;
    }
    return NULL;
}

bool is_entity_list(const Request *req, const Lease *lease) {
    static const char *const judged_later[] = {"id", "as_of", "sort", "where", "fields"};
    for (size_t i = 0; i < ARRAY_LEN(judged_later); i++)
        if (request_param(req, judged_later[i]) != NULL) return false;
    return entity_find(req, lease, true) != NULL;
}

int entity_has_risk(const Lease *lease, const GoldEntity *e, bool *ret, Error *err) {
    int64_t models = 0;
    *ret = e->scored && e->label != NULL;
    if (!e->scored || *ret) return 0;
    if (lake_query_int(lease->conn, "api/models", lake_sql("api/models"), NULL, 0, &models, err) != 0) return -1;
    *ret = models > 0;
    return 0;
}

bool entity_refuse_params(const Request *req, const ParamSpec *specs, Response *resp) {
    json_t *faults = request_check_params(req, specs);
    if (faults != NULL) response_bad_params(resp, req, faults);
    return faults != NULL;
}

int entity_answer_nothing_here(const Request *req, Response *resp) {
    response_problem(resp, 404, req, "There is nothing at this address.");
    return 0;
}

int entity_query(const Lease *lease, const GoldEntity *e, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(e, name);
    return row_query_sql(lease->conn, name, sql, values, n, ret, err);
}

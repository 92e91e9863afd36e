/* features.c: the features of the entities with what is typical of them, rows by many ids, the scores of one row over time, and of all. */
#include "base/memory.h"
#include "web/entity.h"
#include "web/entity_filter.h"
#include <string.h>

const ParamSpec features_params[] = {
    {"entity", PARAM_TEXT, .least = 1, .most = 100, .help = "only of this one, by its name"},
    AS_OF_PARAM(PARAM_OF_ALL),
    {.name = NULL},
};
const ParamSpec scores_params[] = {
    {"limit", PARAM_INT, .least = 1, .most = 1000, .otherwise = 200, .help = "changes, newest first"},
    {.name = NULL},
};
const ParamSpec histogram_params[] = {
    {"bins", PARAM_INT, .least = 2, .most = 100, .otherwise = 20, .help = "of the same width"},
    {.name = NULL},
};

/* ---- features ---- */

static int describe_features(const Lease *lease, const GoldEntity *e, json_t *all, Error *err) {
    const LakeValue values[] = {lake_text(e->name), lake_text(e->view)};
    CLEANUP(json_freep) json_t *features = NULL;
    json_t *of;
    if (rows_query(lease->conn, "api/features", values, 2, &features, err) != 0 ||
        row_query(lease->conn, "api/features_of", values, 1, &of, err) != 0)
        return -1;
    json_object_set_new(of, "entity", json_string(e->name));
    json_object_set_new(of, "plural", json_string(e->plural));
    json_object_set(of, "features", features);
    json_array_append_new(all, of);
    return 0;
}

int handle_features(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const char *name = request_param(req, "entity");
    CLEANUP(json_freep) json_t *all = json_array();
    for (size_t i = 0; i < lease->entities->count; i++) {
        const GoldEntity *e = &lease->entities->items[i];
        if ((name == NULL || strcmp(e->name, name) == 0) && describe_features(lease, e, all, err) != 0) return -1;
    }
    if (name != NULL && json_array_size(all) == 0)
        response_problem(resp, 404, req, "There is no entity '%s'.", name);
    else
        response_json(resp, 200, json_pack("{sI sO}", "generation", (json_int_t)lease->generation, "entities", all));
    return 0;
}

/* ---- the scores of one ---- */

/* 404 when it is not in Gold. */
static int check_exists(const Request *req, const Lease *lease, const GoldEntity *e, LakeValue id, Response *resp, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/exists");
    int64_t found = 0;
    if (lake_query_int(lease->conn, "api/exists", sql, &id, 1, &found, err) != 0) return -1;
    if (found == 0) response_problem(resp, 404, req, "There is no %s with this id in Gold.", e->title);
    return 0;
}

int handle_entity_scores(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const GoldEntity *e = entity_find(req, lease, true);
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    if (!e->scored)
        return response_problem(resp, 404, req, "There are no scores of %s: the model is of another entity.", e->title_plural), 0;
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/scores");
    CLEANUP(json_freep) json_t *items = NULL;
    CLEANUP(json_freep) json_t *id = NULL;
    if (entity_own_id(req, lease, e, &id, err) != 0) return -1;
    const LakeValue values[] = {lake_blob(json_string_value(id), json_string_length(id)),
                                lake_int(request_int(req, scores_params, "limit"))};
    if (rows_query_sql(lease->conn, "api/scores", sql, values, ARRAY_LEN(values), &items, err) != 0) return -1;
    if (json_array_size(items) == 0 && check_exists(req, lease, e, values[0], resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    json_t *out = json_pack("{sI sO}", "generation", (json_int_t)lease->generation, "items", items);
    json_object_set(out, e->key, id);
    response_json(resp, 200, out);
    return 0;
}

/* ---- many by id ---- */

enum { LOOKUP_IDS_MAX = 1000 };

/* {id: null, ...} of the ids that are asked for, in their order; NULL: the content is not what it has to be. The caller owns it. */
static json_t *asked_ids(const json_t *content) {
    const json_t *ids = json_object_get(content, "ids"), *id;
    json_t *asked = json_object();
    size_t i;
    bool fits = json_object_size(content) == 1 && json_is_array(ids) && json_array_size(ids) >= 1 && json_array_size(ids) <= LOOKUP_IDS_MAX;
    json_array_foreach(ids, i, id) {
        fits = fits && json_is_string(id) && memchr(json_string_value(id), '\0', json_string_length(id)) == NULL;
        if (fits) json_object_set_new(asked, json_string_value(id), json_null());
    }
    if (fits) return asked;
    json_decref(asked);
    return NULL;
}

static int answer_found(const Lease *lease, const GoldEntity *e, const json_t *rows, json_t *asked, Response *resp) {
    json_t *items = json_array(), *missing = json_array(), *row;
    const char *id;
    size_t i;
    json_array_foreach(rows, i, row) {
        json_object_del(row, "(rank)");
        json_object_set(asked, json_string_value(json_object_get(row, e->key)), row);
    }
    json_object_foreach(asked, id, row) {
        if (json_is_null(row))
            json_array_append_new(missing, json_string(id));
        else
            json_array_append(items, row);
    }
    response_json(resp, 200, json_pack("{sI so so}", "generation", (json_int_t)lease->generation, "items", items, "missing", missing));
    return 0;
}

static int look_up(const Request *req, const Lease *lease, const GoldEntity *e, json_t *asked, Response *resp, Error *err) {
    CLEANUP(entity_filter_done) EntityFilter filter = {0};
    CLEANUP(json_freep) json_t *rows = NULL;
    CLEANUP(json_freep) json_t *ids = json_array();
    const char *id;
    json_t *ignored;
    bool risk;
    json_object_foreach(asked, id, ignored) json_array_append_new(ids, json_string(id));
    CLEANUP(free_text) char *text = json_text(ids);
    LakeValue value = lake_text(text);
    if (entity_has_risk(lease, e, &risk, err) != 0 || entity_filter_read(req, lease, e, risk, &filter, resp, err) != 0) return -1;
    if (resp->status != 0) return 0;
    CLEANUP(free_text) char *sql = entity_filter_sql(&filter, risk ? "api/ranked" : "api/listed", "api/lookup", NULL);
    if (rows_query_sql(lease->conn, "api/lookup", sql, &value, 1, &rows, err) != 0) return -1;
    return answer_found(lease, e, rows, asked, resp);
}

const ParamSpec lookup_params[] = {
    {"fields", PARAM_TEXT, .least = 1, .most = 2000, .help = "columns, with commas between them; * for all"},
    AS_OF_PARAM(PARAM_OF_ALL),
    {.name = NULL},
};

int handle_lookup(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    const GoldEntity *e = entity_find(req, lease, true);
    if (e == NULL) return entity_answer_nothing_here(req, resp);
    CLEANUP(json_freep) json_t *content = json_loadb(req->content, req->content_len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    CLEANUP(json_freep) json_t *asked = asked_ids(content);
    if (asked != NULL) return look_up(req, lease, e, asked, resp, err);
    response_bad_param(resp, req, "ids", "The content must be {\"ids\": [...]} with 1 to %d texts, and nothing else.", LOOKUP_IDS_MAX);
    return 0;
}

/* ---- the scores of all ---- */

int handle_histogram(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    LakeValue bins = lake_int(request_int(req, histogram_params, "bins"));
    json_t *rows, *bands;
    if (rows_query(lease->conn, "api/histogram", &bins, 1, &rows, err) != 0 ||
        rows_query(lease->conn, "api/bands", NULL, 0, &bands, err) != 0)
        return -1;
    response_json(resp, 200, json_pack("{sI so so}", "generation", (json_int_t)lease->generation, "bins", rows, "bands", bands));
    return 0;
}

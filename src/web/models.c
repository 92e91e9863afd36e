/* models.c: the models of the lake, and the report of each, which is a file beside it. */
#include "base/files.h"
#include "base/memory.h"
#include "web/rows.h"

static int query_models(const Lease *lease, const char *id, json_t **ret, Error *err) {
    LakeValue value = lake_text(id);
    return rows_query(lease->conn, "api/models_list", &value, 1, ret, err);
}

int handle_models(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s, (void)req;
    json_t *models, *model;
    size_t i;
    if (query_models(lease, NULL, &models, err) != 0) return -1;
    json_array_foreach(models, i, model) json_object_del(model, "metadata");
    response_json(resp, 200, json_pack("{sI so}", "generation", (json_int_t)lease->generation, "models", models));
    return 0;
}

/* `id` is one of the lake's. JSON null: the file is gone, or not readable here. The caller owns it. */
static json_t *read_report(const Service *s, const char *id) {
    CLEANUP(free_text) char *file = xasprintf("%s.report.json", id);
    CLEANUP(free_text) char *path = s->models_dir != NULL ? path_join(s->models_dir, file) : NULL;
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(error_clear) Error ignored = {0};
    json_t *report = path != NULL && file_read(path, &text, &ignored) == 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    return report != NULL ? report : json_null();
}

int handle_model(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    CLEANUP(json_freep) json_t *models = NULL;
    if (query_models(lease, req->id, &models, err) != 0) return -1;
    json_t *model = json_array_get(models, 0);
    if (model == NULL) {
        response_problem(resp, 404, req, "There is no model with this id.");
        return 0;
    }
    json_object_set_new(model, "report", read_report(s, json_string_value(json_object_get(model, "model_id"))));
    json_object_set_new(model, "generation", json_integer(lease->generation));
    response_json(resp, 200, json_incref(model));
    return 0;
}

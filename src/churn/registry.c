/* registry.c: the table `models` lists the models, their files decide which of them can be used.
 *
 * A model's files are durable before its row is committed, so a crash leaves at worst files without a row.
 *
 * Invariant: a model that cannot be loaded never hides an older one that can. */
#include "churn/internal.h"

#include "base/document.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

static void log_damaged(const Error *why, bool older) {
    log_warn("churn", "%s%s", why->text, older ? " (an older model is used meanwhile)" : "");
}

int churn_current_model(LakeConn *conn, const char *models_dir, Model **ret, json_t **ret_metadata, Error *err) {
    CLEANUP(churn_names_done) ChurnNames ids = {0};
    CLEANUP(error_clear) Error first = {0};
    if (churn_read_names(conn, "models", &ids, err) != 0) return -1;
    for (size_t i = 0; i < ids.count && i < CHURN_MODEL_FILES_KEPT; i++) {
        CLEANUP(error_clear) Error problem = {0};
        int rc = ret != NULL ? model_load(models_dir, ids.at[i], ret, ret_metadata, &problem)
                             : model_check(models_dir, ids.at[i], ret_metadata, &problem);
        if (rc == 0) {
            if (i > 0) log_damaged(&first, true);
            return 0;
        }
        if (problem.kind != ERR_DATA) return error_move(err, &problem);
        if (i > 0) continue;
        first = problem;
        problem = (Error){0};
    }
    if (ids.count > 0) return error_set(err, ERR_DATA, "%s", first.text);
    if (ret != NULL) *ret = NULL;
    *ret_metadata = NULL;
    return 0;
}

static void remove_old_files(const char *models_dir, const ChurnNames *ids) {
    for (size_t i = CHURN_MODEL_FILES_KEPT; i < ids->count; i++) model_remove(models_dir, ids->at[i]);
}

static const char *text_of(const json_t *metadata, const char *key) {
    return json_string_value(json_object_get(metadata, key));
}

static LakeValue number_of(const json_t *metadata, const char *key) {
    const json_t *v = json_object_get(metadata, key);
    if (json_is_integer(v)) return lake_int(json_integer_value(v));
    return json_is_real(v) ? lake_real(json_real_value(v)) : lake_null();
}

int churn_register_model(LakeConn *conn, const char *models_dir, const json_t *metadata, Error *err) {
    CLEANUP(churn_names_done) ChurnNames ids = {0};
    CLEANUP(free_text) char *text = json_text(metadata);
    const LakeValue values[] = {
        lake_text(text_of(metadata, "model_id")),
        lake_time(json_integer_value(json_object_get(metadata, "trained_at_us"))),
        lake_text(text_of(metadata, "file")),
        lake_text(text_of(metadata, "label_source")),
        number_of(metadata, "training_rows"),
        number_of(metadata, "auc"),
        number_of(metadata, "pr_auc"),
        number_of(metadata, "log_loss"),
        number_of(metadata, "watermark_us"),
        lake_text(text),
    };
    if (lake_exec_values(conn, "churn/register", lake_sql("churn/register"), values, ARRAY_LEN(values), NULL, err) != 0) return -1;
    if (churn_read_names(conn, "models", &ids, err) != 0) return -1;
    remove_old_files(models_dir, &ids);
    return 0;
}

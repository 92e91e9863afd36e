/* registry.c: the table `models` lists the models, their files decide which of them can be used.
 *
 * A model's files are durable before its row is committed, so a crash leaves at worst files without a row.
 *
 * Invariant: a model that cannot be loaded never hides an older one that can. */
#include "churn/internal.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

static void log_damaged(const Error *why, bool older) {
    log_warn("churn", "%s%s", why->text, older ? " (an older model is used meanwhile)" : "");
}

int churn_current_model(LakeConn *conn, const char *models_dir, Model **ret, json_t **ret_metadata, Error *err) {
    CLEANUP(churn_names_done) ChurnNames ids = {0};
    CLEANUP(error_clear) Error first = {0};
    if (churn_read_names(conn, NULL, "models", &ids, err) != 0) return -1;
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

/* ---- ids ---- */

static void add_time(Buf *id, int64_t wall_us) {
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_us / 1000 * 1000, text);
    for (const char *p = text; *p != '\0' && id->len < strlen("churn-20261124T101500123"); p++)
        if (*p != '-' && *p != ':' && *p != '.') buf_add_char(id, *p);
    buf_add_char(id, 'Z');
}

/* A row or a file of that name: a crash leaves files without a row, and a restored lake has no rows of models that were trained since. */
static int is_taken(LakeConn *conn, const char *models_dir, const char *id, bool *ret, Error *err) {
    LakeValue value = lake_text(id);
    int64_t rows;
    CLEANUP(free_text) char *name = xasprintf("%s.json", id);
    CLEANUP(free_text) char *path = path_join(models_dir, name);
    if (lake_query_int(conn, "churn/models_of_id", lake_sql("churn/models_of_id"), &value, 1, &rows, err) != 0) return -1;
    *ret = rows > 0 || file_exists(path);
    return 0;
}

int churn_make_model_id(LakeConn *conn, const char *models_dir, int64_t wall_us, char **ret, Error *err) {
    CLEANUP(buf_done) Buf id = {0};
    buf_add_str(&id, "churn-");
    add_time(&id, wall_us);
    size_t len = id.len;
    bool taken = false;
    for (int number = 1; number == 1 || taken; number++) {
        id.len = len;
        if (number > 1) buf_addf(&id, "-%d", number);
        if (is_taken(conn, models_dir, id.data, &taken, err) != 0) return -1;
    }
    *ret = buf_take(&id);
    return 0;
}

/* ---- rows ---- */

/* Not of the models that may be in use. */
static int remove_old_files(LakeConn *conn, const char *models_dir, Error *err) {
    CLEANUP(churn_names_done) ChurnNames all = {0}, used = {0};
    if (churn_read_names(conn, NULL, "models_by_age", &all, err) != 0 || churn_read_names(conn, NULL, "models", &used, err) != 0) return -1;
    for (size_t i = CHURN_MODEL_FILES_KEPT; i < all.count; i++) {
        bool keep = false;
        for (size_t k = 0; k < used.count && k < 2; k++) keep |= strcmp(used.at[k], all.at[i]) == 0;
        if (!keep) model_remove(models_dir, all.at[i]);
    }
    return 0;
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
        lake_text(text_of(metadata, "note")),
    };
    if (lake_exec_values(conn, "churn/register", lake_sql("churn/register"), values, ARRAY_LEN(values), NULL, err) != 0) return -1;
    return remove_old_files(conn, models_dir, err);
}

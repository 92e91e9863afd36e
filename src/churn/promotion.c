/* promotion.c: which model is used. A model that was trained is a candidate until it is promoted, which it is when it does not rank those
 * of the newest cut worse than the one in use by more than a margin.
 *
 * An AUC above REPORT_SUSPICIOUS on something that really happens is no success: a feature knows the outcome. Such a model is promoted only
 * by hand. */
#include "churn/forecast.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "evaluate/report.h"
#include <math.h>
#include <string.h>

static void free_floats(float **p) {
    free(*p);
}

static const char *text_of(const json_t *metadata, const char *key) {
    const char *text = json_string_value(json_object_get(metadata, key));
    return text != NULL ? text : "";
}

/* The values of `d` in the order of the model's features; NaN where it has none of the name. */
static float *in_order_of(const Model *m, const ChurnData *d, const ChurnNames *columns) {
    size_t n = model_features(m);
    float *values = xcalloc(d->rows * n + 1, sizeof *values);
    for (size_t i = 0; i < n; i++) {
        size_t from = 0;
        while (from < columns->count && strcmp(columns->at[from], model_feature(m, i)) != 0) from++;
        for (size_t row = 0; row < d->rows; row++) values[row * n + i] = from < columns->count ? d->values[row * d->cols + from] : NAN;
    }
    return values;
}

static int auc_on(const Model *m, const ChurnData *d, const ChurnNames *columns, double *ret, Error *err) {
    CLEANUP(free_floats) float *values = in_order_of(m, d, columns);
    CLEANUP(free_floats) float *p = xcalloc(d->rows + 1, sizeof *p);
    const Matrix x = {.values = values, .rows = d->rows, .cols = model_features(m)};
    if (model_predict(m, &x, p, err) != 0) return -1;
    *ret = metrics_of(p, d->labels, d->rows).auc;
    return 0;
}

static bool same_outcome(const json_t *current, const json_t *candidate) {
    static const char *const numbers[] = {"horizon_days", "gap_days", "silence_days"};
    if (strcmp(text_of(current, "kind"), "forecast") != 0 ||
        strcmp(text_of(current, "outcome_kind"), text_of(candidate, "outcome_kind")) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        if (json_integer_value(json_object_get(current, numbers[i])) != json_integer_value(json_object_get(candidate, numbers[i])))
            return false;
    return true;
}

static int compare(const Model *current, const json_t *metadata, const ChurnOptions *options, const ChurnData *test,
                   const ChurnNames *columns, ChurnTraining *t, Error *err) {
    double auc;
    if (auc_on(current, test, columns, &auc, err) != 0) return -1;
    json_object_set_new(t->facts, "compared_with", json_pack("{s:s, s:f}", "model", text_of(metadata, "model_id"), "auc", auc));
    if (t->metrics.auc >= auc - options->margin) return 0;
    t->note = xasprintf("its AUC on the newest cut is %.4f, that of %s, which stays in use, %.4f", t->metrics.auc,
                        text_of(metadata, "model_id"), auc);
    return 0;
}

int churn_judge_candidate(LakeConn *conn, const ChurnOptions *options, const ChurnData *test, const ChurnNames *columns, ChurnTraining *t,
                          Error *err) {
    CLEANUP(model_freep) Model *current = NULL;
    CLEANUP(json_freep) json_t *metadata = NULL;
    Error problem = {0};
    if (options->force) return 0;
    if (t->metrics.auc > REPORT_SUSPICIOUS) {
        t->note = xasprintf(
            "its AUC of %.4f is above %.2f: a feature, or who is in the population, knows the outcome; look at the first features, "
            "then promote it by hand or train with --force",
            t->metrics.auc, REPORT_SUSPICIOUS);
        return 0;
    }
    if (churn_current_model(conn, options->models_dir, &current, &metadata, &problem) != 0) {
        bool damaged = problem.kind == ERR_DATA; /* any model is better than none */
        if (damaged) error_clear(&problem);
        return damaged ? 0 : error_move(err, &problem);
    }
    if (current == NULL || !same_outcome(metadata, t->facts)) return 0;
    return compare(current, metadata, options, test, columns, t, err);
}

/* ---- by hand ---- */

static int set_promoted(LakeConn *conn, const char *id, bool promoted, const char *note, Error *err) {
    const LakeValue values[] = {lake_text(id), promoted ? lake_time(clock_wall_us()) : lake_null(), lake_text(note)};
    return lake_exec_values(conn, "churn/promote", lake_sql("churn/promote"), values, ARRAY_LEN(values), NULL, err);
}

static int check_exists(LakeConn *conn, const char *id, Error *err) {
    LakeValue value = lake_text(id);
    int64_t rows;
    if (lake_query_int(conn, "churn/models_of_id", lake_sql("churn/models_of_id"), &value, 1, &rows, err) != 0) return -1;
    return rows > 0 ? 0 : error_set(err, ERR_CONFIG, "there is no model %s: `smelt model list` lists them", id);
}

/* A model of an earlier version does not say whose it is: there was one entity that it could be of. */
static int check_entity(LakeConn *conn, const json_t *metadata, const char *id, Error *err) {
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    const char *key = text_of(metadata, "key");
    if (churn_read_gold(conn, &gold, err) != 0) return -1;
    if (key[0] == '\0' || gold.key == NULL || strcmp(key, gold.key) == 0 || strcmp(text_of(metadata, "entity"), gold.entity) == 0) return 0;
    return error_set(err, ERR_CONFIG,
                     "%s is a model of %s, by the ids %s, and features.yaml says that the model is of %s (%s): run `smelt train`", id,
                     text_of(metadata, "entity"), key, gold.entity, gold.key);
}

int churn_promote(LakeConn *conn, const char *models_dir, const char *id, bool force, Error *err) {
    CLEANUP(json_freep) json_t *metadata = NULL;
    if (check_exists(conn, id, err) != 0 || model_check(models_dir, id, &metadata, err) != 0 || check_entity(conn, metadata, id, err) != 0)
        return -1;
    double auc = json_number_value(json_object_get(metadata, "auc"));
    if (!force && strcmp(text_of(metadata, "kind"), "forecast") == 0 && auc > REPORT_SUSPICIOUS)
        return error_set(err, ERR_DATA,
                         "%s was not promoted: its AUC of %.4f is above %.2f, so a feature knows the outcome; --force promotes it", id, auc,
                         REPORT_SUSPICIOUS);
    return set_promoted(conn, id, true, NULL, err);
}

int churn_rollback(LakeConn *conn, const char *models_dir, char **ret_withdrawn, char **ret_current, Error *err) {
    CLEANUP(churn_names_done) ChurnNames ids = {0};
    CLEANUP(json_freep) json_t *metadata = NULL;
    if (churn_read_names(conn, NULL, "models", &ids, err) != 0) return -1;
    if (ids.count < 2) return error_set(err, ERR_DATA, "there is no model that was in use before");
    if (model_check(models_dir, ids.at[1], &metadata, err) != 0) return -1;
    if (set_promoted(conn, ids.at[0], false, "withdrawn by `smelt model rollback`", err) != 0) return -1;
    *ret_withdrawn = xstrdup(ids.at[0]);
    *ret_current = xstrdup(ids.at[1]);
    return 0;
}

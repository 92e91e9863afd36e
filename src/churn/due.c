/* due.c: when to train again. */
#include "churn/forecast.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "evaluate/drift.h"
#include <string.h>

static bool same_features(const ChurnNames *features, const json_t *metadata) {
    const json_t *trained = json_object_get(metadata, "features");
    if (json_array_size(trained) != features->count) return false;
    for (size_t i = 0; i < features->count; i++)
        if (strcmp(features->at[i], json_string_value(json_array_get(trained, i))) != 0) return false;
    return true;
}

static bool same_number(const json_t *metadata, const char *key, int64_t v) {
    return json_integer_value(json_object_get(metadata, key)) == v;
}

/* What a training would be on now. */
typedef struct Wanted {
    const char *label; /* its label_source */
    ChurnNames features;
} Wanted;

static void wanted_done(Wanted *w) {
    churn_names_done(&w->features);
}

/* The newest training, whether its model is in use or not: a candidate is not trained again at once. */
typedef struct Newest {
    int64_t trained_at_us, batch;
    double score_drift; /* of the model in use */
} Newest;

static int read_newest(LakeConn *conn, Newest *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    *ret = (Newest){0};
    if (lake_query(conn, "churn/newest_training", lake_sql("churn/newest_training"), NULL, 0, &r, err) != 0) return -1;
    int got = lake_next(r, err);
    if (got > 0) *ret = (Newest){.trained_at_us = lake_col_int(r, 0), .batch = lake_col_int(r, 1)};
    return got < 0 ? -1 : 0;
}

static int find_wanted(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const ChurnOptions *options, Wanted *ret,
                       Error *err) {
    bool declared = strcmp(options->label, CHURN_LABEL_DECLARED) == 0, possible = false;
    int64_t from = 0;
    ret->label = declared ? CHURN_LABEL_RULE : options->label;
    if (churn_is_forecast(d, options->label)) {
        if (gold->key != NULL && churn_forecast_is_possible(conn, gold, d, &possible, &from, err) != 0) return -1;
        if (possible || !declared || gold->label == NULL) {
            ret->label = declared ? d->outcome : options->label;
            for (size_t i = 0; i < d->columns.count; i++) {
                ret->features.at = xrealloc(ret->features.at, i + 1, sizeof *ret->features.at);
                ret->features.at[ret->features.count++] = xstrdup(d->columns.at[i]);
            }
            return 0;
        }
    }
    return churn_read_features(conn, gold, &ret->features, err);
}

/* Why the current model has to be replaced; NULL when it need not. The caller frees. */
static char *reason_to_train(const json_t *metadata, const ChurnOptions *options, const Wanted *wanted, const Newest *newest, int64_t batch,
                             int64_t max_age_ms) {
    const char *label = json_string_value(json_object_get(metadata, "label_source"));
    int64_t trained_us = json_integer_value(json_object_get(metadata, "trained_at_us"));
    int64_t now_us = clock_wall_us();
    /* Newer, and not in use. By the clock of the future: it was set back since, and the model in use may be the newer one. */
    bool candidate = newest->trained_at_us > trained_us && newest->trained_at_us <= now_us;
    int64_t age_ms = (now_us - (candidate ? newest->trained_at_us : trained_us)) / 1000;
    int64_t trained_batch = candidate ? newest->batch : json_integer_value(json_object_get(metadata, "refined_batch"));
    bool tried = json_is_true(json_object_get(metadata, "tried")) && label != NULL && churn_label_is_rule(label);
    if (!candidate && !tried) { /* what was tried in vain is tried again with the next training by age */
        if (label == NULL || strcmp(label, wanted->label) != 0) return xasprintf("the label is now %s", wanted->label);
        if (!same_number(metadata, "seed", options->seed) || !same_number(metadata, "rounds", options->rounds))
            return xstrdup("seed or rounds were changed");
        if (!same_features(&wanted->features, metadata)) return xstrdup("Gold has other features than the model");
    }
    if (!candidate && newest->score_drift >= DRIFT_LARGE && trained_batch != batch)
        return xasprintf("the scores have drifted since the training: their population stability index is %.2f", newest->score_drift);
    if ((age_ms >= 0 && age_ms <= max_age_ms) || trained_batch == batch) return NULL;
    if (age_ms < 0) return xstrdup("by the clock the model is of the future, so its age is not known, and there is new data");
    return xasprintf("the model is %.1f hours old and there is new data", (double)age_ms / 3.6e6);
}

static int is_due(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const ChurnOptions *options, int64_t max_age_ms, bool *ret,
                  char **ret_reason, Error *err) {
    CLEANUP(wanted_done) Wanted wanted = {0};
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(error_clear) Error problem = {0};
    Newest newest;
    int64_t batch;
    char *why;
    if (find_wanted(conn, gold, d, options, &wanted, err) != 0 || churn_read_refined_batch(conn, &batch, err) != 0 ||
        read_newest(conn, &newest, err) != 0)
        return -1;
    if (churn_current_model(conn, options->models_dir, NULL, &metadata, &problem) != 0) {
        if (problem.kind != ERR_DATA) return error_move(err, &problem);
        why = xstrdup(problem.text);
    } else {
        const char *id = json_string_value(json_object_get(metadata, "model_id"));
        if (id != NULL && churn_score_drift(conn, id, &newest.score_drift, err) != 0) return -1;
        why = metadata == NULL ? xstrdup("there is no model yet") : reason_to_train(metadata, options, &wanted, &newest, batch, max_age_ms);
    }
    *ret = why != NULL;
    *ret_reason = why != NULL ? why : xstrdup("the model is new enough, or there is no new data");
    return 0;
}

int churn_is_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, bool *ret, char **ret_reason, Error *err) {
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    if (churn_read_gold(conn, &gold, err) != 0 || churn_read_declared(conn, options->label, &d, err) != 0) return -1;
    return is_due(conn, &gold, &d, options, max_age_ms, ret, ret_reason, err);
}

int churn_train_when_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, ChurnTraining *ret, Error *err) {
    CLEANUP(free_text) char *reason = NULL;
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    bool due, has_label;
    if (churn_read_gold(conn, &gold, err) != 0 || churn_read_declared(conn, options->label, &d, err) != 0 ||
        churn_has_label(conn, &gold, options->label, &has_label, err) != 0)
        return -1;
    if (!has_label && !d.present) {
        *ret = (ChurnTraining){.skipped = churn_no_label(&gold, d.advice)};
        return 0;
    }
    if (is_due(conn, &gold, &d, options, max_age_ms, &due, &reason, err) != 0) return -1;
    if (due) return churn_train(conn, options, ret, err);
    *ret = (ChurnTraining){.skipped = TAKE(reason)};
    return 0;
}

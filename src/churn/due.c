/* due.c: when to train again. */
#include "churn/internal.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
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

/* Why the current model has to be replaced; NULL when it need not. The caller frees. */
static char *reason_to_train(const json_t *metadata, const ChurnOptions *options, const ChurnNames *features, int64_t batch,
                             int64_t max_age_ms) {
    const char *label = json_string_value(json_object_get(metadata, "label_source"));
    int64_t age_ms = (clock_wall_us() - json_integer_value(json_object_get(metadata, "trained_at_us"))) / 1000;
    if (label == NULL || strcmp(label, options->label) != 0) return xasprintf("the label is now %s", options->label);
    if (!same_number(metadata, "seed", options->seed) || !same_number(metadata, "rounds", options->rounds))
        return xstrdup("seed or rounds were changed");
    if (!same_features(features, metadata)) return xstrdup("Gold has other features than the model");
    if (age_ms <= max_age_ms || same_number(metadata, "refined_batch", batch)) return NULL;
    return xasprintf("the model is %.1f hours old and there is new data", (double)age_ms / 3.6e6);
}

static int is_due(LakeConn *conn, const ChurnGold *gold, const ChurnOptions *options, int64_t max_age_ms, bool *ret, char **ret_reason,
                  Error *err) {
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(error_clear) Error problem = {0};
    int64_t batch;
    char *why;
    if (churn_read_features(conn, gold, &features, err) != 0 || churn_read_refined_batch(conn, &batch, err) != 0) return -1;
    if (churn_current_model(conn, options->models_dir, NULL, &metadata, &problem) != 0) {
        if (problem.kind != ERR_DATA) return error_move(err, &problem);
        why = xstrdup(problem.text);
    } else {
        why = metadata == NULL ? xstrdup("there is no model yet") : reason_to_train(metadata, options, &features, batch, max_age_ms);
    }
    *ret = why != NULL;
    *ret_reason = why != NULL ? why : xstrdup("the model is new enough, or there is no new data");
    return 0;
}

int churn_is_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, bool *ret, char **ret_reason, Error *err) {
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    return churn_read_gold(conn, &gold, err) != 0 ? -1 : is_due(conn, &gold, options, max_age_ms, ret, ret_reason, err);
}

int churn_train_when_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, ChurnTraining *ret, Error *err) {
    CLEANUP(free_text) char *reason = NULL;
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    bool due, has_label;
    if (churn_read_gold(conn, &gold, err) != 0 || churn_has_label(conn, &gold, options->label, &has_label, err) != 0) return -1;
    if (!has_label) {
        *ret = (ChurnTraining){.skipped = churn_no_label(&gold)};
        return 0;
    }
    if (is_due(conn, &gold, options, max_age_ms, &due, &reason, err) != 0) return -1;
    if (due) return churn_train(conn, options, ret, err);
    *ret = (ChurnTraining){.skipped = TAKE(reason)};
    return 0;
}

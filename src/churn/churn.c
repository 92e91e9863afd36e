/* churn.c: training: Gold and a label in, a registered model out; and the rule for when to do it again.
 *
 * The model that is measured is the one that serves: it is trained on four fifths, measured on the fifth that it never saw, and stored as
 * it is. Too little data is an answer (`skipped`), not a failure: a young lake must be able to run. Invariant: the same Gold, label, seed
 * and rounds give the same model file. */
#include "churn/churn.h"
#include "churn/data.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "model/split.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define ROUNDS_MAX 10000

const char churn_leak_warning[] =
    "the label is Gold's churn_label, a rule over the same features that the model sees. It has only found the rule again: these numbers "
    "say "
    "nothing about real churn. Set model.label (or --label) to a CSV file with subscriber_id,churned: who really left.";

/* ---- options ---- */

int churn_options(const Settings *settings, ChurnOptions *ret, Error *err) {
    int64_t rounds = settings_int(settings, "model.rounds");
    if (rounds < 1 || rounds > ROUNDS_MAX)
        return error_set(err, ERR_CONFIG, "model.rounds is %" PRId64 ", expected 1 to %d", rounds, ROUNDS_MAX);
    *ret = (ChurnOptions){.models_dir = path_join(settings_text(settings, "data.dir"), "models"),
                          .label = settings_text(settings, "model.label"),
                          .seed = settings_int(settings, "model.seed"),
                          .rounds = (int)rounds};
    return 0;
}

void churn_options_done(ChurnOptions *options) {
    free(options->models_dir);
    *options = (ChurnOptions){0};
}

void churn_training_done(ChurnTraining *t) {
    free(t->skipped);
    free(t->model_id);
    free(t->label_source);
    for (size_t i = 0; i < t->top_count; i++) free(t->top[i].name);
    *t = (ChurnTraining){0};
}

/* ---- labels ---- */

static bool is_rule(const ChurnOptions *options) {
    return strcmp(options->label, CHURN_LABEL_RULE) == 0;
}

static int label_file_error(const ChurnOptions *options, Error *err) {
    err->kind = ERR_DATA;
    err->text[strcspn(err->text, "\n")] = '\0'; /* DuckDB goes on about its own SQL */
    return error_prefix(err, "the label file %s (a CSV file with the columns subscriber_id and churned is expected)", options->label);
}

static int check_labels(LakeConn *conn, const ChurnOptions *options, Error *err) {
    CLEANUP(churn_names_done) ChurnNames bad = {0};
    if (churn_read_names(conn, "bad_labels", &bad, err) != 0) return -1;
    if (bad.count == 0) return 0;
    error_set(err, ERR_DATA, "%s", bad.at[0]);
    return label_file_error(options, err);
}

static int read_by_file(LakeConn *conn, const ChurnOptions *options, const ChurnNames *features, ChurnData *ret, size_t *ret_unused,
                        Error *err) {
    const LakeValue path = lake_text(options->label);
    int64_t labels;
    if (!file_exists(options->label))
        return error_set(err, ERR_CONFIG, "model.label is '%s': there is no such file, and it is not \"rule\"", options->label);
    if (lake_exec_values(conn, "churn/read_labels", lake_sql("churn/read_labels"), &path, 1, NULL, err) != 0)
        return label_file_error(options, err);
    if (check_labels(conn, options, err) != 0) return -1;
    if (lake_query_int(conn, "churn/labels", "SELECT count(*) FROM churn_labels", NULL, 0, &labels, err) != 0) return -1;
    if (churn_read_rows(conn, "rows_by_labels", NULL, 0, features, true, ret, err) != 0) return -1;
    *ret_unused = (size_t)labels - ret->rows;
    return lake_exec(conn, "churn/labels", "DROP TABLE churn_labels", err);
}

static int read_by_rule(LakeConn *conn, const ChurnNames *features, ChurnData *ret, Error *err) {
    int64_t there;
    if (lake_query_int(conn, "churn/has_rule", lake_sql("churn/has_rule"), NULL, 0, &there, err) != 0) return -1;
    if (there == 0)
        return error_set(err, ERR_CONFIG,
                         "Gold has no column churn_label: set model.label to a CSV file with subscriber_id,churned, or add the feature");
    return churn_read_rows(conn, "rows_by_rule", NULL, 0, features, true, ret, err);
}

/* ---- is there enough? ---- */

static void count_classes(const ChurnData *d, ChurnTraining *t) {
    t->rows = d->rows;
    for (size_t i = 0; i < d->rows; i++) t->positives += d->labels[i] > 0.5f;
}

/* NULL when there is enough; else why not, for people. The caller frees. */
static char *too_little(const ChurnTraining *t) {
    const char *more = "train again when more data is refined, or give a label of your own (model.label)";
    size_t negatives = t->rows - t->positives;
    if (t->rows == 0) return xasprintf("no subscriber has both features and a label: %s", more);
    if (t->positives == 0 || negatives == 0)
        return xasprintf("all %zu labelled subscribers %s, there is nothing to tell apart: %s", t->rows,
                         t->positives > 0 ? "churned" : "stayed", more);
    if (t->positives < CHURN_SMALLEST_CLASS || negatives < CHURN_SMALLEST_CLASS)
        return xasprintf("of %zu labelled subscribers %zu churned and %zu stayed, at least %d of each are needed: %s", t->rows,
                         t->positives, negatives, CHURN_SMALLEST_CLASS, more);
    return NULL;
}

/* ---- the fit ---- */

/* The rows on one side of the split. Owned. */
typedef struct Part {
    float *values, *labels;
    size_t rows, cols;
} Part;

static void free_floats(float **p) {
    free(*p);
}

static void part_done(Part *p) {
    free(p->values);
    free(p->labels);
}

static Part take_part(const ChurnData *d, const bool *held, bool side) {
    Part p = {
        .values = xcalloc(d->rows * d->cols + 1, sizeof *p.values), .labels = xcalloc(d->rows + 1, sizeof *p.labels), .cols = d->cols};
    for (size_t i = 0; i < d->rows; i++) {
        if (held[i] != side) continue;
        memcpy(p.values + p.rows * d->cols, d->values + i * d->cols, d->cols * sizeof *p.values);
        p.labels[p.rows++] = d->labels[i];
    }
    return p;
}

static Matrix part_matrix(const Part *p) {
    return (Matrix){.values = p->values, .rows = p->rows, .cols = p->cols};
}

static int measure(const Model *m, const Part *holdout, Metrics *ret, Error *err) {
    CLEANUP(free_floats) float *p = xcalloc(holdout->rows + 1, sizeof *p);
    const Matrix x = part_matrix(holdout);
    if (model_predict(m, &x, p, err) != 0) return -1;
    *ret = metrics_of(p, holdout->labels, holdout->rows);
    return 0;
}

/* Empties `d` once it is split: at a million subscribers every copy counts. */
static int fit(ChurnData *d, const ChurnNames *features, const ChurnOptions *options, ChurnTraining *t, Model **ret, Error *err) {
    bool *held = xcalloc(d->rows + 1, sizeof *held);
    split_holdout((const char *const *)d->ids, d->labels, d->rows, CHURN_HOLDOUT, options->seed, held);
    CLEANUP(part_done) Part training = take_part(d, held, false);
    CLEANUP(part_done) Part holdout = take_part(d, held, true);
    free(held);
    churn_data_done(d);
    const Matrix x = part_matrix(&training);
    const ModelParams params = {.rounds = options->rounds, .seed = options->seed};
    CLEANUP(model_freep) Model *m = NULL;
    if (model_train(&x, training.labels, (const char *const *)features->at, &params, &m, err) != 0) return -1;
    if (measure(m, &holdout, &t->metrics, err) != 0) return -1;
    t->training_rows = training.rows;
    t->holdout_rows = holdout.rows;
    *ret = TAKE(m);
    return 0;
}

/* The CHURN_TOP_FEATURES that gained most. */
static void note_top_features(const Model *m, ChurnTraining *t) {
    double *gain = xcalloc(model_features(m) + 1, sizeof *gain);
    model_gain(m, gain);
    while (t->top_count < CHURN_TOP_FEATURES) {
        size_t best = 0;
        for (size_t i = 1; i < model_features(m); i++)
            if (gain[i] > gain[best]) best = i;
        if (gain[best] <= 0) break;
        t->top[t->top_count++] = (ChurnFeature){.name = xstrdup(model_feature(m, best)), .gain = gain[best]};
        gain[best] = 0;
    }
    free(gain);
}

/* ---- the record ---- */

/* NULL (JSON) when Silver is not there or empty: the newest event that the model can know, in microseconds. */
static int read_watermark(LakeConn *conn, json_t **ret, Error *err) {
    int64_t there, us = 0;
    if (lake_query_int(conn, "churn/has_silver", lake_sql("churn/has_silver"), NULL, 0, &there, err) != 0) return -1;
    if (there > 0 && lake_query_int(conn, "churn/watermark", lake_sql("churn/watermark"), NULL, 0, &us, err) != 0) return -1;
    *ret = us != 0 ? json_integer(us) : json_null();
    return 0;
}

static int refined_batch(LakeConn *conn, int64_t *ret, Error *err) {
    return lake_query_int(conn, "churn/refined_batch", lake_sql("churn/refined_batch"), NULL, 0, ret, err);
}

static json_t *top_features_json(const ChurnTraining *t) {
    json_t *top = json_array();
    for (size_t i = 0; i < t->top_count; i++)
        json_array_append_new(top, json_pack("{s:s, s:f}", "feature", t->top[i].name, "gain", t->top[i].gain));
    return top;
}

/* What the training knows, under the names that both the metadata and the summary use. */
static json_t *facts_json(const ChurnTraining *t) {
    return json_pack("{s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:s, s:b, s:I, s:o}", "auc", t->metrics.auc, "pr_auc", t->metrics.pr_auc,
                     "log_loss", t->metrics.log_loss, "log_loss_base", t->metrics.log_loss_base, "rows", (json_int_t)t->rows, "positives",
                     (json_int_t)t->positives, "training_rows", (json_int_t)t->training_rows, "holdout_rows", (json_int_t)t->holdout_rows,
                     "label_source", t->label_source, "label_leaks", (int)t->label_leaks, "labels_unused", (json_int_t)t->labels_unused,
                     "top_features", top_features_json(t));
}

/* "churn-20261124T101500123Z": sorts by time, fits a file name. */
static char *make_model_id(int64_t wall_us) {
    char text[CLOCK_TEXT_SIZE];
    CLEANUP(buf_done) Buf id = {0};
    buf_add_str(&id, "churn-");
    clock_format(wall_us / 1000 * 1000, text);
    for (const char *p = text; *p != '\0' && id.len < strlen("churn-20261124T101500123"); p++)
        if (*p != '-' && *p != ':' && *p != '.') buf_add_char(&id, *p);
    buf_add_char(&id, 'Z');
    return buf_take(&id);
}

static int store(LakeConn *conn, const ChurnOptions *options, const Model *m, ChurnTraining *t, Error *err) {
    int64_t now = clock_wall_us(), batch;
    char text[CLOCK_TEXT_SIZE];
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(json_freep) json_t *facts = facts_json(t);
    json_t *watermark;
    BUG_IF(facts == NULL);
    if (refined_batch(conn, &batch, err) != 0 || read_watermark(conn, &watermark, err) != 0) return -1;
    json_object_set_new(facts, "watermark_us", watermark);
    json_object_set_new(facts, "refined_batch", json_integer(batch));
    json_object_set_new(facts, "trained_at", json_string(clock_format(now, text)));
    json_object_set_new(facts, "trained_at_us", json_integer(now));
    json_object_set_new(facts, "seed", json_integer(options->seed));
    json_object_set_new(facts, "rounds", json_integer(options->rounds));
    t->model_id = make_model_id(now);
    if (model_save(m, options->models_dir, t->model_id, facts, &metadata, err) != 0) return -1;
    return churn_register_model(conn, options->models_dir, metadata, err);
}

int churn_train(LakeConn *conn, const ChurnOptions *options, ChurnTraining *ret, Error *err) {
    int64_t started = clock_mono_ns();
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(churn_data_done) ChurnData data = {0};
    CLEANUP(churn_training_done) ChurnTraining t = {.label_source = xstrdup(options->label), .label_leaks = is_rule(options)};
    CLEANUP(model_freep) Model *m = NULL;
    if (churn_read_features(conn, &features, err) != 0) return -1;
    if (features.count > 0 && (is_rule(options) ? read_by_rule(conn, &features, &data, err)
                                                : read_by_file(conn, options, &features, &data, &t.labels_unused, err)) != 0)
        return -1;
    count_classes(&data, &t);
    t.features = features.count;
    t.skipped = features.count == 0 ? xstrdup("there is no Gold yet: run `smelt refine` first") : too_little(&t);
    if (t.skipped == NULL) {
        if (fit(&data, &features, options, &t, &m, err) != 0) return -1;
        note_top_features(m, &t);
        if (store(conn, options, m, &t, err) != 0) return -1;
    }
    t.seconds = clock_seconds_since(started);
    *ret = t;
    t = (ChurnTraining){0};
    return 0;
}

json_t *churn_training_json(const ChurnTraining *t) {
    if (t->skipped != NULL && t->label_source == NULL) return json_pack("{s:n, s:s}", "model", "skipped", t->skipped);
    if (t->skipped != NULL)
        return json_pack("{s:n, s:s, s:I, s:I, s:f}", "model", "skipped", t->skipped, "rows", (json_int_t)t->rows, "positives",
                         (json_int_t)t->positives, "seconds", t->seconds);
    json_t *summary = json_pack("{s:s, s:I, s:f}", "model", t->model_id, "features", (json_int_t)t->features, "seconds", t->seconds);
    CLEANUP(json_freep) json_t *facts = facts_json(t);
    json_object_update_missing(summary, facts);
    if (t->label_leaks) json_object_set_new(summary, "warning", json_string(churn_leak_warning));
    return summary;
}

/* ---- when to train again ---- */

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

/* Why the current model will not do any more; NULL when it will. The caller frees. */
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

int churn_is_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, bool *ret, char **ret_reason, Error *err) {
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(error_clear) Error problem = {0};
    int64_t batch;
    char *why;
    if (churn_read_features(conn, &features, err) != 0 || refined_batch(conn, &batch, err) != 0) return -1;
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

int churn_train_when_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, ChurnTraining *ret, Error *err) {
    CLEANUP(free_text) char *reason = NULL;
    bool due;
    if (churn_is_due(conn, options, max_age_ms, &due, &reason, err) != 0) return -1;
    if (due) return churn_train(conn, options, ret, err);
    *ret = (ChurnTraining){.skipped = TAKE(reason)};
    return 0;
}

/* training.c: Gold and a label in, a registered model out.
 *
 * The model that is measured is the one that is used: it is trained on four fifths of the labelled entities, measured on the fifth that
 * it has not seen, and stored as it is. Too little data is an answer (`skipped`), not a failure: the pipeline must run on a young lake too.
 *
 * Invariant: the same Gold, label, seed and rounds give the same model file. */
#include "churn/internal.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "churn/forecast.h"
#include "churn/report.h"
#include "lake/layout.h"
#include "model/split.h"
#include <inttypes.h>
#include <string.h>

#define ROUNDS_MAX 10000

static char *leak_warning(const ChurnGold *g) {
    return xasprintf("the label is Gold's %s, a rule over the same features that the model sees. "
                     "It has only found the rule again: these numbers say nothing about what really happens. "
                     "Set model.label (or --label) to a CSV file with %s,churned: what really happened.",
                     g->label, g->key);
}

/* ---- options ---- */

int churn_options(const Settings *settings, ChurnOptions *ret, Error *err) {
    int64_t rounds = settings_int(settings, "model.rounds");
    if (rounds < 1 || rounds > ROUNDS_MAX)
        return error_set(err, ERR_CONFIG, "model.rounds is %" PRId64 ", expected 1 to %d", rounds, ROUNDS_MAX);
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    *ret = (ChurnOptions){.models_dir = xstrdup(layout.models_dir),
                          .label = settings_text(settings, "model.label"),
                          .seed = settings_int(settings, "model.seed"),
                          .rounds = (int)rounds,
                          .margin = (double)settings_int(settings, "model.margin") / 1000,
                          .costs = {.contact = (double)settings_int(settings, "model.contact_cost"),
                                    .value = (double)settings_int(settings, "model.kept_value"),
                                    .success = (double)settings_int(settings, "model.success") / 100}};
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
    free(t->warning);
    free(t->note);
    free(t->until);
    free(t->labels_unused.example);
    free(t->labels_unused.known);
    json_decref(t->facts);
    json_decref(t->distribution);
    free(t->title);
    free(t->title_plural);
    json_decref(t->report);
    for (size_t i = 0; i < t->top_count; i++) free(t->top[i].name);
    *t = (ChurnTraining){0};
}

/* ---- is there enough? ---- */

static void count_classes(const ChurnData *d, ChurnTraining *t) {
    t->rows = d->rows;
    for (size_t i = 0; i < d->rows; i++) t->positives += d->labels[i] > 0.5f;
}

/* NULL when there is enough; else a sentence why not. The caller frees. */
static char *too_little(const ChurnTraining *t) {
    const char *more = "train again when more data is refined, or give a label of your own (model.label)";
    const ChurnUnused *unused = &t->labels_unused;
    size_t negatives = t->rows - t->positives;
    if (t->rows == 0 && unused->count > 0 && unused->example != NULL && unused->known != NULL)
        return xasprintf("Gold has none of the %zu ids of %s, as %s; its own are as %s: write them the same way", unused->count,
                         t->label_source, unused->example, unused->known);
    if (t->rows == 0) return xasprintf("no %s has both features and a label: %s", t->title, more);
    if (t->positives == 0 || negatives == 0)
        return xasprintf("all %zu labelled %s %s, there is nothing to tell apart: %s", t->rows, t->title_plural,
                         t->positives > 0 ? "churned" : "stayed", more);
    if (t->positives < CHURN_SMALLEST_CLASS || negatives < CHURN_SMALLEST_CLASS)
        return xasprintf("of %zu labelled %s %zu churned and %zu stayed, at least %d of each are needed: %s", t->rows, t->title_plural,
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

static int measure(const Model *m, const Part *training, const Part *holdout, const ChurnOptions *options, ChurnTraining *t, Error *err) {
    CLEANUP(free_floats) float *p = xcalloc(holdout->rows + 1, sizeof *p);
    const Matrix x = part_matrix(holdout);
    if (model_predict(m, &x, p, err) != 0) return -1;
    t->metrics = metrics_of(p, holdout->labels, holdout->rows);
    const Matrix trained = part_matrix(training);
    CLEANUP(free_floats) float *baseline = churn_baseline(&trained, training->labels, &x);
    const ChurnMeasured measured = {.holdout = x, .baseline = baseline, .holdout_labels = holdout->labels, .probabilities = p};
    t->report = churn_report(&measured, options);
    return 0;
}

/* Empties `d` once it is split: at a million rows every copy counts. */
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
    if (measure(m, &training, &holdout, options, t, err) != 0) return -1;
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

static json_t *top_features_json(const ChurnTraining *t) {
    json_t *top = json_array();
    for (size_t i = 0; i < t->top_count; i++)
        json_array_append_new(top, json_pack("{s:s, s:f}", "feature", t->top[i].name, "gain", t->top[i].gain));
    return top;
}

/* What is known of the training, with the keys that metadata and summary share. */
static json_t *facts_json(const ChurnTraining *t) {
    return json_pack("{s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:s, s:b, s:I, s:o}", "auc", t->metrics.auc, "pr_auc", t->metrics.pr_auc,
                     "log_loss", t->metrics.log_loss, "log_loss_base", t->metrics.log_loss_base, "rows", (json_int_t)t->rows, "positives",
                     (json_int_t)t->positives, "training_rows", (json_int_t)t->training_rows, "holdout_rows", (json_int_t)t->holdout_rows,
                     "label_source", t->label_source, "label_leaks", (int)t->label_leaks, "labels_unused",
                     (json_int_t)t->labels_unused.count, "top_features", top_features_json(t));
}

static int store(LakeConn *conn, const ChurnGold *gold, const ChurnOptions *options, const Model *m, ChurnTraining *t, Error *err) {
    int64_t now = clock_wall_us(), batch;
    char text[CLOCK_TEXT_SIZE];
    CLEANUP(json_freep) json_t *metadata = NULL;
    CLEANUP(json_freep) json_t *facts = facts_json(t);
    json_t *watermark;
    BUG_IF(facts == NULL);
    if (churn_read_refined_batch(conn, &batch, err) != 0 || churn_read_event_time_watermark(conn, &watermark, err) != 0) return -1;
    if (t->facts != NULL) json_object_update(facts, t->facts);
    if (t->distribution != NULL) json_object_set(facts, "distribution", t->distribution);
    if (t->note != NULL) json_object_set_new(facts, "note", json_string(t->note));
    if (t->until != NULL) json_object_set_new(facts, "until", json_string(t->until));
    if (t->tried) json_object_set_new(facts, "tried", json_true());
    json_object_set_new(facts, "entity", json_string(gold->entity));
    json_object_set_new(facts, "key", json_string(gold->key));
    json_object_set_new(facts, "watermark_us", watermark);
    json_object_set_new(facts, "refined_batch", json_integer(batch));
    json_object_set_new(facts, "trained_at", json_string(clock_format(now, text)));
    json_object_set_new(facts, "trained_at_us", json_integer(now));
    json_object_set_new(facts, "seed", json_integer(options->seed));
    json_object_set_new(facts, "rounds", json_integer(options->rounds));
    if (churn_make_model_id(conn, options->models_dir, now, &t->model_id, err) != 0) return -1;
    if (model_save(m, options->models_dir, t->model_id, facts, &metadata, err) != 0) return -1;
    if (model_save_report(options->models_dir, t->model_id, t->report, err) != 0) return -1;
    return churn_register_model(conn, options->models_dir, metadata, err);
}

/* ---- a label of now: the rule, or a file with who has churned ---- */

static int check_label(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const char *label, Error *err) {
    bool has_label;
    if (churn_has_label(conn, gold, label, &has_label, err) != 0) return -1;
    if (has_label) return 0;
    CLEANUP(free_text) char *no_label = churn_no_label(gold, d->advice);
    return error_set(err, ERR_CONFIG, "%s", no_label);
}

static int train_on_gold(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const ChurnOptions *options, ChurnTraining *t,
                         Model **ret, Error *err) {
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(churn_data_done) ChurnData data = {0};
    const char *label = strcmp(options->label, CHURN_LABEL_DECLARED) == 0 ? CHURN_LABEL_RULE : options->label;
    t->label_source = xstrdup(label);
    t->label_leaks = churn_label_is_rule(label);
    if (churn_read_features(conn, gold, &features, err) != 0) return -1;
    if (features.count > 0 && check_label(conn, gold, d, label, err) != 0) return -1;
    if (features.count > 0 && churn_read_labelled(conn, gold, label, &features, &data, &t->labels_unused, err) != 0) return -1;
    count_classes(&data, t);
    if (t->label_leaks && gold->label != NULL) t->warning = leak_warning(gold);
    t->features = features.count;
    t->skipped = features.count == 0 ? churn_no_features(gold) : too_little(t);
    return t->skipped == NULL ? fit(&data, &features, options, t, ret, err) : 0;
}

/* ---- a label of the future ---- */

/* False: the history is too short, and the rule serves until then (t->until says so), or t->skipped. */
static int train_forecast(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const ChurnOptions *options, ChurnTraining *t,
                          Model **ret, bool *ret_done, Error *err) {
    *ret_done = true;
    t->label_source = xstrdup(strcmp(options->label, CHURN_LABEL_DECLARED) == 0 ? d->outcome : options->label);
    t->features = d->columns.count;
    if (churn_fit_forecast(conn, gold, d, options, t, ret, err) != 0) return -1;
    if (t->skipped == NULL || gold->label == NULL || strcmp(options->label, CHURN_LABEL_DECLARED) != 0) return 0;
    *ret_done = false;
    t->until = TAKE(t->skipped);
    free(TAKE(t->label_source));
    free(TAKE(t->warning)); /* of the forecast; it is in the log */
    log_info("train", "%s; until then the rule %s serves", t->until, gold->label);
    return 0;
}

static int fit_any(LakeConn *conn, const ChurnGold *gold, const ChurnOptions *options, ChurnTraining *t, Model **ret, Error *err) {
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    bool done = false;
    if (churn_read_declared(conn, options->label, &d, err) != 0) return -1;
    if (gold->key != NULL && churn_is_forecast(&d, options->label) && train_forecast(conn, gold, &d, options, t, ret, &done, err) != 0)
        return -1;
    return done ? 0 : train_on_gold(conn, gold, &d, options, t, ret, err);
}

int churn_train(LakeConn *conn, const ChurnOptions *options, ChurnTraining *ret, Error *err) {
    int64_t started = clock_mono_ns();
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_training_done) ChurnTraining t = {0};
    CLEANUP(model_freep) Model *m = NULL;
    if (churn_read_gold(conn, &gold, err) != 0) return -1;
    if (gold.title != NULL) t.title = xstrdup(gold.title);
    if (gold.title_plural != NULL) t.title_plural = xstrdup(gold.title_plural);
    if (fit_any(conn, &gold, options, &t, &m, err) != 0) return -1;
    if (t.skipped == NULL) {
        note_top_features(m, &t);
        if (store(conn, &gold, options, m, &t, err) != 0) return -1;
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
    if (t->warning != NULL) json_object_set_new(summary, "warning", json_string(t->warning));
    if (t->until != NULL) json_object_set_new(summary, "until_then", json_string(t->until));
    if (t->note != NULL) json_object_set_new(summary, "candidate", json_string(t->note));
    if (t->facts != NULL) json_object_set(summary, "forecast", t->facts);
    return summary;
}

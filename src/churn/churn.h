/* churn.h: the churn model: it learns from an entity and a label, gives each a probability with reasons, and knows when
 * to train again.
 *
 * One thread (the writer's), no transaction open when called. A model's files are in `models_dir`; the table `models` has a row for each.
 * The current model is the one that was promoted last and whose files are whole: damaged or missing ones are logged, and the model before
 * is used.
 *
 * The label (setting model.label) is one of:
 *   declared  that of `model` in features.yaml: what happens later (forecast.h), or a rule. While the history is too short for
 *             the former, the declared rule is learned.
 *   rule      the rule that is declared, a function of the same features that the model sees. A model trained on it only finds
 *             the rule again and looks perfect.
 *   PATH      a CSV file with a header that has the column of the id and left_at: departures, learned as what happens later; or
 *             churned (0 or 1): what is so now. Those that are not in the latter are scored, but not trained on. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/settings.h"
#include "evaluate/profit.h"
#include "lake/lake.h"
#include "model/metrics.h"
#include <jansson.h>
#include <stdbool.h>

#define CHURN_LABEL_DECLARED   "declared"
#define CHURN_LABEL_RULE       "rule"
#define CHURN_HOLDOUT          0.2 /* of each class, to measure on */
#define CHURN_SMALLEST_CLASS   10  /* fewer churned, or fewer stayed, is not enough to train or to measure on */
#define CHURN_REASONS          3   /* kept for each score */
#define CHURN_TOP_FEATURES     5   /* named after training */
#define CHURN_MODEL_FILES_KEPT 10  /* older models keep their row and lose their files */

typedef struct ChurnOptions {
    char *models_dir;  /* <data.dir>/models; owned */
    const char *label; /* borrowed from the settings */
    int64_t seed;
    int rounds;
    ProfitCosts costs;
    double margin; /* of AUC: a new model may rank worse by so much and is still promoted */
    bool force;    /* promote the new model whatever its figures are */
} ChurnOptions;
/* From the settings data.dir, model.label, model.seed, model.rounds, model.contact_cost, model.kept_value, model.success; the options live
 * as long as the settings. ERR_CONFIG. */
int churn_options(const Settings *settings, ChurnOptions *ret, Error *err) MUST_CHECK;
void churn_options_done(ChurnOptions *options);

/* ---- training ---- */

typedef struct ChurnFeature {
    char *name;
    double gain; /* its share of all that the splits gained */
} ChurnFeature;

/* The labels of the file whose id is not in Gold. */
typedef struct ChurnUnused {
    size_t count;
    char *example, *known; /* one of these ids, and one that Gold has; NULL: there is none */
} ChurnUnused;

typedef struct ChurnTraining {
    char *skipped;      /* why there is no new model, and what to do; NULL: there is one, and everything below is set */
    char *label_source; /* NULL: training was not due, no row was read */
    char *model_id;
    bool label_leaks; /* the label is a function of the features */
    Metrics metrics;  /* on the holdout */
    size_t rows, positives, training_rows, holdout_rows, features;
    ChurnUnused labels_unused;
    char *title, *title_plural; /* of the entity; NULL: there is no Gold */
    char *warning;              /* why good numbers mean nothing; NULL: they do */
    ChurnFeature top[CHURN_TOP_FEATURES];
    size_t top_count;
    json_t *facts;        /* of a forecast: what goes into its metadata beside all that; NULL: the label is a rule, or known already */
    json_t *distribution; /* of the features and scores of a forecast: only in the metadata */
    char *note;           /* why the model is a candidate and not in use; NULL: it is in use */
    bool tried;           /* the history is long enough, but too few leave */
    char *until;          /* why a rule is learned and not what is declared; NULL: it is not so */
    json_t *report;       /* the measures on the holdout (evaluate/report.h); is also in <models_dir>/<model_id>.report.json */
    double seconds;
} ChurnTraining;
void churn_training_done(ChurnTraining *t);

/* Too few rows, or one class only, is no error: ret->skipped. ERR_DATA: the label file; ERR_IO; ERR_STOPPED. The caller ends the result. */
int churn_train(LakeConn *conn, const ChurnOptions *options, ChurnTraining *ret, Error *err) MUST_CHECK;
/* {model, auc, pr_auc, log_loss, rows, ...}, or {model: null, skipped}. The caller owns it. */
json_t *churn_training_json(const ChurnTraining *t) MUST_CHECK;

/* ---- which model is used ---- */

/* ERR_CONFIG: no such model; ERR_DATA: its files are damaged, or its figures are too good to be true (without `force`). */
int churn_promote(LakeConn *conn, const char *models_dir, const char *id, bool force, Error *err) MUST_CHECK;
/* Goes back to the model that was in use before. ERR_DATA: there is none, or its files are damaged. The caller frees both ids. */
int churn_rollback(LakeConn *conn, const char *models_dir, char **ret_withdrawn, char **ret_current, Error *err) MUST_CHECK;

/* Every model, the newest first: [{model_id, trained_at, label_source, auc, state, promoted_at, note, ...}]; state: in use, was in use,
 * candidate, withdrawn. The caller owns it. */
int churn_list_models(LakeConn *conn, json_t **ret, Error *err) MUST_CHECK;
/* What the lake knows of one: as churn_list_models, and {outcomes, drift}. `id` NULL: the one in use. ERR_CONFIG: no such model; ERR_DATA:
 * none is in use. The caller owns it. */
int churn_find_model(LakeConn *conn, const char *id, json_t **ret, Error *err) MUST_CHECK;
/* Its metadata and report, from its files, with what churn_find_model found. ERR_DATA: its files are damaged. The caller owns it. */
int churn_describe_model(const char *models_dir, const json_t *found, json_t **ret, Error *err) MUST_CHECK;
/* The same as Markdown. */
void churn_model_card(const json_t *model, Buf *ret);
/* Makes the training set of a forecast again and writes it as CSV: part, cut_day, id, label, log_odds, raw_probability, probability, the
 * features. `ret`: {model, file, sha256, training, calibration, test}; the caller owns it. ERR_DATA: it is not the same any more, or the
 * model has none. */
int churn_export_set(LakeConn *conn, const char *models_dir, const char *id, const char *path, json_t **ret, Error *err) MUST_CHECK;

/* ---- when to train ---- */

/* True when there is no usable model, or it was trained with another label, seed, rounds or features, or it is older than max_age_ms and
 * Gold has been refined since. `ret_reason`: a sentence why (not); the caller frees. */
int churn_is_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, bool *ret, char **ret_reason, Error *err) MUST_CHECK;
/* churn_train when churn_is_due; else, and when Gold has no label to train on, ret->skipped. The caller ends the result. */
int churn_train_when_due(LakeConn *conn, const ChurnOptions *options, int64_t max_age_ms, ChurnTraining *ret, Error *err) MUST_CHECK;

/* ---- scoring ---- */

/* Risk bands of a probability where the model's metadata has none: high from 0.5 (more likely to churn than not), medium from 0.2, low
 * below. */
typedef struct ChurnBand {
    const char *name;
    double from;
} ChurnBand;
#define CHURN_BANDS 3
extern const ChurnBand churn_bands[CHURN_BANDS]; /* highest first */

typedef struct ChurnScores {
    char *skipped; /* why nothing was scored; NULL: something was, and everything below is set */
    char *model_id;
    char *plural, *title_plural;         /* of the entity: as a key of the summary, and for people */
    size_t rows;                         /* scored by this call */
    size_t scored, by_band[CHURN_BANDS]; /* with a score */
    int64_t newest_us;                   /* when the newest of these was made */
    char *advice;                        /* how Gold's columns differ from the model's, and what to do; NULL when they do not */
    double seconds;
} ChurnScores;
void churn_scores_done(ChurnScores *s);

/* Updates entity_scores to what the current model predicts from Gold, in one transaction: those whose features changed since
 * this model scored them; all of them when another model did, or with `full`. `reasons` is a JSON array of up to CHURN_REASONS {feature,
 * value, contribution}: exact SHAP values in log-odds, the largest first; a negative one speaks against churn. No model yet, or no Gold:
 * ret->skipped. ERR_DATA when there are models but no usable file; the scores stay as they were. The caller ends the result. */
int churn_score(LakeConn *conn, const char *models_dir, bool full, ChurnScores *ret, Error *err) MUST_CHECK;
/* {model, scored, <plural of the entity>, high, medium, low, seconds, ...}, or {model: null, skipped}. The caller owns it. */
json_t *churn_scores_json(const ChurnScores *s) MUST_CHECK;

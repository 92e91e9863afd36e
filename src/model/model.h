/* model.h: a churn model: gradient-boosted trees by XGBoost over plain matrices. It does not depend on the lake.
 *
 * Model: immutable once trained or loaded. Any thread (XGBoost keeps the results of each thread by itself).
 *
 * Determinism: the same matrix, labels, names and parameters give the same model file byte for byte, on any number of cores (XGBoost trains
 * on two threads, always two). Many rows are predicted on all cores, each by itself. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <jansson.h>
#include <stdint.h>

/* rows x cols values, row after row; NaN: missing. Infinities are not allowed. Borrowed. */
typedef struct Matrix {
    const float *values;
    size_t rows, cols;
} Matrix;

typedef struct ModelParams {
    int rounds; /* boosted trees, 1 or more */
    int64_t seed;
} ModelParams;

typedef struct Model Model;

/* Loads XGBoost ahead of its first use, on a thread that has nothing else to do. Errors are reported at the first use. Any thread. */
void model_load_library(void);

/* Trains on `labels` (x->rows values, 0 or 1, both present). `features`: x->cols names. Ends early with ERR_STOPPED when the process was
 * asked to stop. ERR_CONFIG when XGBoost is not installed, ERR_DATA when it refuses the data. The caller frees. */
int model_train(const Matrix *x, const float *labels, const char *const *features, const ModelParams *params, Model **ret,
                Error *err) MUST_CHECK;
void model_free(Model *m);
DEFINE_CLEANUP(model_free, Model)

size_t model_features(const Model *m);
const char *model_feature(const Model *m, size_t i); /* valid while the model lives */
/* Every parameter given to XGBoost, by its name there; NULL for a model that was loaded (its metadata has them). Borrowed. */
const json_t *model_params(const Model *m);

/* Columns of `x` in the order of the model's features (x->cols of them). `ret`: x->rows probabilities of label 1. */
int model_predict(const Model *m, const Matrix *x, float *ret, Error *err) MUST_CHECK;
/* The same as log-odds, as they are before they become probabilities. */
int model_log_odds(const Model *m, const Matrix *x, float *ret, Error *err) MUST_CHECK;
/* Explains predictions: `ret` gets x->rows x (x->cols + 1) exact SHAP values in log-odds; the last of a row is the bias (forest.h). */
void model_explain(const Model *m, const Matrix *x, float *ret);
/* Feature importance in training: x->cols shares of the total gain that sum to 1 (all 0 when no tree has a split). */
void model_gain(const Model *m, double *ret);

/* ---- files (model_file.c) ---- */

/* <dir>/<id>.json is XGBoost's model document, <dir>/<id>.meta.json its metadata, with the SHA-256 of the document and of itself. The
 * document is written first, so that metadata never refers to an incomplete document. */

/* Writes both files, each atomically and durably, and creates `dir` if it is missing. The metadata has format, model_id, file, sha256,
 * bytes, smelt_version, xgboost_version, features, params, and the members of `facts` (an object, borrowed). ERR_IO. `ret_metadata`: all of
 * it; the caller owns it. */
int model_save(const Model *m, const char *dir, const char *id, const json_t *facts, json_t **ret_metadata, Error *err) MUST_CHECK;
/* ERR_DATA names the file and the next step when a file is missing, truncated, changed, or does not match its metadata. `ret_metadata`: the
 * caller owns it; may be NULL. */
int model_load(const char *dir, const char *id, Model **ret, json_t **ret_metadata, Error *err) MUST_CHECK;
/* Checks the same files by their checksums only, without XGBoost. */
int model_check(const char *dir, const char *id, json_t **ret_metadata, Error *err) MUST_CHECK;
/* Writes <dir>/<id>.report.json, beside the files of the model; nothing depends on it. ERR_IO. */
int model_save_report(const char *dir, const char *id, const json_t *report, Error *err) MUST_CHECK;
/* Removes the files of a model, its report too; a missing file is not an error. */
void model_remove(const char *dir, const char *id);

/* model.h: a churn model: gradient-boosted trees by XGBoost over plain matrices. Knows nothing about lakes or subscribers.
 *
 * Model: immutable once trained or loaded. model_predict: one thread at a time; model_explain and the getters: any thread.
 *
 * Determinism: the same matrix, labels, names and parameters give the same model file byte for byte, on any number of cores (XGBoost runs
 * on one thread: for the sizes of a subscriber base its OpenMP costs more than it brings when another process shares the machine). */
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

/* Loads XGBoost, for who will need it soon and has a thread to spare. Whatever is wrong with it is said when it is used. Any thread. */
void model_load_library(void);

/* Trains on `labels` (x->rows values, 0 or 1, both present). `features`: x->cols names. Ends early with ERR_STOPPED when the process was
 * asked to stop. ERR_CONFIG when XGBoost is not installed, ERR_DATA when it refuses the data. The caller frees. */
int model_train(const Matrix *x, const float *labels, const char *const *features, const ModelParams *params, Model **ret,
                Error *err) MUST_CHECK;
void model_free(Model *m);
DEFINE_CLEANUP(model_free, Model)

size_t model_features(const Model *m);
const char *model_feature(const Model *m, size_t i); /* valid as long as the model */
/* Every parameter given to XGBoost, by its name there; NULL for a model that was loaded (its metadata has them). Borrowed. */
const json_t *model_params(const Model *m);

/* Columns of `x` in the order of the model's features (x->cols of them). `ret`: x->rows probabilities of label 1. */
int model_predict(const Model *m, const Matrix *x, float *ret, Error *err) MUST_CHECK;
/* Why: `ret` gets x->rows x (x->cols + 1) exact SHAP values in log-odds, the last of a row being the bias; see forest.h. */
void model_explain(const Model *m, const Matrix *x, float *ret);
/* How much each feature mattered in training: x->cols shares of the total gain, sum 1 (all 0 when no tree has a split). */
void model_gain(const Model *m, double *ret);

/* ---- files (model_file.c) ---- */

/* <dir>/<id>.json is XGBoost's model document, <dir>/<id>.meta.json what there is to know about it, with the SHA-256 of the first and of
 * itself. The document is written first, so that metadata never speaks of a file that is not whole. */

/* Writes both, each atomically and durably, making `dir` if need be. `facts` (borrowed, an object) is added to the metadata:
 * format, model_id, file, sha256, bytes, smelt_version, xgboost_version, features, params. ERR_IO. `ret_metadata`: the whole; the caller
 * owns it. */
int model_save(const Model *m, const char *dir, const char *id, const json_t *facts, json_t **ret_metadata, Error *err) MUST_CHECK;
/* ERR_DATA names the file and the next step when a file is missing, truncated, changed, or not what the metadata says. `ret_metadata`: the
 * caller owns it; may be NULL. */
int model_load(const char *dir, const char *id, Model **ret, json_t **ret_metadata, Error *err) MUST_CHECK;
/* The same look at the files by their checksums alone, without XGBoost. */
int model_check(const char *dir, const char *id, json_t **ret_metadata, Error *err) MUST_CHECK;
/* Removes the files of a model; those that are not there are no error. */
void model_remove(const char *dir, const char *id);

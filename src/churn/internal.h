/* internal.h: the parts of churn. One thread. */
#pragma once
#include "churn/churn.h"
#include "model/model.h"

/* ---- data.c: Gold as the matrix that a model reads ---- */

/* Names in order. Owned. */
typedef struct ChurnNames {
    char **at;
    size_t count;
} ChurnNames;
void churn_names_done(ChurnNames *n);
/* The first column of sql/churn/<query>.sql as texts. */
int churn_read_names(LakeConn *conn, const char *query, ChurnNames *ret, Error *err) MUST_CHECK;
/* Gold's numeric columns except the label, sorted; none when there is no Gold yet. */
int churn_read_features(LakeConn *conn, ChurnNames *ret, Error *err) MUST_CHECK;

/* Subscribers by id, their features as floats (NaN: NULL, or a column that Gold does not have), and their labels. Owned. */
typedef struct ChurnData {
    char **ids;
    float *values; /* rows x cols */
    float *labels; /* NULL when none were asked for */
    size_t rows, cols;
    size_t capacity;
} ChurnData;
void churn_data_done(ChurnData *d);
static inline Matrix churn_matrix(const ChurnData *d) {
    return (Matrix){.values = d->values, .rows = d->rows, .cols = d->cols};
}
/* The rows of sql/churn/<query>.sql with the columns `features`, no labels. */
int churn_read_rows(LakeConn *conn, const char *query, const LakeValue *values, size_t n, const ChurnNames *features, ChurnData *ret,
                    Error *err) MUST_CHECK;
/* The subscribers that have a label (setting model.label, see churn.h). `ret_unused`: labels of the file whose subscriber is not in Gold.
 * ERR_CONFIG: no such file, or no such column; ERR_DATA: the file. */
int churn_read_labelled(LakeConn *conn, const char *label, const ChurnNames *features, ChurnData *ret, size_t *ret_unused,
                        Error *err) MUST_CHECK;
bool churn_label_is_rule(const char *label);
/* False when Gold has no column churn_label, which the rule would need: a pipeline may be without one. */
int churn_has_label(LakeConn *conn, const char *label, bool *ret, Error *err) MUST_CHECK;

/* The last batch of Bronze that Gold contains. */
int churn_read_refined_batch(LakeConn *conn, int64_t *ret, Error *err) MUST_CHECK;
/* The newest event time in Silver, in microseconds, as JSON; null when Silver is missing or empty. The caller owns it. */
int churn_read_event_time_watermark(LakeConn *conn, json_t **ret, Error *err) MUST_CHECK;

/* ---- registry.c: the table `models` and the files it names ---- */

/* The newest registered model whose files are whole, and its metadata; both are NULL (and 0 returned) when none was ever trained. `ret` may
 * be NULL: then the files are checked and no model is loaded. The caller owns both. ERR_DATA when none of the registered models can be
 * loaded: the error of the newest one. */
int churn_current_model(LakeConn *conn, const char *models_dir, Model **ret, json_t **ret_metadata, Error *err) MUST_CHECK;
/* Inserts a saved model with this metadata into the table, and removes the files of models that are CHURN_MODEL_FILES_KEPT or more behind.
 */
int churn_register_model(LakeConn *conn, const char *models_dir, const json_t *metadata, Error *err) MUST_CHECK;

/* data.h: Gold as the matrix that the model module wants, and the registry of models. Private to churn*.c. One thread. */
#pragma once
#include "lake/lake.h"
#include "model/model.h"

/* Names of columns, in order. Owned. */
typedef struct ChurnNames {
    char **at;
    size_t count;
} ChurnNames;
void churn_names_done(ChurnNames *n);

/* Subscribers by id, their features as floats (NaN: NULL, or a column that Gold does not have), and their labels. Owned. */
typedef struct ChurnData {
    char **ids;
    float *values; /* rows x cols */
    float *labels; /* NULL when none were asked for */
    size_t rows, cols;
    size_t capacity;
} ChurnData;
void churn_data_done(ChurnData *d);

/* The newest registered model whose files are whole, and its metadata; both are NULL (and 0 returned) when none was ever trained. `ret` may
 * be NULL: the files are checked, the model is not loaded. The caller owns both. ERR_DATA when not one of the registered models can be
 * loaded: the newest one's trouble. In churn_model.c. */
int churn_current_model(LakeConn *conn, const char *models_dir, Model **ret, json_t **ret_metadata, Error *err) MUST_CHECK;
/* Enters a saved model of this metadata into the table, and removes the files of those that are CHURN_MODEL_FILES_KEPT behind. */
int churn_register_model(LakeConn *conn, const char *models_dir, const json_t *metadata, Error *err) MUST_CHECK;

/* The first column of sql/churn/<query>.sql as texts. */
int churn_read_names(LakeConn *conn, const char *query, ChurnNames *ret, Error *err) MUST_CHECK;
/* Gold's numeric columns but the label, sorted; none when there is no Gold yet. */
int churn_read_features(LakeConn *conn, ChurnNames *ret, Error *err) MUST_CHECK;
/* The rows of sql/churn/<query>.sql with the columns `features`. With `labelled`, its column label_to_learn too. */
int churn_read_rows(LakeConn *conn, const char *query, const LakeValue *values, size_t n, const ChurnNames *features, bool labelled,
                    ChurnData *ret, Error *err) MUST_CHECK;
static inline Matrix churn_matrix(const ChurnData *d) {
    return (Matrix){.values = d->values, .rows = d->rows, .cols = d->cols};
}

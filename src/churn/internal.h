/* internal.h: the parts of churn. One thread. */
#pragma once
#include "churn/churn.h"
#include "model/model.h"

/* ---- data.c: Gold as the matrix that a model reads ---- */

/* Whose Gold it is: of the entity that a model is of, as the lake says (gold_entities). Owned. */
typedef struct ChurnGold {
    char *key, *view; /* the column of the id, and gold_<entity>_features; NULL: there is no Gold yet */
    char *label;      /* the column of the rule; NULL: none is declared */
    char *entity, *plural;
    char *title, *title_plural;                       /* for people */
    char *base, *delta, *base_table, *state, *labels; /* names of its tables (compile/compile.h) */
} ChurnGold;
int churn_read_gold(LakeConn *conn, ChurnGold *ret, Error *err) MUST_CHECK;
void churn_gold_done(ChurnGold *g);
/* sql/churn/<query>.sql with its names: {{key}}, {{view}}, {{label}}, {{labels}}, and the same as texts, {{key_name}} and so on; {{base}},
 * {{delta}}, {{base_table}}, {{state}}. The caller frees. */
char *churn_sql(const ChurnGold *g, const char *query) MUST_CHECK;
/* The same with `n` more names, at most CHURN_NAMES_MORE. */
enum { CHURN_NAMES_MORE = 8 };
char *churn_sql_with(const ChurnGold *g, const char *query, const LakeBinding *more, size_t n) MUST_CHECK;

/* Names in order. Owned. */
typedef struct ChurnNames {
    char **at;
    size_t count;
} ChurnNames;
void churn_names_done(ChurnNames *n);
/* The first column of sql/churn/<query>.sql as texts. `g`: for its names; NULL: it has none. */
int churn_read_names(LakeConn *conn, const ChurnGold *g, const char *query, ChurnNames *ret, Error *err) MUST_CHECK;
/* Gold's numeric columns except the labels, whatever their names, sorted; none when there is no Gold yet. */
int churn_read_features(LakeConn *conn, const ChurnGold *g, ChurnNames *ret, Error *err) MUST_CHECK;

/* Why there is nothing to learn from when there are none; owned by the caller. */
char *churn_no_features(const ChurnGold *g) MUST_CHECK;

/* Entities by id, their features as floats (NaN: NULL, or a column that Gold does not have), and their labels. Owned. */
typedef struct ChurnData {
    char **ids;
    float *values; /* rows x cols */
    float *labels; /* NULL when none were asked for; -1: has left before */
    float *rules;  /* beside labels: what the rule of thumb says, 1 or 0; NaN: there is none */
    size_t rows, cols;
    size_t capacity;
} ChurnData;
void churn_data_done(ChurnData *d);
static inline Matrix churn_matrix(const ChurnData *d) {
    return (Matrix){.values = d->values, .rows = d->rows, .cols = d->cols};
}
/* The rows of sql/churn/<query>.sql with the columns `features`, no labels. */
int churn_read_rows(LakeConn *conn, const ChurnGold *g, const char *query, const LakeValue *values, size_t n, const ChurnNames *features,
                    ChurnData *ret, Error *err) MUST_CHECK;
/* The same with the column label_to_learn, in two steps: the second needs no connection, so another thread may take the rows. */
int churn_query_labelled_rows(LakeConn *conn, const ChurnGold *g, const char *query, LakeResult **ret, Error *err) MUST_CHECK;
int churn_take_labelled_rows(LakeResult *rows, const ChurnGold *g, const ChurnNames *features, ChurnData *ret, Error *err) MUST_CHECK;
/* The entities that have a label (setting model.label, see churn.h): a file, or the rule, which Gold must have. The
 * caller ends `ret_unused`. ERR_CONFIG: no such file, or no such column; ERR_DATA: the file. */
int churn_read_labelled(LakeConn *conn, const ChurnGold *g, const char *label, const ChurnNames *features, ChurnData *ret,
                        ChurnUnused *ret_unused, Error *err) MUST_CHECK;
/* Of a CSV file the path for read_csv, which takes *, ? and [ for a pattern and a folder for all files in it. ERR_CONFIG: it is no file.
 * The caller frees. */
int churn_csv_path(const char *path, char **ret, Error *err) MUST_CHECK;
bool churn_label_is_rule(const char *label);
/* False: the label is Gold's, and Gold has none; churn_no_label says what to do. */
int churn_has_label(LakeConn *conn, const ChurnGold *g, const char *label, bool *ret, Error *err) MUST_CHECK;
/* `advice`: of the declarations, or NULL. The caller frees. */
char *churn_no_label(const ChurnGold *g, const char *advice) MUST_CHECK;

/* The last batch of Bronze that Gold contains. */
int churn_read_refined_batch(LakeConn *conn, int64_t *ret, Error *err) MUST_CHECK;
/* The newest event time in Silver, in microseconds, as JSON; null when Silver is missing or empty. The caller owns it. */
int churn_read_event_time_watermark(LakeConn *conn, json_t **ret, Error *err) MUST_CHECK;

/* ---- registry.c: the table `models` and the files it names ---- */

/* The model that was promoted last of those whose files are whole, and its metadata; both are NULL (and 0 returned) when none was ever
 * trained. `ret` may be NULL: then the files are checked and no model is loaded. The caller owns both. ERR_DATA when none of the registered
 * models can be loaded: the error of the newest one. */
int churn_current_model(LakeConn *conn, const char *models_dir, Model **ret, json_t **ret_metadata, Error *err) MUST_CHECK;
/* promotion.c: is the model of `t` to be used? t->note says why not. `test`: the newest cut, with the columns `columns`. */
int churn_judge_candidate(LakeConn *conn, const ChurnOptions *options, const ChurnData *test, const ChurnNames *columns, ChurnTraining *t,
                          Error *err) MUST_CHECK;
/* "churn-20261124T101500123Z", after the time, with "-2" and so on when there is a model of that name: ids sort by time, and fit a file
 * name. The caller frees it. */
int churn_make_model_id(LakeConn *conn, const char *models_dir, int64_t wall_us, char **ret, Error *err) MUST_CHECK;
/* Inserts a saved model with this metadata into the table, in use unless its metadata has a note why not, and removes the files of models
 * that are CHURN_MODEL_FILES_KEPT or more behind.
 */
int churn_register_model(LakeConn *conn, const char *models_dir, const json_t *metadata, Error *err) MUST_CHECK;

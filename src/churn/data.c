/* data.c: features and labels, read into memory.
 *
 * Columns are found by name, never by position: the declarations add and remove them.
 *
 * Invariant: every value is finite or NaN (XGBoost refuses infinities). */
#include "churn/internal.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/memory.h"
#include <math.h>
#include <string.h>

#define ABSENT SIZE_MAX

void churn_names_done(ChurnNames *n) {
    for (size_t i = 0; i < n->count; i++) free(n->at[i]);
    free(n->at);
    *n = (ChurnNames){0};
}

void churn_data_done(ChurnData *d) {
    for (size_t i = 0; i < d->rows; i++) free(d->ids[i]);
    free(d->ids);
    free(d->values);
    free(d->labels);
    *d = (ChurnData){0};
}

static char *query_name(const char *query) {
    return xasprintf("churn/%s", query);
}

int churn_read_names(LakeConn *conn, const char *query, ChurnNames *ret, Error *err) {
    CLEANUP(free_text) char *name = query_name(query);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    CLEANUP(churn_names_done) ChurnNames names = {0};
    int more;
    if (lake_query(conn, name, lake_sql(name), NULL, 0, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        names.at = xrealloc(names.at, names.count + 1, sizeof *names.at);
        names.at[names.count++] = xstrdup(lake_col_text(r, 0, NULL));
    }
    if (more < 0) return -1;
    *ret = names;
    names = (ChurnNames){0};
    return 0;
}

int churn_read_features(LakeConn *conn, ChurnNames *ret, Error *err) {
    int64_t there;
    if (lake_query_int(conn, "churn/has_gold", lake_sql("churn/has_gold"), NULL, 0, &there, err) != 0) return -1;
    return there > 0 ? churn_read_names(conn, "features", ret, err) : 0;
}

static size_t find_column(const LakeResult *r, const char *name) {
    for (size_t i = 0; i < lake_columns(r); i++)
        if (strcmp(lake_column_name(r, i), name) == 0) return i;
    return ABSENT;
}

static float read_value(const LakeResult *r, size_t col) {
    if (col == ABSENT || lake_is_null(r, col)) return NAN;
    float v = (float)lake_col_real(r, col);
    return isfinite(v) ? v : NAN;
}

static void reserve_row(ChurnData *d, bool labelled) {
    if (d->rows < d->capacity) return;
    d->capacity = d->capacity > 0 ? d->capacity * 2 : 1024;
    d->ids = xrealloc(d->ids, d->capacity, sizeof *d->ids);
    d->values = xrealloc(d->values, d->capacity, d->cols * sizeof *d->values);
    if (labelled) d->labels = xrealloc(d->labels, d->capacity, sizeof *d->labels);
}

/* Where in the result the id, the label and each feature are. */
typedef struct Columns {
    size_t id, label;
    size_t *features;
} Columns;

static void columns_done(Columns *c) {
    free(c->features);
}

static void find_columns(const LakeResult *r, const ChurnNames *features, Columns *ret) {
    ret->id = find_column(r, "subscriber_id");
    ret->label = find_column(r, "label_to_learn");
    ret->features = xcalloc(features->count + 1, sizeof *ret->features);
    for (size_t i = 0; i < features->count; i++) ret->features[i] = find_column(r, features->at[i]);
}

static void add_row(ChurnData *d, LakeResult *r, const Columns *columns, bool labelled) {
    reserve_row(d, labelled);
    float *row = d->values + d->rows * d->cols;
    for (size_t i = 0; i < d->cols; i++) row[i] = read_value(r, columns->features[i]);
    if (labelled) d->labels[d->rows] = lake_col_real(r, columns->label) > 0 ? 1 : 0;
    const char *id = lake_col_text(r, columns->id, NULL);
    BUG_IF(id == NULL); /* every event in Silver has a subscriber */
    d->ids[d->rows++] = xstrdup(id);
}

/* With `labelled`, the query's column label_to_learn too. */
static int read_rows(LakeConn *conn, const char *query, const LakeValue *values, size_t n, const ChurnNames *features, bool labelled,
                     ChurnData *ret, Error *err) {
    CLEANUP(free_text) char *name = query_name(query);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    CLEANUP(columns_done) Columns columns = {0};
    CLEANUP(churn_data_done) ChurnData data = {.cols = features->count};
    int more;
    if (lake_query(conn, name, lake_sql(name), values, n, &r, err) != 0) return -1;
    find_columns(r, features, &columns);
    BUG_IF(columns.id == ABSENT || (labelled && columns.label == ABSENT));
    while ((more = lake_next(r, err)) == 1) add_row(&data, r, &columns, labelled);
    if (more < 0) return -1;
    *ret = data;
    data = (ChurnData){0};
    return 0;
}

int churn_read_rows(LakeConn *conn, const char *query, const LakeValue *values, size_t n, const ChurnNames *features, ChurnData *ret,
                    Error *err) {
    return read_rows(conn, query, values, n, features, false, ret, err);
}

static int query_int(LakeConn *conn, const char *name, int64_t *ret, Error *err) {
    return lake_query_int(conn, name, lake_sql(name), NULL, 0, ret, err);
}

int churn_read_refined_batch(LakeConn *conn, int64_t *ret, Error *err) {
    return query_int(conn, "churn/refined_batch", ret, err);
}

int churn_read_event_time_watermark(LakeConn *conn, json_t **ret, Error *err) {
    int64_t has_silver, us = 0;
    if (query_int(conn, "churn/has_silver", &has_silver, err) != 0) return -1;
    if (has_silver > 0 && query_int(conn, "churn/watermark", &us, err) != 0) return -1;
    *ret = us != 0 ? json_integer(us) : json_null();
    return 0;
}

/* ---- labels ---- */

bool churn_label_is_rule(const char *label) {
    return strcmp(label, CHURN_LABEL_RULE) == 0;
}

static int label_file_error(const char *path, Error *err) {
    err->kind = ERR_DATA;
    err->text[strcspn(err->text, "\n")] = '\0'; /* the next lines of DuckDB's error quote our SQL */
    return error_prefix(err, "the label file %s (a CSV file with the columns subscriber_id and churned is expected)", path);
}

static int check_labels(LakeConn *conn, const char *path, Error *err) {
    CLEANUP(churn_names_done) ChurnNames bad = {0};
    if (churn_read_names(conn, "bad_labels", &bad, err) != 0) return -1;
    if (bad.count == 0) return 0;
    error_set(err, ERR_DATA, "%s", bad.at[0]);
    return label_file_error(path, err);
}

static int read_by_file(LakeConn *conn, const char *path, const ChurnNames *features, ChurnData *ret, size_t *ret_unused, Error *err) {
    const LakeValue value = lake_text(path);
    int64_t labels;
    if (!file_exists(path)) return error_set(err, ERR_CONFIG, "model.label is '%s': there is no such file, and it is not \"rule\"", path);
    if (lake_exec_values(conn, "churn/read_labels", lake_sql("churn/read_labels"), &value, 1, NULL, err) != 0)
        return label_file_error(path, err);
    if (check_labels(conn, path, err) != 0 || query_int(conn, "churn/labels", &labels, err) != 0 ||
        read_rows(conn, "rows_by_labels", NULL, 0, features, true, ret, err) != 0)
        return -1;
    *ret_unused = (size_t)labels - ret->rows;
    return lake_exec(conn, "churn/drop_labels", lake_sql("churn/drop_labels"), err);
}

int churn_has_label(LakeConn *conn, const char *label, bool *ret, Error *err) {
    int64_t has_rule = 1;
    if (churn_label_is_rule(label) && query_int(conn, "churn/has_rule", &has_rule, err) != 0) return -1;
    *ret = has_rule > 0;
    return 0;
}

int churn_read_labelled(LakeConn *conn, const char *label, const ChurnNames *features, ChurnData *ret, size_t *ret_unused, Error *err) {
    *ret_unused = 0;
    if (churn_label_is_rule(label)) return read_rows(conn, "rows_by_rule", NULL, 0, features, true, ret, err);
    return read_by_file(conn, label, features, ret, ret_unused, err);
}

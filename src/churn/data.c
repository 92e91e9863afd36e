/* data.c: features and labels, read into memory.
 *
 * Columns are found by name, never by position: the declarations add and remove them.
 *
 * Invariant: every value is finite or NaN (XGBoost refuses infinities). */
#include "churn/csv.h"
#include "churn/internal.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/memory.h"
#include "lake/vectors.h"
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
    free(d->rules);
    *d = (ChurnData){0};
}

static char *query_name(const char *query) {
    return xasprintf("churn/%s", query);
}

/* ---- whose Gold ---- */

void churn_gold_done(ChurnGold *g) {
    free(g->key);
    free(g->view);
    free(g->label);
    free(g->entity);
    free(g->plural);
    free(g->title);
    free(g->title_plural);
    free(g->base);
    free(g->delta);
    free(g->base_table);
    free(g->state);
    free(g->labels);
    *g = (ChurnGold){0};
}

int churn_read_gold(LakeConn *conn, ChurnGold *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    char **texts[] = {&ret->key,          &ret->view, &ret->label, &ret->entity,     &ret->plural, &ret->title,
                      &ret->title_plural, &ret->base, &ret->delta, &ret->base_table, &ret->state,  &ret->labels};
    *ret = (ChurnGold){0};
    if (lake_query(conn, "churn/gold", lake_sql("churn/gold"), NULL, 0, &r, err) != 0) return -1;
    int got = lake_next(r, err);
    for (size_t i = 0; got > 0 && i < ARRAY_LEN(texts); i++)
        if (!lake_is_null(r, i)) *texts[i] = xstrdup(lake_col_text(r, i, NULL));
    return got < 0 ? -1 : 0;
}

char *churn_sql_with(const ChurnGold *g, const char *query, const LakeBinding *more, size_t n) {
    enum { OWN = 12 };
    CLEANUP(free_text) char *name = query_name(query);
    const char *label = g->label != NULL ? g->label : "";
    LakeBinding names[OWN + CHURN_NAMES_MORE] = {
        {"key", lake_name(g->key)},      {"view", lake_name(g->view)},      {"label", lake_name(label)},
        {"key_name", lake_text(g->key)}, {"view_name", lake_text(g->view)}, {"label_name", lake_text(g->label)},
        {"base", lake_name(g->base)},    {"delta", lake_name(g->delta)},    {"base_table", lake_name(g->base_table)},
        {"state", lake_name(g->state)},  {"labels", lake_name(g->labels)},  {"labels_name", lake_text(g->labels)}};
    BUG_IF(n > CHURN_NAMES_MORE);
    for (size_t i = 0; i < n; i++) names[OWN + i] = more[i];
    return lake_sql_bind(lake_sql(name), names, OWN + n);
}

char *churn_sql(const ChurnGold *g, const char *query) {
    CLEANUP(free_text) char *name = query_name(query);
    return g != NULL && g->key != NULL ? churn_sql_with(g, query, NULL, 0) : xstrdup(lake_sql(name));
}

/* ---- names ---- */

int churn_read_names(LakeConn *conn, const ChurnGold *g, const char *query, ChurnNames *ret, Error *err) {
    CLEANUP(free_text) char *name = query_name(query);
    CLEANUP(free_text) char *sql = churn_sql(g, query);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    CLEANUP(churn_names_done) ChurnNames names = {0};
    int more;
    if (lake_query(conn, name, sql, NULL, 0, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        names.at = xgrow(names.at, names.count, sizeof *names.at);
        names.at[names.count++] = xstrdup(lake_col_text(r, 0, NULL));
    }
    if (more < 0) return -1;
    *ret = names;
    names = (ChurnNames){0};
    return 0;
}

static int query_int(LakeConn *conn, const char *name, int64_t *ret, Error *err) {
    return lake_query_int(conn, name, lake_sql(name), NULL, 0, ret, err);
}

static bool has_name(const ChurnNames *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->at[i], name) == 0) return true;
    return false;
}

static void remove_names(ChurnNames *from, const ChurnNames *unwanted) {
    size_t kept = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (has_name(unwanted, from->at[i]))
            free(from->at[i]);
        else
            from->at[kept++] = from->at[i];
    }
    from->count = kept;
}

/* A label is computed from the features: as a feature of a model it would tell it what it has to find. */
int churn_read_features(LakeConn *conn, const ChurnGold *g, ChurnNames *ret, Error *err) {
    int64_t has_label_names;
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(churn_names_done) ChurnNames labels = {0};
    if (g->key == NULL) return 0;
    CLEANUP(free_text) char *has_names = churn_sql(g, "has_label_names");
    if (churn_read_names(conn, g, "features", &features, err) != 0 ||
        lake_query_int(conn, "churn/has_label_names", has_names, NULL, 0, &has_label_names, err) != 0)
        return -1;
    if (has_label_names > 0 && churn_read_names(conn, g, "label_names", &labels, err) != 0) return -1;
    remove_names(&features, &labels);
    *ret = features;
    features = (ChurnNames){0};
    return 0;
}

char *churn_no_features(const ChurnGold *g) {
    if (g->key == NULL) return xstrdup("there is no Gold yet: run `smelt refine` first");
    return xasprintf("no feature of %s is a number: a model learns from counts, sums, means, least and most values (features.yaml)",
                     g->title_plural);
}

static size_t find_column(const LakeResult *r, const char *name) {
    for (size_t i = 0; i < lake_columns(r); i++)
        if (strcmp(lake_column_name(r, i), name) == 0) return i;
    return ABSENT;
}

static void reserve_rows(ChurnData *d, size_t more, bool labelled) {
    if (d->rows + more <= d->capacity) return;
    if (d->capacity == 0) d->capacity = 1024;
    while (d->rows + more > d->capacity) d->capacity *= 2;
    d->ids = xrealloc(d->ids, d->capacity, sizeof *d->ids);
    d->values = xrealloc(d->values, d->capacity, (d->cols + 1) * sizeof *d->values);
    if (!labelled) return;
    d->labels = xrealloc(d->labels, d->capacity, sizeof *d->labels);
    d->rules = xrealloc(d->rules, d->capacity, sizeof *d->rules);
}

/* Where in the result the id, the label, what the rule says and each feature are. */
typedef struct Columns {
    size_t id, label, rule;
    size_t *features;
} Columns;

static void columns_done(Columns *c) {
    free(c->features);
}

static void find_columns(const LakeResult *r, const char *key, const ChurnNames *features, Columns *ret) {
    ret->id = find_column(r, key);
    ret->label = find_column(r, "label_to_learn");
    ret->rule = find_column(r, "rule_says");
    ret->features = xcalloc(features->count + 1, sizeof *ret->features);
    for (size_t i = 0; i < features->count; i++) ret->features[i] = find_column(r, features->at[i]);
}

static float label_of(float value) {
    return value > 0 ? 1 : value < 0 ? -1 : 0;
}

static void read_floats(const LakeResult *r, size_t col, size_t n, size_t stride, float *ret) {
    if (col != ABSENT) lake_floats(r, col, n, stride, ret);
    for (size_t i = 0; col == ABSENT && i < n; i++) ret[i * stride] = NAN;
}

static char *copy_text(Span text) {
    char *copy = xcalloc(text.len + 1, 1);
    memcpy(copy, text.at, text.len);
    return copy;
}

static void add_rows(ChurnData *d, const LakeResult *r, size_t n, const Columns *columns, bool labelled) {
    LakeVector id = lake_input(r, columns->id);
    reserve_rows(d, n, labelled);
    for (size_t i = 0; i < d->cols; i++) read_floats(r, columns->features[i], n, d->cols, d->values + d->rows * d->cols + i);
    if (labelled) read_floats(r, columns->rule, n, 1, d->rules + d->rows);
    if (labelled) read_floats(r, columns->label, n, 1, d->labels + d->rows);
    for (size_t i = 0; i < n; i++) {
        BUG_IF(!lake_has_value(&id, i)); /* every event in Silver has one */
        if (labelled) d->labels[d->rows] = label_of(d->labels[d->rows]);
        d->ids[d->rows++] = copy_text(lake_text_at(&id, i));
    }
}

static int query_rows(LakeConn *conn, const ChurnGold *g, const char *query, const LakeValue *values, size_t n, LakeResult **ret,
                      Error *err) {
    CLEANUP(free_text) char *name = query_name(query);
    CLEANUP(free_text) char *sql = churn_sql(g, query);
    return lake_query(conn, name, sql, values, n, ret, err);
}

/* With `labelled`, the query's column label_to_learn too. */
static int take_rows(LakeResult *r, const ChurnGold *g, const ChurnNames *features, bool labelled, ChurnData *ret, Error *err) {
    CLEANUP(columns_done) Columns columns = {0};
    CLEANUP(churn_data_done) ChurnData data = {.cols = features->count};
    size_t rows;
    int more;
    find_columns(r, g->key, features, &columns);
    BUG_IF(columns.id == ABSENT || (labelled && columns.label == ABSENT));
    while ((more = lake_next_chunk(r, &rows, err)) == 1) add_rows(&data, r, rows, &columns, labelled);
    if (more < 0) return -1;
    *ret = data;
    data = (ChurnData){0};
    return 0;
}

static int read_rows(LakeConn *conn, const ChurnGold *g, const char *query, const LakeValue *values, size_t n, const ChurnNames *features,
                     bool labelled, ChurnData *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    return query_rows(conn, g, query, values, n, &r, err) != 0 ? -1 : take_rows(r, g, features, labelled, ret, err);
}

int churn_read_rows(LakeConn *conn, const ChurnGold *g, const char *query, const LakeValue *values, size_t n, const ChurnNames *features,
                    ChurnData *ret, Error *err) {
    return read_rows(conn, g, query, values, n, features, false, ret, err);
}

int churn_query_labelled_rows(LakeConn *conn, const ChurnGold *g, const char *query, LakeResult **ret, Error *err) {
    return query_rows(conn, g, query, NULL, 0, ret, err);
}

int churn_take_labelled_rows(LakeResult *rows, const ChurnGold *g, const ChurnNames *features, ChurnData *ret, Error *err) {
    return take_rows(rows, g, features, true, ret, err);
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

char *churn_no_label(const ChurnGold *g, const char *advice) {
    const char *key = g->key != NULL ? g->key : "the id";
    if (advice != NULL) return xasprintf("features.yaml: %s. Or set model.label to a CSV file with %s,churned", advice, key);
    return xasprintf("Gold has no column %s: set model.label to a CSV file with %s,churned, or declare the label, in features.yaml "
                     "labels: [{name: leaves, inactivity: {silence: 30d, horizon: 30d}}] and model: {label: leaves}",
                     g->label != NULL ? g->label : "churn_label", key);
}

int churn_csv_path(const char *path, char **ret, Error *err) {
    Buf escaped = {0};
    if (file_check_regular(path, err) != 0) {
        err->kind = ERR_CONFIG;
        return -1;
    }
    for (const char *c = path; *c != '\0'; c++) buf_addf(&escaped, strchr("*?[", *c) != NULL ? "[%c]" : "%c", *c);
    *ret = buf_take(&escaped);
    return 0;
}

bool churn_label_is_rule(const char *label) {
    return strcmp(label, CHURN_LABEL_RULE) == 0;
}

static int label_file_error(const ChurnGold *g, const char *path, Error *err) {
    err->kind = ERR_DATA;
    return error_prefix(err, "the label file %s (a CSV file with the columns %s and churned is expected)", path, g->key);
}

static int check_labels(LakeConn *conn, const ChurnGold *g, const char *path, Error *err) {
    CLEANUP(churn_names_done) ChurnNames bad = {0};
    if (churn_read_names(conn, NULL, "bad_labels", &bad, err) != 0) return -1;
    if (bad.count == 0) return 0;
    error_set(err, ERR_DATA, "%s", bad.at[0]);
    return label_file_error(g, path, err);
}

static int read_unused(LakeConn *conn, const ChurnGold *g, size_t count, ChurnUnused *ret, Error *err) {
    static const char name[] = "churn/labels_unused";
    CLEANUP(free_text) char *sql = churn_sql(g, "labels_unused");
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    ret->count = count;
    if (count == 0) return 0;
    if (lake_query(conn, name, sql, NULL, 0, &row, err) != 0 || lake_next(row, err) < 0) return -1;
    if (!lake_is_null(row, 0)) ret->example = xstrdup(lake_col_text(row, 0, NULL));
    if (!lake_is_null(row, 1)) ret->known = xstrdup(lake_col_text(row, 1, NULL));
    return 0;
}

static int read_by_file(LakeConn *conn, const ChurnGold *g, const char *path, const ChurnNames *features, ChurnData *ret,
                        ChurnUnused *ret_unused, Error *err) {
    CLEANUP(free_text) char *escaped = NULL;
    char delimiter[2] = "";
    int64_t labels;
    if (!file_exists(path)) return error_set(err, ERR_CONFIG, "model.label is '%s': there is no such file, and it is not \"rule\"", path);
    if (churn_csv_path(path, &escaped, err) != 0) return error_prefix(err, "model.label");
    if (csv_find_delimiter(path, g->key, "churned", delimiter, err) != 0) return label_file_error(g, path, err);
    const LakeBinding bindings[] = {{"path", lake_text(escaped)}, {"delimiter", lake_text(delimiter)}};
    CLEANUP(free_text) char *sql = churn_sql_with(g, "read_labels", bindings, ARRAY_LEN(bindings));
    if (lake_exec(conn, "churn/read_labels", sql, err) != 0) {
        csv_explain_failure(path, delimiter[0], err);
        return label_file_error(g, path, err);
    }
    if (check_labels(conn, g, path, err) != 0 || query_int(conn, "churn/labels", &labels, err) != 0 ||
        read_rows(conn, g, "rows_by_labels", NULL, 0, features, true, ret, err) != 0 ||
        read_unused(conn, g, (size_t)labels - ret->rows, ret_unused, err) != 0)
        return -1;
    return lake_exec(conn, "churn/drop_labels", lake_sql("churn/drop_labels"), err);
}

int churn_has_label(LakeConn *conn, const ChurnGold *g, const char *label, bool *ret, Error *err) {
    int64_t has_rule = 0;
    *ret = !churn_label_is_rule(label) && strcmp(label, CHURN_LABEL_DECLARED) != 0;
    if (*ret || g->key == NULL) return 0;
    CLEANUP(free_text) char *sql = churn_sql(g, "has_rule");
    if (lake_query_int(conn, "churn/has_rule", sql, NULL, 0, &has_rule, err) != 0) return -1;
    *ret = has_rule > 0;
    return 0;
}

int churn_read_labelled(LakeConn *conn, const ChurnGold *g, const char *label, const ChurnNames *features, ChurnData *ret,
                        ChurnUnused *ret_unused, Error *err) {
    *ret_unused = (ChurnUnused){0};
    return churn_label_is_rule(label) ? read_rows(conn, g, "rows_by_rule", NULL, 0, features, true, ret, err)
                                      : read_by_file(conn, g, label, features, ret, ret_unused, err);
}

/* follow.c: what becomes of a model that is in use: how far those it scores have drifted from those it was trained on, and, when it is
 * known, what happened to those it spoke of.
 *
 * Drift is measured on the first page of a scoring: some ten thousand entities say as much as all. */
#include "churn/forecast.h"

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/drift.h"
#include <math.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* ---- the distribution at the training ---- */

static json_t *bins_json(const DriftBins *b) {
    json_t *edges = json_array(), *shares = json_array();
    for (size_t i = 0; i < b->edges; i++) json_array_append_new(edges, json_real(b->edge[i]));
    for (size_t i = 0; i < b->edges + 2; i++) json_array_append_new(shares, json_real(b->share[i]));
    return json_pack("{s:o, s:o}", "edges", edges, "shares", shares);
}

json_t *churn_distribution_json(const ChurnData *d, const ChurnNames *columns) {
    json_t *all = json_object();
    for (size_t i = 0; i < columns->count; i++) {
        DriftBins bins = drift_bins(d->values + i, d->rows, d->cols);
        json_object_set_new(all, columns->at[i], bins_json(&bins));
    }
    return all;
}

void churn_add_scores(json_t *distribution, const float *probabilities, size_t rows) {
    DriftBins bins = drift_bins(probabilities, rows, 1);
    json_object_set_new(distribution, "", bins_json(&bins));
}

static bool read_bins(const json_t *json, DriftBins *ret) {
    const json_t *edges = json_object_get(json, "edges"), *shares = json_object_get(json, "shares");
    *ret = (DriftBins){.edges = json_array_size(edges)};
    if (ret->edges > DRIFT_BINS - 1 || json_array_size(shares) != ret->edges + 2) return false;
    for (size_t i = 0; i < ret->edges; i++) ret->edge[i] = json_number_value(json_array_get(edges, i));
    for (size_t i = 0; i < ret->edges + 2; i++) ret->share[i] = json_number_value(json_array_get(shares, i));
    return true;
}

/* ---- drift ---- */

/* The rows of churn_drift_rows(). */
typedef struct Drift {
    const json_t *trained;
    const ChurnNames *columns;
    const ChurnData *now;
    const float *probabilities;
    size_t next; /* columns->count: of the scores */
} Drift;

static double drift_of(const Drift *d, size_t i, const char *name) {
    DriftBins bins;
    if (!read_bins(json_object_get(d->trained, name), &bins)) return NAN;
    return i < d->columns->count ? drift_psi(&bins, d->now->values + i, d->now->rows, d->now->cols)
                                 : drift_psi(&bins, d->probabilities, d->now->rows, 1);
}

static size_t fill_drift(void *state, LakeChunk *chunk, size_t capacity) {
    Drift *d = state;
    size_t n = 0;
    for (; n < capacity && d->next <= d->columns->count; n++, d->next++) {
        const char *name = d->next < d->columns->count ? d->columns->at[d->next] : "";
        double psi = drift_of(d, d->next, name);
        lake_put_text(chunk, 0, n, name, strlen(name));
        if (isnan(psi))
            lake_put_null(chunk, 1, n);
        else
            lake_put_real(chunk, 1, n, psi);
    }
    return n;
}

int churn_keep_drift(LakeConn *conn, const json_t *metadata, const ChurnNames *columns, const ChurnData *now, const float *probabilities,
                     int64_t day, Error *err) {
    static const LakeColumn drift_columns[] = {{"feature", LAKE_TEXT}, {"psi", LAKE_REAL}};
    const LakeValue values[] = {lake_text(text_of(metadata, "model_id")), lake_int(day)};
    Drift d = {.trained = json_object_get(metadata, "distribution"), .columns = columns, .now = now, .probabilities = probabilities};
    if (!json_is_object(d.trained)) return 0;
    if (lake_register_source(conn, "churn_drift_rows", drift_columns, ARRAY_LEN(drift_columns), 1, fill_drift, &d, err) != 0) return -1;
    int rc = lake_exec_values(conn, "churn/forget_drift", lake_sql("churn/forget_drift"), values, ARRAY_LEN(values), NULL, err);
    if (rc == 0) rc = lake_exec_values(conn, "churn/keep_drift", lake_sql("churn/keep_drift"), values, ARRAY_LEN(values), NULL, err);
    lake_unregister_source(conn, "churn_drift_rows");
    return rc;
}

int churn_score_drift(LakeConn *conn, const char *model_id, double *ret, Error *err) {
    LakeValue value = lake_text(model_id);
    int64_t thousandths;
    if (lake_query_int(conn, "churn/score_drift", lake_sql("churn/score_drift"), &value, 1, &thousandths, err) != 0) return -1;
    *ret = (double)thousandths / 1000;
    return 0;
}

/* ---- predictions and what happened ---- */

int churn_keep_predictions(LakeConn *conn, const json_t *metadata, int64_t day, double called_from, Error *err) {
    const LakeValue values[] = {lake_text(text_of(metadata, "model_id")), lake_int(day), lake_real(called_from)};
    return lake_exec_values(conn, "churn/keep_predictions", lake_sql("churn/keep_predictions"), values, ARRAY_LEN(values), NULL, err);
}

static int measure_one(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const char *id, int64_t day, int64_t upto, Error *err) {
    const LakeValue values[] = {lake_text(id), lake_int(day)};
    CLEANUP(free_text) char *sql = churn_sql(g, "measure_predictions");
    if (churn_make_outcomes(conn, g, d, day, upto, err) != 0 || lake_begin(conn, err) != 0) return -1;
    if (lake_exec_values(conn, "churn/measure_predictions", sql, values, ARRAY_LEN(values), NULL, err) != 0 ||
        lake_exec_values(conn, "churn/drop_predictions", lake_sql("churn/drop_predictions"), values, ARRAY_LEN(values), NULL, err) != 0 ||
        lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return -1;
    }
    log_info("score", "what became of the predictions of %s is known: `smelt model show %s`", id, id);
    return 0;
}

typedef struct Due {
    char **ids;
    int64_t *days;
    size_t count;
} Due;

static void due_done(Due *d) {
    for (size_t i = 0; i < d->count; i++) free(d->ids[i]);
    free(d->ids);
    free(d->days);
}

static int read_due(LakeConn *conn, const ChurnDeclared *d, int64_t known, Due *ret, Error *err) {
    const LakeValue values[] = {lake_int(known), lake_int(churn_label_days(d))};
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    int more;
    if (lake_query(conn, "churn/due_predictions", lake_sql("churn/due_predictions"), values, ARRAY_LEN(values), &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        ret->ids = xgrow(ret->ids, ret->count, sizeof *ret->ids);
        ret->days = xgrow(ret->days, ret->count, sizeof *ret->days);
        ret->ids[ret->count] = xstrdup(lake_col_text(r, 0, NULL));
        ret->days[ret->count++] = lake_col_int(r, 1);
    }
    return more;
}

int churn_measure_predictions(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, Error *err) {
    CLEANUP(due_done) Due due = {0};
    int64_t known;
    if (read_due(conn, d, days->end, &due, err) != 0) return -1;
    if (due.count == 0) return 0;
    if (churn_read_outcomes(conn, g, d, days->end, &known, err) != 0) return -1;
    for (size_t i = 0; i < due.count; i++)
        if (due.days[i] + churn_label_days(d) <= known && measure_one(conn, g, d, due.ids[i], due.days[i], days->upto, err) != 0) return -1;
    return 0;
}

/* export.c: the training set of a model, made again and written to a file, for other tools to train on and to check.
 *
 * A column holds what the model read: nine digits give every float back. */
#include "churn/forecast.h"

#include "base/buf.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "evaluate/platt.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void free_floats(float **p) {
    free(*p);
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* ---- the set again ---- */

static int check_same(const json_t *set, const ChurnDeclared *d, const char *id, Error *err) {
    if (d->present && strcmp(text_of(set, "days_sha256"), d->days_sha256) == 0 &&
        strcmp(text_of(set, "features_sha256"), d->features_sha256) == 0 && strcmp(text_of(set, "as_of"), d->as_of) == 0)
        return 0;
    return error_set(err, ERR_DATA, "the declarations have changed since %s was trained: its training set cannot be made again", id);
}

static int read_again(LakeConn *conn, const ChurnGold *gold, const ChurnDeclared *d, const json_t *metadata, ChurnSet *ret, Error *err) {
    const json_t *json = json_object_get(metadata, "training_set");
    const char *id = text_of(metadata, "model_id");
    ChurnCuts cuts;
    ChurnDays days, now;
    int64_t known;
    if (!churn_set_from_json(json, &cuts, &days))
        return error_set(err, ERR_DATA, "%s is no model of the future: it has no training set of its own", id);
    if (check_same(json, d, id, err) != 0 || churn_update_days(conn, gold, d, true, &now, err) != 0 ||
        churn_read_outcomes(conn, gold, d, days.end, &known, err) != 0 ||
        churn_read_set(conn, gold, d, &days, &cuts, json_integer_value(json_object_get(json, "seed")), ret, err) != 0)
        return -1;
    if (strcmp(ret->sha256, text_of(json, "sha256")) == 0) return 0;
    return error_set(err, ERR_DATA,
                     "the training set of %s cannot be made again: the table of departures has changed, or Silver was made anew", id);
}

/* ---- the file ---- */

static int add_rows(Buf *out, const char *name, const ChurnPart *part, const Model *m, const Platt *platt, Error *err) {
    const ChurnData *d = &part->data;
    CLEANUP(free_floats) float *odds = xcalloc(d->rows + 1, sizeof *odds);
    CLEANUP(free_floats) float *raw = xcalloc(d->rows + 1, sizeof *raw);
    CLEANUP(free_floats) float *p = xcalloc(d->rows + 1, sizeof *p);
    const Matrix x = churn_matrix(d);
    if (model_log_odds(m, &x, odds, err) != 0 || model_predict(m, &x, raw, err) != 0) return -1;
    platt_apply(platt, raw, d->rows, p);
    for (size_t i = 0; i < d->rows; i++) {
        buf_addf(out, "%s,%" PRId64 ",%s,%d,%.9g,%.9g,%.9g", name, part->cuts[i], d->ids[i], d->labels[i] > 0.5f, (double)odds[i],
                 (double)raw[i], (double)p[i]);
        for (size_t c = 0; c < d->cols; c++) {
            float v = d->values[i * d->cols + c];
            if (isnan(v))
                buf_add_char(out, ',');
            else
                buf_addf(out, ",%.9g", (double)v);
        }
        buf_add_char(out, '\n');
    }
    return 0;
}

static int write_set(const ChurnSet *s, const ChurnNames *columns, const Model *m, const json_t *metadata, const char *path, Error *err) {
    const json_t *p = json_object_get(metadata, "platt");
    const Platt platt = {json_number_value(json_object_get(p, "slope")), json_number_value(json_object_get(p, "intercept"))};
    CLEANUP(buf_done) Buf out = {0};
    buf_add_str(&out, "part,cut_day,id,label,log_odds,raw_probability,probability");
    for (size_t i = 0; i < columns->count; i++) buf_addf(&out, ",%s", columns->at[i]);
    buf_add_char(&out, '\n');
    if (add_rows(&out, "training", &s->training, m, &platt, err) != 0 ||
        add_rows(&out, "calibration", &s->calibration, m, &platt, err) != 0 || add_rows(&out, "test", &s->test, m, &platt, err) != 0)
        return -1;
    return file_write_atomic(path, out.data, out.len, err);
}

int churn_export_set(LakeConn *conn, const char *models_dir, const char *id, const char *path, json_t **ret, Error *err) {
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    CLEANUP(churn_set_done) ChurnSet set = {0};
    CLEANUP(model_freep) Model *m = NULL;
    CLEANUP(json_freep) json_t *metadata = NULL;
    if (model_load(models_dir, id, &m, &metadata, err) != 0 || churn_read_gold(conn, &gold, err) != 0) return -1;
    bool by_file = strcmp(text_of(metadata, "outcome_kind"), "table") == 0 &&
                   strcmp(text_of(metadata, "label_source"), text_of(metadata, "outcome")) != 0;
    if (churn_read_declared(conn, by_file ? text_of(metadata, "label_source") : CHURN_LABEL_DECLARED, &d, err) != 0) return -1;
    if (read_again(conn, &gold, &d, metadata, &set, err) != 0 || write_set(&set, &d.columns, m, metadata, path, err) != 0) return -1;
    *ret = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "model", id, "file", path, "sha256", set.sha256, "training",
                     (json_int_t)set.training.data.rows, "calibration", (json_int_t)set.calibration.data.rows, "test",
                     (json_int_t)set.test.data.rows);
    return 0;
}

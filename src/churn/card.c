/* card.c: what is known of a model, for people: from its metadata, its report and its row in the registry. */
#include "churn/forecast.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "evaluate/report.h"
#include <string.h>

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int churn_list_models(LakeConn *conn, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    if (lake_query(conn, "churn/listed", lake_sql("churn/listed"), NULL, 0, &r, err) != 0) return -1;
    return lake_rows_json(r, ret, err);
}

static json_t *find_row(json_t *rows, const char *id) {
    json_t *row;
    size_t i;
    json_array_foreach(rows, i, row) {
        bool in_use = strcmp(text_of(row, "state"), "in use") == 0;
        if (id != NULL ? strcmp(text_of(row, "model_id"), id) == 0 : in_use) return row;
    }
    return NULL;
}

/* A report is kept beside the model; a model without one is described all the same. */
static json_t *read_report(const char *models_dir, const char *id) {
    CLEANUP(free_text) char *name = xasprintf("%s.report.json", id);
    CLEANUP(free_text) char *path = path_join(models_dir, name);
    CLEANUP(buf_done) Buf text = {0};
    json_t *report = NULL;
    Error ignored = {0};
    if (file_read(path, &text, &ignored) != 0 || json_parse(text.data, text.len, path, &report, &ignored) != 0) error_clear(&ignored);
    return report;
}

static int add_rows(LakeConn *conn, const char *query, const char *key, const char *id, json_t *metadata, Error *err) {
    LakeValue value = lake_text(id);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    json_t *rows;
    if (lake_query(conn, query, lake_sql(query), &value, 1, &r, err) != 0 || lake_rows_json(r, &rows, err) != 0) return -1;
    json_object_set_new(metadata, key, rows);
    return 0;
}

int churn_find_model(LakeConn *conn, const char *id, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *rows = NULL;
    if (churn_list_models(conn, &rows, err) != 0) return -1;
    json_t *row = find_row(rows, id);
    if (row == NULL)
        return id != NULL ? error_set(err, ERR_CONFIG, "there is no model %s: `smelt model list` lists them", id)
                          : error_set(err, ERR_DATA, "no model is in use: run `smelt train` first");
    id = text_of(row, "model_id");
    if (add_rows(conn, "churn/followed", "outcomes", id, row, err) != 0 || add_rows(conn, "churn/drifted", "drift", id, row, err) != 0)
        return -1;
    *ret = json_incref(row);
    return 0;
}

int churn_describe_model(const char *models_dir, const json_t *found, json_t **ret, Error *err) {
    static const char *const of_lake[] = {"state", "promoted_at", "note", "outcomes", "drift"};
    const char *id = text_of(found, "model_id");
    json_t *metadata = NULL;
    if (model_check(models_dir, id, &metadata, err) != 0) return -1;
    json_object_del(metadata, "words");
    json_object_del(metadata, "distribution");
    for (size_t i = 0; i < ARRAY_LEN(of_lake); i++) json_object_set(metadata, of_lake[i], json_object_get(found, of_lake[i]));
    json_t *report = read_report(models_dir, id);
    json_object_set_new(metadata, "report", report != NULL ? report : json_null());
    *ret = metadata;
    return 0;
}

/* ---- Markdown ---- */

static void add_day(Buf *out, const json_t *day) {
    char text[CLOCK_TEXT_SIZE];
    clock_format(json_integer_value(day) * 86400 * USEC_PER_SEC, text);
    buf_add(out, text, sizeof "YYYY-MM-DD" - 1);
}

static void add_cuts(Buf *out, const json_t *set) {
    const json_t *training = json_object_get(set, "training");
    buf_add_str(out, "- Trained on cuts: ");
    for (size_t i = 0; i < json_array_size(training); i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        add_day(out, json_array_get(training, i));
    }
    buf_add_str(out, "; calibrated on ");
    add_day(out, json_object_get(set, "calibration"));
    if (!json_is_true(json_object_get(set, "own_calibration"))) buf_add_str(out, " (a fifth that was not trained on)");
    buf_add_str(out, "; measured on ");
    add_day(out, json_object_get(set, "test"));
    buf_addf(out, "\n- What was known at a cut: %s\n- Training set: SHA-256 %s, up to batch %lld\n",
             strcmp(text_of(set, "as_of"), "known") == 0 ? "events that had happened and arrived"
                                                         : "events that had happened, however late they came",
             text_of(set, "sha256"), (long long)json_integer_value(json_object_get(set, "upto_batch")));
}

static void add_outcome(Buf *out, const json_t *model) {
    long long horizon = json_integer_value(json_object_get(model, "horizon_days")),
              gap = json_integer_value(json_object_get(model, "gap_days"));
    if (strcmp(text_of(model, "kind"), "forecast") != 0) {
        buf_addf(out, "- Label: %s%s\n", text_of(model, "label_source"),
                 json_is_true(json_object_get(model, "label_leaks"))
                     ? ", a rule over the features that the model sees: its figures say nothing"
                     : "");
        return;
    }
    buf_addf(out, "- Learns: %s, in the %lld %s after a day", text_of(model, "outcome"), horizon, counted(horizon, "day", "days"));
    if (gap > 0) buf_addf(out, ", from %lld %s after it on", gap, counted(gap, "day", "days"));
    if (strcmp(text_of(model, "outcome_kind"), "table") == 0)
        buf_addf(out, ", by the table of departures\n");
    else
        buf_addf(out, ": the last active day before more than %lld days of silence\n",
                 (long long)json_integer_value(json_object_get(model, "silence_days")));
    add_cuts(out, json_object_get(model, "training_set"));
    const json_t *left = json_object_get(model, "already_left");
    buf_addf(out, "- Left out because they had left before the cut: %lld of the training, %lld of the test\n",
             (long long)json_integer_value(json_object_get(left, "training")),
             (long long)json_integer_value(json_object_get(left, "test")));
}

static void add_features(Buf *out, const json_t *model) {
    const json_t *top = json_object_get(model, "top_features");
    buf_add_str(out, "\n## What it looks at most\n\n| feature | share of the gain |\n|---|---|\n");
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *one = json_array_get(top, i);
        buf_addf(out, "| %s | %.1f%% |\n", text_of(one, "feature"), 100 * json_number_value(json_object_get(one, "gain")));
    }
}

static double share_of(const json_t *row, const char *part, const char *of) {
    double all = json_number_value(json_object_get(row, of));
    return all > 0 ? 100 * json_number_value(json_object_get(row, part)) / all : 0;
}

static void add_followed(Buf *out, const json_t *model) {
    const json_t *outcomes = json_object_get(model, "outcomes"), *row;
    size_t i;
    if (json_array_size(outcomes) == 0) return;
    buf_add_str(
        out,
        "\n## What became of its predictions\n\n| as of | scored | left | of the called | of the top tenth | AUC |\n|---|---|---|---|---|---|\n");
    json_array_foreach(outcomes, i, row)
        buf_addf(out, "| %s | %lld | %.1f%% | %.1f%% | %.1f%% | %.3f |\n", text_of(row, "as_of"),
                 (long long)json_integer_value(json_object_get(row, "rows")), share_of(row, "positives", "rows"),
                 share_of(row, "called_positives", "called"), share_of(row, "decile_positives", "decile"),
                 json_number_value(json_object_get(row, "auc")));
}

void churn_model_card(const json_t *model, Buf *ret) {
    const json_t *report = json_object_get(model, "report");
    const char *note = text_of(model, "note");
    buf_addf(ret, "# %s\n\n- State: %s%s%s\n- Trained: %s on %lld rows, measured on %lld\n", text_of(model, "model_id"),
             text_of(model, "state"), note[0] != '\0' ? ": " : "", note, text_of(model, "trained_at"),
             (long long)json_integer_value(json_object_get(model, "training_rows")),
             (long long)json_integer_value(json_object_get(model, "holdout_rows")));
    add_outcome(ret, model);
    buf_addf(ret, "- AUC %.4f, PR-AUC %.4f, log loss %.4f\n", json_number_value(json_object_get(model, "auc")),
             json_number_value(json_object_get(model, "pr_auc")), json_number_value(json_object_get(model, "log_loss")));
    if (json_is_object(report)) {
        buf_add_str(ret, "\n## How good it is\n\n```\n");
        report_words(report, ret);
        buf_add_str(ret, "```\n");
    }
    add_features(ret, model);
    add_followed(ret, model);
    buf_add_str(
        ret,
        "\n## What it must not be used for\n\nA probability says who may leave, not who stays because of a contact: that takes a group "
        "that was not contacted. Who is not in the population (too few events, or none of late) has no score.\n");
}

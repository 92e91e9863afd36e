/* report.c: measures a training, and fits the baseline.
 *
 * The baseline's time grows with the square of the number of features, so it is fitted on at most BASELINE_ROWS rows, evenly chosen. */
#include "churn/report.h"

#include "base/log.h"
#include "base/memory.h"
#include "evaluate/logistic.h"
#include <string.h>

#define BASELINE_ROWS 20000

static int fit_some(const Matrix *x, const float *labels, Logistic **ret, Error *err) {
    size_t step = x->rows / BASELINE_ROWS + 1, rows = 0;
    float *values = xcalloc((x->rows / step + 1) * x->cols, sizeof *values), *some = xcalloc(x->rows / step + 1, sizeof *some);
    for (size_t i = 0; i < x->rows; i += step) {
        memcpy(values + rows * x->cols, x->values + i * x->cols, x->cols * sizeof *values);
        some[rows++] = labels[i];
    }
    int result = logistic_fit(&(Matrix){.values = values, .rows = rows, .cols = x->cols}, some, ret, err);
    free(some);
    free(values);
    return result;
}

/* A report without a baseline is better than no model. */
float *churn_baseline(const Matrix *training, const float *labels, const Matrix *holdout) {
    CLEANUP(logistic_freep) Logistic *baseline = NULL;
    Error err = {0};
    if (fit_some(training, labels, &baseline, &err) != 0) {
        log_warn("train", "no baseline to compare with: %s", err.text);
        error_clear(&err);
        return NULL;
    }
    float *p = xcalloc(holdout->rows + 1, sizeof *p);
    logistic_predict(baseline, holdout, p);
    return p;
}

json_t *churn_report(const ChurnMeasured *m, const ChurnOptions *options) {
    ReportRival rivals[2];
    size_t n = 0;
    if (m->rules != NULL) rivals[n++] = (ReportRival){.name = "rule of thumb", .scores = m->rules};
    if (m->baseline != NULL) rivals[n++] = (ReportRival){.name = "logistic regression", .scores = m->baseline, .probabilities = true};
    const ReportInput input = {.probabilities = m->probabilities,
                               .labels = m->holdout_labels,
                               .rows = m->holdout.rows,
                               .rivals = rivals,
                               .rival_count = n,
                               .segments = m->segments,
                               .segment_count = m->segment_count,
                               .costs = options->costs,
                               .seed = (uint64_t)options->seed};
    return report_new(&input);
}

/* report.h: the report of a training: the model on the rows that it has not seen, beside a logistic regression on the same. One thread. */
#pragma once
#include "churn/internal.h"
#include "evaluate/report.h"

/* Borrowed. */
typedef struct ChurnMeasured {
    Matrix holdout;
    const float *holdout_labels;
    const float *probabilities;    /* what the model says of `holdout` */
    const float *rules;            /* what the rule of thumb says; NULL: there is none */
    const float *baseline;         /* churn_baseline */
    const ReportSegment *segments; /* of `holdout` */
    size_t segment_count;
} ChurnMeasured;

/* What a logistic regression on the training says of the holdout; NULL: there is none, which was logged. It needs no model, so it may be
 * made while one is trained. The caller frees. */
float *churn_baseline(const Matrix *training, const float *labels, const Matrix *holdout) MUST_CHECK;
/* The caller owns the report (evaluate/report.h). */
json_t *churn_report(const ChurnMeasured *m, const ChurnOptions *options) __attribute__((returns_nonnull));

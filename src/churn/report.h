/* report.h: the report of a training: the model on the rows that it has not seen, beside a logistic regression on the same. One thread. */
#pragma once
#include "churn/internal.h"
#include "evaluate/report.h"

/* Borrowed. */
typedef struct ChurnMeasured {
    Matrix training, holdout;
    const float *training_labels, *holdout_labels;
    const float *probabilities;    /* what the model says of `holdout` */
    const float *rules;            /* what the rule of thumb says; NULL: there is none */
    const ReportSegment *segments; /* of `holdout` */
    size_t segment_count;
} ChurnMeasured;

/* The caller owns the report (evaluate/report.h). */
json_t *churn_report(const ChurnMeasured *m, const ChurnOptions *options) __attribute__((returns_nonnull));

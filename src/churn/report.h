/* report.h: the report of a training: the model on the rows that it has not seen, beside a logistic regression on the same. One thread. */
#pragma once
#include "churn/internal.h"

/* `probabilities`: what the model says of `holdout`; `rules`: what the rule of thumb says, NULL: there is none. The caller owns the report
 * (evaluate/report.h). */
json_t *churn_report(const Matrix *training, const float *training_labels, const Matrix *holdout, const float *holdout_labels,
                     const float *probabilities, const float *rules, const ChurnOptions *options) __attribute__((returns_nonnull));

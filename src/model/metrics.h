/* metrics.h: compares predicted probabilities with the labels. Pure; any thread.
 *
 * auc:      P(score of a positive > score of a negative) + half P(equal): the Mann-Whitney U statistic over its maximum, by mid-ranks
 *           (J. Hanley, B. McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982). 0.5 is guessing.
 * pr_auc:   average precision, sum over distinct scores, from the highest, of (R_n - R_{n-1}) P_n; rows of one score enter together and
 *           nothing is interpolated (the definition of scikit-learn's average_precision_score). The base rate is guessing.
 * log_loss: mean of -ln(probability given to what happened), probabilities kept within [1e-15, 1 - 1e-15].
 * log_loss_base: log_loss of always answering the base rate: its entropy. */
#pragma once
#include <stddef.h>

typedef struct Metrics {
    double auc, pr_auc, log_loss; /* NaN where not defined: auc and pr_auc with one class only, all of them with no rows */
    double base_rate, log_loss_base;
    size_t rows, positives;
} Metrics;

/* `probabilities` and `labels` (0 or 1): n values each. */
Metrics metrics_of(const float *probabilities, const float *labels, size_t n);

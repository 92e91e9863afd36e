/* bootstrap.h: how far AUC and average precision would move with other rows of the same kind. Pure; any thread.
 *
 * Percentile bootstrap (B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993): the rows are drawn again with replacement, as
 * often as there are, and measured; the interval is from the 2.5th to the 97.5th percentile. The definitions are those of model/metrics.h.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct Interval {
    double low, high; /* 95 in 100 */
    double deviation; /* standard error */
} Interval;

typedef struct BootstrapIntervals {
    Interval auc, pr_auc; /* NaN with one class */
} BootstrapIntervals;

/* `resamples` of n rows each: n = 20,000 and 1,000 resamples take about half a second. The same seed gives the same result, for any order
 * of the rows whose probabilities differ. */
BootstrapIntervals bootstrap_intervals(const float *probabilities, const float *labels, size_t n, int resamples, uint64_t seed);

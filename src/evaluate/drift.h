/* drift.h: how far values are distributed otherwise than when a model was trained. Pure; any thread.
 *
 * Population stability index: sum over bins of (a - e) ln(a / e), with e the share of the training values in a bin and a the share now.
 * Bins are the deciles of the training values, and one more for missing values; a share below 0.0001 counts as that. Usual reading: below
 * 0.1 no change, from 0.25 on a large one. */
#pragma once
#include <stddef.h>

#define DRIFT_BINS    10
#define DRIFT_NOTABLE 0.1
#define DRIFT_LARGE   0.25

typedef struct DriftBins {
    size_t edges;                 /* at most DRIFT_BINS - 1; equal deciles are one */
    double edge[DRIFT_BINS - 1];  /* ascending; a value belongs to the first bin whose edge is not below it */
    double share[DRIFT_BINS + 1]; /* of the training values: bins 0..edges, then missing */
} DriftBins;

/* `values`: every `stride`-th of n, NaN is missing. All shares are 0 when n is 0. */
DriftBins drift_bins(const float *values, size_t n, size_t stride);
/* NaN when n is 0, or the bins have seen no value. */
double drift_psi(const DriftBins *bins, const float *values, size_t n, size_t stride);

/* drift.c: deciles by sorting (between two values by interpolation, as numpy.quantile does), and counting. */
#include "evaluate/drift.h"

#include "base/memory.h"
#include "evaluate/sort_floats.h"
#include <math.h>

#define SMALLEST_SHARE 1e-4

static size_t present_sorted(const float *values, size_t n, size_t stride, float *ret) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i * stride])) ret[count++] = values[i * stride];
    sort_floats(ret, count);
    return count;
}

static double quantile(const float *sorted, size_t n, double share) {
    double at = share * (double)(n - 1);
    size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return (double)sorted[below] + (at - (double)below) * ((double)sorted[above] - (double)sorted[below]);
}

static void set_edges(const float *sorted, size_t n, DriftBins *ret) {
    for (size_t i = 1; i < DRIFT_BINS; i++) {
        double edge = quantile(sorted, n, (double)i / DRIFT_BINS);
        if (ret->edges == 0 || edge > ret->edge[ret->edges - 1]) ret->edge[ret->edges++] = edge;
    }
}

/* Shares of bins 0..edges, then of missing values. */
static void shares_of(const DriftBins *bins, const float *values, size_t n, size_t stride, double *ret) {
    for (size_t i = 0; i <= DRIFT_BINS; i++) ret[i] = 0;
    for (size_t i = 0; i < n; i++) {
        double value = (double)values[i * stride];
        size_t bin = 0;
        for (size_t k = 0; k < bins->edges; k++) bin += value > bins->edge[k]; /* they ascend; no branch to guess */
        ret[isnan(value) ? bins->edges + 1 : bin] += 1 / (double)n;
    }
}

DriftBins drift_bins(const float *values, size_t n, size_t stride) {
    DriftBins bins = {0};
    float *sorted = xcalloc(n + 1, sizeof *sorted);
    size_t present = present_sorted(values, n, stride, sorted);
    if (present > 0) set_edges(sorted, present, &bins);
    free(sorted);
    shares_of(&bins, values, n, stride, bins.share);
    return bins;
}

double drift_psi(const DriftBins *bins, const float *values, size_t n, size_t stride) {
    double now[DRIFT_BINS + 1], seen = 0, psi = 0;
    for (size_t i = 0; i <= DRIFT_BINS; i++) seen += bins->share[i];
    if (n == 0 || seen == 0) return NAN;
    shares_of(bins, values, n, stride, now);
    for (size_t i = 0; i <= bins->edges + 1; i++) {
        double a = fmax(now[i], SMALLEST_SHARE), e = fmax(bins->share[i], SMALLEST_SHARE);
        psi += (a - e) * log(a / e);
    }
    return psi;
}

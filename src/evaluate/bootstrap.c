/* bootstrap.c: the rows are sorted once; a resample is how often each of them was drawn, so it is measured in one pass.
 *
 * Random numbers: splitmix64 (Sebastiano Vigna, public domain, https://prng.di.unimi.it/). */
#include "evaluate/bootstrap.h"

#include "base/error.h"
#include "base/memory.h"
#include "model/ranking.h"
#include <math.h>
#include <string.h>

typedef struct Measured {
    double auc, pr_auc;
} Measured;

static uint64_t random_next(uint64_t *state) {
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void draw(uint32_t *times, size_t n, uint64_t *state) {
    memset(times, 0, n * sizeof *times);
    for (size_t i = 0; i < n; i++) times[(size_t)(((unsigned __int128)random_next(state) * n) >> 64)]++;
}

/* NaN when only one class was drawn. */
static Measured measure(const RankedRow *rows, const uint32_t *times, size_t n) {
    double wins = 0, precision_sum = 0, positives = 0, negatives = 0;
    for (size_t at = 0, end; at < n; at = end) {
        double group_positives = 0, group_negatives = 0;
        end = ranking_group_end(rows, n, at);
        for (size_t i = at; i < end; i++) *(rows[i].positive ? &group_positives : &group_negatives) += times[i];
        wins += group_negatives * (positives + group_positives / 2);
        positives += group_positives;
        negatives += group_negatives;
        if (group_positives > 0) precision_sum += group_positives * positives / (positives + negatives);
    }
    if (positives == 0 || negatives == 0) return (Measured){NAN, NAN};
    return (Measured){.auc = wins / (positives * negatives), .pr_auc = precision_sum / positives};
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t n, double share) {
    double at = share * (double)(n - 1);
    size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

static Interval interval_of(double *values, size_t n) {
    if (n < 2) return (Interval){NAN, NAN, NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += values[i];
    for (size_t i = 0; i < n; i++) squares += pow(values[i] - sum / (double)n, 2);
    qsort(values, n, sizeof *values, by_value);
    return (Interval){
        .low = percentile(values, n, 0.025), .high = percentile(values, n, 0.975), .deviation = sqrt(squares / (double)(n - 1))};
}

BootstrapIntervals bootstrap_intervals(const float *probabilities, const float *labels, size_t n, int resamples, uint64_t seed) {
    BUG_IF(resamples < 1);
    RankedRow *rows = ranking_new(probabilities, labels, n);
    uint32_t *times = xcalloc(n + 1, sizeof *times);
    double *auc = xcalloc((size_t)resamples, sizeof *auc), *pr_auc = xcalloc((size_t)resamples, sizeof *pr_auc);
    size_t measured = 0;
    for (int i = 0; i < resamples && n > 0; i++) {
        draw(times, n, &seed);
        Measured m = measure(rows, times, n);
        if (isnan(m.auc)) continue;
        auc[measured] = m.auc;
        pr_auc[measured++] = m.pr_auc;
    }
    BootstrapIntervals intervals = {.auc = interval_of(auc, measured), .pr_auc = interval_of(pr_auc, measured)};
    free(pr_auc);
    free(auc);
    free(times);
    free(rows);
    return intervals;
}

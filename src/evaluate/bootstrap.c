/* bootstrap.c: the rows are sorted once; a resample is how often each of them was drawn, so it is measured in one pass.
 *
 * What a resample measures changes only where a row is positive: the negative rows between two such places are one bin, which is drawn as
 * often as one of its rows. With a tenth of positives that leaves a fifth of the rows to look at.
 *
 * Random numbers: splitmix64 (Sebastiano Vigna, public domain, https://prng.di.unimi.it/). Its state after k numbers is known without
 * drawing them, so each thread draws some of the resamples, and the result does not depend on how many threads there are. */
#include "evaluate/bootstrap.h"

#include "base/cpu.h"
#include "base/error.h"
#include "base/memory.h"
#include "model/ranking.h"
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define STEP      UINT64_C(0x9e3779b97f4a7c15) /* of the random state */
#define MANY_ROWS 1000000                      /* drawn in all: for fewer a thread is not worth its start */

enum { THREADS_MAX = 4 };

/* ---- bins ---- */

/* Of each group of equal scores with a positive row, in their order: the negative rows before it, its own negative rows, its positive rows.
 * Behind the last: the negative rows that are left. */
enum { BEFORE, NEGATIVE, POSITIVE, BINS_OF_GROUP };

typedef struct Bins {
    uint32_t *of; /* each row; owned */
    size_t rows, groups;
} Bins;

static void put_group(Bins *b, const RankedRow *rows, size_t at, size_t end) {
    bool any = false;
    for (size_t i = at; i < end; i++) any |= rows[i].positive;
    uint32_t first = (uint32_t)(b->groups * BINS_OF_GROUP);
    for (size_t i = at; i < end; i++) b->of[i] = first + (!any ? BEFORE : rows[i].positive ? POSITIVE : NEGATIVE);
    b->groups += any;
}

static Bins bins_of(const float *probabilities, const float *labels, size_t n) {
    RankedRow *rows = ranking_new(probabilities, labels, n);
    Bins b = {.of = xcalloc(n + 1, sizeof *b.of), .rows = n};
    for (size_t at = 0, end; at < n; at = end) {
        end = ranking_group_end(rows, n, at);
        put_group(&b, rows, at, end);
    }
    free(rows);
    return b;
}

/* ---- a resample ---- */

typedef struct Measured {
    double auc, pr_auc;
} Measured;

static uint64_t random_next(uint64_t *state) {
    uint64_t x = *state += STEP;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void draw(const Bins *b, uint64_t state, uint32_t *times) {
    memset(times, 0, (b->groups * BINS_OF_GROUP + 1) * sizeof *times);
    for (size_t i = 0; i < b->rows; i++) times[b->of[(size_t)(((unsigned __int128)random_next(&state) * b->rows) >> 64)]]++;
}

/* NaN when only one class was drawn. */
static Measured measure(const Bins *b, const uint32_t *times) {
    double wins = 0, precision_sum = 0, positives = 0, negatives = 0;
    for (const uint32_t *group = times; group < times + b->groups * BINS_OF_GROUP; group += BINS_OF_GROUP) {
        double before = group[BEFORE], own_negatives = group[NEGATIVE], own_positives = group[POSITIVE];
        wins += before * positives + own_negatives * (positives + own_positives / 2);
        positives += own_positives;
        negatives += before + own_negatives;
        if (own_positives > 0) precision_sum += own_positives * positives / (positives + negatives);
    }
    double left = times[b->groups * BINS_OF_GROUP];
    wins += left * positives;
    negatives += left;
    if (positives == 0 || negatives == 0) return (Measured){NAN, NAN};
    return (Measured){.auc = wins / (positives * negatives), .pr_auc = precision_sum / positives};
}

/* ---- all of them ---- */

/* The resamples first, first + step, ... of one thread. */
typedef struct Worker {
    const Bins *bins;
    uint64_t seed;
    size_t first, step, resamples;
    Measured *ret; /* of all resamples; borrowed */
    pthread_t thread;
    bool started;
} Worker;

static void *run(void *state) {
    const Worker *w = state;
    uint32_t *times = xcalloc(w->bins->groups * BINS_OF_GROUP + 1, sizeof *times);
    for (size_t i = w->first; i < w->resamples; i += w->step) {
        draw(w->bins, w->seed + i * w->bins->rows * STEP, times);
        w->ret[i] = measure(w->bins, times);
    }
    free(times);
    return NULL;
}

static size_t threads_for(size_t rows) {
    size_t cores = (size_t)cpu_count();
    return rows < MANY_ROWS ? 1 : cores < THREADS_MAX ? cores : THREADS_MAX;
}

/* What no other thread could be started for is done by the caller's. */
static void measure_all(const Bins *bins, uint64_t seed, size_t resamples, Measured *ret) {
    Worker workers[THREADS_MAX];
    size_t n = threads_for(bins->rows * resamples);
    for (size_t i = 0; i < n; i++) {
        workers[i] = (Worker){.bins = bins, .seed = seed, .first = i, .step = n, .resamples = resamples, .ret = ret};
        workers[i].started = i > 0 && pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0;
    }
    for (size_t i = 0; i < n; i++)
        if (!workers[i].started) run(&workers[i]);
    for (size_t i = 0; i < n; i++)
        if (workers[i].started) pthread_join(workers[i].thread, NULL);
}

/* ---- intervals ---- */

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
    Bins bins = bins_of(probabilities, labels, n);
    size_t count = n > 0 ? (size_t)resamples : 0, measured = 0;
    Measured *all = xcalloc(count + 1, sizeof *all);
    double *auc = xcalloc(count + 1, sizeof *auc), *pr_auc = xcalloc(count + 1, sizeof *pr_auc);
    measure_all(&bins, seed, count, all);
    for (size_t i = 0; i < count; i++) {
        if (isnan(all[i].auc)) continue;
        auc[measured] = all[i].auc;
        pr_auc[measured++] = all[i].pr_auc;
    }
    BootstrapIntervals intervals = {.auc = interval_of(auc, measured), .pr_auc = interval_of(pr_auc, measured)};
    free(pr_auc);
    free(auc);
    free(all);
    free(bins.of);
    return intervals;
}

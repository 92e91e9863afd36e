/* bins.c: one pass over the groups of equal probability, from the highest.
 *
 * Invariant: the rows, positives and probabilities of all bins sum to those of the input. */
#include "evaluate/bins.h"

#include "base/error.h"
#include "base/memory.h"
#include "model/ranking.h"
#include <math.h>

/* Divides the group of ranks [from, until) among the bins; each of its rows is as positive as the group on average. */
static void add_group(RankBin *bins, size_t n, size_t k, size_t from, size_t until, double positive, double probability) {
    double width = (double)n / (double)k, at = (double)from, end = (double)until;
    for (size_t i = (size_t)(at / width); i < k && at < end; i++) {
        double bin_end = i + 1 == k ? (double)n : (double)(i + 1) * width;
        double rows = fmin(end, bin_end) - at;
        if (rows <= 0) continue;
        bins[i].rows += rows;
        bins[i].positives += rows * positive;
        bins[i].mean_probability += rows * probability;
        bins[i].lowest = probability;
        at += rows;
    }
}

static void derive(RankBin *bins, size_t n, size_t k) {
    double positives = 0, rows = 0, seen = 0;
    for (size_t i = 0; i < k; i++) positives += bins[i].positives;
    double base_rate = positives / (double)n;
    for (size_t i = 0; i < k; i++) {
        RankBin *b = &bins[i];
        rows += b->rows;
        seen += b->positives;
        b->mean_probability /= b->rows;
        b->rate = b->positives / b->rows;
        b->lift = positives > 0 ? b->rate / base_rate : NAN;
        b->rate_so_far = seen / rows;
        b->gain = positives > 0 ? seen / positives : NAN;
        b->lift_so_far = positives > 0 ? b->rate_so_far / base_rate : NAN;
    }
}

void rank_bins(const float *probabilities, const float *labels, size_t n, size_t k, RankBin *ret) {
    BUG_IF(k == 0 || n < k);
    RankedRow *rows = ranking_new(probabilities, labels, n);
    for (size_t i = 0; i < k; i++) ret[i] = (RankBin){0};
    for (size_t at = 0, end; at < n; at = end) {
        size_t positives = 0;
        end = ranking_group_end(rows, n, at);
        for (size_t i = at; i < end; i++) positives += rows[i].positive;
        add_group(ret, n, k, at, end, (double)positives / (double)(end - at), (double)rows[at].score);
    }
    free(rows);
    derive(ret, n, k);
}

CalibrationError calibration_error(const RankBin *bins, size_t k) {
    CalibrationError error = {0};
    double rows = 0;
    for (size_t i = 0; i < k; i++) {
        double off = fabs(bins[i].rate - bins[i].mean_probability);
        rows += bins[i].rows;
        error.expected += bins[i].rows * off;
        error.largest = fmax(error.largest, off);
    }
    error.expected /= rows;
    return error;
}

Brier brier_of(const float *probabilities, const float *labels, size_t n) {
    BUG_IF(n == 0);
    double sum = 0, positives = 0;
    for (size_t i = 0; i < n; i++) {
        double label = labels[i] > 0.5f, off = (double)probabilities[i] - label;
        sum += off * off;
        positives += label;
    }
    double rate = positives / (double)n, reference = rate * (1 - rate);
    return (Brier){.score = sum / (double)n, .reference = reference, .skill = reference > 0 ? 1 - sum / (double)n / reference : NAN};
}

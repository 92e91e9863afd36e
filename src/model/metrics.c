/* metrics.c: sorts the scores in descending order, then passes once over groups of equal scores, because the order within a tie has no
 * meaning.
 *
 * Invariant: no metric depends on the order of the rows. */
#include "model/metrics.h"

#include "base/memory.h"
#include "model/ranking.h"
#include <math.h>
#include <stdbool.h>

#define SMALLEST_PROBABILITY 1e-15

/* auc and pr_auc from the sorted rows; both classes are present. */
static void rank_metrics(const RankedRow *rows, Metrics *m) {
    double wins = 0, precision_sum = 0; /* positive-negative pairs in the right order; sum of P_n times the positives of n */
    size_t seen_positives = 0, seen = 0, at = 0;
    while (at < m->rows) {
        size_t end = ranking_group_end(rows, m->rows, at), positives = 0;
        for (size_t i = at; i < end; i++) positives += rows[i].positive;
        size_t negatives = end - at - positives;
        wins += (double)negatives * ((double)seen_positives + (double)positives / 2);
        seen_positives += positives;
        seen += end - at;
        precision_sum += (double)positives * (double)seen_positives / (double)seen;
        at = end;
    }
    double p = (double)m->positives;
    m->auc = wins / (p * ((double)m->rows - p));
    m->pr_auc = precision_sum / p;
}

static double loss(double probability, bool positive) {
    double p = positive ? probability : 1 - probability;
    return -log(fmin(fmax(p, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY));
}

Metrics metrics_of(const float *probabilities, const float *labels, size_t n) {
    Metrics m = {.auc = NAN, .pr_auc = NAN, .log_loss = NAN, .base_rate = NAN, .log_loss_base = NAN, .rows = n};
    if (n == 0) return m;
    double losses = 0;
    for (size_t i = 0; i < n; i++) {
        m.positives += labels[i] > 0.5f;
        losses += loss((double)probabilities[i], labels[i] > 0.5f);
    }
    m.log_loss = losses / (double)n;
    m.base_rate = (double)m.positives / (double)n;
    m.log_loss_base = m.base_rate * loss(m.base_rate, true) + (1 - m.base_rate) * loss(m.base_rate, false);
    if (m.positives == 0 || m.positives == n) return m;
    RankedRow *rows = ranking_new(probabilities, labels, n);
    rank_metrics(rows, &m);
    free(rows);
    return m;
}

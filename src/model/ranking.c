/* ranking.c: a sort; NaN is no score. */
#include "model/ranking.h"

#include "base/memory.h"

static int by_score_descending(const void *a, const void *b) {
    float x = ((const RankedRow *)a)->score, y = ((const RankedRow *)b)->score;
    return (x < y) - (x > y);
}

RankedRow *ranking_new(const float *scores, const float *labels, size_t n) {
    RankedRow *rows = xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) rows[i] = (RankedRow){.score = scores[i], .positive = labels[i] > 0.5f};
    qsort(rows, n, sizeof *rows, by_score_descending);
    return rows;
}

/* ranking.h: rows in the order of their scores, for measures that only look at the order. Pure; any thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct RankedRow {
    float score;
    bool positive;
} RankedRow;

/* From the highest score to the lowest; rows of one score in any order, which no measure may depend on. The caller frees. */
RankedRow *ranking_new(const float *scores, const float *labels, size_t n) __attribute__((returns_nonnull));
/* The end of the group of equal scores that begins at `at`; n rows. */
static inline size_t ranking_group_end(const RankedRow *rows, size_t n, size_t at) {
    size_t end = at;
    while (end < n && rows[end].score == rows[at].score) end++;
    return end;
}

/* report.h: what is known of a model after measuring it on rows that it has not seen: as JSON to keep, and in words. Pure; any thread. */
#pragma once
#include "base/buf.h"
#include "evaluate/profit.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define REPORT_BINS          10
#define REPORT_SUSPICIOUS    0.97 /* an AUC above it on a real label: a feature knows the answer */
#define REPORT_MIN_POSITIVES 10   /* fewer, or fewer of the other class: a group of a segment has no AUC */
#define REPORT_GROUPS        20   /* of a segment that stand for themselves */
#define REPORT_GROUP_ROWS    100  /* fewer: the group is put together with other such ones */

/* Another way to rank the same rows, for comparison. */
typedef struct ReportRival {
    const char *name;
    const float *scores;
    bool probabilities; /* they are compared by Brier too */
} ReportRival;

/* A property of each row, by which the figures are given once more, for example its plan. NULL in `values`: not known. UTF-8. */
typedef struct ReportSegment {
    const char *name;
    const char *const *values;
} ReportSegment;

typedef struct ReportInput {
    const float *probabilities, *labels; /* rows values each */
    size_t rows;
    const ReportRival *rivals;
    size_t rival_count;
    const ReportSegment *segments;
    size_t segment_count;
    ProfitCosts costs;
    uint64_t seed; /* of the bootstrap */
} ReportInput;

/* The same input gives the same report. Figures that are not defined (one class only) are null. With fewer than REPORT_BINS rows there are
 * fewer deciles; at least one row. The caller owns it:
 *
 *   rows, positives, rate
 *   auc, pr_auc          {value, low, high, deviation}
 *   brier                {score, reference, skill}
 *   calibration          {expected_error, largest_error, mean_probability, mean_over_rate}
 *   deciles              [{rows, positives, lowest, mean_probability, rate, lift, rate_so_far, gain, lift_so_far}], the highest first
 *   profit               {costs, called, best, top_decile, everyone}: each {threshold, contacted, positives, profit, profit_per_1000}
 *   profit_by_threshold  [the same, from 0.05 to 0.95]
 *   rivals               {name: {auc, pr_auc, brier}}, with "prevalence": always the rate
 *   segments             {name: [{value, values, rows, positives, rate, mean_probability, auc}]}, the largest first, then the small ones
 *                        together (value: null, values: how many), then those that are not known (values: 0)
 *   warnings             [text] */
json_t *report_new(const ReportInput *input) __attribute__((returns_nonnull));
/* Some lines of words for people, each with two blanks before it. */
void report_words(const json_t *report, Buf *ret);

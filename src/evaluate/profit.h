/* profit.h: what it is worth to contact those with a probability of at least a threshold. Pure; any thread.
 *
 * Each contact costs `contact`. Of those who would leave, the share `success` stays because of it, and each of them is worth `value`. So a
 * contact pays from the probability contact / (value * success) on, when probabilities are calibrated. The share of success is an
 * assumption until contacts are compared with a group that was not contacted. */
#pragma once
#include <stddef.h>

typedef struct ProfitCosts {
    double contact, value, success; /* success: 0..1 */
} ProfitCosts;

typedef struct ProfitPoint {
    double threshold;
    size_t contacted, positives; /* with at least this probability; of them, those who left */
    double profit;               /* in the unit of the costs, of all n rows */
} ProfitPoint;

/* The probability from which a contact pays; above 1 when none does, infinite when success or value is 0. */
double profit_threshold(ProfitCosts costs);
ProfitPoint profit_at(const float *probabilities, const float *labels, size_t n, ProfitCosts costs, double threshold);
/* The most profitable threshold in hindsight: what a perfect choice of threshold would add. Contacting nobody is a choice (threshold
 * INFINITY). */
ProfitPoint profit_best(const float *probabilities, const float *labels, size_t n, ProfitCosts costs);

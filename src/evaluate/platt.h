/* platt.h: calibrates probabilities on rows that the model was not trained on. Pure; any thread.
 *
 * log-odds' = slope * log-odds + intercept, by maximum likelihood (J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999,
 * with its targets). It keeps the order of the rows, and an explanation in log-odds stays additive: each contribution is multiplied by the
 * slope. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct Platt {
    double slope, intercept;
} Platt;

#define PLATT_NONE ((Platt){.slope = 1, .intercept = 0})

/* False, and PLATT_NONE, when there is nothing to fit: one class only, or probabilities that rank no better than the reverse (a slope of 0
 * or below). */
bool platt_fit(const float *probabilities, const float *labels, size_t n, Platt *ret);
void platt_apply(const Platt *platt, const float *probabilities, size_t n, float *ret);
/* `contributions`: rows x (cols + 1) in log-odds, the last of a row is the bias (model_explain). In place; each row then sums to the
 * calibrated log-odds. */
void platt_apply_to_contributions(const Platt *platt, float *contributions, size_t rows, size_t cols);

/* bins.h: the rows by rank of their probability, in parts of equal size: lift and gain by decile, and the calibration table. Pure; any
 * thread.
 *
 * Bin i of k has the ranks [i n / k, (i + 1) n / k) from the highest probability. Rows of one probability that fall into several bins are
 * divided among them evenly, so counts may have fractions, and nothing depends on the order of the rows. */
#pragma once
#include <stddef.h>

typedef struct RankBin {
    double rows, positives;
    double lowest;           /* probability in it: to be called, a row needs at least this */
    double mean_probability; /* what the model says */
    double rate;             /* what happened: positives / rows */
    double lift;             /* rate / base rate */
    double rate_so_far;      /* precision of this bin and all above */
    double gain;             /* share of all positives in this bin and all above */
    double lift_so_far;
} RankBin;

/* `probabilities` and `labels` (0 or 1): n values each, n >= k. Lift and gain are NaN without positives. */
void rank_bins(const float *probabilities, const float *labels, size_t n, size_t k, RankBin *ret);

typedef struct CalibrationError {
    double expected; /* ECE: mean over the bins of |rate - mean probability|, weighted by rows */
    double largest;
} CalibrationError;
/* ECE by bins of equal size (M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015,
 * has it with bins of equal width). */
CalibrationError calibration_error(const RankBin *bins, size_t k);

typedef struct Brier {
    double score;     /* mean of (probability - label)^2 */
    double reference; /* of always answering the base rate: r (1 - r) */
    double skill;     /* 1 - score / reference; NaN with one class */
} Brier;
/* G. Brier, "Verification of Forecasts Expressed in Terms of Probability", 1950. n > 0. */
Brier brier_of(const float *probabilities, const float *labels, size_t n);

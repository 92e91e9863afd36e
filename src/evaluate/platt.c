/* platt.c: Newton's method on two parameters, as in H.-T. Lin, C.-J. Lin, R. Weng, "A Note on Platt's Probabilistic Outputs for Support
 * Vector Machines", 2007: the loss is convex, and a step that does not lower it is halved. */
#include "evaluate/platt.h"

#include "base/memory.h"
#include <math.h>

#define MOST_STEPS   100
#define SMALLEST     1e-12 /* of a gradient per row, of a step */
#define FLOAT_MARGIN 1e-9  /* probabilities of 0 and 1 have no log-odds */

typedef struct Sample {
    double log_odds, target;
} Sample;

static double log_odds(double p) {
    p = fmin(fmax(p, FLOAT_MARGIN), 1 - FLOAT_MARGIN);
    return log(p / (1 - p));
}

/* Log-loss at the margin z, without overflow. */
static double loss_at(double z, double target) {
    return z > 0 ? log1p(exp(-z)) + (1 - target) * z : log1p(exp(z)) - target * z;
}

static double loss_of(const Sample *samples, size_t n, Platt p) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += loss_at(p.slope * samples[i].log_odds + p.intercept, samples[i].target);
    return sum;
}

/* Newton's direction in `ret`; false at the minimum. */
static bool direction(const Sample *samples, size_t n, Platt p, Platt *ret) {
    double ga = 0, gb = 0, haa = SMALLEST, hab = 0, hbb = SMALLEST;
    for (size_t i = 0; i < n; i++) {
        double f = samples[i].log_odds, q = 1 / (1 + exp(-(p.slope * f + p.intercept))), off = q - samples[i].target, w = q * (1 - q);
        ga += off * f;
        gb += off;
        haa += w * f * f;
        hab += w * f;
        hbb += w;
    }
    if (fmax(fabs(ga), fabs(gb)) < SMALLEST * (double)n) return false;
    double determinant = haa * hbb - hab * hab;
    if (!(determinant > 0)) return false;
    *ret = (Platt){.slope = (hab * gb - hbb * ga) / determinant, .intercept = (hab * ga - haa * gb) / determinant};
    return true;
}

static Platt minimum(const Sample *samples, size_t n, double prior) {
    Platt at = {.slope = 0, .intercept = prior}, step;
    double loss = loss_of(samples, n, at);
    for (int i = 0; i < MOST_STEPS && direction(samples, n, at, &step); i++) {
        double share = 1, better = NAN;
        Platt next = at;
        for (; share > SMALLEST; share /= 2) {
            next = (Platt){.slope = at.slope + share * step.slope, .intercept = at.intercept + share * step.intercept};
            better = loss_of(samples, n, next);
            if (better < loss) break;
        }
        if (!(better < loss)) break;
        at = next;
        loss = better;
    }
    return at;
}

bool platt_fit(const float *probabilities, const float *labels, size_t n, Platt *ret) {
    double positives = 0;
    *ret = PLATT_NONE;
    for (size_t i = 0; i < n; i++) positives += labels[i] > 0.5f;
    double negatives = (double)n - positives;
    if (positives == 0 || negatives == 0) return false;
    Sample *samples = xcalloc(n, sizeof *samples);
    for (size_t i = 0; i < n; i++) {
        samples[i].log_odds = log_odds((double)probabilities[i]);
        samples[i].target = labels[i] > 0.5f ? (positives + 1) / (positives + 2) : 1 / (negatives + 2);
    }
    Platt fitted = minimum(samples, n, log((positives + 1) / (negatives + 1)));
    free(samples);
    if (!(fitted.slope > 0) || !isfinite(fitted.slope) || !isfinite(fitted.intercept)) return false;
    *ret = fitted;
    return true;
}

void platt_apply(const Platt *platt, const float *probabilities, size_t n, float *ret) {
    for (size_t i = 0; i < n; i++) ret[i] = (float)(1 / (1 + exp(-(platt->slope * log_odds((double)probabilities[i]) + platt->intercept))));
}

void platt_apply_to_contributions(const Platt *platt, float *contributions, size_t rows, size_t cols) {
    for (size_t i = 0; i < rows * (cols + 1); i++) contributions[i] = (float)(platt->slope * (double)contributions[i]);
    for (size_t row = 0; row < rows; row++) {
        float *bias = &contributions[row * (cols + 1) + cols];
        *bias = (float)((double)*bias + platt->intercept);
    }
}

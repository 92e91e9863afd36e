/* logistic.c: Newton's method; its system of linear equations is solved by Cholesky's decomposition. The penalty makes the loss strictly
 * convex; a step that does not lower it is halved.
 *
 * Invariant: the same rows in the same order give the same weights, bit for bit. */
#include "evaluate/logistic.h"

#include "base/memory.h"
#include <math.h>
#include <string.h>

#define MOST_STEPS 100
#define CONVERGED  1e-9 /* decrease of the loss per row that a step promises */

struct Logistic {
    size_t cols;
    double *mean, *scale; /* scale: 1 / deviation, 0 for a constant column */
    double *weights;      /* cols, then the intercept */
};

/* What a fit needs besides: all of n = cols + 1 values, the matrix n x n. */
typedef struct Work {
    const Matrix *x;
    const float *labels;
    size_t n;
    double *row, *gradient, *step, *next, *hessian;
} Work;

static void work_done(Work *w) {
    free(w->row);
    free(w->gradient);
    free(w->step);
    free(w->next);
    free(w->hessian);
}

void logistic_free(Logistic *l) {
    if (l == NULL) return;
    free(l->mean);
    free(l->scale);
    free(l->weights);
    free(l);
}

/* ---- columns ---- */

static void measure_column(Logistic *l, const Matrix *x, size_t col) {
    double sum = 0, squares = 0;
    size_t present = 0;
    for (size_t i = col; i < x->rows * x->cols; i += x->cols) {
        if (isnan(x->values[i])) continue;
        sum += (double)x->values[i];
        present++;
    }
    l->mean[col] = present > 0 ? sum / (double)present : 0;
    for (size_t i = col; i < x->rows * x->cols; i += x->cols)
        if (!isnan(x->values[i])) squares += pow((double)x->values[i] - l->mean[col], 2);
    double deviation = sqrt(squares / (double)x->rows); /* missing values are the mean: they add 0 */
    l->scale[col] = deviation > 1e-9 * fabs(l->mean[col]) ? 1 / deviation : 0;
}

/* The standardized row, and 1 for the intercept. */
static void standardize(const Logistic *l, const float *values, double *ret) {
    for (size_t j = 0; j < l->cols; j++) ret[j] = isnan(values[j]) ? 0 : ((double)values[j] - l->mean[j]) * l->scale[j];
    ret[l->cols] = 1;
}

static double margin_of(const double *weights, const double *row, size_t n) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) sum += weights[j] * row[j];
    return sum;
}

/* ---- the loss ---- */

static double loss_of(const Logistic *l, Work *w, const double *weights) {
    double sum = 0;
    for (size_t j = 0; j + 1 < w->n; j++) sum += weights[j] * weights[j] / 2;
    for (size_t i = 0; i < w->x->rows; i++) {
        standardize(l, w->x->values + i * w->x->cols, w->row);
        double z = margin_of(weights, w->row, w->n), against = w->labels[i] > 0.5f ? -z : z;
        sum += against > 0 ? against + log1p(exp(-against)) : log1p(exp(against));
    }
    return sum;
}

/* Gradient, and the lower half of the second derivatives. */
static void derive(const Logistic *l, Work *w) {
    size_t n = w->n;
    memset(w->hessian, 0, n * n * sizeof *w->hessian);
    for (size_t j = 0; j < n; j++) {
        w->gradient[j] = j + 1 < n ? l->weights[j] : 0;
        w->hessian[j * n + j] = j + 1 < n ? 1 : 1e-12;
    }
    for (size_t i = 0; i < w->x->rows; i++) {
        standardize(l, w->x->values + i * w->x->cols, w->row);
        double p = 1 / (1 + exp(-margin_of(l->weights, w->row, n))), off = p - (double)(w->labels[i] > 0.5f), weight = p * (1 - p);
        for (size_t j = 0; j < n; j++) {
            double scaled = weight * w->row[j];
            w->gradient[j] += off * w->row[j];
            for (size_t k = 0; k <= j; k++) w->hessian[j * n + k] += scaled * w->row[k];
        }
    }
}

/* ---- the step ---- */

/* In place, into a lower triangle; false when it is not positive definite. */
static bool decompose(double *a, size_t n) {
    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < j; k++) {
            double sum = a[j * n + k];
            for (size_t i = 0; i < k; i++) sum -= a[j * n + i] * a[k * n + i];
            a[j * n + k] = sum / a[k * n + k];
        }
        double sum = a[j * n + j];
        for (size_t i = 0; i < j; i++) sum -= a[j * n + i] * a[j * n + i];
        if (!(sum > 0)) return false;
        a[j * n + j] = sqrt(sum);
    }
    return true;
}

static void solve(const double *lower, size_t n, const double *right, double *ret) {
    for (size_t j = 0; j < n; j++) {
        double sum = right[j];
        for (size_t k = 0; k < j; k++) sum -= lower[j * n + k] * ret[k];
        ret[j] = sum / lower[j * n + j];
    }
    for (size_t j = n; j-- > 0;) {
        double sum = ret[j];
        for (size_t k = j + 1; k < n; k++) sum -= lower[k * n + j] * ret[k];
        ret[j] = sum / lower[j * n + j];
    }
}

/* False when no share of the step lowers the loss: it is as low as numbers can tell. */
static bool take_step(Logistic *l, Work *w, double *loss) {
    for (double share = 1; share > 1e-6; share /= 2) {
        for (size_t j = 0; j < w->n; j++) w->next[j] = l->weights[j] - share * w->step[j];
        double next = loss_of(l, w, w->next);
        if (!(next < *loss)) continue;
        memcpy(l->weights, w->next, w->n * sizeof *l->weights);
        *loss = next;
        return true;
    }
    return false;
}

static int descend(Logistic *l, Work *w, Error *err) {
    double loss = loss_of(l, w, l->weights);
    for (int i = 0; i < MOST_STEPS; i++) {
        derive(l, w);
        if (!decompose(w->hessian, w->n)) break;
        solve(w->hessian, w->n, w->gradient, w->step);
        if (margin_of(w->step, w->gradient, w->n) < CONVERGED * CONVERGED * (double)w->x->rows) return 0;
        if (!take_step(l, w, &loss)) return 0;
    }
    return error_set(err, ERR_DATA, "the logistic regression does not converge on this data");
}

static int check_classes(const float *labels, size_t n, Error *err) {
    size_t positives = 0;
    for (size_t i = 0; i < n; i++) positives += labels[i] > 0.5f;
    if (positives > 0 && positives < n) return 0;
    return error_set(err, ERR_DATA, "a logistic regression needs both labels: %zu of %zu rows have label 1", positives, n);
}

int logistic_fit(const Matrix *x, const float *labels, Logistic **ret, Error *err) {
    if (check_classes(labels, x->rows, err) != 0) return -1;
    CLEANUP(logistic_freep) Logistic *l = xcalloc(1, sizeof *l);
    size_t n = x->cols + 1;
    l->cols = x->cols;
    l->mean = xcalloc(n, sizeof *l->mean);
    l->scale = xcalloc(n, sizeof *l->scale);
    l->weights = xcalloc(n, sizeof *l->weights);
    for (size_t col = 0; col < x->cols; col++) measure_column(l, x, col);
    CLEANUP(work_done)
    Work w = {.x = x,
              .labels = labels,
              .n = n,
              .row = xcalloc(n, sizeof(double)),
              .gradient = xcalloc(n, sizeof(double)),
              .step = xcalloc(n, sizeof(double)),
              .next = xcalloc(n, sizeof(double)),
              .hessian = xcalloc(n * n, sizeof(double))};
    if (descend(l, &w, err) != 0) return -1;
    *ret = TAKE(l);
    return 0;
}

void logistic_predict(const Logistic *l, const Matrix *x, float *ret) {
    BUG_IF(x->cols != l->cols);
    double *row = xcalloc(l->cols + 1, sizeof *row);
    for (size_t i = 0; i < x->rows; i++) {
        standardize(l, x->values + i * x->cols, row);
        ret[i] = (float)(1 / (1 + exp(-margin_of(l->weights, row, l->cols + 1))));
    }
    free(row);
}

const double *logistic_weights(const Logistic *l) {
    return l->weights;
}

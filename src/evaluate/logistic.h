/* logistic.h: logistic regression, the baseline that a forest has to beat. Immutable once fitted; any thread.
 *
 * A missing value is the mean of its column; columns are standardized; the loss is sum of squared weights / 2 + the sum of log-losses,
 * without a penalty on the intercept (scikit-learn's LogisticRegression with C = 1 after SimpleImputer and StandardScaler). */
#pragma once
#include "base/error.h"
#include "model/model.h"

typedef struct Logistic Logistic;

/* ERR_DATA when only one class is there, or the fit does not end. Takes rows x cols^2 multiplications, about ten times. The caller frees.
 */
int logistic_fit(const Matrix *x, const float *labels, Logistic **ret, Error *err) MUST_CHECK;
void logistic_free(Logistic *l);
DEFINE_CLEANUP(logistic_free, Logistic)

/* `ret`: x->rows probabilities of label 1. As many columns as in the fit. */
void logistic_predict(const Logistic *l, const Matrix *x, float *ret);
/* Weights of the standardized columns, then the intercept: cols + 1 values, valid while `l` lives. */
const double *logistic_weights(const Logistic *l);

/* test_oracle.c: every measure against scikit-learn and numpy on the same data (tests/golden/evaluate/make.py). */
#include "evaluate/bins.h"
#include "evaluate/bootstrap.h"
#include "evaluate/drift.h"
#include "evaluate/logistic.h"
#include "evaluate/platt.h"
#include "evaluate/profit.h"

#include "../fixture.h"
#include "model/metrics.h"
#include <jansson.h>
#include <math.h>

#define GOLDEN                SOURCE_ROOT "/tests/golden/evaluate/golden.json"
#define BINS                  10
#define MOST                  2000
#define near(a, b, tolerance) near_at((a), (b), (tolerance), #a, __LINE__)

static json_t *golden;

static void near_at(double a, double b, double tolerance, const char *what, int line) {
    if (!(fabs(a - b) <= tolerance)) fail_msg("line %d: %s is %.12g, expected %.12g", line, what, a, b);
}

static int load(void **state) {
    (void)state;
    json_error_t error;
    golden = json_load_file(GOLDEN, 0, &error);
    return golden != NULL ? 0 : -1;
}

static int unload(void **state) {
    (void)state;
    json_decref(golden);
    return 0;
}

static double number_of(json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

static double number_in(json_t *object, const char *name, size_t i) {
    return json_number_value(json_array_get(json_object_get(object, name), i));
}

static size_t floats_of(json_t *object, const char *name, float *ret) {
    json_t *list = json_object_get(object, name);
    size_t n = json_array_size(list);
    assert_in_range(n, 1, MOST);
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_array_get(list, i);
        ret[i] = json_is_null(value) ? NAN : (float)json_number_value(value);
    }
    return n;
}

typedef struct Scored {
    json_t *expected;
    size_t n;
    float p[MOST], y[MOST];
} Scored;

/* 0: all probabilities differ; 1: many are equal */
static Scored *scored(size_t i) {
    static Scored s;
    s.expected = json_array_get(json_object_get(golden, "scored"), i);
    s.n = floats_of(s.expected, "p", s.p);
    assert_int_equal(floats_of(s.expected, "y", s.y), s.n);
    return &s;
}

static void ranking_and_losses(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        Scored *s = scored(i);
        Metrics m = metrics_of(s->p, s->y, s->n);
        Brier brier = brier_of(s->p, s->y, s->n);
        near(m.auc, number_of(s->expected, "auc"), 1e-12);
        near(m.pr_auc, number_of(s->expected, "pr_auc"), 1e-12);
        near(m.log_loss, number_of(s->expected, "log_loss"), 1e-12);
        near(brier.score, number_of(s->expected, "brier"), 1e-12);
        near(brier.skill, number_of(s->expected, "skill"), 1e-12);
    }
}

static void platt(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        Scored *s = scored(i);
        Platt fitted;
        float calibrated[MOST];
        assert_true(platt_fit(s->p, s->y, s->n, &fitted));
        near(fitted.slope, number_of(s->expected, "slope"), 1e-4); /* its optimizer stops early */
        near(fitted.intercept, number_of(s->expected, "intercept"), 1e-4);
        platt_apply(&fitted, s->p, s->n, calibrated);
        for (size_t row = 0; row < s->n; row++) near((double)calibrated[row], number_in(s->expected, "calibrated", row), 1e-4);
    }
}

/* Other random numbers: the limits agree as far as 2,000 resamples fix them. */
static void check_interval(Interval found, json_t *expected, const char *name) {
    double deviation = number_in(expected, name, 2);
    near(found.deviation, deviation, 0.08 * deviation);
    near(found.low, number_in(expected, name, 0), 0.25 * deviation);
    near(found.high, number_in(expected, name, 1), 0.25 * deviation);
}

static void bootstrap(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        Scored *s = scored(i);
        BootstrapIntervals found = bootstrap_intervals(s->p, s->y, s->n, 2000, 1);
        check_interval(found.auc, s->expected, "auc_interval");
        check_interval(found.pr_auc, s->expected, "pr_auc_interval");
    }
}

static void lift_gain_and_calibration(void **state) {
    (void)state;
    Scored *s = scored(0);
    json_t *expected = json_object_get(golden, "bins");
    RankBin bins[BINS];
    rank_bins(s->p, s->y, s->n, BINS, bins);
    for (size_t i = 0; i < BINS; i++) {
        near(bins[i].rows, (double)s->n / BINS, 1e-9);
        near(bins[i].rate, number_in(expected, "rate", i), 1e-9);
        near(bins[i].mean_probability, number_in(expected, "mean", i), 1e-7);
        near(bins[i].gain, number_in(expected, "gain", i), 1e-9);
        near(bins[i].lift, number_in(expected, "lift", i), 1e-9);
    }
    CalibrationError error = calibration_error(bins, BINS);
    near(error.expected, number_of(expected, "ece"), 1e-7);
    near(error.largest, number_of(expected, "largest"), 1e-7);
}

static void profit(void **state) {
    (void)state;
    json_t *list = json_object_get(golden, "profit"), *expected;
    size_t i;
    json_array_foreach(list, i, expected) {
        Scored *s = scored(i < 2 ? 0 : 1);
        ProfitCosts costs = {number_in(expected, "costs", 0), number_in(expected, "costs", 1), number_in(expected, "costs", 2)};
        double threshold = number_of(expected, "threshold");
        near(profit_threshold(costs), threshold, 1e-12);
        ProfitPoint point = profit_at(s->p, s->y, s->n, costs, threshold);
        assert_int_equal(point.contacted, json_integer_value(json_object_get(expected, "contacted")));
        near(point.profit, number_of(expected, "profit"), 1e-9);
        ProfitPoint best = profit_best(s->p, s->y, s->n, costs);
        if (i < 2) near(best.profit, number_of(expected, "best"), 1e-9); /* equal scores cannot be divided */
        assert_true(best.profit >= point.profit);
        if (best.contacted > 0) near(profit_at(s->p, s->y, s->n, costs, best.threshold).profit, best.profit, 1e-9);
    }
}

static void drift(void **state) {
    (void)state;
    json_t *expected;
    size_t i;
    json_array_foreach(json_object_get(golden, "drift"), i, expected) {
        static float before[MOST], now[MOST];
        size_t n = floats_of(expected, "before", before), m = floats_of(expected, "now", now);
        DriftBins bins = drift_bins(before, n, 1);
        assert_int_equal(bins.edges, json_array_size(json_object_get(expected, "edges")));
        for (size_t k = 0; k < bins.edges; k++) near(bins.edge[k], number_in(expected, "edges", k), 1e-9);
        near(drift_psi(&bins, now, m, 1), number_of(expected, "psi"), 1e-9);
        near(drift_psi(&bins, before, n, 1), 0, 1e-12);
    }
}

static void regression(void **state) {
    (void)state;
    static float x[MOST], y[MOST], p[MOST];
    json_t *expected = json_object_get(golden, "regression");
    Matrix matrix = {.values = x, .rows = (size_t)number_of(expected, "rows"), .cols = (size_t)number_of(expected, "cols")};
    assert_int_equal(floats_of(expected, "x", x), matrix.rows * matrix.cols);
    assert_int_equal(floats_of(expected, "y", y), matrix.rows);
    CLEANUP(logistic_freep) Logistic *fitted = NULL;
    Error err = {0};
    must(logistic_fit(&matrix, y, &fitted, &err), &err);
    for (size_t i = 0; i <= matrix.cols; i++) near(logistic_weights(fitted)[i], number_in(expected, "weights", i), 1e-6);
    logistic_predict(fitted, &matrix, p);
    for (size_t i = 0; i < matrix.rows; i++) near((double)p[i], number_in(expected, "p", i), 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranking_and_losses),
        cmocka_unit_test(platt),
        cmocka_unit_test(bootstrap),
        cmocka_unit_test(lift_gain_and_calibration),
        cmocka_unit_test(profit),
        cmocka_unit_test(drift),
        cmocka_unit_test(regression),
    };
    return cmocka_run_group_tests(tests, load, unload);
}

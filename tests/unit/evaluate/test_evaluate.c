/* test_evaluate.c: what must hold for any data: labels that mean nothing, ties, order, limits, one class, explanations that stay additive.
 */
#include "evaluate/bins.h"
#include "evaluate/bootstrap.h"
#include "evaluate/drift.h"
#include "evaluate/logistic.h"
#include "evaluate/platt.h"
#include "evaluate/profit.h"
#include "evaluate/sort_floats.h"

#include "../fixture.h"
#include "model/metrics.h"
#include "model/ranking.h"
#include <math.h>
#include <string.h>

#define ROWS 20000
#define COLS 8

/* A stream of numbers in 0..1 that is the same in each run. */
static float draw(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(*state >> 40) / (1 << 24);
}

static float p[ROWS], y[ROWS], x[ROWS * COLS];

/* Probabilities that are true, mostly small. */
static void fill(uint64_t seed, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float u = draw(&seed);
        p[i] = u * u * u * 0.9f + 0.001f;
        y[i] = draw(&seed) < p[i];
    }
}

static void true_probabilities_are_calibrated(void **state) {
    (void)state;
    fill(3, ROWS);
    RankBin bins[10];
    rank_bins(p, y, ROWS, 10, bins);
    assert_true(calibration_error(bins, 10).expected < 0.01);
    Platt platt;
    assert_true(platt_fit(p, y, ROWS, &platt));
    assert_true(fabs(platt.slope - 1) < 0.05 && fabs(platt.intercept) < 0.08);
    assert_true(brier_of(p, y, ROWS).skill > 0.2);
}

static void too_large_probabilities_are_mended(void **state) {
    (void)state;
    static float wrong[ROWS], mended[ROWS];
    RankBin before[10], after[10];
    fill(4, ROWS);
    for (size_t i = 0; i < ROWS; i++) wrong[i] = sqrtf(p[i]);
    Platt platt;
    assert_true(platt_fit(wrong, y, ROWS, &platt));
    platt_apply(&platt, wrong, ROWS, mended);
    rank_bins(wrong, y, ROWS, 10, before);
    rank_bins(mended, y, ROWS, 10, after);
    assert_true(calibration_error(before, 10).expected > 0.1);
    assert_true(calibration_error(after, 10).expected < 0.02);
    assert_true(fabs(metrics_of(mended, y, ROWS).auc - metrics_of(wrong, y, ROWS).auc) < 1e-4); /* the order stays */
}

static void bins_divide_ties_and_lose_nothing(void **state) {
    (void)state;
    const float equal[] = {0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f}, labels[] = {1, 1, 1, 0, 0, 0, 0}, reversed[] = {0, 0, 0, 0, 1, 1, 1};
    RankBin bins[3], other[3];
    rank_bins(equal, labels, 7, 3, bins);
    rank_bins(equal, reversed, 7, 3, other);
    double rows = 0, positives = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_true(fabs(bins[i].rate - 3.0 / 7) < 1e-12 && fabs(bins[i].lift - 1) < 1e-12);
        assert_true(bins[i].positives == other[i].positives);
        rows += bins[i].rows;
        positives += bins[i].positives;
    }
    assert_true(fabs(rows - 7) < 1e-9 && fabs(positives - 3) < 1e-9);
    assert_true(fabs(bins[2].gain - 1) < 1e-9);
}

static void labels_that_mean_nothing_are_guessed(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        fill(seed, ROWS);
        uint64_t other = seed + 100;
        for (size_t i = 0; i < ROWS; i++) y[i] = draw(&other) < 0.1f;
        Metrics m = metrics_of(p, y, ROWS);
        assert_true(m.auc > 0.47 && m.auc < 0.53);
        assert_true(fabs(m.pr_auc - m.base_rate) < 0.02);
        Interval auc = bootstrap_intervals(p, y, ROWS, 50, seed).auc;
        assert_true(auc.low > 0.47 && auc.high < 0.53);
    }
}

static void intervals_hold_the_value_and_narrow_with_rows(void **state) {
    (void)state;
    fill(5, ROWS);
    BootstrapIntervals all = bootstrap_intervals(p, y, ROWS, 200, 1), again = bootstrap_intervals(p, y, ROWS, 200, 1);
    BootstrapIntervals few = bootstrap_intervals(p, y, ROWS / 16, 200, 1);
    Metrics m = metrics_of(p, y, ROWS);
    assert_memory_equal(&all, &again, sizeof all);
    assert_true(all.auc.low < m.auc && m.auc < all.auc.high && all.pr_auc.low < m.pr_auc && m.pr_auc < all.pr_auc.high);
    assert_true(few.auc.deviation > 3 * all.auc.deviation && few.auc.deviation < 5.5 * all.auc.deviation); /* 4: the root of 16 */
}

/* splitmix64, as bootstrap.c says it draws. */
static uint64_t splitmix(uint64_t *state) {
    uint64_t v = *state += UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return v ^ v >> 31;
}

/* A resample as a row of its own for each one that was drawn. */
static Metrics measure_drawn(const RankedRow *rows, size_t n, uint64_t *state) {
    static float scores[ROWS], labels[ROWS];
    for (size_t i = 0; i < n; i++) {
        const RankedRow *row = &rows[((unsigned __int128)splitmix(state) * n) >> 64];
        scores[i] = row->score;
        labels[i] = row->positive ? 1 : 0;
    }
    return metrics_of(scores, labels, n);
}

static int by_double(const void *a, const void *b) {
    double u = *(const double *)a, v = *(const double *)b;
    return (u > v) - (u < v);
}

static void assert_interval(Interval found, double *values, size_t n) {
    double sum = 0, squares = 0, at = 0.025 * (double)(n - 1);
    for (size_t i = 0; i < n; i++) sum += values[i];
    for (size_t i = 0; i < n; i++) squares += pow(values[i] - sum / (double)n, 2);
    qsort(values, n, sizeof *values, by_double);
    size_t below = (size_t)at;
    assert_true(fabs(found.low - (values[below] + (at - (double)below) * (values[below + 1] - values[below]))) < 1e-9);
    assert_true(fabs(found.deviation - sqrt(squares / (double)(n - 1))) < 1e-9);
}

/* `digits`: how many scores are different. `resamples`: with more, they are drawn by several threads. */
static void compare_intervals(size_t n, int resamples, float digits) {
    static double auc[1000], pr_auc[1000];
    fill(11, n);
    for (size_t i = 0; i < n; i++) p[i] = roundf(p[i] * digits) / digits;
    RankedRow *rows = ranking_new(p, y, n);
    uint64_t state = 3;
    for (int i = 0; i < resamples; i++) {
        Metrics m = measure_drawn(rows, n, &state);
        auc[i] = m.auc;
        pr_auc[i] = m.pr_auc;
    }
    free(rows);
    BootstrapIntervals found = bootstrap_intervals(p, y, n, resamples, 3);
    assert_interval(found.auc, auc, (size_t)resamples);
    assert_interval(found.pr_auc, pr_auc, (size_t)resamples);
}

static void a_resample_is_the_rows_that_were_drawn(void **state) {
    (void)state;
    compare_intervals(1000, 40, 1e7f);
    compare_intervals(1000, 40, 20);    /* most scores are those of others, too */
    compare_intervals(1500, 700, 1e7f); /* more than a million rows */
}

static void one_class_is_nothing_to_measure(void **state) {
    (void)state;
    const float some[] = {0.1f, 0.2f, 0.9f}, none[] = {0, 0, 0};
    BootstrapIntervals intervals = bootstrap_intervals(some, none, 3, 10, 1);
    RankBin bins[3];
    Platt platt;
    assert_true(isnan(intervals.auc.low) && isnan(intervals.pr_auc.deviation));
    assert_false(platt_fit(some, none, 3, &platt));
    assert_true(platt.slope == 1 && platt.intercept == 0);
    assert_true(isnan(brier_of(some, none, 3).skill));
    rank_bins(some, none, 3, 3, bins);
    assert_true(isnan(bins[0].lift) && isnan(bins[2].gain));
    Logistic *fitted = NULL;
    Error err = {0};
    assert_failed(logistic_fit(&(Matrix){.values = some, .rows = 3, .cols = 1}, none, &fitted, &err), ERR_DATA, "0 of 3", &err);
}

static void a_reversed_ranking_is_not_turned_round(void **state) {
    (void)state;
    const float backwards[] = {0.9f, 0.8f, 0.7f, 0.2f, 0.1f, 0.3f}, labels[] = {0, 0, 0, 1, 1, 1};
    Platt platt;
    assert_false(platt_fit(backwards, labels, 6, &platt));
}

static void certain_probabilities_are_finite(void **state) {
    (void)state;
    const float certain[] = {0, 0, 1, 1, 0.5f}, labels[] = {0, 1, 1, 1, 0};
    float calibrated[5];
    Platt platt;
    assert_true(platt_fit(certain, labels, 5, &platt));
    platt_apply(&platt, certain, 5, calibrated);
    for (size_t i = 0; i < 5; i++) assert_true(calibrated[i] > 0 && calibrated[i] < 1);
}

static void calibrated_contributions_sum_to_the_calibrated_log_odds(void **state) {
    (void)state;
    float contributions[] = {0.5f, -1.25f, 0.125f, -2.0f, 0.0f, 0.75f, 2.5f, -2.0f};
    const float margins[] = {-2.625f, 1.25f};
    const Platt platt = {.slope = 0.8, .intercept = -0.3};
    float probabilities[2], calibrated[2];
    for (int i = 0; i < 2; i++) probabilities[i] = 1 / (1 + expf(-margins[i]));
    platt_apply(&platt, probabilities, 2, calibrated);
    platt_apply_to_contributions(&platt, contributions, 2, 3);
    for (int row = 0; row < 2; row++) {
        double sum = 0;
        for (int i = 0; i < 4; i++) sum += (double)contributions[row * 4 + i];
        assert_true(fabs(sum - log((double)calibrated[row] / (1 - (double)calibrated[row]))) < 1e-5);
    }
}

static void contacting_nobody_is_a_choice(void **state) {
    (void)state;
    const float some[] = {0.1f, 0.2f}, labels[] = {0, 1};
    ProfitPoint best = profit_best(some, labels, 2, (ProfitCosts){.contact = 100, .value = 1, .success = 1});
    assert_true(best.contacted == 0 && best.profit == 0 && isinf(best.threshold));
    assert_true(isinf(profit_threshold((ProfitCosts){.contact = 1, .value = 5, .success = 0})));
    ProfitPoint all = profit_at(some, labels, 2, (ProfitCosts){.contact = 1, .value = 10, .success = 0.5}, 0);
    assert_true(all.contacted == 2 && all.positives == 1 && all.profit == 3);
}

static int by_value(const void *a, const void *b) {
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* Few values and many are sorted in different ways. */
static void floats_are_sorted(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 255, 256, 5000};
    static const float odd[] = {0, -0.0f, INFINITY, -INFINITY, 1e-40f, -1e-40f, 3e38f, -3e38f};
    uint64_t random = 7;
    for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
        float *ours = xcalloc(sizes[k] + 1, sizeof *ours), *theirs = xcalloc(sizes[k] + 1, sizeof *theirs);
        for (size_t i = 0; i < sizes[k]; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            ours[i] = theirs[i] = random >> 60 == 0 ? odd[random >> 40 & 7] : (float)((double)(random >> 40) / 1e6 - 8);
        }
        sort_floats(ours, sizes[k]);
        qsort(theirs, sizes[k], sizeof *theirs, by_value);
        for (size_t i = 0; i < sizes[k]; i++) assert_true(ours[i] == theirs[i]);
        free(ours);
        free(theirs);
    }
}

static void drift_is_seen_by_column(void **state) {
    (void)state;
    uint64_t seed = 6;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < 2; j++) x[i * 2 + j] = draw(&seed) + (j == 1 && i >= ROWS / 2 ? 0.3f : 0);
    for (size_t j = 0; j < 2; j++) {
        DriftBins bins = drift_bins(x + j, ROWS / 2, 2);
        double psi = drift_psi(&bins, x + ROWS + j, ROWS / 2, 2);
        assert_true(j == 0 ? psi < 0.01 : psi > DRIFT_LARGE);
    }
    const float constant[] = {2, 2, 2}, missing[] = {NAN, NAN};
    DriftBins bins = drift_bins(constant, 3, 1), unknown = drift_bins(missing, 2, 1), none = drift_bins(constant, 0, 1);
    assert_true(drift_psi(&bins, constant, 3, 1) == 0 && drift_psi(&bins, missing, 2, 1) > DRIFT_LARGE);
    assert_true(drift_psi(&unknown, missing, 2, 1) == 0);
    assert_true(isnan(drift_psi(&none, constant, 3, 1)) && isnan(drift_psi(&bins, constant, 0, 1)));
}

static void regression_learns_and_ignores_what_is_constant(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++) x[i * COLS + j] = j == 3 ? 5 : j == 4 ? NAN : draw(&seed) * 1000;
        y[i] = draw(&seed) < 0.02f + 0.3f * x[i * COLS] / 1000 * (x[i * COLS + 1] / 1000);
    }
    Matrix matrix = {.values = x, .rows = ROWS, .cols = COLS};
    CLEANUP(logistic_freep) Logistic *fitted = NULL, *again = NULL;
    Error err = {0};
    must(logistic_fit(&matrix, y, &fitted, &err), &err);
    must(logistic_fit(&matrix, y, &again, &err), &err);
    assert_memory_equal(logistic_weights(fitted), logistic_weights(again), (COLS + 1) * sizeof(double));
    assert_true(logistic_weights(fitted)[3] == 0 && logistic_weights(fitted)[4] == 0);
    logistic_predict(fitted, &matrix, p);
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++) sum += (double)p[i];
    Metrics m = metrics_of(p, y, ROWS);
    assert_true(fabs(sum / (double)m.positives - 1) < 1e-6); /* an intercept without a penalty */
    assert_true(m.auc > 0.65);
}

static void separable_data_converges(void **state) {
    (void)state;
    const float values[] = {1, 2, 3, 10, 11, 12}, labels[] = {0, 0, 0, 1, 1, 1};
    Matrix matrix = {.values = values, .rows = 6, .cols = 1};
    CLEANUP(logistic_freep) Logistic *fitted = NULL;
    Error err = {0};
    must(logistic_fit(&matrix, labels, &fitted, &err), &err);
    logistic_predict(fitted, &matrix, p);
    assert_true(p[0] < 0.2f && p[5] > 0.8f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_probabilities_are_calibrated),
        cmocka_unit_test(too_large_probabilities_are_mended),
        cmocka_unit_test(bins_divide_ties_and_lose_nothing),
        cmocka_unit_test(labels_that_mean_nothing_are_guessed),
        cmocka_unit_test(intervals_hold_the_value_and_narrow_with_rows),
        cmocka_unit_test(a_resample_is_the_rows_that_were_drawn),
        cmocka_unit_test(one_class_is_nothing_to_measure),
        cmocka_unit_test(a_reversed_ranking_is_not_turned_round),
        cmocka_unit_test(certain_probabilities_are_finite),
        cmocka_unit_test(calibrated_contributions_sum_to_the_calibrated_log_odds),
        cmocka_unit_test(contacting_nobody_is_a_choice),
        cmocka_unit_test(floats_are_sorted),
        cmocka_unit_test(drift_is_seen_by_column),
        cmocka_unit_test(regression_learns_and_ignores_what_is_constant),
        cmocka_unit_test(separable_data_converges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

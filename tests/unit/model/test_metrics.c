/* test_metrics.c: AUC, average precision and log loss against values worked out by hand and against the definitions by brute force, ties
 * included. */
#include "model/metrics.h"

#include "../fixture.h"
#include "base/attr.h"
#include <math.h>
#include <stdbool.h>

#define assert_close(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void by_hand(void **state) {
    (void)state;
    /* ranks from the top: + - + -: pairs won 3 of 4; precision at the positives 1 and 2/3 */
    const float p[] = {0.9f, 0.8f, 0.7f, 0.1f}, y[] = {1, 0, 1, 0};
    Metrics m = metrics_of(p, y, 4);
    assert_close(m.auc, 0.75);
    assert_close(m.pr_auc, (1 + 2.0 / 3) / 2);
    assert_close(m.log_loss, -(log((double)0.9f) + log(1 - (double)0.8f) + log((double)0.7f) + log(1 - (double)0.1f)) / 4);
    assert_close(m.base_rate, 0.5);
    assert_close(m.log_loss_base, log(2));
    assert_int_equal(m.positives, 2);
}

static void perfect_and_reversed(void **state) {
    (void)state;
    const float p[] = {0.1f, 0.2f, 0.8f, 0.9f}, y[] = {0, 0, 1, 1}, reversed[] = {1, 1, 0, 0};
    assert_close(metrics_of(p, y, 4).auc, 1);
    assert_close(metrics_of(p, y, 4).pr_auc, 1);
    assert_close(metrics_of(p, reversed, 4).auc, 0);
    assert_close(metrics_of(p, reversed, 4).pr_auc, (1.0 / 3 + 2.0 / 4) / 2);
}

static void one_score_for_all_is_guessing(void **state) {
    (void)state;
    const float p[] = {0.3f, 0.3f, 0.3f, 0.3f, 0.3f}, y[] = {0, 1, 0, 0, 1};
    Metrics m = metrics_of(p, y, 5);
    assert_close(m.auc, 0.5);
    assert_close(m.pr_auc, 0.4);
}

static void certain_and_wrong_is_finite(void **state) {
    (void)state;
    const float p[] = {1, 0}, y[] = {0, 1};
    assert_close(metrics_of(p, y, 2).log_loss, -log(1e-15));
}

static void undefined_is_nan(void **state) {
    (void)state;
    const float p[] = {0.3f, 0.6f}, y[] = {1, 1};
    Metrics one_class = metrics_of(p, y, 2), none = metrics_of(p, y, 0);
    assert_true(isnan(one_class.auc) && isnan(one_class.pr_auc) && isfinite(one_class.log_loss));
    assert_close(one_class.log_loss_base, 0);
    assert_true(isnan(none.auc) && isnan(none.log_loss));
}

static double brute_auc(const float *p, const float *y, size_t n) {
    double won = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (y[i] < 0.5f || y[j] > 0.5f) continue;
            pairs++;
            won += p[i] > p[j] ? 1 : p[i] == p[j] ? 0.5 : 0;
        }
    return won / pairs;
}

/* At each distinct threshold t: precision and cache_get of "score >= t". */
static double brute_average_precision(const float *p, const float *y, size_t n) {
    double sum = 0, before = 0, positives = 0;
    for (size_t i = 0; i < n; i++) positives += (double)y[i];
    for (int step = 20; step >= 0; step--) {
        double taken = 0, hits = 0;
        for (size_t i = 0; i < n; i++)
            if (p[i] >= (float)step / 20) {
                taken++;
                hits += (double)y[i];
            }
        if (taken == 0) continue;
        sum += (hits / positives - before) * (hits / taken);
        before = hits / positives;
    }
    return sum;
}

static void many_ties_against_brute_force(void **state) {
    (void)state;
    enum { N = 300 };
    uint64_t x = 88172645463325252u;
    for (int round = 0; round < 20; round++) {
        float p[N], y[N];
        for (size_t i = 0; i < N; i++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            p[i] = (float)(x % 21) / 20;
            y[i] = (x >> 32) % 100 < 20 + (x % 21) * 2;
        }
        Metrics m = metrics_of(p, y, N);
        assert_close(m.auc, brute_auc(p, y, N));
        assert_close(m.pr_auc, brute_average_precision(p, y, N));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(perfect_and_reversed),
        cmocka_unit_test(one_score_for_all_is_guessing),
        cmocka_unit_test(certain_and_wrong_is_finite),
        cmocka_unit_test(undefined_is_nan),
        cmocka_unit_test(many_ties_against_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

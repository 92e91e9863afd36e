/* test_operator.c: the operator is what its seed says, its hidden truth is consistent, and the truth shows in the events. */
#include "telecom/emitter.h"
#include "telecom/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DAY_US   (INT64_C(86400) * 1000000)
#define START_US (20700 * DAY_US)
#define MANY     3000

static void the_seed_is_the_operator(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *small = operator_new(7, 10), *large = operator_new(7, 1000), *other = operator_new(8, 10);
    int differs = 0;
    for (int i = 0; i < 10; i++) {
        SubscriberTruth a = operator_truth(small, i, START_US), b = operator_truth(large, i, START_US),
                        c = operator_truth(other, i, START_US);
        assert_string_equal(a.id, b.id);
        assert_true(a.tendency == b.tendency && a.churned == b.churned && a.churned_at_us == b.churned_at_us);
        differs += a.tendency != c.tendency;
    }
    assert_true(differs > 5);
}

static void ids_have_six_digits_or_more(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, 1000000);
    assert_string_equal(operator_truth(op, 0, START_US).id, "SUB-000001");
    assert_string_equal(operator_truth(op, 999999, START_US).id, "SUB-1000000");
}

static void tendencies_spread_over_their_range(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, MANY);
    int low = 0, high = 0;
    for (int i = 0; i < MANY; i++) {
        double tendency = operator_truth(op, i, START_US).tendency;
        assert_true(tendency >= 0 && tendency <= 1);
        low += tendency < 0.2;
        high += tendency > 0.8;
    }
    assert_in_range(low, MANY * 35 / 100, MANY * 55 / 100);
    assert_in_range(high, MANY * 6 / 100, MANY * 16 / 100);
}

/* Who leaves within 30 days of being there: a share that a model can learn from, and more of those with a high tendency. */
static void leaving_follows_the_tendency(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, MANY);
    int there = 0, left = 0, high = 0, high_left = 0;
    for (int i = 0; i < MANY; i++) {
        SubscriberTruth now = operator_truth(op, i, START_US), later = operator_truth(op, i, START_US + 30 * DAY_US);
        if (now.churned) continue;
        there++;
        left += later.churned;
        high += now.tendency > 0.6;
        high_left += now.tendency > 0.6 && later.churned;
        if (later.churned) assert_true(later.churned_at_us > START_US && later.churned_at_us <= START_US + 30 * DAY_US);
    }
    assert_true(there > MANY * 7 / 10);
    assert_in_range(left * 1000 / there, 30, 120);
    assert_true(high_left * there > left * high * 3 / 2);
}

static void truth_holds_between_leaving_and_return(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, MANY);
    for (int i = 0; i < MANY; i++) {
        SubscriberTruth truth = operator_truth(op, i, START_US);
        if (!truth.churned) continue;
        assert_true(truth.churned_at_us <= START_US);
        assert_int_equal(operator_truth(op, i, truth.churned_at_us).churned_at_us, truth.churned_at_us);
        assert_false(operator_truth(op, i, truth.churned_at_us - 1000000).churned);
    }
}

static void who_left_falls_silent(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, 500);
    CLEANUP(emitter_freep) Emitter *emitter = emitter_new(op, &(EmitterOptions){.seed = 1});
    int quiet = 0, quiet_events = 0, events = 100000;
    for (int i = 0; i < 500; i++) quiet += operator_truth(op, i, START_US).churned;
    assert_in_range(quiet, 25, 150);
    EmitterMessage message;
    emitter_window(emitter, START_US, START_US + DAY_US / 100, (uint64_t)events);
    while (emitter_next(emitter, &message)) {
        int number = (int)strtol(message.key + 4, NULL, 10);
        quiet_events += operator_truth(op, number - 1, START_US).churned;
    }
    assert_true(quiet_events > 0);
    assert_true(quiet_events * 500 < events * quiet / 10);
}

static void overdue_is_consistent_in_time(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(1, 300);
    Random random = random_from(1);
    for (int i = 0; i < 300; i++) {
        int before = 0;
        for (int day = 0; day < 120; day++) {
            int64_t second = START_US / 1000000 + (int64_t)day * SECONDS_PER_DAY;
            Billing billing = billing_at(op, &op->subscribers[i], (Lifecycle){0}, second, &random);
            assert_in_range(billing.days_overdue, 0, 58);
            if (day > 0) assert_true(billing.days_overdue <= before + 1); /* it grows by a day a day */
            assert_int_equal(billing.days_overdue > 0, strcmp(billing.status, "overdue") == 0);
            before = billing.days_overdue;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_is_the_operator),
        cmocka_unit_test(ids_have_six_digits_or_more),
        cmocka_unit_test(tendencies_spread_over_their_range),
        cmocka_unit_test(leaving_follows_the_tendency),
        cmocka_unit_test(truth_holds_between_leaving_and_return),
        cmocka_unit_test(who_left_falls_silent),
        cmocka_unit_test(overdue_is_consistent_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_split.c: The holdout: stratified, the same for the same names and seed, whatever the order. And the choice of reasons. */
#include "../fixture.h"
#include "base/memory.h"
#include "model/reasons.h"
#include "model/split.h"

enum { N = 1000 };

typedef struct Rows {
    const char *names[N];
    float labels[N];
} Rows;

static Rows *make_rows(void) {
    Rows *r = xcalloc(1, sizeof *r);
    for (size_t i = 0; i < N; i++) {
        r->names[i] = xasprintf("SUB-%05zu", i);
        r->labels[i] = i % 10 == 0;
    }
    return r;
}

static void free_rows(Rows *r) {
    for (size_t i = 0; i < N; i++) free((char *)(uintptr_t)r->names[i]);
    free(r);
}

static void stratified(void **state) {
    (void)state;
    Rows *r = make_rows();
    bool held[N];
    split_holdout(r->names, r->labels, N, 0.2, 42, held);
    size_t positives = 0, negatives = 0;
    for (size_t i = 0; i < N; i++) *(r->labels[i] > 0.5f ? &positives : &negatives) += held[i];
    assert_int_equal(positives, 20);
    assert_int_equal(negatives, 180);
    free_rows(r);
}

static void same_in_any_order_other_for_another_seed(void **state) {
    (void)state;
    Rows *r = make_rows(), *back = xcalloc(1, sizeof *back);
    for (size_t i = 0; i < N; i++) {
        back->names[i] = r->names[N - 1 - i];
        back->labels[i] = r->labels[N - 1 - i];
    }
    bool held[N], reversed[N], other[N];
    size_t differences = 0;
    split_holdout(r->names, r->labels, N, 0.2, 42, held);
    split_holdout(back->names, back->labels, N, 0.2, 42, reversed);
    split_holdout(r->names, r->labels, N, 0.2, 43, other);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(held[i], reversed[N - 1 - i]);
        differences += held[i] != other[i];
    }
    assert_true(differences > 200);
    free(back);
    free_rows(r);
}

static void small_classes_stay_on_both_sides(void **state) {
    (void)state;
    const char *const names[] = {"a", "b", "c", "d", "e"};
    const float labels[] = {1, 1, 0, 0, 0};
    bool held[5];
    split_holdout(names, labels, 5, 0.01, 1, held);
    assert_int_equal(held[0] + held[1], 1);
    assert_int_equal(held[2] + held[3] + held[4], 1);
    split_holdout(names, labels, 5, 0.99, 1, held);
    assert_int_equal(held[0] + held[1], 1);
    assert_int_equal(held[2] + held[3] + held[4], 2);
}

static void reasons_are_the_largest(void **state) {
    (void)state;
    const float contributions[] = {0.1f, -2, 0, 0.5f, -0.5f, 1};
    size_t top[3];
    assert_int_equal(reasons_top(contributions, 6, 3, top), 3);
    assert_int_equal(top[0], 1);
    assert_int_equal(top[1], 5);
    assert_int_equal(top[2], 3);
    assert_int_equal(reasons_top(contributions + 2, 2, 3, top), 1);
    assert_int_equal(top[0], 1);
    assert_int_equal(reasons_top(contributions + 2, 1, 3, top), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stratified),
        cmocka_unit_test(same_in_any_order_other_for_another_seed),
        cmocka_unit_test(small_classes_stay_on_both_sides),
        cmocka_unit_test(reasons_are_the_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

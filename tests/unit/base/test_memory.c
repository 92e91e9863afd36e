/* test_memory.c: an array that grows by one item at a time loses nothing, and is seldom copied. */
#include "base/memory.h"

#include "../fixture.h"

#define ITEMS   100000
#define DOUBLED 18 /* 2^17 is the first power of two from ITEMS on; and the first item */

static void a_list_is_copied_only_when_it_has_doubled(void **state) {
    (void)state;
    size_t *items = NULL, moved = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        size_t *before = items;
        items = xgrow(items, i, sizeof *items);
        if (items != before) moved++;
        items[i] = i;
    }
    for (size_t i = 0; i < ITEMS; i++) assert_int_equal(items[i], i);
    assert_in_range(moved, 1, DOUBLED);
    free(items);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_is_copied_only_when_it_has_doubled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

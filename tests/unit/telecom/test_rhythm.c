/* test_rhythm.c: the given number of times, in order, inside the window, more by day than by night. */
#include "../fixture.h"
#include "telecom/rhythm.h"

#define HOUR_US  INT64_C(3600000000)
#define DAY_US   (24 * HOUR_US)
#define START_US (20000 * DAY_US) /* 2024-10-04, midnight UTC */

static void assert_window(int64_t from_us, int64_t until_us, uint64_t count) {
    Random random = random_from(1);
    Rhythm rhythm;
    rhythm_init(&rhythm, from_us, until_us, count);
    int64_t at_us, before_us = from_us;
    uint64_t n = 0;
    for (; rhythm_next(&rhythm, &random, &at_us); n++) {
        assert_true(at_us >= before_us);
        assert_true(at_us < until_us || at_us == from_us);
        before_us = at_us;
    }
    assert_int_equal(n, count);
}

static void windows_of_any_size_give_exactly_their_events(void **state) {
    (void)state;
    const int64_t spans[] = {0, 1, 1000, HOUR_US, 10 * DAY_US + 12345, 400 * DAY_US};
    const uint64_t counts[] = {0, 1, 7, 500, 10001};
    for (size_t s = 0; s < sizeof spans / sizeof *spans; s++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) assert_window(START_US + 777, START_US + 777 + spans[s], counts[c]);
}

static void nights_are_quiet(void **state) {
    (void)state;
    Random random = random_from(1);
    Rhythm rhythm;
    int64_t at_us;
    int night = 0, evening = 0;
    rhythm_init(&rhythm, START_US, START_US + 28 * DAY_US, 50000);
    while (rhythm_next(&rhythm, &random, &at_us)) {
        int64_t hour = (at_us / HOUR_US + 2) % 24; /* Zambia: UTC+2 */
        night += hour == 3;
        evening += hour == 18;
    }
    assert_true(night > 0);
    assert_true(evening > 8 * night);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_any_size_give_exactly_their_events),
        cmocka_unit_test(nights_are_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

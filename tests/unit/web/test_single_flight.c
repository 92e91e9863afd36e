/* test_single_flight.c: one makes it, the others wait until it has ended, or for as long as they want to. */
#include "web/single_flight.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { OTHERS = 3, LONG_MS = 60 * 1000, SHORT_MS = 20 };

typedef struct State {
    SingleFlight *flights;
    int most_ms;
    atomic_int makers, returned;
} State;

static void *begin(void *arg) {
    State *s = arg;
    if (single_flight_begin(s->flights, "overview", s->most_ms)) {
        atomic_fetch_add(&s->makers, 1);
        single_flight_end(s->flights, "overview");
    }
    atomic_fetch_add(&s->returned, 1);
    return NULL;
}

static void begin_others(State *s, pthread_t others[OTHERS]) {
    for (int i = 0; i < OTHERS; i++) assert_int_equal(pthread_create(&others[i], NULL, begin, s), 0);
}

static void join_others(pthread_t others[OTHERS]) {
    for (int i = 0; i < OTHERS; i++) pthread_join(others[i], NULL);
}

static void each_key_has_a_flight_of_its_own(void **state) {
    (void)state;
    SingleFlight *flights = single_flight_new();
    assert_true(single_flight_begin(flights, "overview", LONG_MS));
    assert_true(single_flight_begin(flights, "subscribers", LONG_MS));
    single_flight_end(flights, "overview");
    assert_true(single_flight_begin(flights, "overview", LONG_MS)); /* it has ended */
    single_flight_end(flights, "subscribers");
    single_flight_end(flights, "overview");
    single_flight_free(flights);
}

/* A thread that begins before the end waits for it; one that begins later makes its own. So none returns before the end. */
static void the_others_wait_for_the_end(void **state) {
    (void)state;
    pthread_t others[OTHERS];
    State s = {.flights = single_flight_new(), .most_ms = LONG_MS};
    assert_true(single_flight_begin(s.flights, "overview", LONG_MS));
    begin_others(&s, others);
    for (int i = 0; i < 1000; i++) sched_yield();
    assert_int_equal(atomic_load(&s.returned), 0);
    single_flight_end(s.flights, "overview");
    join_others(others);
    assert_int_equal(s.returned, OTHERS);
    single_flight_free(s.flights);
}

static void the_wait_is_bounded(void **state) {
    (void)state;
    pthread_t others[OTHERS];
    State s = {.flights = single_flight_new(), .most_ms = SHORT_MS};
    assert_true(single_flight_begin(s.flights, "overview", LONG_MS));
    begin_others(&s, others);
    join_others(others); /* although it has not ended */
    assert_int_equal(s.makers, 0);
    single_flight_end(s.flights, "overview");
    single_flight_free(s.flights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_a_flight_of_its_own),
        cmocka_unit_test(the_others_wait_for_the_end),
        cmocka_unit_test(the_wait_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

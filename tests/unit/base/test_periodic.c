/* test_periodic.c: periodic work runs again and again, at once when it is woken, and not after it was stopped. */
#include "base/periodic.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SOON_MS = 1, NEVER_MS = 24 * 3600 * 1000, PATIENCE_MS = 60000 };

/* The work counts its calls; they wait while it is closed. */
typedef struct Work {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int begun, ended;
    bool closed;
    Periodic *wakes_itself;
} Work;

static int set_up(void **state) {
    Work *w = xcalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    clock_cond_init(&w->changed);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    Work *w = *state;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return 0;
}

static void run(void *arg) {
    Work *w = arg;
    pthread_mutex_lock(&w->lock);
    w->begun++;
    pthread_cond_broadcast(&w->changed);
    while (w->closed) pthread_cond_wait(&w->changed, &w->lock);
    w->ended++;
    pthread_cond_broadcast(&w->changed);
    if (w->wakes_itself != NULL) periodic_wake(w->wakes_itself);
    pthread_mutex_unlock(&w->lock);
}

static Periodic *start(Work *w, int interval_ms) {
    Error err = {0};
    Periodic *p = NULL;
    if (periodic_start(interval_ms, run, w, &p, &err) != 0) fail_msg("%s", err.text);
    return p;
}

/* Waits until *count is at least `least`. */
static void wait_for(Work *w, const int *count, int least) {
    struct timespec deadline = clock_deadline(PATIENCE_MS);
    int rc = 0;
    pthread_mutex_lock(&w->lock);
    while (*count < least && rc == 0) rc = pthread_cond_timedwait(&w->changed, &w->lock, &deadline);
    pthread_mutex_unlock(&w->lock);
    if (rc != 0) fail_msg("%d calls, expected %d", *count, least);
}

static void set_closed(Work *w, bool closed) {
    pthread_mutex_lock(&w->lock);
    w->closed = closed;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void runs_at_once_and_again(void **state) {
    Work *w = *state;
    Periodic *p = start(w, SOON_MS);
    wait_for(w, &w->ended, 5);
    periodic_stop(p);
    assert_int_equal(w->begun, w->ended);
}

static void keeps_the_interval(void **state) {
    Work *w = *state;
    int64_t began = clock_mono_ns();
    Periodic *p = start(w, 20);
    wait_for(w, &w->begun, 4);
    assert_true(clock_mono_ns() - began >= 3 * 20 * INT64_C(1000000)); /* a slow machine only makes it longer */
    periodic_stop(p);
}

static void runs_when_it_is_woken(void **state) {
    Work *w = *state;
    Periodic *p = start(w, NEVER_MS);
    wait_for(w, &w->ended, 1);
    for (int i = 2; i <= 5; i++) {
        periodic_wake(p);
        wait_for(w, &w->ended, i);
    }
    periodic_stop(p);
    assert_int_equal(w->begun, 5);
}

/* Woken twice during a call, it runs once more: the second call sees what both were about. */
static void a_wake_during_a_call_is_not_lost(void **state) {
    Work *w = *state;
    set_closed(w, true);
    Periodic *p = start(w, NEVER_MS);
    wait_for(w, &w->begun, 1);
    periodic_wake(p);
    periodic_wake(p);
    set_closed(w, false);
    wait_for(w, &w->ended, 2);
    periodic_stop(p);
    assert_int_equal(w->begun, 2);
}

static void may_wake_itself(void **state) {
    Work *w = *state;
    set_closed(w, true);
    Periodic *p = start(w, NEVER_MS);
    pthread_mutex_lock(&w->lock);
    w->wakes_itself = p;
    pthread_mutex_unlock(&w->lock);
    set_closed(w, false);
    wait_for(w, &w->ended, 100);
    periodic_stop(p);
}

/* The test hangs here when stopping waits for the interval. */
static void stops_at_once(void **state) {
    Work *w = *state;
    Periodic *p = start(w, NEVER_MS);
    wait_for(w, &w->ended, 1);
    periodic_stop(p);
    assert_int_equal(w->begun, 1);
}

static void *stop(void *periodic) {
    periodic_stop(periodic);
    return NULL;
}

static void stopping_waits_for_the_call(void **state) {
    Work *w = *state;
    pthread_t stopper;
    set_closed(w, true);
    Periodic *p = start(w, SOON_MS);
    wait_for(w, &w->begun, 1);
    assert_int_equal(pthread_create(&stopper, NULL, stop, p), 0);
    set_closed(w, false);
    pthread_join(stopper, NULL);
    assert_int_equal(w->begun, w->ended);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(runs_at_once_and_again), TEST(keeps_the_interval), TEST(runs_when_it_is_woken),       TEST(a_wake_during_a_call_is_not_lost),
        TEST(may_wake_itself),        TEST(stops_at_once),      TEST(stopping_waits_for_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_work.c: every job that was taken runs once; what does not fit, or comes after the stop, is refused. */
#include "web/work.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 3, QUEUE = 4, JOBS = 500 };

typedef struct State {
    pthread_mutex_t gate; /* a job waits for it */
    atomic_int begun, numbers_out_of_range;
} State;

typedef struct Job {
    atomic_int runs;
} Job;

static void run(void *state, size_t worker, void *job) {
    State *s = state;
    if (worker >= THREADS) atomic_fetch_add(&s->numbers_out_of_range, 1);
    atomic_fetch_add(&s->begun, 1);
    pthread_mutex_lock(&s->gate);
    atomic_fetch_add(&((Job *)job)->runs, 1);
    pthread_mutex_unlock(&s->gate);
}

static void every_job_runs_once(void **state) {
    (void)state;
    static Job jobs[JOBS];
    State s = {.gate = PTHREAD_MUTEX_INITIALIZER};
    Workers *w = workers_start(THREADS, JOBS, run, &s);
    for (size_t i = 0; i < JOBS; i++) assert_true(workers_push(w, &jobs[i]));
    workers_stop(w);
    workers_free(w);
    for (size_t i = 0; i < JOBS; i++) assert_int_equal(jobs[i].runs, 1);
    assert_int_equal(s.numbers_out_of_range, 0);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    static Job jobs[THREADS + QUEUE + 1];
    State s = {.gate = PTHREAD_MUTEX_INITIALIZER};
    Workers *w = workers_start(THREADS, QUEUE, run, &s);
    pthread_mutex_lock(&s.gate);
    int taken = 0;
    for (int i = 0; i < THREADS; i++) taken += workers_push(w, &jobs[i]); /* at most one waits in the queue for each worker */
    while (atomic_load(&s.begun) < THREADS) sched_yield();
    for (int i = THREADS; i < THREADS + QUEUE; i++) taken += workers_push(w, &jobs[i]);
    assert_int_equal(taken, THREADS + QUEUE);
    assert_false(workers_push(w, &jobs[THREADS + QUEUE]));
    pthread_mutex_unlock(&s.gate);
    workers_stop(w);
    workers_free(w);
    for (int i = 0; i < THREADS + QUEUE; i++) assert_int_equal(jobs[i].runs, 1);
    assert_int_equal(jobs[THREADS + QUEUE].runs, 0);
}

/* The event loop still runs when the workers have ended. */
static void a_job_after_the_stop_is_refused(void **state) {
    (void)state;
    Job job = {0};
    State s = {.gate = PTHREAD_MUTEX_INITIALIZER};
    Workers *w = workers_start(THREADS, QUEUE, run, &s);
    workers_stop(w);
    assert_false(workers_push(w, &job));
    workers_free(w);
    assert_int_equal(job.runs, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_job_after_the_stop_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* periodic.c: a thread that waits on a condition with a deadline.
 *
 * Invariant: `run` is called without the lock, so it may take long and may wake its own Periodic. */
#include "base/periodic.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdbool.h>

struct Periodic {
    PeriodicFn run;
    void *arg;
    int interval_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool woken, stopping; /* under the lock */
};

/* False when the thread must end. */
static bool wait_for_next(Periodic *p) {
    struct timespec deadline = clock_deadline(p->interval_ms);
    pthread_mutex_lock(&p->lock);
    while (!p->woken && !p->stopping && pthread_cond_timedwait(&p->changed, &p->lock, &deadline) == 0) {
    }
    p->woken = false;
    bool stopping = p->stopping;
    pthread_mutex_unlock(&p->lock);
    return !stopping;
}

static void *run_periodically(void *arg) {
    Periodic *p = arg;
    do p->run(p->arg);
    while (wait_for_next(p));
    return NULL;
}

static void free_periodic(Periodic *p) {
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

int periodic_start(int interval_ms, PeriodicFn run, void *arg, Periodic **ret, Error *err) {
    Periodic *p = xcalloc(1, sizeof *p);
    p->run = run;
    p->arg = arg;
    p->interval_ms = interval_ms;
    pthread_mutex_init(&p->lock, NULL);
    clock_cond_init(&p->changed);
    int problem = pthread_create(&p->thread, NULL, run_periodically, p);
    if (problem != 0) {
        free_periodic(p);
        return error_errno(err, ERR_IO, problem, "cannot start a thread");
    }
    *ret = p;
    return 0;
}

static void set(Periodic *p, bool *flag) {
    pthread_mutex_lock(&p->lock);
    *flag = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void periodic_wake(Periodic *p) {
    set(p, &p->woken);
}

void periodic_stop(Periodic *p) {
    set(p, &p->stopping);
    pthread_join(p->thread, NULL);
    free_periodic(p);
}

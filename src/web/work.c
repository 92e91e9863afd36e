/* work.c: threads that take from one queue.
 *
 * Invariant: a job that was taken runs exactly once, also when the workers are being stopped. */
#include "web/work.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/queue.h"
#include <pthread.h>

typedef struct Worker {
    Workers *owner;
    size_t number;
    pthread_t thread;
} Worker;

struct Workers {
    Queue *jobs;
    WorkFn run;
    void *state;
    size_t count;
    Worker threads[];
};

static void *work(void *arg) {
    Worker *me = arg;
    for (void *job; (job = queue_take(me->owner->jobs, QUEUE_FOREVER)) != NULL;) me->owner->run(me->owner->state, me->number, job);
    return NULL;
}

Workers *workers_start(size_t threads, size_t queue_max, WorkFn run, void *state) {
    Workers *w = xcalloc(1, sizeof *w + threads * sizeof w->threads[0]);
    w->jobs = queue_new(queue_max);
    w->run = run;
    w->state = state;
    w->count = threads;
    for (size_t i = 0; i < threads; i++) {
        w->threads[i] = (Worker){.owner = w, .number = i};
        if (pthread_create(&w->threads[i].thread, NULL, work, &w->threads[i]) != 0) BUG("cannot start a thread");
    }
    return w;
}

bool workers_push(Workers *w, void *job) {
    return queue_put(w->jobs, job, 0);
}

void workers_stop(Workers *w) {
    queue_close(w->jobs);
    for (size_t i = 0; i < w->count; i++) pthread_join(w->threads[i].thread, NULL);
}

void workers_free(Workers *w) {
    queue_free(w->jobs);
    free(w);
}

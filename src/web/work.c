/* work.c: a ring of jobs under one lock.
 *
 * Invariant: a job that was taken runs exactly once, also when the workers are being stopped. */
#include "web/work.h"

#include "base/error.h"
#include "base/memory.h"
#include <pthread.h>

typedef struct Worker {
    Workers *owner;
    size_t number;
    pthread_t thread;
} Worker;

struct Workers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void **ring;
    size_t capacity, first, count;
    bool stopping;
    WorkFn run;
    void *state;
    Worker *threads;
    size_t thread_count;
};

/* NULL when the queue is empty and nothing more will come. */
static void *next_job(Workers *w) {
    void *job = NULL;
    pthread_mutex_lock(&w->lock);
    while (w->count == 0 && !w->stopping) pthread_cond_wait(&w->changed, &w->lock);
    if (w->count > 0) {
        job = w->ring[w->first];
        w->first = (w->first + 1) % w->capacity;
        w->count--;
    }
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *work(void *arg) {
    Worker *me = arg;
    for (void *job; (job = next_job(me->owner)) != NULL;) me->owner->run(me->owner->state, me->number, job);
    return NULL;
}

Workers *workers_start(size_t threads, size_t queue_max, WorkFn run, void *state) {
    Workers *w = xcalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->ring = xcalloc(queue_max, sizeof *w->ring);
    w->capacity = queue_max;
    w->run = run;
    w->state = state;
    w->threads = xcalloc(threads, sizeof *w->threads);
    w->thread_count = threads;
    for (size_t i = 0; i < threads; i++) {
        w->threads[i] = (Worker){.owner = w, .number = i};
        if (pthread_create(&w->threads[i].thread, NULL, work, &w->threads[i]) != 0) BUG("cannot start a thread");
    }
    return w;
}

bool workers_push(Workers *w, void *job) {
    pthread_mutex_lock(&w->lock);
    bool fits = w->count < w->capacity;
    if (fits) {
        w->ring[(w->first + w->count) % w->capacity] = job;
        w->count++;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return fits;
}

void workers_stop(Workers *w) {
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->thread_count; i++) pthread_join(w->threads[i].thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w->threads);
    free(w->ring);
    free(w);
}

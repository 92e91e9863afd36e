/* batch_queue.c: see batch_queue.h. One mutex, one condition: two parties never wait for long. */
#include "ingest/batch_queue.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>

#define BATCHES 2

struct BatchQueue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    Batch *empty[BATCHES], *full[BATCHES]; /* owned while here */
    size_t empty_count, full_count;
    bool closed;
    atomic_bool given_up; /* changed under the mutex, read without it too */
};

BatchQueue *batch_queue_new(size_t max_rows, size_t max_bytes) {
    BatchQueue *q = xcalloc(1, sizeof *q);
    pthread_mutex_init(&q->mutex, NULL);
    clock_cond_init(&q->changed);
    while (q->empty_count < BATCHES) q->empty[q->empty_count++] = batch_new(max_rows, max_bytes);
    return q;
}

void batch_queue_free(BatchQueue *q) {
    for (size_t i = 0; i < q->empty_count; i++) batch_free(q->empty[i]);
    for (size_t i = 0; i < q->full_count; i++) batch_free(q->full[i]);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->mutex);
    free(q);
}

static void unlock_changed(BatchQueue *q) {
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
}

Batch *batch_queue_take_empty(BatchQueue *q, bool wait) {
    pthread_mutex_lock(&q->mutex);
    while (wait && q->empty_count == 0 && !q->given_up) pthread_cond_wait(&q->changed, &q->mutex);
    Batch *b = q->empty_count > 0 && !q->given_up ? q->empty[--q->empty_count] : NULL;
    pthread_mutex_unlock(&q->mutex);
    return b;
}

void batch_queue_put_full(BatchQueue *q, Batch *b) {
    pthread_mutex_lock(&q->mutex);
    q->full[q->full_count++] = b;
    unlock_changed(q);
}

void batch_queue_close(BatchQueue *q) {
    pthread_mutex_lock(&q->mutex);
    q->closed = true;
    unlock_changed(q);
}

static Batch *shift_full(BatchQueue *q) {
    Batch *first = q->full[0];
    q->full_count--;
    for (size_t i = 0; i < q->full_count; i++) q->full[i] = q->full[i + 1];
    return first;
}

Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed) {
    struct timespec deadline = clock_deadline(timeout_ms);
    pthread_mutex_lock(&q->mutex);
    for (int rc = 0; rc == 0 && q->full_count == 0 && !q->closed && !q->given_up;)
        rc = pthread_cond_timedwait(&q->changed, &q->mutex, &deadline);
    Batch *b = q->full_count > 0 ? shift_full(q) : NULL;
    *ret_closed = b == NULL && (q->closed || q->given_up);
    pthread_mutex_unlock(&q->mutex);
    return b;
}

void batch_queue_put_empty(BatchQueue *q, Batch *b) {
    batch_clear(b);
    pthread_mutex_lock(&q->mutex);
    q->empty[q->empty_count++] = b;
    unlock_changed(q);
}

void batch_queue_give_up(BatchQueue *q) {
    pthread_mutex_lock(&q->mutex);
    atomic_store(&q->given_up, true);
    unlock_changed(q);
}

bool batch_queue_given_up(const BatchQueue *q) {
    return atomic_load_explicit(&q->given_up, memory_order_relaxed);
}

/* queue.c: a ring buffer with one lock, and a condition for each end.
 *
 * Invariant: an item that was put is taken exactly once, in order, unless the queue is given up; then it stays until queue_drain takes
 * it. */
#include "base/queue.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdatomic.h>

struct Queue {
    pthread_mutex_t lock;
    pthread_cond_t can_put, can_take;
    bool closed;
    atomic_bool given_up; /* set under the lock, also read without it */
    size_t capacity, first, count;
    void *ring[];
};

Queue *queue_new(size_t capacity) {
    BUG_IF(capacity == 0);
    Queue *q = xcalloc(1, sizeof *q + capacity * sizeof q->ring[0]);
    pthread_mutex_init(&q->lock, NULL);
    clock_cond_init(&q->can_put);
    clock_cond_init(&q->can_take);
    q->capacity = capacity;
    return q;
}

void queue_free(Queue *q) {
    pthread_cond_destroy(&q->can_take);
    pthread_cond_destroy(&q->can_put);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

/* The caller holds the lock. */
static bool accepts(const Queue *q) {
    return !q->closed && !q->given_up;
}

static bool ended(const Queue *q) {
    return q->given_up || (q->closed && q->count == 0);
}

static void *take_first(Queue *q) {
    void *item = q->ring[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->count--;
    pthread_cond_signal(&q->can_put);
    return item;
}

/* Waits for a change. False at the deadline. `deadline` NULL: waits without a limit. */
static bool wait_for(pthread_cond_t *changed, pthread_mutex_t *lock, const struct timespec *deadline) {
    return (deadline != NULL ? pthread_cond_timedwait(changed, lock, deadline) : pthread_cond_wait(changed, lock)) == 0;
}

bool queue_put(Queue *q, void *item, int timeout_ms) {
    BUG_IF(item == NULL);
    struct timespec deadline = clock_deadline(timeout_ms);
    pthread_mutex_lock(&q->lock);
    while (accepts(q) && q->count == q->capacity && timeout_ms != 0)
        if (!wait_for(&q->can_put, &q->lock, timeout_ms > 0 ? &deadline : NULL)) break;
    bool fits = accepts(q) && q->count < q->capacity;
    if (fits) {
        q->ring[(q->first + q->count) % q->capacity] = item;
        q->count++;
        pthread_cond_signal(&q->can_take);
    }
    pthread_mutex_unlock(&q->lock);
    return fits;
}

void *queue_take(Queue *q, int timeout_ms) {
    struct timespec deadline = clock_deadline(timeout_ms);
    pthread_mutex_lock(&q->lock);
    while (!ended(q) && q->count == 0 && timeout_ms != 0)
        if (!wait_for(&q->can_take, &q->lock, timeout_ms > 0 ? &deadline : NULL)) break;
    void *item = q->count > 0 && !q->given_up ? take_first(q) : NULL;
    pthread_mutex_unlock(&q->lock);
    return item;
}

void *queue_drain(Queue *q) {
    pthread_mutex_lock(&q->lock);
    void *item = q->count > 0 ? take_first(q) : NULL;
    pthread_mutex_unlock(&q->lock);
    return item;
}

static void wake_all(Queue *q) {
    pthread_cond_broadcast(&q->can_put);
    pthread_cond_broadcast(&q->can_take);
    pthread_mutex_unlock(&q->lock);
}

void queue_close(Queue *q) {
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    wake_all(q);
}

void queue_give_up(Queue *q) {
    pthread_mutex_lock(&q->lock);
    atomic_store(&q->given_up, true);
    wake_all(q);
}

bool queue_ended(Queue *q) {
    pthread_mutex_lock(&q->lock);
    bool is_over = ended(q);
    pthread_mutex_unlock(&q->lock);
    return is_over;
}

bool queue_given_up(const Queue *q) {
    return atomic_load_explicit(&q->given_up, memory_order_relaxed);
}

/* batch_queue.c: see batch_queue.h. Two queues that hold every batch, so that putting one back never waits.
 *
 * Invariant: the shares of all batches and the pool's spare ones are twice those of a batch of full size. */
#include "ingest/batch_queue.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include <pthread.h>
#include <stdatomic.h>

#define BATCHES 2

struct BatchPool {
    size_t max_rows, max_bytes, shares; /* of a batch of full size */
    atomic_size_t spare;                /* shares that no batch has */
    pthread_mutex_t lock;
    pthread_cond_t noticed;
    size_t notices; /* under lock, as the next */
    bool given_up;
};

struct BatchQueue {
    BatchPool *pool;     /* borrowed */
    Queue *empty, *full; /* what is in them is owned */
};

BatchPool *batch_pool_new(size_t max_rows, size_t max_bytes, size_t queues) {
    BatchPool *pool = xcalloc(1, sizeof *pool);
    pool->max_rows = max_rows;
    pool->max_bytes = max_bytes;
    pool->shares = queues > 1 ? BATCHES * queues : 1;
    atomic_init(&pool->spare, BATCHES * (pool->shares - queues));
    pthread_mutex_init(&pool->lock, NULL);
    clock_cond_init(&pool->noticed);
    return pool;
}

void batch_pool_free(BatchPool *pool) {
    pthread_cond_destroy(&pool->noticed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static void notify(BatchPool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->notices++;
    pthread_cond_signal(&pool->noticed);
    pthread_mutex_unlock(&pool->lock);
}

bool batch_pool_wait(BatchPool *pool) {
    pthread_mutex_lock(&pool->lock);
    while (pool->notices == 0 && !pool->given_up) pthread_cond_wait(&pool->noticed, &pool->lock);
    bool noticed = !pool->given_up;
    if (noticed) pool->notices--;
    pthread_mutex_unlock(&pool->lock);
    return noticed;
}

void batch_pool_give_up(BatchPool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->given_up = true;
    pthread_cond_broadcast(&pool->noticed);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- shares ---- */

static size_t share_of(size_t whole, size_t shares, const BatchPool *pool) {
    size_t part = whole / pool->shares * shares + whole % pool->shares * shares / pool->shares;
    return part > 0 ? part : 1;
}

static void set_shares(const BatchPool *pool, Batch *b, size_t shares) {
    b->shares = shares;
    b->max_rows = share_of(pool->max_rows, shares, pool);
    b->max_bytes = share_of(pool->max_bytes, shares, pool);
}

static bool take_spare(BatchPool *pool) {
    size_t spare = atomic_load(&pool->spare);
    while (spare > 0)
        if (atomic_compare_exchange_weak(&pool->spare, &spare, spare - 1)) return true;
    return false;
}

bool batch_queue_extend(BatchQueue *q, Batch *b) {
    if (b->shares == q->pool->shares || !take_spare(q->pool)) return false;
    set_shares(q->pool, b, b->shares + 1);
    return true;
}

/* The memory goes back too, so that others may have it. */
static void give_back_shares(BatchPool *pool, Batch *b) {
    if (b->shares == 1) return;
    size_t more = b->shares - 1;
    batch_release(b, pool->max_rows, pool->max_bytes);
    set_shares(pool, b, 1);
    atomic_fetch_add(&pool->spare, more);
}

/* ---- the queue ---- */

static Batch *new_batch(const BatchPool *pool) {
    Batch *b = batch_new(pool->max_rows, pool->max_bytes);
    set_shares(pool, b, 1);
    return b;
}

BatchQueue *batch_queue_new(BatchPool *pool) {
    BatchQueue *q = xcalloc(1, sizeof *q);
    q->pool = pool;
    q->empty = queue_new(BATCHES);
    q->full = queue_new(BATCHES);
    for (int i = 0; i < BATCHES; i++)
        if (!queue_put(q->empty, new_batch(pool), 0)) BUG("a new queue is full");
    return q;
}

static void discard(BatchPool *pool, Batch *b) {
    atomic_fetch_add(&pool->spare, b->shares - 1);
    batch_free(b);
}

static void free_queue(BatchPool *pool, Queue *q) {
    for (Batch *b; (b = queue_drain(q)) != NULL;) discard(pool, b);
    queue_free(q);
}

void batch_queue_free(BatchQueue *q) {
    free_queue(q->pool, q->empty);
    free_queue(q->pool, q->full);
    free(q);
}

/* Takes the batch. Only a queue that was given up refuses it. */
static void put(const BatchQueue *q, Queue *into, Batch *b) {
    if (!queue_put(into, b, 0)) discard(q->pool, b);
}

Batch *batch_queue_take_empty(BatchQueue *q, bool wait) {
    return queue_take(q->empty, wait ? QUEUE_FOREVER : 0);
}

void batch_queue_put_full(BatchQueue *q, Batch *b) {
    put(q, q->full, b);
    notify(q->pool);
}

void batch_queue_close(BatchQueue *q) {
    queue_close(q->full);
    notify(q->pool);
}

Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed) {
    Batch *b = queue_take(q->full, timeout_ms);
    *ret_closed = b == NULL && queue_ended(q->full);
    return b;
}

void batch_queue_put_empty(BatchQueue *q, Batch *b) {
    batch_clear(b);
    give_back_shares(q->pool, b);
    put(q, q->empty, b);
}

void batch_queue_give_up(BatchQueue *q) {
    queue_give_up(q->full);
    queue_give_up(q->empty);
}

bool batch_queue_given_up(const BatchQueue *q) {
    return queue_given_up(q->empty);
}

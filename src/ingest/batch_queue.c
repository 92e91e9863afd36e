/* batch_queue.c: see batch_queue.h. Two queues that hold every batch, so that putting one back never waits. */
#include "ingest/batch_queue.h"

#include "base/memory.h"

#define BATCHES 2

struct BatchQueue {
    Queue *empty, *full; /* what is in them is owned */
};

BatchQueue *batch_queue_new(size_t max_rows, size_t max_bytes) {
    BatchQueue *q = xcalloc(1, sizeof *q);
    q->empty = queue_new(BATCHES);
    q->full = queue_new(BATCHES);
    for (int i = 0; i < BATCHES; i++)
        if (!queue_put(q->empty, batch_new(max_rows, max_bytes), 0)) BUG("a new queue is full");
    return q;
}

static void free_queue(Queue *q) {
    for (Batch *b; (b = queue_drain(q)) != NULL;) batch_free(b);
    queue_free(q);
}

void batch_queue_free(BatchQueue *q) {
    free_queue(q->empty);
    free_queue(q->full);
    free(q);
}

/* Takes the batch. Only a queue that was given up refuses it. */
static void put(Queue *q, Batch *b) {
    if (!queue_put(q, b, 0)) batch_free(b);
}

Batch *batch_queue_take_empty(BatchQueue *q, bool wait) {
    return queue_take(q->empty, wait ? QUEUE_FOREVER : 0);
}

void batch_queue_put_full(BatchQueue *q, Batch *b) {
    put(q->full, b);
}

void batch_queue_close(BatchQueue *q) {
    queue_close(q->full);
}

Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed) {
    Batch *b = queue_take(q->full, timeout_ms);
    *ret_closed = b == NULL && queue_ended(q->full);
    return b;
}

void batch_queue_put_empty(BatchQueue *q, Batch *b) {
    batch_clear(b);
    put(q->empty, b);
}

void batch_queue_give_up(BatchQueue *q) {
    queue_give_up(q->full);
    queue_give_up(q->empty);
}

bool batch_queue_given_up(const BatchQueue *q) {
    return queue_given_up(q->empty);
}

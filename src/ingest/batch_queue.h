/* batch_queue.h: the batches between the reading threads and the threads that stage and land them. Each topic has a queue with two
 * batches: one is filled while the other waits, is staged or landed; a faster reader waits. A pool is what the queues of all topics share:
 *
 *   the memory   all batches together hold no more than two batches of the pool's size. Half of it is divided equally among the batches;
 * the other half goes, in shares of the same size, to the batches that fill up (batch_queue_extend), up to the pool's size each. With one
 * topic each of its two batches has all of its size. the notices  how the staging thread learns that one of the queues has something
 *
 * Thread-safe: one reader a queue, one stager. */
#pragma once
#include "ingest/batch.h"

typedef struct BatchPool BatchPool;

/* For so many queues, and batches of so many rows and bytes. */
BatchPool *batch_pool_new(size_t max_rows, size_t max_bytes, size_t queues);
/* After its queues. */
void batch_pool_free(BatchPool *pool);
DEFINE_CLEANUP(batch_pool_free, BatchPool)
/* Stager: waits for the next notice: a batch was handed over, or a queue was closed. False: the pool was given up. */
bool batch_pool_wait(BatchPool *pool);
/* Nothing more will be taken: a stager that waits returns. Any thread. */
void batch_pool_give_up(BatchPool *pool);

typedef struct BatchQueue BatchQueue;

/* `pool` is borrowed. */
BatchQueue *batch_queue_new(BatchPool *pool);
void batch_queue_free(BatchQueue *q);
DEFINE_CLEANUP(batch_queue_free, BatchQueue)
/* Reader: an empty batch to fill. NULL when the queue was given up, or, without `wait`, when there is none now. */
Batch *batch_queue_take_empty(BatchQueue *q, bool wait);
/* Reader: gives the batch that it fills another share of the pool's memory. False: it has its full size, or the others have the rest. */
bool batch_queue_extend(BatchQueue *q, Batch *b);
/* Reader: hands a filled batch over. */
void batch_queue_put_full(BatchQueue *q, Batch *b);
/* Reader: it hands over no more. */
void batch_queue_close(BatchQueue *q);
/* Stager: the next filled batch. Waits up to `timeout_ms` (QUEUE_FOREVER: no end); NULL after that, and when closed and all were taken, or
 * given up (*ret_closed). */
Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed);
/* Gives a batch back that was landed, or is not needed, and its additional shares to the pool. */
void batch_queue_put_empty(BatchQueue *q, Batch *b);
/* Nothing more will be taken; a waiting reader gets NULL. Any thread. */
void batch_queue_give_up(BatchQueue *q);
/* Reader: for one that does not need a batch now. Cheap enough for each message. */
bool batch_queue_given_up(const BatchQueue *q);

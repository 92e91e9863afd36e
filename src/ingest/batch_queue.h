/* batch_queue.h: two batches between the reading and the staging thread: one is filled while the other is staged. They bound the memory; a
 * faster reader waits. Thread-safe: one reader, one stager. */
#pragma once
#include "base/queue.h"
#include "ingest/batch.h"

typedef struct BatchQueue BatchQueue;

BatchQueue *batch_queue_new(size_t max_rows, size_t max_bytes);
void batch_queue_free(BatchQueue *q);
DEFINE_CLEANUP(batch_queue_free, BatchQueue)
/* Reader: an empty batch to fill. NULL when the queue was given up, or, without `wait`, when there is none now. */
Batch *batch_queue_take_empty(BatchQueue *q, bool wait);
/* Reader: hands a filled batch over. */
void batch_queue_put_full(BatchQueue *q, Batch *b);
/* Reader: it hands over no more. */
void batch_queue_close(BatchQueue *q);
/* Stager: the next filled batch. Waits up to `timeout_ms` (QUEUE_FOREVER: no end); NULL after that, and when closed and all were taken, or
 * given up (*ret_closed). */
Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed);
/* Stager: gives a staged batch back. */
void batch_queue_put_empty(BatchQueue *q, Batch *b);
/* Nothing more will be taken; a waiting reader gets NULL. Any thread. */
void batch_queue_give_up(BatchQueue *q);
/* Reader: for one that does not need a batch now. Cheap enough for each message. */
bool batch_queue_given_up(const BatchQueue *q);

/* batch_queue.h: two batches in turn between the reading and the landing thread: one fills while the other lands. Memory is bounded by
 * them; a reader that is faster waits. Thread-safe: one reader, one lander. */
#pragma once
#include "base/queue.h"
#include "ingest/batch.h"

typedef struct BatchQueue BatchQueue;

BatchQueue *batch_queue_new(size_t max_rows, size_t max_bytes);
void batch_queue_free(BatchQueue *q);
DEFINE_CLEANUP(batch_queue_free, BatchQueue)
/* Reader: an empty batch to fill. Waits for one when `wait`; otherwise, and when the lander gave up, NULL. */
Batch *batch_queue_take_empty(BatchQueue *q, bool wait);
/* Reader: hands a filled batch over. */
void batch_queue_put_full(BatchQueue *q, Batch *b);
/* Reader: nothing more will come. */
void batch_queue_close(BatchQueue *q);
/* Lander: the next filled batch. Waits up to `timeout_ms` (QUEUE_FOREVER: no end); NULL after that, and when closed and all were taken, or
 * given up (*ret_closed). */
Batch *batch_queue_take_full(BatchQueue *q, int timeout_ms, bool *ret_closed);
/* Lander: gives a landed batch back. */
void batch_queue_put_empty(BatchQueue *q, Batch *b);
/* Lander: takes nothing more; a waiting reader gets NULL. */
void batch_queue_give_up(BatchQueue *q);
/* Reader: for one that does not need a batch now. Cheap enough for each message. */
bool batch_queue_given_up(const BatchQueue *q);

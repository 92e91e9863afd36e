/* queue.h: a bounded queue of pointers between threads, first in, first out. There are two ways to end it:
 *
 *   the producer closes it     nothing more is put; what is in it is still taken
 *   the consumer gives it up   nothing more is put or taken; calls that wait return at once
 *
 * The queue owns no item and frees none. Any thread, any number at each end. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct Queue Queue;

#define QUEUE_FOREVER (-1) /* as a timeout in ms: no limit; 0 does not wait */

Queue *queue_new(size_t capacity) MUST_CHECK;
/* No other thread may still use it. Items that are still in it belong to the caller: see queue_drain. */
void queue_free(Queue *q);
DEFINE_CLEANUP(queue_free, Queue)
/* Waits up to `timeout_ms` for space. False: the queue stayed full, was closed or given up, and the caller still owns the item. `item` must
 * not be NULL. */
bool queue_put(Queue *q, void *item, int timeout_ms) MUST_CHECK;
/* Waits up to `timeout_ms` for an item. NULL: none came in time, or none will come (queue_ended). */
void *queue_take(Queue *q, int timeout_ms) MUST_CHECK;
/* Takes the oldest item without waiting, also after queue_give_up; NULL when the queue is empty. To free the remaining items. */
void *queue_drain(Queue *q) MUST_CHECK;
void queue_close(Queue *q);
void queue_give_up(Queue *q);
/* True when queue_take will never return an item again: closed and empty, or given up. */
bool queue_ended(Queue *q);
/* Takes no lock: cheap enough to call for each message. */
bool queue_given_up(const Queue *q);

/* queue.h: a bounded queue of pointers between threads, first in, first out. Each end can end it:
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

#define QUEUE_FOREVER (-1) /* as a timeout in ms: no end; 0 does not wait at all */

Queue *queue_new(size_t capacity) MUST_CHECK;
/* No thread may use it any more. Items that are left in it are the caller's: see queue_drain. */
void queue_free(Queue *q);
DEFINE_CLEANUP(queue_free, Queue)
/* Waits up to `timeout_ms` for a free place. False: the queue stayed full, was closed or given up, and the item is still the caller's.
 * `item` is not NULL. */
bool queue_put(Queue *q, void *item, int timeout_ms) MUST_CHECK;
/* Waits up to `timeout_ms` for an item. NULL: there was none, or there will be none (queue_ended tells which). */
void *queue_take(Queue *q, int timeout_ms) MUST_CHECK;
/* The oldest item, also of a queue that was given up; NULL when it is empty. To dispose of what is left. */
void *queue_drain(Queue *q) MUST_CHECK;
void queue_close(Queue *q);
void queue_give_up(Queue *q);
/* No queue_take will return an item any more: closed and empty, or given up. */
bool queue_ended(Queue *q);
/* Takes no lock: cheap enough to ask for each message. */
bool queue_given_up(const Queue *q);

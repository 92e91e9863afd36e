/* orders.h: a box in which a thread puts one piece of work for the path of `smelt up` that does such work (live.c), and waits until it is
 * done. Any thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>

typedef struct Orders Orders;
Orders *orders_new(void) MUST_CHECK;
void orders_free(Orders *o); /* nobody waits any more: after orders_close, and after the threads that call orders_do have ended */

/* Waits until it is done; one at a time, else ERR_BUSY. `kind` and `args` are borrowed until it returns. ERR_STOPPED: no path will do it
 * any more. */
int orders_do(Orders *o, const char *kind, const json_t *args, json_t **ret, Error *err) MUST_CHECK;

/* The side that does it: true when there is one of this kind; `ret_args` is borrowed until orders_finish. */
bool orders_take(Orders *o, const char *kind, const json_t **ret_args) MUST_CHECK;
/* `rc` 0: takes `result`; -1: `err` is moved. */
void orders_finish(Orders *o, int rc, json_t *result, Error *err);
/* From now on none is done. */
void orders_close(Orders *o);

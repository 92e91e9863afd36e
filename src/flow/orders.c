/* orders.c: see orders.h.
 *
 * Invariant: an order that was taken is finished before the box is closed, by the path that took it. */
#include "flow/orders.h"

#include "base/memory.h"
#include <pthread.h>
#include <string.h>

typedef enum OrderState { ORDER_NONE, ORDER_WAITS, ORDER_TAKEN, ORDER_FINISHED } OrderState;

struct Orders {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    OrderState state;
    bool closed;
    const char *kind;
    const json_t *args;
    int rc;
    json_t *result;
    Error err;
};

Orders *orders_new(void) {
    Orders *o = xcalloc(1, sizeof *o);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, NULL);
    return o;
}

void orders_free(Orders *o) {
    json_decref(o->result);
    error_clear(&o->err);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

/* Under lock; takes what it became. */
static int take_end(Orders *o, json_t **ret, Error *err) {
    while (o->state != ORDER_FINISHED && !(o->closed && o->state == ORDER_WAITS)) pthread_cond_wait(&o->changed, &o->lock);
    bool is_done = o->state == ORDER_FINISHED;
    o->state = ORDER_NONE;
    if (!is_done) return error_set(err, ERR_STOPPED, "the process was stopped before it was begun");
    if (o->rc != 0) return error_move(err, &o->err);
    *ret = TAKE(o->result);
    return 0;
}

int orders_do(Orders *o, const char *kind, const json_t *args, json_t **ret, Error *err) {
    pthread_mutex_lock(&o->lock);
    if (o->closed || o->state != ORDER_NONE) {
        int rc = o->closed ? error_set(err, ERR_STOPPED, "the process is being stopped")
                           : error_set(err, ERR_BUSY, "another change is being made");
        pthread_mutex_unlock(&o->lock);
        return rc;
    }
    o->state = ORDER_WAITS;
    o->kind = kind;
    o->args = args;
    int rc = take_end(o, ret, err);
    pthread_mutex_unlock(&o->lock);
    return rc;
}

bool orders_take(Orders *o, const char *kind, const json_t **ret_args) {
    pthread_mutex_lock(&o->lock);
    bool taken = o->state == ORDER_WAITS && !o->closed && strcmp(o->kind, kind) == 0;
    if (taken) {
        o->state = ORDER_TAKEN;
        *ret_args = o->args;
    }
    pthread_mutex_unlock(&o->lock);
    return taken;
}

void orders_finish(Orders *o, int rc, json_t *result, Error *err) {
    pthread_mutex_lock(&o->lock);
    o->rc = rc;
    o->result = rc == 0 ? result : NULL;
    if (rc != 0) error_move(&o->err, err);
    o->state = ORDER_FINISHED;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

void orders_close(Orders *o) {
    pthread_mutex_lock(&o->lock);
    o->closed = true;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

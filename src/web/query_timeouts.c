/* query_timeouts.c: a slot for each worker with a lock of its own, so that workers never wait for each other. */
#include "web/query_timeouts.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>

typedef struct Slot {
    pthread_mutex_t lock; /* over the rest; the connection is not freed while it is held */
    LakeConn *conn;       /* NULL: the worker runs no query */
    int64_t started_ns, limit_ns;
    const atomic_int_fast64_t *gone_ns;
} Slot;

static _Thread_local size_t own_slot; /* of this worker */

struct QueryTimeouts {
    size_t count;
    int64_t limit_ns, grace_ns;
    Slot slots[];
};

QueryTimeouts *query_timeouts_new(size_t workers, int limit_ms, int grace_ms) {
    QueryTimeouts *q = xcalloc(1, sizeof *q + workers * sizeof q->slots[0]);
    q->count = workers;
    q->limit_ns = limit_ms * (NSEC_PER_SEC / 1000);
    q->grace_ns = grace_ms * (NSEC_PER_SEC / 1000);
    for (size_t i = 0; i < workers; i++) pthread_mutex_init(&q->slots[i].lock, NULL);
    return q;
}

void query_timeouts_free(QueryTimeouts *q) {
    for (size_t i = 0; i < q->count; i++) pthread_mutex_destroy(&q->slots[i].lock);
    free(q);
}

void query_timeouts_watch(QueryTimeouts *q, size_t worker, const atomic_int_fast64_t *gone_ns) {
    own_slot = worker;
    pthread_mutex_lock(&q->slots[worker].lock);
    q->slots[worker].gone_ns = gone_ns;
    pthread_mutex_unlock(&q->slots[worker].lock);
}

static void begin(QueryTimeouts *q, size_t worker, LakeConn *conn, int64_t limit_ns) {
    Slot *slot = &q->slots[worker];
    pthread_mutex_lock(&slot->lock);
    slot->conn = conn;
    slot->started_ns = clock_mono_ns();
    slot->limit_ns = limit_ns;
    pthread_mutex_unlock(&slot->lock);
}

void query_timeouts_begin(QueryTimeouts *q, size_t worker, LakeConn *conn) {
    begin(q, worker, conn, q->limit_ns);
}

void query_timeouts_begin_long(QueryTimeouts *q, LakeConn *conn, int limit_ms) {
    begin(q, own_slot, conn, limit_ms * (NSEC_PER_SEC / 1000));
}

void query_timeouts_end(QueryTimeouts *q, size_t worker) {
    pthread_mutex_lock(&q->slots[worker].lock);
    q->slots[worker].conn = NULL;
    pthread_mutex_unlock(&q->slots[worker].lock);
}

void query_timeouts_end_long(QueryTimeouts *q) {
    query_timeouts_end(q, own_slot);
}

static bool has_no_client(const Slot *slot, int64_t gone_before_ns) {
    int64_t gone_ns = slot->gone_ns != NULL ? atomic_load(slot->gone_ns) : 0;
    return gone_ns != 0 && gone_ns < gone_before_ns;
}

static void interrupt(QueryTimeouts *q, int64_t now_ns, bool all) {
    for (size_t i = 0; i < q->count; i++) {
        Slot *slot = &q->slots[i];
        pthread_mutex_lock(&slot->lock);
        bool late = slot->started_ns < now_ns - slot->limit_ns || has_no_client(slot, now_ns - q->grace_ns);
        if (slot->conn != NULL && (all || late)) lake_interrupt(slot->conn);
        pthread_mutex_unlock(&slot->lock);
    }
}

void query_timeouts_sweep(QueryTimeouts *q) {
    interrupt(q, clock_mono_ns(), false);
}

void query_timeouts_interrupt_all(QueryTimeouts *q) {
    interrupt(q, 0, true);
}

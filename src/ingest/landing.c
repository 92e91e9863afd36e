/* landing.c: see landing.h. The slots go round through two queues: the staging thread takes an empty one and hands it over staged, the
 * landing thread lands it and gives it back. Batches land in the order in which they were staged.
 *
 * Invariant: a slot is used by the thread that took it out of a queue. */
#include "ingest/landing.h"

#include "base/memory.h"
#include <pthread.h>

typedef struct LandingSlot {
    int number;
    bool failed; /* Landing.err says why */
} LandingSlot;

struct Landing {
    Bronze *bronze;    /* borrowed */
    BatchQueue *queue; /* borrowed */
    pthread_t stager;
    LandingSlot slots[BRONZE_STAGING_SLOTS];
    Queue *empty, *staged; /* of slots */
    LandingSlot *landed;   /* was landed, but may still be read by the caller; NULL: none; of the landing thread */
    Error err;             /* why a slot failed; of the thread that has the slot */
};

/* Each queue has a place for every slot. */
static void put(Queue *q, LandingSlot *slot) {
    if (!queue_put(q, slot, 0) && !queue_given_up(q)) BUG("more slots than places");
}

static void *stage_batches(void *arg) {
    Landing *l = arg;
    LandingSlot *slot;
    Batch *b;
    bool failed = false, closed;
    while (!failed && (slot = queue_take(l->empty, QUEUE_FOREVER)) != NULL &&
           (b = batch_queue_take_full(l->queue, QUEUE_FOREVER, &closed)) != NULL) {
        failed = slot->failed = bronze_stage(l->bronze, slot->number, b, &l->err) != 0;
        batch_queue_put_empty(l->queue, b);
        put(l->staged, slot);
    }
    queue_close(l->staged);
    return NULL;
}

static void free_parts(Landing *l) {
    queue_free(l->empty);
    queue_free(l->staged);
    error_clear(&l->err);
    free(l);
}

int landing_start(Bronze *bronze, BatchQueue *queue, Landing **ret, Error *err) {
    Landing *l = xcalloc(1, sizeof *l);
    l->bronze = bronze;
    l->queue = queue;
    l->empty = queue_new(BRONZE_STAGING_SLOTS);
    l->staged = queue_new(BRONZE_STAGING_SLOTS);
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++) {
        l->slots[i].number = i;
        put(l->empty, &l->slots[i]);
    }
    int problem = pthread_create(&l->stager, NULL, stage_batches, l);
    if (problem != 0) {
        free_parts(l);
        return error_errno(err, ERR_IO, problem, "cannot start the staging thread");
    }
    *ret = l;
    return 0;
}

void landing_free(Landing *l) {
    batch_queue_give_up(l->queue);
    queue_give_up(l->empty);
    pthread_join(l->stager, NULL);
    free_parts(l);
}

int landing_next(Landing *l, int timeout_ms, LedgerCounts *ret_counts, const Offsets **ret_positions, size_t *ret_position_count,
                 bool *ret_closed, Error *err) {
    if (l->landed != NULL) put(l->empty, TAKE(l->landed));
    LandingSlot *slot = queue_take(l->staged, timeout_ms);
    *ret_closed = slot == NULL && queue_ended(l->staged);
    if (slot == NULL) return 0;
    if (slot->failed) {
        *err = l->err;
        l->err = (Error){0};
        return -1;
    }
    if (bronze_land(l->bronze, slot->number, ret_counts, err) != 0) return -1;
    l->landed = slot;
    *ret_positions = bronze_positions(l->bronze, slot->number, ret_position_count);
    return 1;
}

/* landing.c: see landing.h. The slots go round through two queues: the staging thread takes an empty one and hands it over staged, the
 * landing thread lands it and gives it back. Batches land in the order in which they were staged. That a queue has ended takes the same
 * way, so it comes after the last batch of that queue.
 *
 * Invariant: a slot is used by the thread that took it out of a queue. */
#include "ingest/landing.h"

#include "base/memory.h"
#include "base/queue.h"
#include <pthread.h>

typedef struct LandingSlot {
    int number;
    size_t place;      /* of the topic */
    bool ended;        /* nothing was staged: the queue of the topic has ended */
    bool failed;       /* Landing.err says why */
    Batch *batch;      /* that is staged on it; NULL: none */
    BatchQueue *queue; /* of the batch */
} LandingSlot;

typedef struct Source {
    BatchQueue *queue; /* NULL: none, or it has ended */
    const LedgerTopic *topic;
} Source;

struct Landing {
    Bronze *bronze;  /* borrowed */
    BatchPool *pool; /* borrowed */
    pthread_mutex_t lock;
    Source *sources;           /* under lock */
    size_t source_count, last; /* last: whose turn it was; of the staging thread */
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

/* ---- the staging thread ---- */

/* The next batch, of the topic that follows the last one. False: there is none, and no queue has ended. */
static bool take_turn(Landing *l, LandingSlot *slot, const LedgerTopic **ret_topic) {
    bool found = false;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 1; i <= l->source_count && !found; i++) {
        size_t place = (l->last + i) % l->source_count;
        Source *s = &l->sources[place];
        bool closed = false;
        if (s->queue == NULL) continue;
        *ret_topic = s->topic;
        slot->queue = s->queue;
        slot->batch = batch_queue_take_full(s->queue, 0, &closed);
        found = slot->batch != NULL || closed;
        if (!found) continue;
        slot->place = l->last = place;
        slot->ended = closed;
        if (closed) s->queue = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

/* False: it failed, or the pool was given up. */
static bool stage_next(Landing *l, LandingSlot *slot) {
    const LedgerTopic *topic;
    do
        if (!batch_pool_wait(l->pool)) return false;
    while (!take_turn(l, slot, &topic));
    if (slot->batch != NULL) slot->failed = bronze_stage(l->bronze, slot->number, topic, slot->batch, &l->err) != 0;
    put(l->staged, slot);
    return !slot->failed;
}

static void *stage_batches(void *arg) {
    Landing *l = arg;
    LandingSlot *slot;
    while ((slot = queue_take(l->empty, QUEUE_FOREVER)) != NULL && stage_next(l, slot)) {
    }
    queue_close(l->staged);
    return NULL;
}

/* ---- the landing thread ---- */

static void free_parts(Landing *l) {
    queue_free(l->empty);
    queue_free(l->staged);
    pthread_mutex_destroy(&l->lock);
    error_clear(&l->err);
    free(l->sources);
    free(l);
}

int landing_start(Bronze *bronze, BatchPool *pool, size_t topics, Landing **ret, Error *err) {
    Landing *l = xcalloc(1, sizeof *l);
    l->bronze = bronze;
    l->pool = pool;
    l->sources = xcalloc(topics, sizeof *l->sources);
    l->source_count = topics;
    pthread_mutex_init(&l->lock, NULL);
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

static void give_back(LandingSlot *slot) {
    if (slot->batch != NULL) batch_queue_put_empty(slot->queue, TAKE(slot->batch));
}

void landing_free(Landing *l) {
    batch_pool_give_up(l->pool);
    queue_give_up(l->empty);
    pthread_join(l->stager, NULL);
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++) give_back(&l->slots[i]);
    free_parts(l);
}

void landing_add(Landing *l, size_t place, BatchQueue *queue, const LedgerTopic *topic) {
    pthread_mutex_lock(&l->lock);
    l->sources[place] = (Source){.queue = queue, .topic = topic};
    pthread_mutex_unlock(&l->lock);
}

static int land(Landing *l, LandingSlot *slot, LandingEvent *ret, Error *err) {
    LandingEvent event = {.kind = LANDING_LANDED, .place = slot->place};
    if (bronze_land(l->bronze, slot->number, &event.counts, err) != 0) return -1;
    give_back(slot);
    l->landed = slot;
    event.positions = bronze_positions(l->bronze, slot->number, &event.position_count);
    *ret = event;
    return 0;
}

int landing_next(Landing *l, int timeout_ms, LandingEvent *ret, Error *err) {
    if (l->landed != NULL) put(l->empty, TAKE(l->landed));
    LandingSlot *slot = queue_take(l->staged, timeout_ms);
    if (slot == NULL) {
        *ret = (LandingEvent){.kind = LANDING_NOTHING};
        return 0;
    }
    if (slot->failed) return error_move(err, &l->err);
    if (!slot->ended) return land(l, slot, ret, err);
    *ret = (LandingEvent){.kind = LANDING_ENDED, .place = slot->place};
    put(l->empty, slot);
    return 0;
}

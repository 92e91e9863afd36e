/* landing.c: see landing.h. A slot belongs to the staging thread while it is empty and to the landing thread while it is staged; each of
 * the two uses the slots in turn, so batches land in their order. */
#include "ingest/landing.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>

#define STEP_MS 1000

typedef enum StagingSlotState { SLOT_EMPTY, SLOT_STAGED, SLOT_FAILED } StagingSlotState;

struct Landing {
    Bronze *bronze;    /* borrowed */
    BatchQueue *queue; /* borrowed */
    pthread_t stager;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    StagingSlotState slots[BRONZE_STAGING_SLOTS];
    bool closed; /* nothing more will be staged */
    bool given_up;
    int next;    /* slot to land; of the landing thread */
    bool landed; /* what is on that slot was landed; its positions may still be borrowed. Of the landing thread */
    Error err;   /* why a slot failed */
};

/* ---- the staging thread ---- */

/* Waits until the slot is empty; false: nothing of it will be landed any more. */
static bool wait_for_slot(Landing *l, int slot) {
    pthread_mutex_lock(&l->mutex);
    while (l->slots[slot] != SLOT_EMPTY && !l->given_up) pthread_cond_wait(&l->changed, &l->mutex);
    bool wanted = !l->given_up;
    pthread_mutex_unlock(&l->mutex);
    return wanted;
}

static void set_slot(Landing *l, int slot, StagingSlotState state) {
    pthread_mutex_lock(&l->mutex);
    l->slots[slot] = state;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
}

/* NULL: there will be none. */
static Batch *next_batch(Landing *l) {
    Batch *b = NULL;
    for (bool closed = false; b == NULL && !closed;) b = batch_queue_take_full(l->queue, STEP_MS, &closed);
    return b;
}

static void *stage_batches(void *arg) {
    Landing *l = arg;
    Batch *b;
    int rc = 0;
    for (int slot = 0; rc == 0 && wait_for_slot(l, slot) && (b = next_batch(l)) != NULL; slot = (slot + 1) % BRONZE_STAGING_SLOTS) {
        rc = bronze_stage(l->bronze, slot, b, &l->err);
        batch_queue_put_empty(l->queue, b);
        set_slot(l, slot, rc == 0 ? SLOT_STAGED : SLOT_FAILED);
    }
    pthread_mutex_lock(&l->mutex);
    l->closed = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

/* ---- the landing thread ---- */

int landing_start(Bronze *bronze, BatchQueue *queue, Landing **ret, Error *err) {
    Landing *l = xcalloc(1, sizeof *l);
    l->bronze = bronze;
    l->queue = queue;
    pthread_mutex_init(&l->mutex, NULL);
    clock_cond_init(&l->changed);
    int problem = pthread_create(&l->stager, NULL, stage_batches, l);
    if (problem != 0) {
        free(l);
        return error_errno(err, ERR_IO, problem, "cannot start the staging thread");
    }
    *ret = l;
    return 0;
}

void landing_free(Landing *l) {
    batch_queue_give_up(l->queue);
    pthread_mutex_lock(&l->mutex);
    l->given_up = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->stager, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->mutex);
    error_clear(&l->err);
    free(l);
}

static StagingSlotState wait_for_staged(Landing *l, int timeout_ms, bool *ret_closed) {
    struct timespec deadline = clock_deadline(timeout_ms);
    pthread_mutex_lock(&l->mutex);
    for (int rc = 0; rc == 0 && l->slots[l->next] == SLOT_EMPTY && !l->closed;)
        rc = pthread_cond_timedwait(&l->changed, &l->mutex, &deadline);
    StagingSlotState state = l->slots[l->next];
    *ret_closed = state == SLOT_EMPTY && l->closed;
    pthread_mutex_unlock(&l->mutex);
    return state;
}

/* The positions of the landed slot are no longer borrowed. */
static void release_slot(Landing *l) {
    set_slot(l, l->next, SLOT_EMPTY);
    l->next = (l->next + 1) % BRONZE_STAGING_SLOTS;
    l->landed = false;
}

int landing_next(Landing *l, int timeout_ms, LedgerCounts *ret_counts, const Offsets **ret_positions, size_t *ret_position_count,
                 bool *ret_closed, Error *err) {
    if (l->landed) release_slot(l);
    StagingSlotState state = wait_for_staged(l, timeout_ms, ret_closed);
    if (state == SLOT_EMPTY) return 0;
    if (state == SLOT_FAILED) {
        *err = l->err;
        l->err = (Error){0};
        return -1;
    }
    if (bronze_land(l->bronze, l->next, ret_counts, err) != 0) return -1;
    l->landed = true;
    *ret_positions = bronze_positions(l->bronze, l->next, ret_position_count);
    return 1;
}

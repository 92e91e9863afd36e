/* live_rows.c: see live_rows.h.
 *
 * While somebody asks, the thread looks every 10 ms whether something was committed, which costs two loads, and then reads that. A request
 * whose state is too old waits for the next one, which takes some milliseconds; it never waits for all rows to be read: a query is quicker.
 * Invariant: `state` is what the lake was at `newest_ns` or later, and only replaced by a later one. */
#include "web/live_rows.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <pthread.h>

#define MS           (NSEC_PER_SEC / 1000)
#define OLDEST_NS    (250 * MS)           /* usually 20: more only while the machine has no time for the thread */
#define HOT_NS       (2 * NSEC_PER_SEC)   /* so long after a request the lake is followed */
#define FORGET_NS    (600 * NSEC_PER_SEC) /* so long after a request the rows are kept */
#define TRY_AGAIN_NS NSEC_PER_SEC         /* so long after a failure nothing is read */
#define TOO_LARGE_NS (60 * NSEC_PER_SEC)  /* the same when there is too little memory */
enum { LOOK_MS = 10, SLEEP_MS = 60 * 1000, WAIT_MS = 100 };

struct LiveRows {
    Lake *lake;
    char *prefix;
    size_t memory;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t asked, moved;
    bool ending, reads_all; /* reads_all: what is being read takes long */
    LiveState *state;       /* a reference; NULL: none */
    int64_t newest_ns, asked_ns;
    uint64_t wanted; /* bits of entities */
    /* Of the thread. */
    LakeConn *conn; /* NULL: not open */
    LiveNames *names;
    uint64_t number, seen_changes, seen_wanted;
    int64_t rest_until_ns;
};

/* ---- the thread ---- */

static void disconnect(LiveRows *v) {
    if (v->conn != NULL) lake_conn_free(v->conn);
    v->conn = NULL;
    live_names_drop(v->names);
    v->names = NULL;
}

static int connect_lake(LiveRows *v, Error *err) {
    if (v->conn != NULL) return 0;
    if (lake_connect(v->lake, &v->conn, err) != 0) return -1;
    lake_only_reads(v->conn);
    return 0;
}

static int read_state(LiveRows *v, LiveState *last, uint64_t wanted, LiveState **ret, Error *err) {
    if (connect_lake(v, err) != 0 || lake_begin(v->conn, err) != 0) return -1;
    int rc = v->names == NULL ? live_names_read(v->conn, &v->names, err) : 0;
    if (rc == 0) rc = live_state_read(v->conn, v->names, last, wanted, v->memory, ret, err);
    lake_rollback(v->conn);
    return rc;
}

static void name_state(LiveRows *v, LiveState *s) {
    snprintf(s->tag, sizeof s->tag, "%s-v%" PRIu64, v->prefix, ++v->number);
}

/* Under the lock. `next`: a reference, NULL: the rows cannot be held. */
static void replace(LiveRows *v, LiveState *next, int64_t began_ns) {
    live_state_drop(v->state);
    v->state = next;
    v->newest_ns = began_ns;
}

/* Outside the lock. */
static void rest(LiveRows *v, int64_t for_ns) {
    disconnect(v);
    v->rest_until_ns = clock_mono_ns() + for_ns;
}

/* Under the lock, which is released meanwhile. */
static void refresh(LiveRows *v) {
    CLEANUP(error_clear) Error err = {0};
    LiveState *last = live_state_share(v->state), *next = NULL;
    uint64_t wanted = v->wanted, changes = lake_changes(v->lake);
    int64_t began = clock_mono_ns();
    v->reads_all = last == NULL || wanted != v->seen_wanted;
    pthread_mutex_unlock(&v->lock);
    int rc = read_state(v, last, wanted, &next, &err);
    if (rc == 0 && next != NULL && next != last) name_state(v, next);
    if (rc != 0) {
        if (err.kind != ERR_UNAVAILABLE) log_debug("web", "the rows of the live lake are not held in memory: %s", err.text);
        rest(v, TRY_AGAIN_NS);
    } else if (next == NULL) {
        rest(v, v->names != NULL && v->names->declared != NULL ? TOO_LARGE_NS : TRY_AGAIN_NS);
    }
    v->seen_changes = changes;
    v->seen_wanted = wanted;
    pthread_mutex_lock(&v->lock);
    v->reads_all = false;
    replace(v, next, began);
    live_state_drop(last);
    pthread_cond_broadcast(&v->moved);
}

/* Under the lock. Returns for how long there is nothing to do. */
static int follow(LiveRows *v) {
    int64_t now = clock_mono_ns(), since = now - v->asked_ns;
    if (v->asked_ns == 0 || since > HOT_NS) {
        if (since > FORGET_NS) replace(v, NULL, 0);
        return SLEEP_MS;
    }
    if (now < v->rest_until_ns) return LOOK_MS;
    if (v->state == NULL || lake_changes(v->lake) != v->seen_changes || v->wanted != v->seen_wanted)
        refresh(v);
    else
        v->newest_ns = now;
    return LOOK_MS;
}

static void *run(void *arg) {
    LiveRows *v = arg;
    pthread_mutex_lock(&v->lock);
    while (!v->ending) {
        struct timespec until = clock_deadline(follow(v));
        if (!v->ending) (void)pthread_cond_timedwait(&v->asked, &v->lock, &until);
    }
    pthread_mutex_unlock(&v->lock);
    disconnect(v);
    return NULL;
}

/* ---- life ---- */

LiveRows *live_rows_new(Lake *lake, const char *prefix, int64_t memory) {
    LiveRows *v = xcalloc(1, sizeof *v);
    *v = (LiveRows){.lake = lake, .prefix = xstrdup(prefix), .memory = (size_t)memory};
    pthread_mutex_init(&v->lock, NULL);
    clock_cond_init(&v->asked);
    clock_cond_init(&v->moved);
    if (pthread_create(&v->thread, NULL, run, v) == 0) return v;
    log_warn("web", "the rows of the live lake are not held in memory: there is no thread for it");
    free(v->prefix);
    free(v);
    return NULL;
}

void live_rows_free(LiveRows *v) {
    pthread_mutex_lock(&v->lock);
    v->ending = true;
    pthread_cond_signal(&v->asked);
    pthread_mutex_unlock(&v->lock);
    pthread_join(v->thread, NULL);
    live_state_drop(v->state);
    pthread_cond_destroy(&v->asked);
    pthread_cond_destroy(&v->moved);
    pthread_mutex_destroy(&v->lock);
    free(v->prefix);
    free(v);
}

/* ---- who asks ---- */

static bool is_new(const LiveRows *v) {
    return v->state != NULL && clock_mono_ns() - v->newest_ns <= OLDEST_NS;
}

LiveState *live_rows_take(LiveRows *v, bool may_wait) {
    struct timespec until = clock_deadline(WAIT_MS);
    pthread_mutex_lock(&v->lock);
    int64_t now = clock_mono_ns();
    if (now - v->asked_ns > HOT_NS) pthread_cond_signal(&v->asked); /* it sleeps */
    v->asked_ns = now;
    while (may_wait && !is_new(v) && v->state != NULL && !v->reads_all)
        if (pthread_cond_timedwait(&v->moved, &v->lock, &until) != 0) break;
    LiveState *s = is_new(v) ? live_state_share(v->state) : NULL;
    pthread_mutex_unlock(&v->lock);
    return s;
}

void live_rows_want(LiveRows *v, size_t entity) {
    pthread_mutex_lock(&v->lock);
    v->wanted |= UINT64_C(1) << (entity < 63 ? entity : 63);
    pthread_cond_signal(&v->asked);
    pthread_mutex_unlock(&v->lock);
}

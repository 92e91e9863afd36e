/* past.c: see past.h. Each open generation is a pool of connections of its own, which never moves on.
 *
 * Opening happens under the lock: who asks for another one at the same time waits some ten milliseconds.
 * Invariant: a generation that has leases is not closed. */
#include "web/past.h"

#include "base/clock.h"
#include "base/memory.h"
#include "snapshot/snapshot.h"
#include <inttypes.h>
#include <pthread.h>

enum { OPEN_MAX = 4, OPEN_FOR_S = 60, KEPT_SHOWN = 50 };
#define MEMORY_MAX (INT64_C(128) << 20) /* of DuckDB, for each */

typedef struct PastOpen {
    SnapshotPool *pool; /* NULL: the place is free */
    int64_t generation, asked_ns;
    size_t leases;
} PastOpen;

struct Past {
    char *dir;
    LakeOptions options;
    pthread_mutex_t lock; /* of open */
    PastOpen open[OPEN_MAX];
};

Past *past_new(const char *dir, const LakeOptions *options) {
    Past *p = xcalloc(1, sizeof *p);
    p->dir = xstrdup(dir);
    p->options = *options;
    p->options.threads = 1;
    if (p->options.memory_limit == 0 || p->options.memory_limit > MEMORY_MAX) p->options.memory_limit = MEMORY_MAX;
    pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void close_place(PastOpen *place) {
    if (place->pool != NULL) snapshot_pool_free(place->pool);
    *place = (PastOpen){0};
}

void past_free(Past *p) {
    for (size_t i = 0; i < OPEN_MAX; i++) close_place(&p->open[i]);
    pthread_mutex_destroy(&p->lock);
    free(p->dir);
    free(p);
}

/* Under the lock. Where the generation is open, or can be: a free place, or that of the one that was asked for longest ago. NULL: all are
 * in use. */
static PastOpen *find_place(Past *p, int64_t generation) {
    PastOpen *place = NULL;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        PastOpen *o = &p->open[i];
        if (o->pool != NULL && o->generation == generation) return o;
        if (o->leases == 0 && (place == NULL || o->asked_ns < place->asked_ns)) place = o;
    }
    return place;
}

/* Under the lock. */
static int open_place(Past *p, PastOpen *place, int64_t generation, Error *err) {
    close_place(place);
    if (snapshot_pool_open_at(p->dir, &p->options, generation, &place->pool, err) != 0) return -1;
    place->generation = generation;
    return 0;
}

/* Under the lock. */
static int take(Past *p, int64_t generation, PastLease *ret, Error *err) {
    PastOpen *place = find_place(p, generation);
    if (place == NULL) return error_set(err, ERR_BUSY, "too many earlier generations are being read");
    if ((place->pool == NULL || place->generation != generation) && open_place(p, place, generation, err) != 0) return -1;
    if (snapshot_pool_lease(place->pool, 0, &ret->lease, err) != 0) return -1;
    place->asked_ns = clock_mono_ns();
    place->leases++;
    ret->of = place;
    return 0;
}

int past_lease(Past *p, int64_t generation, PastLease *ret, Error *err) {
    pthread_mutex_lock(&p->lock);
    int rc = take(p, generation, ret, err);
    pthread_mutex_unlock(&p->lock);
    return rc;
}

void past_return(Past *p, PastLease *lease, bool broken) {
    snapshot_pool_return(lease->of->pool, &lease->lease, broken);
    pthread_mutex_lock(&p->lock);
    lease->of->leases--;
    pthread_mutex_unlock(&p->lock);
}

json_t *past_kept(const Past *p) {
    json_t *kept = json_array();
    for (int64_t g = snapshot_before(p->dir, INT64_MAX); g > 0 && json_array_size(kept) < KEPT_SHOWN; g = snapshot_before(p->dir, g))
        json_array_append_new(kept, json_integer(g));
    return kept;
}

void past_sweep(Past *p) {
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < OPEN_MAX; i++) {
        PastOpen *o = &p->open[i];
        if (o->pool != NULL && o->leases == 0 && clock_seconds_since(o->asked_ns) > OPEN_FOR_S) close_place(o);
    }
    pthread_mutex_unlock(&p->lock);
}

/* snapshot_pool.c: generations with their idle connections.
 *
 *   SnapshotPool.current ──▶ PooledSnapshot 42 {refs: 1 + leases, idle connections}      new requests
 *                      PooledSnapshot 41 {refs: leases}                            closes with its last lease
 *   SnapshotPool.kept[] ──▶ PooledSnapshot 40 {refs: 1 + leases}                   cursors into it, for some minutes
 *
 * Opening a generation happens outside the lock, on the thread that follows CURRENT: no request waits for it.
 * Invariant: refs counts the leases, plus one while the generation is current or kept; the thread that takes it to zero closes it. */
#include "web/snapshot_pool.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/cursor.h"
#include "web/live_rows.h"
#include "web/pooled_snapshot.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { KEPT_MAX = 3, KEPT_FOR_S = 300 };

struct SnapshotPool {
    pthread_mutex_t lock;           /* over current, kept, and every generation's refs and idle */
    PooledSnapshot *current;        /* NULL: nothing yet */
    PooledSnapshot *kept[KEPT_MAX]; /* earlier ones that clients page through, newest first; each a reference */
    PooledSnapshot *retired;      /* closed by the thread that follows CURRENT: their last lease ended where nothing may wait. Under lock */
    char *problem;                /* why the newest generation is not served; NULL: it is. Under lock */
    char *dir;                    /* NULL: live */
    int64_t rows_memory, view_ns; /* view_ns: as in a lease */
    LiveRows *live;               /* live: its rows in memory; NULL: there are none */
    LakeOptions options;
    char *temp_dir;
    SnapshotStamp seen; /* when it was last opened; of the thread that follows CURRENT */
    bool has_looked;    /* `seen` is set: a folder without CURRENT, whose stamp is zero, may have generations */
};

/* Under the lock. Returns the generation when this was its last user: the caller frees it after unlocking. */
static PooledSnapshot *drop_ref(PooledSnapshot *g) {
    return g != NULL && --g->refs == 0 ? g : NULL;
}

/* Under the lock. Puts `g` (NULL: none) before the kept ones; returns the one that there is no place for. */
static PooledSnapshot *keep(SnapshotPool *s, PooledSnapshot *g) {
    PooledSnapshot *oldest = s->kept[KEPT_MAX - 1];
    memmove(s->kept + 1, s->kept, (KEPT_MAX - 1) * sizeof s->kept[0]);
    s->kept[0] = g;
    if (g != NULL) g->kept_until_ns = clock_mono_ns() + KEPT_FOR_S * NSEC_PER_SEC;
    return oldest;
}

static void make_current(SnapshotPool *s, PooledSnapshot *g) {
    pthread_mutex_lock(&s->lock);
    bool paged = s->current != NULL && s->current->is_paged && g != NULL;
    PooledSnapshot *unused = drop_ref(paged ? keep(s, s->current) : s->current);
    s->current = g;
    pthread_mutex_unlock(&s->lock);
    if (unused != NULL) pooled_snapshot_free(unused);
}

/* Closes the kept generation whose time is over, if there is one; `all`: any. */
static bool drop_kept(SnapshotPool *s, bool all) {
    PooledSnapshot *unused = NULL;
    bool found = false;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < KEPT_MAX && !found; i++) {
        found = s->kept[i] != NULL && (all || s->kept[i]->kept_until_ns < clock_mono_ns());
        if (found) unused = drop_ref(TAKE(s->kept[i]));
    }
    pthread_mutex_unlock(&s->lock);
    if (unused != NULL) pooled_snapshot_free(unused);
    return found;
}

/* `problem` is copied; NULL: none. */
static void set_problem(SnapshotPool *s, const char *problem) {
    char *text = problem != NULL ? xstrdup(problem) : NULL;
    pthread_mutex_lock(&s->lock);
    free(s->problem);
    s->problem = text;
    pthread_mutex_unlock(&s->lock);
}

/* ---- rows in memory: without them every answer is a query ---- */

static void read_rows(SnapshotPool *s, PooledSnapshot *g) {
    EntityStore *store = NULL;
    if (s->rows_memory > 0) store = pooled_snapshot_rows(g, s->current != NULL ? s->current->store : NULL, s->rows_memory);
    pthread_mutex_lock(&s->lock);
    g->store = store;
    g->store_tried = true;
    pthread_mutex_unlock(&s->lock);
}

/* ---- following CURRENT ---- */

/* Takes the snapshot. `made`: tells it from another generation of the same number. */
static PooledSnapshot *pooled_of(Snapshot *snapshot, int64_t made) {
    PooledSnapshot *g = pooled_snapshot_new();
    g->number = snapshot_generation(snapshot);
    g->lake = snapshot_lake(snapshot);
    g->snapshot = snapshot;
    snprintf(g->tag, sizeof g->tag, "%" PRIx64 "-%" PRIx64, g->number, made);
    g->scope = cursor_hash(g->tag, strlen(g->tag));
    return g;
}

static int open_generation(SnapshotPool *s, Error *err) {
    CLEANUP(snapshot_freep) Snapshot *snapshot = NULL;
    if (snapshot_open_verified(s->dir, &s->options, &snapshot, err) != 0) return -1;
    if (snapshot_problem(snapshot) != NULL) log_error("web", "%s; an earlier generation is served", snapshot_problem(snapshot));
    set_problem(s, snapshot_problem(snapshot));
    PooledSnapshot *g = pooled_of(TAKE(snapshot), s->seen.current.modified_ns);
    if (s->current != NULL) read_rows(s, g); /* the first one is served at once, and read then */
    make_current(s, g);
    return 0;
}

static void close_retired(SnapshotPool *s) {
    pthread_mutex_lock(&s->lock);
    PooledSnapshot *g = TAKE(s->retired);
    pthread_mutex_unlock(&s->lock);
    for (PooledSnapshot *next; g != NULL; g = next) {
        next = g->next;
        pooled_snapshot_free(g);
    }
}

void snapshot_pool_follow(SnapshotPool *s) {
    (void)drop_kept(s, false);
    close_retired(s);
    if (s->dir == NULL) return;
    SnapshotStamp now = snapshot_stamp(s->dir);
    if (s->has_looked && snapshot_stamp_same(&now, &s->seen)) {
        if (s->current != NULL && !s->current->store_tried) read_rows(s, s->current);
        return;
    }
    s->seen = now;
    bool is_first = !s->has_looked;
    s->has_looked = true;
    Error err = {0};
    if (open_generation(s, &err) != 0) {
        if (is_first)
            log_warn("web", "nothing can be served yet: %s", err.text);
        else
            log_error("web", "cannot open the new snapshot, still serving the old one: %s", err.text);
        set_problem(s, err.text);
    } else {
        log_info("web", "serving snapshot generation %lld", (long long)snapshot_pool_generation(s));
    }
    error_clear(&err);
}

SnapshotPool *snapshot_pool_open(const char *dir, const LakeOptions *options, int64_t rows_memory) {
    SnapshotPool *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->dir = xstrdup(dir);
    s->options = *options;
    s->rows_memory = rows_memory;
    if (options->temp_dir != NULL) s->options.temp_dir = s->temp_dir = xstrdup(options->temp_dir);
    snapshot_pool_follow(s);
    return s;
}

int snapshot_pool_open_at(const char *dir, const LakeOptions *options, int64_t generation, SnapshotPool **ret, Error *err) {
    SnapshotFile file;
    Snapshot *snapshot;
    if (!snapshot_file_open(dir, generation, &file))
        return error_set(err, ERR_UNAVAILABLE, "the generation %" PRId64 " is not kept", generation);
    close(file.fd);
    int rc = snapshot_open_at(dir, generation, options, &snapshot, err);
    if (file.lock != NULL) file_lock_free(file.lock);
    if (rc != 0) return -1;
    SnapshotPool *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->dir = xstrdup(dir);
    s->current = pooled_of(snapshot, file.modified_ns);
    *ret = s;
    return 0;
}

SnapshotPool *snapshot_pool_open_live(Lake *lake, int view_ms, int64_t rows_memory) {
    SnapshotPool *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->view_ns = view_ms * (NSEC_PER_SEC / 1000);
    s->current = pooled_snapshot_new();
    s->current->lake = lake;
    snprintf(s->current->tag, sizeof s->current->tag, "%" PRIx64, clock_wall_us());
    s->current->scope = cursor_hash(s->current->tag, strlen(s->current->tag));
    if (view_ms > 0 && rows_memory > 0) s->live = live_rows_new(lake, s->current->tag, rows_memory);
    return s;
}

void snapshot_pool_free(SnapshotPool *s) {
    if (s->live != NULL) live_rows_free(s->live);
    make_current(s, NULL);
    while (drop_kept(s, true)) continue;
    close_retired(s);
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s->problem);
    free(s->temp_dir);
    free(s);
}

/* ---- leases ---- */

/* A connection failed: the idle ones may have the same outdated views. */
static void close_idle(SnapshotPool *s, PooledSnapshot *g) {
    PooledConn *idle[POOLED_IDLE_MAX];
    pthread_mutex_lock(&s->lock);
    size_t n = g->idle_count;
    memcpy(idle, g->idle, n * sizeof idle[0]);
    g->idle_count = 0;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < n; i++) pooled_conn_free(idle[i]);
}

static void release(SnapshotPool *s, PooledSnapshot *g, PooledConn *reusable) {
    pthread_mutex_lock(&s->lock);
    if (reusable != NULL && g == s->current && g->idle_count < POOLED_IDLE_MAX) {
        g->idle[g->idle_count++] = reusable;
        reusable = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    if (reusable != NULL) pooled_conn_free(reusable); /* before the last reference may close the database */
    pthread_mutex_lock(&s->lock);
    PooledSnapshot *unused = drop_ref(g);
    pthread_mutex_unlock(&s->lock);
    if (unused != NULL) pooled_snapshot_free(unused);
}

static int make_lease(const PooledSnapshot *g, PooledConn *c, Lease *ret, Error *err) {
    Lease lease = {.conn = c->conn,
                   .generation = g->number,
                   .scope = g->scope,
                   .entities = &c->entities,
                   .bodies = g->bodies,
                   .rows = g->rows,
                   .pooled = c};
    if (g->snapshot != NULL)
        snprintf(lease.tag, sizeof lease.tag, "%s", g->tag);
    else if (pooled_conn_begin(c, g->tag, lease.tag, &lease.state, err) != 0)
        return -1;
    *ret = lease;
    return 0;
}

/* Under the lock. */
static PooledSnapshot *find_scope(SnapshotPool *s, uint64_t scope) {
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (s->kept[i] != NULL && s->kept[i]->scope == scope) return s->kept[i];
    return s->current;
}

int snapshot_pool_lease(SnapshotPool *s, uint64_t scope, Lease *ret, Error *err) {
    PooledConn *conn = NULL;
    pthread_mutex_lock(&s->lock);
    PooledSnapshot *g = find_scope(s, scope);
    if (g != NULL) {
        g->refs++;
        if (g->idle_count > 0) conn = g->idle[--g->idle_count];
    }
    if (g == NULL)
        error_set(err, ERR_UNAVAILABLE, "%s", s->problem != NULL ? s->problem : "no snapshot is published yet: run `smelt publish`");
    pthread_mutex_unlock(&s->lock);
    if (g == NULL) return -1;
    if (conn == NULL && pooled_conn_open(g->lake, g->snapshot == NULL, &conn, err) != 0) {
        release(s, g, NULL);
        return -1;
    }
    if (make_lease(g, conn, ret, err) != 0) {
        lake_rollback(conn->conn);
        pooled_conn_free(conn);
        release(s, g, NULL);
        return -1;
    }
    ret->owner = g;
    return 0;
}

/* Under the lock. What can be answered from without a query; NULL: nothing. */
static PooledSnapshot *find_held(SnapshotPool *s, uint64_t scope) {
    if (s->dir != NULL) return find_scope(s, scope);
    return s->view_ns > 0 ? s->current : NULL;
}

bool snapshot_pool_peek(SnapshotPool *s, uint64_t scope, bool may_wait, Lease *ret) {
    pthread_mutex_lock(&s->lock);
    PooledSnapshot *g = find_held(s, scope);
    const EntityStore *store = g != NULL ? g->store : NULL;
    if (g != NULL) g->refs++;
    pthread_mutex_unlock(&s->lock);
    if (g == NULL) return false;
    *ret = (Lease){.generation = g->number, .scope = g->scope, .bodies = g->bodies, .store = store, .view_ns = s->view_ns, .owner = g};
    snprintf(ret->tag, sizeof ret->tag, "%s", g->tag);
    if (s->dir != NULL) return true;
    ret->live = s->live;
    ret->may_wait = may_wait;
    ret->rows = g->rows;
    if (!lake_is_quiet(g->lake, &ret->state)) ret->state = 0;
    return true;
}

void snapshot_pool_keep(SnapshotPool *s, const Lease *lease) {
    pthread_mutex_lock(&s->lock);
    lease->owner->is_paged = lease->owner->snapshot != NULL;
    pthread_mutex_unlock(&s->lock);
}

/* Of a lease without a connection. */
static void unpeek(SnapshotPool *s, PooledSnapshot *g) {
    pthread_mutex_lock(&s->lock);
    PooledSnapshot *unused = drop_ref(g);
    if (unused != NULL) {
        unused->next = s->retired;
        s->retired = unused;
    }
    pthread_mutex_unlock(&s->lock);
}

void snapshot_pool_return(SnapshotPool *s, Lease *lease, bool broken) {
    if (lease->conn == NULL) {
        unpeek(s, lease->owner);
        return;
    }
    lake_rollback(lease->conn); /* of a live lease; it wrote nothing */
    broken = broken || lake_rollback_is_due(lease->conn);
    if (broken) {
        pooled_conn_free(lease->pooled);
        close_idle(s, lease->owner);
    }
    release(s, lease->owner, broken ? NULL : lease->pooled);
    *lease = (Lease){0};
}

int64_t snapshot_pool_generation(SnapshotPool *s) {
    pthread_mutex_lock(&s->lock);
    int64_t number = s->current == NULL ? 0 : s->current->number;
    pthread_mutex_unlock(&s->lock);
    return number;
}

bool snapshot_pool_tag(SnapshotPool *s, char tag[SNAPSHOT_TAG_SIZE]) {
    tag[0] = '\0';
    pthread_mutex_lock(&s->lock);
    if (s->current != NULL && s->current->snapshot != NULL) snprintf(tag, SNAPSHOT_TAG_SIZE, "%s", s->current->tag);
    pthread_mutex_unlock(&s->lock);
    return tag[0] != '\0';
}

bool snapshot_pool_reads_rows(SnapshotPool *s) {
    pthread_mutex_lock(&s->lock);
    bool reads = s->dir != NULL && s->rows_memory > 0 && s->current != NULL && !s->current->store_tried;
    pthread_mutex_unlock(&s->lock);
    return reads;
}

bool snapshot_pool_is_live(const SnapshotPool *s) {
    return s->dir == NULL;
}

int64_t snapshot_pool_view_ns(const SnapshotPool *s) {
    return s->view_ns;
}

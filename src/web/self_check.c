/* self_check.c: see self_check.h.
 *
 * DuckDB can answer nothing any more after a fatal error while the process lives on: only a real query shows that. A disk that hangs is
 * cured by no restart, but a deadlock is; both look the same, so a look that does not end is fatal only after minutes.
 *
 * Nothing is asked of a lake whose file is not in its place: the first query would give it up for good (lake/fence.c), though its volume
 * may come back.
 *
 * Invariant: the lock is never held while something is looked at. */
#include "web/self_check.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/handlers.h"
#include <pthread.h>
#include <string.h>

enum { QUERY_EVERY_MS = 5000 }; /* one costs 7 ms on a live lake */

struct SelfCheck {
    Service *service;
    int64_t slow_ns, dead_ns;
    int64_t answered_ns;  /* when a query was last answered; 0: the last one was not; of the thread that looks */
    pthread_mutex_t lock; /* of what is below */
    int64_t began_ns;     /* of the look that goes on; 0: none does */
    bool was_slow;        /* it was logged */
    char *unready;        /* why requests should go elsewhere; NULL: they need not */
    char *failed;         /* why a query failed in a way that time does not mend; NULL: none did */
    bool waits;           /* for data: there is nothing to query */
};

SelfCheck *self_check_new(Service *service, int slow_ms, int dead_ms) {
    SelfCheck *c = xcalloc(1, sizeof *c);
    c->service = service;
    c->slow_ns = slow_ms * (NSEC_PER_SEC / 1000);
    c->dead_ns = dead_ms * (NSEC_PER_SEC / 1000);
    c->unready = xstrdup("the server is starting");
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void self_check_free(SelfCheck *c) {
    pthread_mutex_destroy(&c->lock);
    free(c->unready);
    free(c->failed);
    free(c);
}

/* ---- looking ---- */

static int ask_lake(SnapshotPool *pool, Error *err) {
    Lease lease;
    int64_t rows;
    if (snapshot_pool_lease(pool, 0, &lease, err) != 0) return -1;
    int rc = lake_query_int(lease.conn, "api/alive", lake_sql("api/alive"), NULL, 0, &rows, err);
    snapshot_pool_return(pool, &lease, rc != 0);
    return rc;
}

static bool is_query_due(const SelfCheck *c) {
    return c->answered_ns == 0 || clock_mono_ns() - c->answered_ns >= QUERY_EVERY_MS * (NSEC_PER_SEC / 1000);
}

/* Not of a server that waits for data or memory, or whose queries were interrupted since it ends. */
static bool is_broken(const Error *query) {
    return query->kind != ERR_NONE && query->kind != ERR_UNAVAILABLE && query->kind != ERR_STOPPED && !lake_may_get_memory(query);
}

static char *copy_text(const Error *err) {
    return err->kind != ERR_NONE ? xstrdup(err->text) : NULL;
}

static void begin(SelfCheck *c) {
    pthread_mutex_lock(&c->lock);
    c->began_ns = clock_mono_ns();
    pthread_mutex_unlock(&c->lock);
}

/* `query` NULL: none was made, since it is not ready, or the last one was answered less than QUERY_EVERY_MS ago. */
static void note(SelfCheck *c, const Error *ready, const Error *query) {
    pthread_mutex_lock(&c->lock);
    if (c->was_slow) log_info("web", "a query is answered again after %.0f s", clock_seconds_since(c->began_ns));
    c->was_slow = false;
    c->began_ns = 0;
    free(c->unready);
    c->unready = copy_text(query == NULL ? ready : query);
    if (query != NULL) {
        free(c->failed);
        c->failed = is_broken(query) ? copy_text(query) : NULL;
        c->waits = query->kind == ERR_UNAVAILABLE;
    }
    pthread_mutex_unlock(&c->lock);
}

void self_check_look(void *check) {
    SelfCheck *c = check;
    Service *s = c->service;
    CLEANUP(error_clear) Error ready = {0};
    CLEANUP(error_clear) Error query = {0};
    begin(c);
    bool is_ready = s->ready == NULL || s->ready(s->ready_arg, &ready) == 0, asks = is_ready && is_query_due(c);
    if (asks) c->answered_ns = ask_lake(s->pool, &query) == 0 ? clock_mono_ns() : 0;
    note(c, &ready, asks ? &query : NULL);
}

/* ---- what was seen; under lock ---- */

static int check_age(const SelfCheck *c, int64_t limit_ns, Error *err) {
    int64_t ns = c->began_ns == 0 ? 0 : clock_mono_ns() - c->began_ns;
    if (ns <= limit_ns) return 0;
    return error_set(err, ERR_UNAVAILABLE, "a query, or a look at the disk, has not ended for %.0f s: does the disk answer?",
                     (double)ns / (double)NSEC_PER_SEC);
}

static int check_ready(SelfCheck *c, Error *err) {
    if (check_age(c, c->slow_ns, err) != 0) {
        if (!c->was_slow) log_error("web", "not ready: %s", err->text);
        c->was_slow = true;
        return -1;
    }
    return c->unready == NULL ? 0 : error_set(err, ERR_UNAVAILABLE, "%s", c->unready);
}

static int check_alive(const SelfCheck *c, Error *err) {
    if (check_age(c, c->dead_ns, err) != 0) return -1;
    return c->failed == NULL ? 0 : error_set(err, ERR_UNAVAILABLE, "A query failed: %s", c->failed);
}

int self_check_ready(SelfCheck *c, Error *err) {
    pthread_mutex_lock(&c->lock);
    int rc = check_ready(c, err);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

int self_check_alive(SelfCheck *c, bool *ret_waits, Error *err) {
    pthread_mutex_lock(&c->lock);
    int rc = check_alive(c, err);
    *ret_waits = c->waits;
    pthread_mutex_unlock(&c->lock);
    return rc;
}

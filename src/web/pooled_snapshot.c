/* pooled_snapshot.c: see pooled_snapshot.h. */
#include "web/pooled_snapshot.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>

PooledSnapshot *pooled_snapshot_new(void) {
    PooledSnapshot *g = xcalloc(1, sizeof *g);
    g->bodies = bodies_new();
    g->rows = bodies_new();
    g->refs = 1;
    return g;
}

void pooled_snapshot_free(PooledSnapshot *g) {
    for (size_t i = 0; i < g->idle_count; i++) pooled_conn_free(g->idle[i]);
    if (g->snapshot != NULL) snapshot_free(g->snapshot);
    bodies_free(g->bodies);
    bodies_free(g->rows);
    if (g->store != NULL) entity_store_free(g->store);
    free(g);
}

EntityStore *pooled_snapshot_rows(const PooledSnapshot *g, const EntityStore *last, int64_t most) {
    CLEANUP(pooled_conn_freep) PooledConn *c = NULL;
    CLEANUP(error_clear) Error err = {0};
    EntityStore *store = NULL;
    int64_t began = clock_mono_ns();
    if (pooled_conn_open(g->lake, false, &c, &err) != 0 || entity_store_read(c->conn, last, (size_t)most, &store, &err) != 0) {
        log_warn("web", "the rows of generation %" PRId64 " are not held in memory: %s", g->number, err.text);
        return NULL;
    }
    log_debug("web", "the rows of generation %" PRId64 " are in memory after %.1f ms", g->number, clock_seconds_since(began) * 1e3);
    return store;
}

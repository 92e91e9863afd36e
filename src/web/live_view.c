/* live_view.c: see live_view.h.
 *
 * A state is read in one transaction, with the tag that names it. What it costs follows the delta; so that a large one cannot take a core
 * for itself, the next is read only after PAUSES times the time that the last one took. */
#include "web/live_view.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <string.h>

enum { PAUSES = 4 };

struct LiveView {
    Lake *lake;
    char *prefix;
    uint64_t scope;
    int64_t rows_memory;
    PooledConn *conn; /* NULL: not open */
    int64_t took_ns, ended_ns;
};

LiveView *live_view_new(Lake *lake, const char *prefix, uint64_t scope, int64_t rows_memory) {
    LiveView *v = xcalloc(1, sizeof *v);
    *v = (LiveView){.lake = lake, .prefix = xstrdup(prefix), .scope = scope, .rows_memory = rows_memory};
    return v;
}

void live_view_free(LiveView *v) {
    pooled_conn_freep(&v->conn);
    free(v->prefix);
    free(v);
}

static int read_state(LiveView *v, const char *tag, const PooledSnapshot *last, PooledSnapshot **ret, Error *err) {
    int64_t began = clock_mono_ns();
    EntityStore *store;
    if (began - v->ended_ns < PAUSES * v->took_ns) return 0;
    if (entity_store_read(v->conn->conn, true, last != NULL ? last->store : NULL, (size_t)v->rows_memory, &store, err) != 0) return -1;
    PooledSnapshot *g = *ret = pooled_snapshot_new();
    g->scope = v->scope;
    g->store = store;
    g->read_ns = began;
    snprintf(g->tag, sizeof g->tag, "%s", tag);
    v->ended_ns = clock_mono_ns();
    v->took_ns = v->ended_ns - began;
    return 0;
}

static int look(LiveView *v, const PooledSnapshot *last, int64_t *ret_read_ns, PooledSnapshot **ret, Error *err) {
    char tag[SNAPSHOT_TAG_SIZE];
    uint64_t state;
    int64_t now = clock_mono_ns();
    if (v->conn == NULL && pooled_conn_open(v->lake, true, &v->conn, err) != 0) return -1;
    int rc = pooled_conn_begin(v->conn, v->prefix, tag, &state, err);
    if (rc == 0 && last != NULL && strcmp(tag, last->tag) == 0)
        *ret_read_ns = now;
    else if (rc == 0)
        rc = read_state(v, tag, last, ret, err);
    lake_rollback(v->conn->conn);
    return rc;
}

PooledSnapshot *live_view_next(LiveView *v, const PooledSnapshot *last, int64_t *ret_read_ns) {
    CLEANUP(error_clear) Error err = {0};
    PooledSnapshot *next = NULL;
    *ret_read_ns = 0;
    if (look(v, last, ret_read_ns, &next, &err) == 0) return next;
    if (err.kind != ERR_UNAVAILABLE) log_debug("web", "the rows of the live lake are not held in memory: %s", err.text);
    pooled_conn_freep(&v->conn); /* its names may be outdated */
    return NULL;
}

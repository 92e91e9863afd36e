/* rollup_read.c: rows to merge, read on several threads: each has a connection. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include <pthread.h>

/* Of one thread. */
typedef struct Reader {
    LakeConn *conn;
    LakeConn *owned; /* the same, or NULL */
    const char *name;
    const char *sql;
    RollupTake take;
    void *into;
    pthread_t thread;
    bool started;
    int rc;
    Error err;
} Reader;

static void *read_rows(void *state) {
    Reader *r = state;
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    size_t n;
    int more = 1;
    r->rc = lake_stream(r->conn, r->name, r->sql, &rows, &r->err);
    while (r->rc == 0 && (more = lake_next_chunk(rows, &n, &r->err)) == 1) r->rc = r->take(r->into, rows, n, &r->err);
    if (more < 0) r->rc = -1;
    return NULL;
}

static int start(LakeConn *conn, Reader *r, Error *err) {
    if (lake_connect(lake_of(conn), &r->owned, err) != 0) return -1;
    lake_only_reads(r->owned);
    r->conn = r->owned;
    r->started = pthread_create(&r->thread, NULL, read_rows, r) == 0;
    return r->started ? 0 : error_set(err, ERR_IO, "cannot start a thread");
}

/* The error of the first that failed. */
static int join(Reader *readers, size_t n, int rc, Error *err) {
    for (size_t i = 0; i < n; i++) {
        Reader *r = &readers[i];
        if (r->started) pthread_join(r->thread, NULL);
        if (rc == 0 && r->rc != 0) {
            *err = r->err;
            r->err = (Error){0};
            rc = -1;
        }
        error_clear(&r->err);
        lake_conn_freep(&r->owned);
    }
    return rc;
}

int rollup_stream_all(LakeConn *conn, const char *name, const char *const *sql, void *const *into, RollupTake take, size_t n, Error *err) {
    Reader *readers = xcalloc(n, sizeof *readers);
    int rc = 0;
    for (size_t i = 0; i < n; i++) readers[i] = (Reader){.conn = conn, .name = name, .take = take, .into = into[i], .sql = sql[i]};
    for (size_t i = 1; i < n && rc == 0; i++) rc = start(conn, &readers[i], err);
    if (rc == 0) read_rows(&readers[0]);
    rc = join(readers, n, rc, err);
    free(readers);
    return rc;
}

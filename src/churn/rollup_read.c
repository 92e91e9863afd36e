/* rollup_read.c: rows to merge, read on several threads: each has a connection and reads those of its entities. */
#include "churn/rollup.h"

#include "base/memory.h"
#include <pthread.h>
#include <stdbool.h>

enum { BINDINGS_MAX = 8 };

/* Of one thread. */
typedef struct Reader {
    LakeConn *conn;
    LakeConn *owned; /* the same, or NULL */
    const char *name;
    char *sql;
    Rollup *rollup;
    pthread_t thread;
    bool started;
    int rc;
    Error err;
} Reader;

static void *read_rows(void *state) {
    Reader *r = state;
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    r->rc = lake_stream(r->conn, r->name, r->sql, &rows, &r->err);
    if (r->rc == 0) r->rc = rollup_read(r->rollup, rows, &r->err);
    return NULL;
}

static char *bind(const char *sql, const LakeBinding *bindings, size_t n, size_t part, size_t parts) {
    LakeBinding all[BINDINGS_MAX + 2];
    BUG_IF(n > BINDINGS_MAX);
    for (size_t i = 0; i < n; i++) all[i] = bindings[i];
    all[n] = (LakeBinding){"part", lake_int((int64_t)part)};
    all[n + 1] = (LakeBinding){"parts", lake_int((int64_t)parts)};
    return lake_sql_bind(sql, all, n + 2);
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
        free(r->sql);
    }
    return rc;
}

int rollup_read_all(LakeConn *conn, const char *name, const char *sql, const LakeBinding *bindings, size_t binding_count,
                    Rollup *const *rollups, size_t n, Error *err) {
    Reader *readers = xcalloc(n, sizeof *readers);
    int rc = 0;
    for (size_t i = 0; i < n; i++)
        readers[i] = (Reader){.conn = conn, .name = name, .rollup = rollups[i], .sql = bind(sql, bindings, binding_count, i, n)};
    for (size_t i = 1; i < n && rc == 0; i++) rc = start(conn, &readers[i], err);
    if (rc == 0) read_rows(&readers[0]);
    rc = join(readers, n, rc, err);
    free(readers);
    return rc;
}

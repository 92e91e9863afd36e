/* threads.c: see lake_set_threads. */
#include "lake/internal.h"

#include "base/memory.h"

int lake_threads(LakeConn *conn, int64_t *ret, Error *err) {
    return lake_query_int(conn, "threads", "SELECT current_setting('threads')::BIGINT", NULL, 0, ret, err);
}

int lake_set_threads(LakeConn *conn, int64_t threads, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("SET GLOBAL threads = %lld", (long long)threads);
    return lake_exec(conn, "threads", sql, err);
}

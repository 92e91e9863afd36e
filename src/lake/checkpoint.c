/* checkpoint.c: checkpoints, at once or on a thread beside the writer. */
#include "lake/internal.h"

#include "base/log.h"
#include "base/memory.h"

struct LakeCheckpoint {
    LakeConn *conn; /* its own: the writer uses another one at the same time */
    bool merge;
    pthread_t thread;
};

int lake_checkpoint(LakeConn *conn, Error *err) {
    return lake_exec(conn, "CHECKPOINT", "CHECKPOINT", err);
}

/* A failure is only logged: what is not written now is written when the lake is closed. */
static void *run_checkpoint(void *arg) {
    LakeCheckpoint *c = arg;
    Error err = {0};
    if ((!c->merge && lake_merge_nothing(c->conn, &err) != 0) || lake_checkpoint(c->conn, &err) != 0) log_debug("lake", "%s", err.text);
    error_clear(&err);
    return NULL;
}

LakeCheckpoint *lake_checkpoint_async(Lake *lake, bool merge) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error ignored = {0};
    if (lake_connect(lake, &conn, &ignored) != 0) {
        error_clear(&ignored);
        return NULL;
    }
    LakeCheckpoint *c = xcalloc(1, sizeof *c);
    c->conn = TAKE(conn);
    c->merge = merge;
    if (pthread_create(&c->thread, NULL, run_checkpoint, c) == 0) return c;
    lake_conn_free(c->conn);
    free(c);
    return NULL;
}

void lake_checkpoint_wait(LakeCheckpoint *c) {
    pthread_join(c->thread, NULL);
    lake_conn_free(c->conn);
    free(c);
}

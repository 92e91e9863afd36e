/* checkpoint.c: a checkpoint of the lake while its writer does something else. */
#include "lake/internal.h"

#include "base/log.h"
#include "base/memory.h"

struct LakeCheckpoint {
    LakeConn *conn; /* of its own: the writer's is in use */
    bool merge;
    pthread_t thread;
};

/* What could not be written now is written when the lake is closed. */
static void *run_checkpoint(void *arg) {
    LakeCheckpoint *s = arg;
    Error err = {0};
    if ((!s->merge && lake_merge_nothing(s->conn, &err) != 0) || lake_checkpoint(s->conn, &err) != 0) log_debug("lake", "%s", err.text);
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
    LakeCheckpoint *s = xcalloc(1, sizeof *s);
    s->conn = TAKE(conn);
    s->merge = merge;
    if (pthread_create(&s->thread, NULL, run_checkpoint, s) == 0) return s;
    lake_conn_free(s->conn);
    free(s);
    return NULL;
}

void lake_checkpoint_wait(LakeCheckpoint *s) {
    pthread_join(s->thread, NULL);
    lake_conn_free(s->conn);
    free(s);
}

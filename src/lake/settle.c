/* settle.c: a checkpoint of the lake while its writer does something else. */
#include "lake/internal.h"

#include "base/log.h"
#include "base/memory.h"

struct LakeSettling {
    LakeConn *conn; /* of its own: the writer's is in use */
    bool merge;
    pthread_t thread;
};

/* What could not be settled now is settled when the lake is closed. */
static void *settle(void *arg) {
    LakeSettling *s = arg;
    Error err = {0};
    if ((!s->merge && lake_merge_nothing(s->conn, &err) != 0) || lake_checkpoint(s->conn, &err) != 0) log_debug("lake", "%s", err.text);
    error_clear(&err);
    return NULL;
}

LakeSettling *lake_settle(Lake *lake, bool merge) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error ignored = {0};
    if (lake_connect(lake, &conn, &ignored) != 0) {
        error_clear(&ignored);
        return NULL;
    }
    LakeSettling *s = xcalloc(1, sizeof *s);
    s->conn = TAKE(conn);
    s->merge = merge;
    if (pthread_create(&s->thread, NULL, settle, s) == 0) return s;
    lake_conn_free(s->conn);
    free(s);
    return NULL;
}

void lake_settled(LakeSettling *s) {
    pthread_join(s->thread, NULL);
    lake_conn_free(s->conn);
    free(s);
}

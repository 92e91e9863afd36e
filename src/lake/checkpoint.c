/* checkpoint.c: checkpoints, at once or on a thread beside the writer.
 *
 * DuckDB lets other connections write during a checkpoint only when a transaction may still need rows as they were before the last commit
 * (CONCURRENT_CHECKPOINT; otherwise they wait for its vacuum lock): then rows may be inserted and deleted. Updates and changes of the
 * catalog wait for any checkpoint. lake_checkpoint_beside opens such a transaction itself. That checkpoint merges no row groups and keeps
 * those whose rows were all deleted: a usual one has to follow from time to time. */
#include "lake/internal.h"

#include "base/log.h"
#include "base/memory.h"

struct LakeCheckpoint {
    LakeConn *conn; /* its own: the writer uses another one at the same time */
    bool merge;
    pthread_t thread;
    atomic_bool ended;
};

int lake_checkpoint(LakeConn *conn, Error *err) {
    return lake_exec(conn, "CHECKPOINT", "CHECKPOINT", err);
}

/* database.c has the method that is disabled always. */
int lake_use_fsst(LakeConn *conn, bool use, Error *err) {
    static const char with[] = "SET GLOBAL disabled_compression_methods = 'roaring'",
                      without[] = "SET GLOBAL disabled_compression_methods = 'roaring,fsst'";
    return lake_exec(conn, "compression", use ? with : without, err);
}

/* A failure is only logged: what is not written now is written when the lake is closed. */
static void *run_checkpoint(void *arg) {
    LakeCheckpoint *c = arg;
    Error err = {0};
    if ((!c->merge && lake_merge_at_most(c->conn, 0, &err) != 0) || lake_checkpoint(c->conn, &err) != 0) log_debug("lake", "%s", err.text);
    error_clear(&err);
    atomic_store(&c->ended, true);
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

bool lake_checkpoint_has_ended(LakeCheckpoint *c) {
    return atomic_load(&c->ended);
}

void lake_checkpoint_wait(LakeCheckpoint *c) {
    pthread_join(c->thread, NULL);
    lake_conn_free(c->conn);
    free(c);
}

/* ---- beside connections that write ---- */

/* Starts a transaction, or a commit, in the lake. */
static const char look[] = "SELECT count(*) FROM duckdb_tables()";

int lake_checkpoint_by_hand(LakeConn *conn, Error *err) {
    return lake_exec(conn, "checkpoint threshold", "SET GLOBAL checkpoint_threshold = '1GiB'", err);
}

/* *ret_done false: another connection has written and not committed yet. */
int lake_checkpoint_if_idle(LakeConn *conn, bool *ret_done, Error *err) {
    static const char name[] = "CHECKPOINT";
    duckdb_result result;
    int rc = 0;
    if (lake_pass_fence(conn, name, err) != 0) return -1;
    *ret_done = duckdb.query(conn->con, name, &result) == DuckDBSuccess;
    duckdb_error_type type = *ret_done ? DUCKDB_ERROR_INVALID : duckdb.result_error_type(&result);
    if (!*ret_done && type != DUCKDB_ERROR_TRANSACTION) rc = lake_fail(conn, name, type, duckdb.result_error(&result), err);
    duckdb.destroy_result(&result);
    return rc;
}

static int checkpoint_beside(LakeConn *conn, LakeConn *reader, bool *ret_done, Error *err) {
    int64_t tables;
    if (lake_begin(reader, err) != 0 || lake_query_int(reader, "checkpoint/look", look, NULL, 0, &tables, err) != 0) return -1;
    /* a commit after the reader's start */
    return lake_query_int(conn, "checkpoint/look", look, NULL, 0, &tables, err) != 0 ? -1 : lake_checkpoint_if_idle(conn, ret_done, err);
}

int lake_checkpoint_beside(LakeConn *conn, bool usual, bool *ret_done, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *reader = NULL;
    if (lake_connect(conn->lake, &reader, err) != 0) return -1;
    int rc = checkpoint_beside(conn, reader, ret_done, err);
    lake_rollback(reader);
    return rc == 0 && *ret_done && usual ? lake_checkpoint_if_idle(conn, &usual, err) : rc;
}

/* ---- merging small row groups ---- */

/* A checkpoint with an empty log does nothing: so there is something in it. */
static int merge(LakeConn *conn, int merges, bool *ret_done, Error *err) {
    static const char nothing[] = "CREATE OR REPLACE SEQUENCE lake_merges; DROP SEQUENCE lake_merges";
    return lake_merge_at_most(conn, merges, err) != 0 || lake_exec(conn, "row groups", nothing, err) != 0
               ? -1
               : lake_checkpoint_if_idle(conn, ret_done, err);
}

int lake_merge_now(LakeConn *conn, int merges, bool *ret_done, Error *err) {
    Error ignored = {0};
    *ret_done = false;
    int rc = merge(conn, merges, ret_done, err);
    if (lake_merge_at_most(conn, 0, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

/* transaction.c: begin, commit and roll back.
 *
 * Invariant: a transaction in which any statement failed never commits: DuckDB would answer its COMMIT with success and store nothing. */
#include "lake/internal.h"

int lake_begin(LakeConn *conn, Error *err) {
    BUG_IF(conn->in_transaction);
    if (lake_exec_quietly(conn, "BEGIN", "BEGIN TRANSACTION", err) != 0) {
        conn->rollback_due = true; /* it may have begun before it failed */
        return -1;
    }
    conn->in_transaction = true;
    conn->failed = false;
    return 0;
}

int lake_commit(LakeConn *conn, Error *err) {
    BUG_IF(!conn->in_transaction);
    if (conn->failed) return error_set(err, ERR_BUG, "COMMIT after a failed statement: nothing was stored");
    if (lake_pass_fence(conn, "COMMIT refused, nothing of it was stored", err) != 0) return -1;
    lake_change_begin(conn);
    int rc = lake_exec_quietly(conn, "COMMIT", "COMMIT", err);
    lake_change_end(conn);
    if (rc != 0) return -1;
    conn->in_transaction = false;
    lake_conn_settle_functions(conn, true);
    return lake_pass_fence(conn, "another writer came while this COMMIT went in, `smelt audit` tells what it did", err);
}

void lake_rollback(LakeConn *conn) {
    if (!conn->in_transaction) return;
    conn->in_transaction = false;
    conn->failed = false;
    lake_conn_settle_functions(conn, false);
    conn->rollback_due = true;
    Error ignored = {0};
    if (lake_finish_rollback(conn, &ignored) != 0) error_clear(&ignored);
}

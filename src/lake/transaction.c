/* transaction.c: begin, commit and roll back.
 *
 * ROLLBACK fails when it is interrupted, or lacks the memory for its own answer. Then it is tried again before the next statement.
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

/* Also when there is no transaction any more. */
int lake_finish_rollback(LakeConn *conn, Error *err) {
    static const char name[] = "ROLLBACK";
    duckdb_result result;
    if (!conn->rollback_due) return 0;
    bool failed = duckdb.query(conn->con, name, &result) != DuckDBSuccess && duckdb.result_error_type(&result) != DUCKDB_ERROR_TRANSACTION;
    int rc = failed ? lake_fail(conn, name, duckdb.result_error_type(&result), duckdb.result_error(&result), err) : 0;
    duckdb.destroy_result(&result);
    conn->rollback_due = failed;
    return rc;
}

bool lake_rollback_is_due(const LakeConn *conn) {
    return conn->rollback_due;
}

void lake_rollback(LakeConn *conn) {
    if (!conn->in_transaction) return;
    conn->in_transaction = false;
    conn->failed = false;
    lake_conn_settle_functions(conn, false);
    conn->rollback_due = true;
    Error ignored = {0};
    if (!lake_is_lost(conn->lake) && lake_finish_rollback(conn, &ignored) != 0) error_clear(&ignored);
}

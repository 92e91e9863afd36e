/* rollback.c: ROLLBACK, until it is done. It fails when it is interrupted, or lacks the memory for its own answer: then it is tried again
 * before the next statement. */
#include "lake/internal.h"

/* Also when there is no transaction any more. */
int lake_finish_rollback(LakeConn *conn, Error *err) {
    static const char name[] = "ROLLBACK";
    duckdb_result result;
    if (!conn->rollback_due || lake_is_lost(conn->lake)) return 0;
    bool failed = duckdb.query(conn->con, name, &result) != DuckDBSuccess && duckdb.result_error_type(&result) != DUCKDB_ERROR_TRANSACTION;
    int rc = failed ? lake_fail(conn, name, duckdb.result_error_type(&result), duckdb.result_error(&result), err) : 0;
    duckdb.destroy_result(&result);
    conn->rollback_due = failed;
    return rc;
}

bool lake_rollback_is_due(const LakeConn *conn) {
    return conn->rollback_due;
}

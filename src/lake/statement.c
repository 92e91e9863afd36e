/* statement.c: running SQL, as a script or as one prepared statement with values.
 *
 * Invariant: outside of a transaction, each statement asks the fence first: it may write. */
#include "lake/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include <string.h>

LakeValue lake_text(const char *s) {
    if (s == NULL) return lake_null();
    return (LakeValue){.type = LAKE_TEXT, .text = s, .len = strlen(s)};
}

LakeValue lake_name(const char *s) {
    return (LakeValue){.type = LAKE_NAME, .text = s, .len = strlen(s)};
}

/* `--set log.level=debug` shows where the time goes. */
static void log_time(const char *name, int64_t began) {
    log_debug("lake", "%s: %.2f ms", name, clock_seconds_since(began) * 1e3);
}

static int fail_result(LakeConn *conn, const char *name, duckdb_result *result, Error *err) {
    int rc = lake_fail(conn, name, duckdb.result_error_type(result), duckdb.result_error(result), err);
    duckdb.destroy_result(result);
    return rc;
}

/* Outside of a transaction a statement commits what it changes. */
static void begin_change(LakeConn *conn) {
    if (!conn->in_transaction && !conn->only_reads) lake_change_begin(conn);
}

static void end_change(LakeConn *conn) {
    if (!conn->in_transaction && !conn->only_reads) lake_change_end(conn);
}

/* Outside of a transaction. */
static int prepare_conn(LakeConn *conn, const char *name, Error *err) {
    return lake_finish_rollback(conn, err) == 0 ? lake_pass_fence(conn, name, err) : -1;
}

int lake_exec(LakeConn *conn, const char *name, const char *sql, Error *err) {
    begin_change(conn);
    int rc = lake_exec_quietly(conn, name, sql, err);
    end_change(conn);
    return rc;
}

int lake_exec_quietly(LakeConn *conn, const char *name, const char *sql, Error *err) {
    duckdb_result result;
    int64_t began = clock_mono_ns();
    if (!conn->in_transaction && prepare_conn(conn, name, err) != 0) return -1;
    if (duckdb.query(conn->con, sql, &result) != DuckDBSuccess) return fail_result(conn, name, &result, err);
    duckdb.destroy_result(&result);
    log_time(name, began);
    return 0;
}

static duckdb_state bind_value(duckdb_prepared_statement statement, idx_t index, const LakeValue *v) {
    switch (v->type) {
    case LAKE_NULL: return duckdb.bind_null(statement, index);
    case LAKE_BOOL: return duckdb.bind_boolean(statement, index, v->i != 0);
    case LAKE_INT: return duckdb.bind_int64(statement, index, v->i);
    case LAKE_REAL: return duckdb.bind_double(statement, index, v->r);
    case LAKE_JSON:
    case LAKE_TEXT: return duckdb.bind_varchar_length(statement, index, v->text, v->len);
    case LAKE_BLOB: return duckdb.bind_blob(statement, index, v->text, v->len);
    case LAKE_TIME: return duckdb.bind_timestamp_tz(statement, index, (duckdb_timestamp){v->i});
    case LAKE_TIMES:
    case LAKE_INTS: BUG("a list cannot be bound");
    case LAKE_NAME: BUG("a name cannot be bound");
    }
    BUG("unknown value type");
}

typedef duckdb_state (*Execute)(duckdb_prepared_statement statement, duckdb_result *ret);

/* `ret` is a success when 0 is returned; otherwise nothing is left to free. */
static int execute_by(Execute how, LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, duckdb_result *ret,
                      Error *err) {
    duckdb_prepared_statement statement = NULL;
    int64_t began = clock_mono_ns();
    int rc = 0;
    if (!conn->in_transaction && prepare_conn(conn, name, err) != 0) return -1;
    if (duckdb.prepare(conn->con, sql, &statement) != DuckDBSuccess)
        rc = lake_fail_prepare(conn, name, duckdb.prepare_error(statement), err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (bind_value(statement, i + 1, &values[i]) != DuckDBSuccess)
            rc = lake_fail(conn, name, DUCKDB_ERROR_BINDER, "a value could not be bound", err);
    bool changes = rc == 0 && duckdb.prepared_statement_type(statement) != DUCKDB_STATEMENT_TYPE_SELECT;
    if (changes) begin_change(conn);
    if (rc == 0 && how(statement, ret) != DuckDBSuccess) rc = fail_result(conn, name, ret, err);
    if (changes) end_change(conn);
    duckdb.destroy_prepare(&statement);
    log_time(name, began);
    return rc;
}

static int execute(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, duckdb_result *ret, Error *err) {
    return execute_by(duckdb.execute_prepared, conn, name, sql, values, n, ret, err);
}

int lake_exec_values(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, int64_t *ret_changed,
                     Error *err) {
    duckdb_result result;
    if (execute(conn, name, sql, values, n, &result, err) != 0) return -1;
    if (ret_changed != NULL) *ret_changed = (int64_t)duckdb.rows_changed(&result);
    duckdb.destroy_result(&result);
    return 0;
}

int lake_query(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, LakeResult **ret, Error *err) {
    duckdb_result result;
    if (execute(conn, name, sql, values, n, &result, err) != 0) return -1;
    *ret = lake_result_new(conn, name, &result);
    return 0;
}

int lake_stream(LakeConn *conn, const char *name, const char *sql, LakeResult **ret, Error *err) {
    duckdb_result result;
    if (execute_by(duckdb.execute_prepared_streaming, conn, name, sql, NULL, 0, &result, err) != 0) return -1;
    *ret = lake_result_new(conn, name, &result);
    return 0;
}

int lake_query_int(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, int64_t *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *result = NULL;
    if (lake_query(conn, name, sql, values, n, &result, err) != 0) return -1;
    int got = lake_next(result, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "%s: expected one row, got none", name);
    *ret = lake_col_int(result, 0);
    return 0;
}

/* lake.c: database, connections, statements and transactions over DuckDB's C interface.
 *
 * Invariant: a transaction in which any statement failed never commits (FACTS of DuckDB: its COMMIT would answer success and store
 * nothing). After a FATAL error the database handle is left alone until the process ends: closing would checkpoint an unknown state. */
#include "lake/internal.h"

#include "base/clock.h"
#include "base/embedded.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* ---- errors ---- */

/* DuckDB has the system's words for it, and no type of its own. */
static bool says_full(const char *message) {
    static const int full[] = {ENOSPC, EDQUOT, EFBIG};
    for (size_t i = 0; message != NULL && i < ARRAY_LEN(full); i++)
        if (strstr(message, strerrordesc_np(full[i])) != NULL) return true;
    return false;
}

static ErrorKind kind_of(duckdb_error_type type) {
    switch (type) {
    case DUCKDB_ERROR_INTERRUPT: return ERR_STOPPED;
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_CONSTRAINT:
    case DUCKDB_ERROR_DIVIDE_BY_ZERO: return ERR_DATA;
    case DUCKDB_ERROR_PARSER:
    case DUCKDB_ERROR_SYNTAX:
    case DUCKDB_ERROR_BINDER:
    case DUCKDB_ERROR_CATALOG:
    case DUCKDB_ERROR_INTERNAL: return ERR_BUG;
    default: return ERR_IO;
    }
}

/* A damaged block is noticed only when it is read. */
static const char *next_step(duckdb_error_type type, const char *message) {
    if (type == DUCKDB_ERROR_OUT_OF_MEMORY) return ". Raise lake.memory_limit";
    bool damaged = message != NULL && strstr(message, "Corrupt database file") != NULL;
    return damaged ? ". Next: `smelt recover` says what it would do" : "";
}

int lake_fail(LakeConn *conn, const char *name, duckdb_error_type type, const char *message, Error *err) {
    if (conn->in_transaction) conn->failed = true;
    if (type == DUCKDB_ERROR_FATAL) atomic_store(&conn->lake->fatal, true);
    if (type == DUCKDB_ERROR_INTERRUPT && stop_requested())
        return error_set(err, ERR_STOPPED, "%s: stopped while it ran; nothing of it was stored", name);
    return error_set(err, says_full(message) ? ERR_FULL : kind_of(type), "%s: %s%s", name,
                     message != NULL ? message : "DuckDB gave no reason", next_step(type, message));
}

static int fail_result(LakeConn *conn, const char *name, duckdb_result *result, Error *err) {
    int rc = lake_fail(conn, name, duckdb.result_error_type(result), duckdb.result_error(result), err);
    duckdb.destroy_result(result);
    return rc;
}

/* DuckDB tells the type of an error of prepare by its first words alone. What is not here is our SQL. */
static int fail_prepare(LakeConn *conn, const char *name, const char *message, Error *err) {
    static const struct {
        const char *words;
        duckdb_error_type type;
    } types[] = {{"FATAL Error", DUCKDB_ERROR_FATAL},
                 {"IO Error", DUCKDB_ERROR_IO},
                 {"Out of Memory Error", DUCKDB_ERROR_OUT_OF_MEMORY},
                 {"INTERRUPT Error", DUCKDB_ERROR_INTERRUPT},
                 {"Conversion Error", DUCKDB_ERROR_CONVERSION},
                 {"Out of Range Error", DUCKDB_ERROR_OUT_OF_RANGE},
                 {"Invalid Input Error", DUCKDB_ERROR_INVALID_INPUT}};
    duckdb_error_type type = DUCKDB_ERROR_BINDER;
    for (size_t i = 0; message != NULL && i < ARRAY_LEN(types); i++)
        if (strncmp(message, types[i].words, strlen(types[i].words)) == 0) type = types[i].type;
    return lake_fail(conn, name, type, message, err);
}

/* ---- database ---- */

static int open_failed(const char *path, char *message, Error *err) {
    bool locked = message != NULL && strstr(message, "lock on file") != NULL;
    if (locked)
        error_set(err, ERR_BUSY, "%s is open in another process: %s", path, message);
    else
        error_set(err, says_full(message) ? ERR_FULL : ERR_IO, "cannot open the lake %s: %s", path,
                  message != NULL ? message : "DuckDB gave no reason");
    duckdb.free(message);
    return -1;
}

static void set_option(duckdb_config config, const char *name, const char *value) {
    if (duckdb.set_config(config, name, value) != DuckDBSuccess) BUG(name);
}

static duckdb_config make_config(const LakeOptions *options) {
    duckdb_config config;
    if (duckdb.create_config(&config) != DuckDBSuccess) BUG("no DuckDB configuration");
    set_option(config, "autoinstall_known_extensions", "false");
    set_option(config, "autoload_known_extensions", "false");
    set_option(config, "preserve_insertion_order", "false");
    set_option(config, "max_vacuum_tasks", "0"); /* until it is known how large its rows are */
    if (options->read_only) set_option(config, "access_mode", "READ_ONLY");
    if (options->temp_dir != NULL) set_option(config, "temp_directory", options->temp_dir);
    char number[40];
    if (options->memory_limit > 0) {
        snprintf(number, sizeof number, "%" PRId64 "B", options->memory_limit);
        set_option(config, "memory_limit", number);
    }
    if (options->threads > 0) {
        snprintf(number, sizeof number, "%d", options->threads);
        set_option(config, "threads", number);
    }
    return config;
}

/* A checkpoint of DuckDB makes full row groups, of 122,880 rows, of what small commits left: good for short rows, but of rows of some
 * kilobytes it reads and writes hundreds of megabytes again and again, to no use: a few thousand of them are a good row group. */
int lake_expect_rows(LakeConn *conn, bool large, Error *err) {
    if (large) return lake_merge_nothing(conn, err);
    return lake_exec(conn, "row groups", "RESET GLOBAL max_vacuum_tasks", err);
}

int lake_merge_nothing(LakeConn *conn, Error *err) {
    return lake_exec(conn, "row groups", "SET GLOBAL max_vacuum_tasks = 0", err);
}

static int expect_rows_as_before(LakeConn *conn, Error *err) {
    enum { LARGE_ROW = 512, MANY_BYTES = 64 << 20 };
    static const char text[] =
        "SELECT (SELECT coalesce(max(used_blocks * block_size), 0) FROM pragma_database_size() WHERE database_name = current_database())"
        " > greatest({{many}}, {{large}} * (SELECT coalesce(sum(estimated_size), 0) FROM duckdb_tables() WHERE NOT temporary))";
    LakeBinding bounds[] = {{"many", lake_int(MANY_BYTES)}, {"large", lake_int(LARGE_ROW)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(text, bounds, ARRAY_LEN(bounds));
    int64_t large;
    return lake_query_int(conn, "size of rows", sql, NULL, 0, &large, err) == 0 ? lake_expect_rows(conn, large != 0, err) : -1;
}

/* Times are UTC everywhere, whatever the machine's zone. Global: a connection could not set it any more once the settings are locked. */
static int set_up(Lake *lake, const LakeOptions *options, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    if (lake_connect(lake, &conn, err) != 0 || lake_exec(conn, "time zone", "SET GLOBAL TimeZone = 'UTC'", err) != 0) return -1;
    if (!options->read_only && expect_rows_as_before(conn, err) != 0) return -1;
    if (!options->locked_down) return 0;
    return lake_exec(conn, "lock down", "SET enable_external_access = false; SET lock_configuration = true", err);
}

static int open_database(const char *path, const LakeOptions *options, duckdb_database *ret, Error *err) {
    duckdb_config config = make_config(options);
    char *message = NULL;
    duckdb_state state = duckdb.open_ext(path, ret, config, &message);
    duckdb.destroy_config(&config);
    return state == DuckDBSuccess ? 0 : open_failed(path, message, err);
}

/* A process that is killed while DuckDB writes a first header leaves a file that nobody can open: so it is made aside. */
static int create_database(const char *path, const LakeOptions *options, Error *err) {
    CLEANUP(free_text) char *aside = xasprintf("%s.new", path);
    duckdb_database db;
    if (unlink(aside) != 0 && errno != ENOENT)
        return error_errno(err, ERR_IO, errno, "cannot remove %s, left by a process that ended", aside);
    if (open_database(aside, options, &db, err) != 0) return -1;
    duckdb.close(&db);
    return file_publish(aside, path, err);
}

int lake_open(const char *path, const LakeOptions *options, Lake **ret, Error *err) {
    static const LakeOptions defaults = {0};
    if (options == NULL) options = &defaults;
    if (duckdb_load(err) != 0) return -1;
    bool is_new = !options->read_only && strcmp(path, ":memory:") != 0 && !file_exists(path);
    if (is_new && create_database(path, options, err) != 0) return -1;
    Lake *lake = xcalloc(1, sizeof *lake);
    pthread_mutex_init(&lake->sources_lock, NULL);
    pthread_mutex_init(&lake->conns_lock, NULL);
    if (open_database(path, options, &lake->db, err) != 0) {
        pthread_mutex_destroy(&lake->sources_lock);
        pthread_mutex_destroy(&lake->conns_lock);
        free(lake);
        return -1;
    }
    if (set_up(lake, options, err) != 0) {
        lake_free(lake);
        return -1;
    }
    *ret = lake;
    return 0;
}

void lake_free(Lake *lake) {
    if (lake_may_close(lake))
        duckdb.close(&lake->db);
    else
        lake_abandon(lake->db);
    lake_functions_free(lake);
    pthread_mutex_destroy(&lake->sources_lock);
    pthread_mutex_destroy(&lake->conns_lock);
    free(lake);
}

int lake_connect(Lake *lake, LakeConn **ret, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = xcalloc(1, sizeof *conn);
    conn->lake = lake;
    if (duckdb.connect(lake->db, &conn->con) != DuckDBSuccess) return error_set(err, ERR_IO, "cannot connect to the lake");
    lake_conn_identify(conn);
    lake_conns_add(conn);
    *ret = TAKE(conn);
    return 0;
}

void lake_conn_free(LakeConn *conn) {
    lake_conn_forget_sources(conn);
    lake_conns_remove(conn);
    if (conn->con != NULL && atomic_load(&conn->lake->fatal)) lake_abandon(conn->con);
    if (conn->con != NULL && !atomic_load(&conn->lake->fatal)) {
        lake_rollback(conn);
        duckdb.disconnect(&conn->con);
    }
    free(conn);
}

Lake *lake_of(const LakeConn *conn) {
    return conn->lake;
}

const char *lake_engine_version(void) {
    Error ignored = {0};
    if (duckdb_load(&ignored) == 0) return duckdb.library_version();
    error_clear(&ignored);
    return "(not found)";
}

/* ---- statements ---- */

LakeValue lake_text(const char *s) {
    if (s == NULL) return lake_null();
    return (LakeValue){.type = LAKE_TEXT, .text = s, .len = strlen(s)};
}

/* `--set log.level=debug` shows where the time goes. */
static void log_time(const char *name, int64_t began) {
    log_debug("lake", "%s: %.2f ms", name, clock_seconds_since(began) * 1e3);
}

int lake_exec(LakeConn *conn, const char *name, const char *sql, Error *err) {
    duckdb_result result;
    int64_t began = clock_mono_ns();
    if (!conn->in_transaction && lake_pass_fence(conn, name, err) != 0) return -1;
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
    case LAKE_TIMES: BUG("a list of times cannot be bound");
    }
    BUG("unknown value type");
}

/* `ret` is a success when 0 is returned; otherwise nothing is left to free. */
static int execute(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, duckdb_result *ret, Error *err) {
    duckdb_prepared_statement statement = NULL;
    int64_t began = clock_mono_ns();
    int rc = 0;
    if (!conn->in_transaction && lake_pass_fence(conn, name, err) != 0) return -1;
    if (duckdb.prepare(conn->con, sql, &statement) != DuckDBSuccess) rc = fail_prepare(conn, name, duckdb.prepare_error(statement), err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (bind_value(statement, i + 1, &values[i]) != DuckDBSuccess)
            rc = lake_fail(conn, name, DUCKDB_ERROR_BINDER, "a value could not be bound", err);
    if (rc == 0 && duckdb.execute_prepared(statement, ret) != DuckDBSuccess) rc = fail_result(conn, name, ret, err);
    duckdb.destroy_prepare(&statement);
    log_time(name, began);
    return rc;
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

int lake_query_int(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, int64_t *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *result = NULL;
    if (lake_query(conn, name, sql, values, n, &result, err) != 0) return -1;
    int got = lake_next(result, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "%s: expected one row, got none", name);
    *ret = lake_col_int(result, 0);
    return 0;
}

const char *lake_sql(const char *name) {
    CLEANUP(free_text) char *path = xasprintf("sql/%s.sql", name);
    const EmbeddedFile *file = embedded_find(path);
    if (file == NULL) BUG(name);
    return (const char *)file->data;
}

static void add_quoted(Buf *out, const char *s, size_t n) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\'') buf_add_char(out, '\'');
        buf_add_char(out, s[i]);
    }
    buf_add_char(out, '\'');
}

static void add_literal(Buf *out, const LakeValue *v) {
    char time[CLOCK_TEXT_SIZE];
    switch (v->type) {
    case LAKE_NULL: buf_add_str(out, "NULL"); return;
    case LAKE_BOOL: buf_add_str(out, v->i != 0 ? "true" : "false"); return;
    case LAKE_INT: buf_addf(out, "%" PRId64, v->i); return;
    case LAKE_REAL: buf_addf(out, "'%.17g'::DOUBLE", v->r); return;
    case LAKE_JSON:
    case LAKE_TEXT: add_quoted(out, v->text, v->len); return;
    case LAKE_TIME: buf_addf(out, "TIMESTAMPTZ '%s'", clock_format(v->i, time)); return;
    case LAKE_TIMES:
        for (size_t i = 0; i < v->len; i++) buf_addf(out, "%sTIMESTAMPTZ '%s'", i > 0 ? ", " : "", clock_format(v->times[i], time));
        return;
    case LAKE_BLOB: BUG("a BLOB has no literal here");
    }
}

static const LakeValue *find_binding(const char *name, size_t len, const LakeBinding *bindings, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strlen(bindings[i].name) == len && memcmp(bindings[i].name, name, len) == 0) return &bindings[i].value;
    BUG(name);
}

char *lake_sql_bind(const char *sql, const LakeBinding *bindings, size_t n) {
    Buf out = {0};
    for (;;) {
        const char *open = strstr(sql, "{{");
        const char *close = open != NULL ? strstr(open, "}}") : NULL;
        if (close == NULL) break;
        buf_add(&out, sql, (size_t)(open - sql));
        add_literal(&out, find_binding(open + 2, (size_t)(close - open - 2), bindings, n));
        sql = close + 2;
    }
    buf_add_str(&out, sql);
    return buf_take(&out);
}

/* ---- transactions ---- */

int lake_begin(LakeConn *conn, Error *err) {
    BUG_IF(conn->in_transaction);
    if (lake_exec(conn, "BEGIN", "BEGIN TRANSACTION", err) != 0) return -1;
    conn->in_transaction = true;
    conn->failed = false;
    return 0;
}

int lake_commit(LakeConn *conn, Error *err) {
    BUG_IF(!conn->in_transaction);
    if (conn->failed) return error_set(err, ERR_BUG, "COMMIT after a failed statement: nothing was stored");
    if (lake_pass_fence(conn, "COMMIT refused, nothing of it was stored", err) != 0) return -1;
    if (lake_exec(conn, "COMMIT", "COMMIT", err) != 0) return -1;
    conn->in_transaction = false;
    return lake_pass_fence(conn, "another writer came while this COMMIT went in, `smelt audit` tells what it did", err);
}

void lake_rollback(LakeConn *conn) {
    if (!conn->in_transaction) return;
    conn->in_transaction = false;
    conn->failed = false;
    if (atomic_load(&conn->lake->fatal)) return;
    Error ignored = {0};
    if (lake_exec(conn, "ROLLBACK", "ROLLBACK", &ignored) != 0) error_clear(&ignored);
}

int lake_checkpoint(LakeConn *conn, Error *err) {
    return lake_exec(conn, "CHECKPOINT", "CHECKPOINT", err);
}

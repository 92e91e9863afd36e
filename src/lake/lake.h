/* lake.h: the lakehouse's database file. Only this module knows DuckDB. Each section below has its file: database.c, fence.c, ...
 *
 * Lake:       one open database. A process opens a path once (DuckDB loses rows otherwise). Any thread may call lake_connect.
 * LakeConn:   one connection, used by one thread at a time.
 * LakeResult: the rows of one query, read forwards; a text is valid until the next lake_next or lake_result_free.
 *
 * Errors: ERR_IO (disk, damage), ERR_FULL (the disk is full), ERR_BUSY (another process has the file), ERR_DATA (the SQL refused a value),
 * ERR_STOPPED (interrupted), ERR_BUG (our SQL is wrong). The text names the statement, or the file that could not be written. A lake is
 * lost when DuckDB has invalidated the database or the fence refuses: its errors are fatal (error.h), and its file is not touched any more,
 * not even to close it. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Lake Lake;
typedef struct LakeConn LakeConn;
typedef struct LakeResult LakeResult;

typedef struct LakeOptions {
    bool read_only;
    int64_t memory_limit;   /* bytes of DuckDB's buffer manager; 0: DuckDB's default */
    int threads;            /* 0: one per core */
    const char *temp_dir;   /* where DuckDB spills; NULL: beside the database */
    bool locked_down;       /* no file but those in temp_dir and export_dir, no network, settings frozen: for SQL that users wrote */
    const char *export_dir; /* NULL: none */
} LakeOptions;

/* ---- database and connections ---- */

/* ERR_CONFIG: DuckDB would not take `path` for the file of that name: it cuts paths at a question mark, expands ~, and takes what is before
 * a colon for a protocol. All functions that open or write a file by a path check it. */
int lake_check_path(const char *path, Error *err) MUST_CHECK;
/* Makes the file when there is none; `path` may be ":memory:". `options` may be NULL. */
int lake_open(const char *path, const LakeOptions *options, Lake **ret, Error *err) MUST_CHECK;
/* Closes the database; its connections must be freed before. */
void lake_free(Lake *lake);
DEFINE_CLEANUP(lake_free, Lake)
int lake_connect(Lake *lake, LakeConn **ret, Error *err) MUST_CHECK;
void lake_conn_free(LakeConn *conn);
DEFINE_CLEANUP(lake_conn_free, LakeConn)
Lake *lake_of(const LakeConn *conn);
/* Raises the limit of DuckDB's memory when a table has too many columns for it: at lake_open, and after columns were added. Outside of a
 * transaction, or in one. */
int lake_fit_memory(LakeConn *conn, Error *err) MUST_CHECK;
/* How many threads DuckDB has, for the queries of all connections together. It may be changed between queries. */
int lake_threads(LakeConn *conn, int64_t *ret, Error *err) MUST_CHECK;
int lake_set_threads(LakeConn *conn, int64_t threads, Error *err) MUST_CHECK;
/* At least so many, until the last of those who raised them has called lake_lower_threads, once for each success. Any thread. */
int lake_raise_threads(LakeConn *conn, int64_t threads, Error *err) MUST_CHECK;
int lake_lower_threads(LakeConn *conn, Error *err) MUST_CHECK;
/* Around a statement whose source (lake_register_source) queries: until the same thread calls lake_release_threads, the number of threads
 * does not change, and who would change it waits. Otherwise DuckDB would wait for the end of a thread of its own, and that one for the lock
 * that each query takes at its end. Between the two, that thread must not change it. Any thread; several may keep it at once. */
void lake_keep_threads(LakeConn *conn);
void lake_release_threads(LakeConn *conn);
/* For a process that writes a little and ends: keeps memory for DuckDB's blocks, and touches it on a thread of its own while the caller
 * goes on, who would wait for each page otherwise. That memory is part of what DuckDB may use, and is not given back before the lake is
 * freed. Never fails: without it everything is as before. End it before the lake is freed. */
typedef struct LakePool LakePool;
LakePool *lake_pool_begin(LakeConn *conn);
void lake_pool_end(LakePool *pool);
/* Is it an error for want of memory, not for a damaged file? */
bool lake_lacks_memory(const Error *err);
/* ... and this process may try again when its other connections need less. */
bool lake_may_get_memory(const Error *err);
const char *lake_engine_version(void); /* "v1.5.6" */

/* Reads every table to its end: DuckDB notices a damaged block only when it reads it. ERR_IO: damage; ERR_STOPPED: interrupted. */
int lake_read_all(LakeConn *conn, Error *err) MUST_CHECK;
/* The same of one table. */
int lake_read_table(LakeConn *conn, const char *table, Error *err) MUST_CHECK;

/* Twice LakeOptions.memory_limit from now on, and twice what wide tables need, for a process that does two large things at once. */
int lake_double_memory(LakeConn *conn, Error *err) MUST_CHECK;

/* ---- interrupt ---- */

/* Makes the query that runs on this connection now fail soon, with ERR_STOPPED there. Any thread. */
void lake_interrupt(LakeConn *conn);
/* The same on every connection of the lake. Any thread. */
void lake_interrupt_all(Lake *lake);

/* ---- a query of a user ---- */

/* `SELECT columns FROM (the user's query) AS "the query's row" end`: a statement that is not one query does not parse there, on purpose.
 * The caller frees. */
char *lake_user_query(const char *columns, const char *sql, const char *end) MUST_CHECK;
/* The error of such a statement as one about the user's own lines; of what is no query, what to do instead. Returns -1. */
int lake_user_query_failed(const char *sql, Error *err);

/* ---- fence ---- */

/* May this process still write? Asked before each statement outside of a transaction, and before and after each COMMIT, by the thread that
 * runs it. A -1, with the caller's error, means that another writer has taken over: the lake is lost, and what was not committed is not
 * stored. `user` is borrowed. */
typedef int (*LakeFence)(void *user, Error *err);
void lake_set_fence(Lake *lake, LakeFence check, void *user);
/* ERR_BUSY, fatal: the fence has refused a statement before, on any thread. Reads that from memory; the fence is not called. */
int lake_check_fence(const Lake *lake, Error *err) MUST_CHECK;
/* Adds the next step to an error of lake_open when it is ERR_IO: to repair the lake, or what is in the way of opening it. Returns -1. */
int lake_advise_opening(Error *err);
/* Rights, a limit or a volume that is read-only was in the way: the file may be well. */
bool lake_may_not_open(const Error *err);

/* ---- statement ---- */

/* Values bound to $1, $2, ... of a prepared statement. */
typedef enum LakeType {
    LAKE_NULL,
    LAKE_BOOL,
    LAKE_INT,
    LAKE_REAL,
    LAKE_TEXT,
    LAKE_JSON,
    LAKE_BLOB,
    LAKE_TIME,
    LAKE_TIMES,
    LAKE_INTS,
    LAKE_NAME
} LakeType;
typedef struct LakeValue {
    LakeType type;
    int64_t i;        /* LAKE_BOOL, LAKE_INT; LAKE_TIME in microseconds UTC (TIMESTAMPTZ) */
    double r;         /* LAKE_REAL */
    const char *text; /* LAKE_TEXT, LAKE_BLOB; LAKE_NAME, only for lake_sql_bind; borrowed */
    size_t len;
    const int64_t *list; /* LAKE_TIMES, LAKE_INTS, only for lake_sql_bind: `len` of them, written as a list for IN (...); borrowed */
} LakeValue;
static inline LakeValue lake_int(int64_t v) {
    return (LakeValue){.type = LAKE_INT, .i = v};
}
static inline LakeValue lake_bool(bool v) {
    return (LakeValue){.type = LAKE_BOOL, .i = v};
}
static inline LakeValue lake_real(double v) {
    return (LakeValue){.type = LAKE_REAL, .r = v};
}
static inline LakeValue lake_time(int64_t us) {
    return (LakeValue){.type = LAKE_TIME, .i = us};
}
static inline LakeValue lake_blob(const void *bytes, size_t n) {
    return (LakeValue){.type = LAKE_BLOB, .text = (const char *)bytes, .len = n};
}
static inline LakeValue lake_times(const int64_t *us, size_t n) {
    return (LakeValue){.type = LAKE_TIMES, .list = us, .len = n};
}
static inline LakeValue lake_ints(const int64_t *v, size_t n) {
    return (LakeValue){.type = LAKE_INTS, .list = v, .len = n};
}
LakeValue lake_text(const char *s); /* NULL becomes SQL NULL */
LakeValue lake_name(const char *s); /* of a table or column, which the declarations decide: written in quotes */
static inline LakeValue lake_null(void) {
    return (LakeValue){.type = LAKE_NULL};
}

/* Runs a script of one or more statements without values, and drops the results. `name` stands in errors ("bronze/land"). */
int lake_exec(LakeConn *conn, const char *name, const char *sql, Error *err) MUST_CHECK;
/* Runs one statement with values. `ret_changed` (NULL: not wanted) gets the number of rows it inserted, updated or deleted. */
int lake_exec_values(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, int64_t *ret_changed,
                     Error *err) MUST_CHECK;
/* Runs one statement that returns rows. All of them are held in memory until lake_result_free. */
int lake_query(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, LakeResult **ret,
               Error *err) MUST_CHECK;
/* Runs one statement that returns rows, as they are read: none is held in memory but the current ones. The connection can do nothing else
 * until lake_result_free. Only with lake_next_chunk (vectors.h) or lake_next. */
int lake_stream(LakeConn *conn, const char *name, const char *sql, LakeResult **ret, Error *err) MUST_CHECK;
/* The first column of the first row as an integer; ERR_BUG when there is no row, 0 for NULL. */
int lake_query_int(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, int64_t *ret,
                   Error *err) MUST_CHECK;

/* ---- template ---- */

/* The text of sql/<name>.sql as built into the binary (BUG when there is none): lake_exec(conn, n, lake_sql(n), err). */
const char *lake_sql(const char *name);
/* A copy of `sql` with each {{name}} replaced by its value as a typed, quoted literal. Only for names of tables and columns, and for
 * statements where DuckDB skips row groups by literals but not by bound values. A name without a binding is a BUG. The caller frees. */
typedef struct LakeBinding {
    const char *name;
    LakeValue value;
} LakeBinding;
char *lake_sql_bind(const char *sql, const LakeBinding *bindings, size_t n) MUST_CHECK;

/* ---- rows ---- */

/* Goes to the next row. 1: there is one, 0: the end, -1: error. */
int lake_next(LakeResult *r, Error *err) MUST_CHECK;
void lake_result_free(LakeResult *r);
DEFINE_CLEANUP(lake_result_free, LakeResult)
size_t lake_columns(const LakeResult *r);
const char *lake_column_name(const LakeResult *r, size_t col);
/* Columns of the current row. A numeric column reads as int or real; VARCHAR, JSON and BLOB read as text (cast other types in SQL); a
 * timestamp reads as int, microseconds UTC. NULL reads as 0, 0.0, false, NULL. A wrong type is a BUG. */
bool lake_is_null(const LakeResult *r, size_t col);
int64_t lake_col_int(const LakeResult *r, size_t col);
double lake_col_real(const LakeResult *r, size_t col);
bool lake_col_bool(const LakeResult *r, size_t col);
const char *lake_col_text(LakeResult *r, size_t col, size_t *ret_len); /* ret_len may be NULL; NUL-terminated */
/* The current row as a JSON object by column name: numbers, booleans, null, texts; JSON columns as values; times as ISO 8601 with Z;
 * DECIMAL as a number; integers beyond 64 bits as reals. Cast other types (UUID, INTERVAL, lists, ...) in SQL: they are a BUG, as is a
 * wrong type above. Never NULL. The caller owns it. */
json_t *lake_row_json(LakeResult *r);
/* The rows that are left, as a JSON array. The caller owns it. */
int lake_rows_json(LakeResult *r, json_t **ret, Error *err) MUST_CHECK;

/* ---- transaction ---- */

int lake_begin(LakeConn *conn, Error *err) MUST_CHECK;
/* Fails when any statement of the transaction has failed: nothing is stored then, and lake_rollback is due. (DuckDB would answer with
 * success and store nothing.) */
int lake_commit(LakeConn *conn, Error *err) MUST_CHECK;
/* Ends the transaction, if one is open. What is not committed is not stored, in any case. */
void lake_rollback(LakeConn *conn);
/* It could not be done (memory is lacking), so that the transaction still holds what it saw: the next statement does it first. */
bool lake_rollback_is_due(const LakeConn *conn);
/* Without a query: between two answers of true with the same *ret_changes nothing was committed, by any connection of this process. Never
 * 0. */
bool lake_is_quiet(Lake *lake, uint64_t *ret_changes);
/* Without a query: how much was committed in this process, but for what only landed. What was committed before it was read is seen by a
 * transaction that begins now. */
uint64_t lake_changes(Lake *lake);
/* What this connection commits changes nothing that was computed from it: it does not count for lake_changes. It does for lake_is_quiet. */
void lake_only_lands(LakeConn *conn);
/* Outside of transactions too, this connection changes nothing but what is its own: its statements do not count for lake_is_quiet. */
void lake_only_reads(LakeConn *conn);

/* ---- checkpoint ---- */

int lake_checkpoint(LakeConn *conn, Error *err) MUST_CHECK;
/* The same for a writer that others may ask things meanwhile (flow/query_socket.h): *ret_done false when one of them is in the middle of a
 * transaction, so that nothing was done. */
int lake_checkpoint_if_idle(LakeConn *conn, bool *ret_done, Error *err) MUST_CHECK;
/* Begins a checkpoint on a thread and a connection of its own, for a writer that has nothing to write for a while: it reads as before, and
 * what a checkpoint cannot do beside it is left for later. NULL when it cannot begin. End it before the lake is freed, which is soon:
 * without `merge` no later checkpoint merges small row groups, since merging costs up to a full row group of each table, however few rows
 * were added. */
typedef struct LakeCheckpoint LakeCheckpoint;
LakeCheckpoint *lake_checkpoint_async(Lake *lake, bool merge);
bool lake_checkpoint_has_ended(LakeCheckpoint *c);
void lake_checkpoint_wait(LakeCheckpoint *c); /* until it has ended; frees it */
DEFINE_CLEANUP(lake_checkpoint_wait, LakeCheckpoint)
/* For a process whose connections write at the same time: from now on no commit checkpoints, which would take its time, unless the log
 * becomes very long; lake_checkpoint_beside does. */
int lake_checkpoint_by_hand(LakeConn *conn, Error *err) MUST_CHECK;
/* Checkpoints while other connections write: those that only insert and delete rows do not wait; those that update rows, or create or drop
 * tables, do. With `usual` a usual one follows, for which all wait: it gives back the row groups whose rows are all deleted, and merges
 * small ones. *ret_done false: one of them was writing just now, so that nothing was done; try again soon. Not in a transaction. */
int lake_checkpoint_beside(LakeConn *conn, bool usual, bool *ret_done, Error *err) MUST_CHECK;
/* Whether checkpoints, of whatever database, compress texts by FSST: looking for its symbols takes a third of the checkpoint of small
 * tables. Without it dictionaries and ZSTD remain. */
int lake_use_fsst(LakeConn *conn, bool use, Error *err) MUST_CHECK;
/* Are the rows that come from now on large, a kilobyte or more? Checkpoints then leave row groups as commits made them (row_groups.c).
 * lake_open chooses by the rows that are stored. */
int lake_expect_rows(LakeConn *conn, bool large, Error *err) MUST_CHECK;
/* From now on a checkpoint makes so many merges of small row groups in each table, each of up to three full ones; of large rows none. */
int lake_merge_at_most(LakeConn *conn, int merges, Error *err) MUST_CHECK;
/* A usual checkpoint with so many merges, and from then on none, whether something has changed or not. *ret_done as above. */
int lake_merge_now(LakeConn *conn, int merges, bool *ret_done, Error *err) MUST_CHECK;

/* ---- bulk ---- */

/* Rows from C as a table function: `FROM <name>()` on this connection calls `fill` until it returns 0. Another connection reads what it has
 * registered under the name itself, or gets an error. DuckDB scans with up to `threads` threads, each with a chunk of its own: with more
 * than one, `fill` must be thread-safe. Registering a name again replaces it. `state` and the texts of the columns are borrowed until then,
 * until lake_unregister_source, or until the connection is freed. */
typedef struct LakeChunk LakeChunk; /* up to `capacity` rows being filled */
typedef struct LakeColumn {
    const char *name;
    LakeType type;        /* LAKE_INT is BIGINT, LAKE_REAL DOUBLE, LAKE_TIME TIMESTAMPTZ; LAKE_JSON a text that is known to be JSON */
    const char *sql_type; /* instead of `type`, for columns that are filled as vectors: a type that vectors.h lists; NULL: none */
} LakeColumn;
typedef size_t (*LakeFill)(void *state, LakeChunk *chunk, size_t capacity); /* rows filled; 0: the end */
int lake_register_source(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, int threads, LakeFill fill, void *state,
                         Error *err) MUST_CHECK;
/* The same, but each thread has a state of its own, the first that no other has: at most `threads` of them. */
int lake_register_streams(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, LakeFill fill, void **states,
                          size_t threads, Error *err) MUST_CHECK;
void lake_unregister_source(LakeConn *conn, const char *name);
void lake_put_int(LakeChunk *chunk, size_t col, size_t row, int64_t v);
void lake_put_real(LakeChunk *chunk, size_t col, size_t row, double v);
void lake_put_null(LakeChunk *chunk, size_t col, size_t row);
void lake_put_blob(LakeChunk *chunk, size_t col, size_t row, const void *bytes, size_t n);
/* Puts NULL and returns false when the bytes are not valid UTF-8. */
bool lake_put_text(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n);
/* For bytes that are known to be valid UTF-8: neither this nor DuckDB checks them. */
void lake_put_utf8(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n);
bool lake_is_utf8(const char *s, size_t n); /* only after a lake was opened */

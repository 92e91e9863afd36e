/* internal.h: what the files of this module share. */
#pragma once
#include "base/buf.h"
#include "lake/duckdb_api.h"
#include "lake/lake.h"
#include <pthread.h>
#include <stdatomic.h>

struct Lake {
    duckdb_database db;
    atomic_bool refused;  /* by the fence */
    atomic_bool lost;     /* DuckDB invalidated the database, so that the outcome of the last commit is unknown; or the fence refused */
    int64_t memory_limit; /* bytes that DuckDB may use now; 0: it chooses */
    int large_things;     /* that are done at once: lake_double_memory */
    atomic_ullong changes_begun, changes_ended; /* changes.c */
    atomic_ullong changes_derived;              /* ended, and not by a connection that only lands */
    bool snapshot;                              /* opened with locked_down: a copy for readers, which can be published again */
    atomic_bool has_large_rows;                 /* lake_expect_rows */
    LakeFence fence;                            /* NULL: this process is the only writer as long as it runs */
    void *fence_user;
    pthread_mutex_t conns_lock;
    LakeConn *conns;               /* all that are open; under conns_lock */
    pthread_rwlock_t threads_kept; /* for reading: lake_keep_threads */
    pthread_mutex_t threads_lock;
    int threads_raised;     /* by so many, */
    int64_t threads_before; /* from so many threads */
    pthread_mutex_t sources_lock;
    struct LakeFunction *functions; /* bulk.c: the table functions of this database, */
    struct LakeSource *sources;     /* and what they read for each connection */
};

struct LakeConn {
    Lake *lake;     /* borrowed */
    LakeConn *next; /* of lake->conns */
    duckdb_connection con;
    idx_t id; /* DuckDB's number of it */
    bool in_transaction;
    bool only_reads;
    bool only_lands;
    bool rollback_due; /* a ROLLBACK failed: the transaction may still be open */
    bool failed;       /* a statement failed inside the transaction: COMMIT would store nothing and say success */
};

struct LakeResult {
    LakeConn *conn; /* borrowed */
    char *name;     /* of the statement; owned */
    duckdb_result result;
    duckdb_data_chunk chunk; /* NULL before the first */
    size_t row, rows;        /* within the chunk */
    size_t column_count;
    struct ResultColumn {
        const char *name; /* borrowed from the result */
        duckdb_type type, storage;
        double scale; /* DECIMAL: 10^scale; otherwise 1 */
        bool json;
        void *data; /* of the chunk */
        uint64_t *validity;
        Buf text; /* NUL-terminated copy for lake_col_text */
    } * columns;
};

/* error.c: returns -1 with DuckDB's error as ours. Inside a transaction it fails the COMMIT to come. */
int lake_fail(LakeConn *conn, const char *name, duckdb_error_type type, const char *message, Error *err);
int lake_fail_prepare(LakeConn *conn, const char *name, const char *message, Error *err);
bool lake_says_full(const char *message);                              /* the disk was full */
int lake_fail_open(const char *path, const char *message, Error *err); /* what DuckDB says of opening; message: NULL: nothing. -1 */
bool lake_says_memory(const char *message);                            /* lake.memory_limit was too small, or the system had no more */
const char *lake_advise_memory(const char *message);                   /* what to do then; a constant */
/* fence.c: may `conn` write now? The first no is final. `name` stands in the error. A lost lake is not used any more, not even closed. */
bool lake_is_lost(const Lake *lake);
int lake_mark_fatal(const Lake *lake, Error *err); /* when the lake is lost; returns -1 */
int lake_pass_fence(LakeConn *conn, const char *name, Error *err);
/* Does a ROLLBACK that failed before, if one did. */
int lake_finish_rollback(LakeConn *conn, Error *err) MUST_CHECK;
bool lake_may_close(Lake *lake); /* closing writes a checkpoint */
void lake_abandon(void *handle); /* keeps a handle that may be neither used nor closed any more */
/* changes.c: around what may commit something. */
void lake_change_begin(LakeConn *conn);
void lake_change_end(LakeConn *conn);
/* statement.c: lake_exec for what commits nothing. */
int lake_exec_quietly(LakeConn *conn, const char *name, const char *sql, Error *err);
/* rows.c: a LakeResult of `result` (taken over). */
LakeResult *lake_result_new(LakeConn *conn, const char *name, duckdb_result *result);
/* Of a value that is not NULL: as it is stored, before a DECIMAL's scale (false: no integer of up to 64 bits); as a number, BUG when it is
 * none; as JSON, of a number or a date; of a text. */
bool lake_stored_integer(const struct ResultColumn *c, size_t row, int64_t *ret);
double lake_stored_real(const struct ResultColumn *c, size_t row);
json_t *lake_stored_json(const struct ResultColumn *c, size_t row);
json_t *lake_stored_exact(const struct ResultColumn *c, size_t row); /* a DECIMAL, or an integer beyond 64 bits, with all its digits */
json_t *lake_text_json(const struct ResultColumn *c, const char *text, size_t len);
/* Goes to the first row of the next chunk. 1: there is one, 0: the end, -1: error. */
int lake_fetch(LakeResult *r, Error *err);
/* row_groups.c: */
int lake_expect_stored_rows(LakeConn *conn, const char *path, Error *err); /* lake_expect_rows, by the rows that the file has */
/* interrupt.c: after a connection was made, and before it is disconnected. */
void lake_conns_add(LakeConn *conn);
void lake_conns_remove(LakeConn *conn);
/* bulk.c: after a connection was made, before it is disconnected, and when the lake is closed. */
void lake_conn_identify(LakeConn *conn);
void lake_conn_forget_sources(LakeConn *conn);
/* The transaction has ended, and with it what it registered stays or is taken back. */
void lake_conn_settle_functions(LakeConn *conn, bool committed);
void lake_functions_free(Lake *lake);
/* threads.c: */
void lake_threads_init(Lake *lake);
void lake_threads_done(Lake *lake);

/* error.c: DuckDB's errors as ours: the kind, the name of the statement, the next step where there is one.
 *
 * Invariant: an error of a lost lake is fatal, whatever its kind. */
#include "lake/internal.h"

#include "base/memory.h"
#include "base/stop.h"
#include <errno.h>
#include <string.h>

/* DuckDB has no error type for a full disk, only the text of the system's error. 0: it is none. */
static int full_code(const char *message) {
    static const int full[] = {ENOSPC, EDQUOT, EFBIG};
    for (size_t i = 0; message != NULL && i < ARRAY_LEN(full); i++)
        if (strstr(message, strerrordesc_np(full[i])) != NULL) return full[i];
    return 0;
}

bool lake_says_full(const char *message) {
    return full_code(message) != 0;
}

/* "cannot write FILE: REASON", without what DuckDB was doing; the caller frees. NULL: the message is of something else. */
static char *failed_write(const char *message) {
    static const char wrote[] = "Could not write file \"";
    const char *path = NULL;
    for (const char *at = message; at != NULL && (at = strstr(at, wrote)) != NULL;) path = at += sizeof wrote - 1;
    size_t n = path != NULL ? strcspn(path, "\"") : 0;
    if (path == NULL || strncmp(path + n, "\": ", 3) != 0) return NULL;
    const char *reason = path + n + 3;
    return xasprintf("cannot write %.*s: %.*s", (int)n, path, (int)strcspn(reason, "\"\n"), reason);
}

static bool says_one_of(const char *message, const char *const words[]) {
    for (; message != NULL && *words != NULL; words++)
        if (strstr(message, *words) != NULL) return true;
    return false;
}

/* The system had no more, whatever lake.memory_limit is. Some come as errors of what was read, as of ZSTD, or without a type of DuckDB. */
static bool says_system_memory(const char *message) {
    static const char *const words[] = {"bad allocation",         "bad_alloc", "Allocation error", "Allocation failure",
                                        "Cannot allocate memory", NULL};
    return says_one_of(message, words);
}

bool lake_says_memory(const char *message) {
    static const char *const words[] = {"could not allocate block", "failed to allocate", "failed to pin block", "Out of Memory Error",
                                        NULL};
    return says_one_of(message, words) || says_system_memory(message);
}

const char *lake_advise_memory(const char *message) {
    return says_system_memory(message) ? LAKE_MORE_MEMORY : "raise lake.memory_limit";
}

bool lake_lacks_memory(const Error *err) {
    return err->kind != ERR_NONE && lake_says_memory(err->text);
}

bool lake_may_get_memory(const Error *err) {
    return lake_lacks_memory(err) && !err->fatal;
}

/* Neither the file nor the disk is to blame: NULL for all other reasons. */
static const char *circumstance(const char *message) {
    static const struct {
        int code;
        const char *advice;
    } known[] = {{EACCES, "look at the owner and the rights of the files in data.dir: this process may not open them"},
                 {EPERM, "look at the owner and the rights of the files in data.dir: this process may not open them"},
                 {EROFS, "data.dir is on a volume that is mounted read-only: writing needs another"},
                 {EMFILE, "raise the limit of open files of this process (ulimit -n)"},
                 {ENFILE, "raise the limit of open files of this machine (fs.file-max)"}};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strstr(message, strerrordesc_np(known[i].code)) != NULL) return known[i].advice;
    return NULL;
}

bool lake_may_not_open(const Error *err) {
    return err->kind == ERR_IO && circumstance(err->text) != NULL;
}

int lake_advise_opening(Error *err) {
    const char *advice = circumstance(err->text);
    if (err->kind != ERR_IO) return -1;
    return error_set(err, ERR_IO, "%s. Next: %s", err->text, advice != NULL ? advice : "`smelt recover` shows what it would do");
}

static ErrorKind kind_of(duckdb_error_type type, const char *message) {
    if (type != DUCKDB_ERROR_INTERRUPT && lake_says_memory(message)) return ERR_IO; /* whatever was done with it */
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

/* A device that failed. DuckDB names no reason when it was in fsync. */
static bool says_broken(const char *message) {
    return message != NULL && (strstr(message, strerrordesc_np(EIO)) != NULL || strstr(message, "fsync failed") != NULL);
}

/* A damaged block, or a file that is shorter than its header says. */
static bool says_damaged(const char *message) {
    return message != NULL && (strstr(message, "Corrupt database file") != NULL || strstr(message, "Could not read enough bytes") != NULL);
}

/* DuckDB notices damage only when it reads what is damaged: any statement may be the one. */
static const char *next_step(const Lake *lake, duckdb_error_type type, const char *message) {
    if (full_code(message) == EFBIG) return "raise the limit on the size of a file of this process (ulimit -f)";
    if (full_code(message) == EDQUOT) return "free space, or raise the quota";
    if (lake_says_full(message)) return "free space on its disk";
    if (!lake->snapshot && says_broken(message)) return "look for errors of the disk in the system's log, then run it again";
    if (type == DUCKDB_ERROR_OUT_OF_MEMORY || lake_says_memory(message)) return lake_advise_memory(message);
    if (!says_damaged(message)) return message != NULL ? circumstance(message) : NULL;
    return lake->snapshot ? "`smelt publish --full` writes a new snapshot" : "`smelt recover` says what it would do";
}

/* DuckDB adds advice about its own settings after an empty line of its own, and where in its source it was. */
static int message_len(const char *message) {
    static const char *const ends[] = {"\nPossible solutions", "\nThis error signals an assertion failure", "\nStack Trace"};
    size_t n = strlen(message);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        const char *end = strstr(message, ends[i]);
        if (end != NULL && (size_t)(end - message) < n) n = (size_t)(end - message);
    }
    while (n > 0 && (message[n - 1] == '\n' || message[n - 1] == '.')) n--;
    return (int)n;
}

int lake_fail_open(const char *path, const char *message, Error *err) {
    CLEANUP(free_text) char *write = failed_write(message);
    const char *reason = write != NULL ? write : message != NULL ? message : "DuckDB gave no reason";
    return error_set(err, lake_says_full(message) ? ERR_FULL : ERR_IO, "cannot open the lake %s: %.*s", path, message_len(reason), reason);
}

/* DuckDB 1.5 does not take back all of a commit that failed. When it lacked memory, columns in memory have rows that their row group has
 * not, and the next checkpoint fails; when the log could not be written, an index may keep what is gone, and a checkpoint would store it.
 * The file and its log are whole. A full disk is not among them: `up` waits for space, and no table that is written then has such an index.
 */
static bool may_be_half_committed(const char *message) {
    return message != NULL && strstr(message, "Failed to commit") != NULL && (lake_says_memory(message) || says_broken(message));
}

int lake_fail(LakeConn *conn, const char *name, duckdb_error_type type, const char *message, Error *err) {
    const char *reason = message != NULL ? message : "DuckDB gave no reason", *next = next_step(conn->lake, type, message);
    CLEANUP(free_text) char *write = failed_write(message);
    ErrorKind kind = lake_says_full(message) ? ERR_FULL : kind_of(type, message);
    if (conn->in_transaction) conn->failed = true;
    if (type == DUCKDB_ERROR_FATAL || may_be_half_committed(message)) atomic_store(&conn->lake->lost, true);
    if (type == DUCKDB_ERROR_INTERRUPT && stop_requested())
        error_set(err, ERR_STOPPED, "%s: stopped while it ran; nothing of it was stored", name);
    else if (write != NULL)
        error_set(err, kind, "%s%s%s", write, next != NULL ? ". Next: " : "", next != NULL ? next : "");
    else
        error_set(err, kind, "%s: %.*s%s%s", name, message_len(reason), reason, next != NULL ? ". Next: " : "", next != NULL ? next : "");
    return lake_mark_fatal(conn->lake, err);
}

/* After a failed prepare, DuckDB tells the type of the error only by the first words of its message. Any other message is about our SQL. */
int lake_fail_prepare(LakeConn *conn, const char *name, const char *message, Error *err) {
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

/* database.c: opening and closing the database, and its connections.
 *
 * Invariant: a database that is lost (lake_is_lost) is never closed, since closing writes a checkpoint. Its handles stay until the process
 * ends. */
#include "lake/internal.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* What the many small statements of a lake do not need. Those who ask a snapshot have them. */
#define UNUSED_OPTIMIZERS "common_subplan,common_aggregate,duplicate_groups,sum_rewriter,regex_range,join_elimination,window_self_join"
#define MEMORY_TIMES      8                  /* lake.memory_limit at most, to open a lake */
#define MEMORY_TO_OPEN    ((size_t)96 << 20) /* with less DuckDB's allocator may end the process by a signal */

static int open_failed(const char *path, char *message, Error *err) {
    bool locked = message != NULL && strstr(message, "lock on file") != NULL;
    if (locked)
        error_set(err, ERR_BUSY, "%s is open in another process: %s", path, message);
    else if (lake_says_memory(message))
        error_set(err, ERR_CONFIG, "cannot open the lake %s: %.*s. Next: %s", path, (int)strcspn(message, "\n"), message,
                  lake_advise_memory(message));
    else
        (void)lake_fail_open(path, message, err);
    duckdb.free(message);
    return -1;
}

static void set_option(duckdb_config config, const char *name, const char *value) {
    if (duckdb.set_config(config, name, value) != DuckDBSuccess) BUG(name);
}

static duckdb_config make_config(const LakeOptions *options, int64_t memory_limit) {
    duckdb_config config;
    if (duckdb.create_config(&config) != DuckDBSuccess) BUG("no DuckDB configuration");
    set_option(config, "autoinstall_known_extensions", "false");
    set_option(config, "autoload_known_extensions", "false");
    set_option(config, "preserve_insertion_order", "false");
    set_option(config, "storage_compatibility_version", "v1.2.0"); /* of new files: what has ZSTD, and still FSST */
    set_option(config, "disabled_compression_methods", "roaring"); /* for 20 bits of 1,000 it is not worth the faults it had */
    set_option(config, "write_buffer_row_group_count", "1");
    set_option(config, "max_vacuum_tasks", "0"); /* until row_groups.c knows how large the rows are */
    if (!options->locked_down) set_option(config, "disabled_optimizers", UNUSED_OPTIMIZERS);
    if (options->read_only) set_option(config, "access_mode", "READ_ONLY");
    if (options->temp_dir != NULL) set_option(config, "temp_directory", options->temp_dir);
    char number[40];
    if (memory_limit > 0) {
        snprintf(number, sizeof number, "%" PRId64 "B", memory_limit);
        set_option(config, "memory_limit", number);
    }
    if (options->threads > 0) {
        snprintf(number, sizeof number, "%d", options->threads);
        set_option(config, "threads", number);
    }
    return config;
}

static int allow_folder(LakeConn *conn, const char *dir, Error *err) {
    static const char name[] = "lake/allow_folder";
    CLEANUP(free_text) char *inside = xasprintf("%s/", dir);
    const LakeBinding folder = {"folder", lake_text(inside)};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), &folder, 1);
    return lake_exec(conn, name, sql, err);
}

/* Times are UTC everywhere, whatever the machine's time zone is. Set globally, since a connection cannot set it once the settings are
 * locked. */
static int set_up(Lake *lake, const char *path, const LakeOptions *options, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    if (lake_connect(lake, &conn, err) != 0 || lake_exec(conn, "time zone", "SET GLOBAL TimeZone = 'UTC'", err) != 0) return -1;
    if (!options->read_only && (lake_expect_stored_rows(conn, path, err) != 0 || lake_fit_memory(conn, err) != 0)) return -1;
    if (!options->locked_down) return 0;
    if (options->export_dir != NULL && allow_folder(conn, options->export_dir, err) != 0) return -1;
    return lake_exec(conn, "lock down", "SET enable_external_access = false; SET lock_configuration = true", err);
}

/* A write-ahead log that was written with more memory may need more to be read again: *memory_limit is doubled until it can be. */
static int open_database(const char *path, const LakeOptions *options, int64_t *memory_limit, duckdb_database *ret, Error *err) {
    if (!memory_is_there(MEMORY_TO_OPEN))
        return error_set(err, ERR_CONFIG, "cannot open the lake %s: this process may not have %zu MiB more memory. Next: %s", path,
                         MEMORY_TO_OPEN >> 20, LAKE_MORE_MEMORY);
    for (int64_t limit = *memory_limit;; limit *= 2) {
        duckdb_config config = make_config(options, limit);
        char *message = NULL;
        duckdb_state state = duckdb.open_ext(path, ret, config, &message);
        duckdb.destroy_config(&config);
        if (state == DuckDBSuccess) {
            if (limit != *memory_limit)
                log_warn("lake", "%s needs more than lake.memory_limit to be opened: %" PRId64 " MiB", path, limit >> 20);
            *memory_limit = limit;
            return 0;
        }
        if (limit == 0 || limit >= *memory_limit * MEMORY_TIMES || !lake_says_memory(message)) return open_failed(path, message, err);
        duckdb.free(message);
    }
}

/* A process that is killed while DuckDB writes the first header leaves a file that cannot be opened: so the file gets its name only when
 * it is whole. */
static int create_database(const char *path, const LakeOptions *options, Error *err) {
    CLEANUP(free_text) char *aside = xasprintf("%s.new", path);
    int64_t memory_limit = options->memory_limit;
    duckdb_database db;
    if (unlink(aside) != 0 && errno != ENOENT)
        return error_errno(err, ERR_IO, errno, "cannot remove %s, left by a process that ended", aside);
    if (open_database(aside, options, &memory_limit, &db, err) != 0) return -1;
    duckdb.close(&db);
    return file_publish(aside, path, err);
}

/* "name:" in front, as in s3://bucket/file. */
static bool has_protocol(const char *path) {
    size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-");
    return n > 0 && path[n] == ':' && strcmp(path, ":memory:") != 0;
}

int lake_check_path(const char *path, Error *err) {
    const char *why = strchr(path, '?') != NULL ? "has a question mark, at which DuckDB cuts it"
                      : path[0] == '~'          ? "begins with ~, which DuckDB replaces by the home directory"
                      : has_protocol(path)      ? "has a colon, before which DuckDB expects a protocol"
                                                : NULL;
    return why == NULL ? 0 : error_set(err, ERR_CONFIG, "the path %s %s: use another one", path, why);
}

int lake_open(const char *path, const LakeOptions *options, Lake **ret, Error *err) {
    static const LakeOptions defaults = {0};
    if (options == NULL) options = &defaults;
    CLEANUP(free_text) char *log = xasprintf("%s.wal", path);
    if (lake_check_path(path, err) != 0) return -1;
    if (file_check_regular(path, err) != 0 || file_check_regular(log, err) != 0) return -1; /* DuckDB would wait for who writes a pipe */
    if (duckdb_load(err) != 0) return -1;
    bool is_new = !options->read_only && strcmp(path, ":memory:") != 0 && !file_exists(path);
    if (is_new && create_database(path, options, err) != 0) return -1;
    Lake *lake = xcalloc(1, sizeof *lake);
    pthread_mutex_init(&lake->sources_lock, NULL);
    lake_threads_init(lake);
    pthread_mutex_init(&lake->conns_lock, NULL);
    lake->snapshot = options->locked_down;
    lake->memory_limit = options->memory_limit;
    lake->large_things = 1;
    if (open_database(path, options, &lake->memory_limit, &lake->db, err) != 0) {
        pthread_mutex_destroy(&lake->sources_lock);
        lake_threads_done(lake);
        pthread_mutex_destroy(&lake->conns_lock);
        free(lake);
        return -1;
    }
    if (set_up(lake, path, options, err) != 0) {
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
    lake_threads_done(lake);
    pthread_mutex_destroy(&lake->conns_lock);
    free(lake);
}

int lake_connect(Lake *lake, LakeConn **ret, Error *err) {
    CLEANUP(lake_conn_freep) LakeConn *conn = xcalloc(1, sizeof *conn);
    conn->lake = lake;
    if (duckdb.connect(lake->db, &conn->con) != DuckDBSuccess) {
        error_set(err, ERR_IO, "cannot connect to the lake");
        return lake_mark_fatal(lake, err);
    }
    lake_conn_identify(conn);
    lake_conns_add(conn);
    *ret = TAKE(conn);
    return 0;
}

void lake_conn_free(LakeConn *conn) {
    lake_conn_forget_sources(conn);
    lake_conns_remove(conn);
    if (conn->con != NULL && lake_is_lost(conn->lake)) {
        lake_abandon(conn->con);
    } else if (conn->con != NULL) {
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

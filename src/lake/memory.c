/* memory.c: what DuckDB's buffer manager may use.
 *
 * DuckDB keeps a block of 256 KiB for each column of a table that rows are appended to, and another one when it commits, however few the
 * rows are. So the limit follows the widest table: measured with tables of integers, 400 columns need 160 to 256 MiB, 800 need 384 to 512,
 * 1,600 need 768 to 1,024. */
#include "base/log.h"
#include "lake/internal.h"
#include <inttypes.h>
#include <stdio.h>

#define MIB          INT64_C(1048576)
#define BASE_BYTES   (64 * MIB)
#define COLUMN_BYTES (640 * INT64_C(1024))

static int set_limit(LakeConn *conn, int64_t bytes, Error *err) {
    char sql[80];
    snprintf(sql, sizeof sql, "SET GLOBAL memory_limit = '%" PRId64 "B'", bytes);
    if (lake_exec(conn, "memory limit", sql, err) != 0) return -1;
    conn->lake->memory_limit = bytes;
    return 0;
}

static int raise_limit(LakeConn *conn, int64_t bytes, int64_t columns, Error *err) {
    log_debug("lake", "a table has %" PRId64 " columns: DuckDB may use %" PRId64 " MiB instead of lake.memory_limit, %" PRId64 " MiB",
              columns, bytes / MIB, conn->lake->memory_limit / MIB);
    return set_limit(conn, bytes, err);
}

int lake_double_memory(LakeConn *conn, Error *err) {
    int64_t limit = conn->lake->memory_limit;
    conn->lake->large_things *= 2;
    return limit == 0 ? 0 : set_limit(conn, 2 * limit, err);
}

int lake_fit_memory(LakeConn *conn, Error *err) {
    static const char sql[] = "SELECT coalesce(max(column_count), 0) FROM duckdb_tables() WHERE NOT temporary";
    int64_t columns;
    if (conn->lake->memory_limit == 0) return 0; /* DuckDB chooses: most of the machine's */
    if (lake_query_int(conn, "widest table", sql, NULL, 0, &columns, err) != 0) return -1;
    int64_t needed = (BASE_BYTES + columns * COLUMN_BYTES) * conn->lake->large_things;
    return needed > conn->lake->memory_limit ? raise_limit(conn, needed, columns, err) : 0;
}

/* row_groups.c: whether a checkpoint merges small row groups.
 *
 * Small commits leave small row groups, and a checkpoint of DuckDB merges them to full ones, of 122,880 rows. That is good for short rows.
 * Of rows of some kilobytes it reads and writes hundreds of megabytes each time, for nothing: a few thousand of them are a row group of a
 * good size.
 *
 * A task of DuckDB's makes one to three row groups of smaller ones; so many of them for each table bound how long one checkpoint takes. */
#include "base/files.h"
#include "base/memory.h"
#include "lake/internal.h"

enum { MERGES = 4 }; /* a second or two of a pipeline's Bronze and Silver, at the most */

int lake_merge_at_most(LakeConn *conn, int tasks, Error *err) {
    bool none = atomic_load(&conn->lake->has_large_rows);
    CLEANUP(free_text) char *sql = xasprintf("SET GLOBAL max_vacuum_tasks = %d", none ? 0 : tasks);
    return lake_exec(conn, "row groups", sql, err);
}

int lake_expect_rows(LakeConn *conn, bool large, Error *err) {
    atomic_store(&conn->lake->has_large_rows, large);
    return lake_merge_at_most(conn, MERGES, err);
}

enum { LARGE_ROW = 512, MANY_BYTES = 64 << 20 };

static int compare_used_blocks(LakeConn *conn, int64_t rows, Error *err) {
    static const char sql[] =
        "SELECT (SELECT coalesce(max(used_blocks * block_size), 0) FROM pragma_database_size() WHERE database_name = current_database()) > $1";
    int64_t large, bound = LARGE_ROW * rows > MANY_BYTES ? LARGE_ROW * rows : MANY_BYTES;
    LakeValue value = lake_int(bound);
    if (lake_query_int(conn, "size of rows", sql, &value, 1, &large, err) != 0) return -1;
    return lake_expect_rows(conn, large != 0, err);
}

/* The blocks in use are at most those of the file. Counting them takes a few milliseconds, which most lakes need not wait for. */
int lake_expect_stored_rows(LakeConn *conn, const char *path, Error *err) {
    static const char sql[] = "SELECT coalesce(sum(estimated_size), 0)::BIGINT FROM duckdb_tables() WHERE NOT temporary";
    int64_t bytes = file_stamp(path).bytes, rows = 0;
    if (bytes <= MANY_BYTES) return lake_expect_rows(conn, false, err);
    if (lake_query_int(conn, "stored rows", sql, NULL, 0, &rows, err) != 0) return -1;
    return bytes <= LARGE_ROW * rows ? lake_expect_rows(conn, false, err) : compare_used_blocks(conn, rows, err);
}

/* row_groups.c: whether a checkpoint merges small row groups.
 *
 * Small commits leave small row groups, and a checkpoint of DuckDB merges them to full ones, of 122,880 rows. That is good for short rows.
 * Of rows of some kilobytes it reads and writes hundreds of megabytes each time, for nothing: a few thousand of them are a row group of a
 * good size. */
#include "lake/internal.h"

int lake_merge_nothing(LakeConn *conn, Error *err) {
    return lake_exec(conn, "row groups", "SET GLOBAL max_vacuum_tasks = 0", err);
}

int lake_expect_rows(LakeConn *conn, bool large, Error *err) {
    if (large) return lake_merge_nothing(conn, err);
    return lake_exec(conn, "row groups", "RESET GLOBAL max_vacuum_tasks", err);
}

int lake_expect_stored_rows(LakeConn *conn, Error *err) {
    enum { LARGE_ROW = 512, MANY_BYTES = 64 << 20 };
    static const char sql[] =
        "SELECT (SELECT coalesce(max(used_blocks * block_size), 0) FROM pragma_database_size() WHERE database_name = current_database())"
        " > greatest($1, $2 * (SELECT coalesce(sum(estimated_size), 0) FROM duckdb_tables() WHERE NOT temporary))";
    LakeValue bounds[] = {lake_int(MANY_BYTES), lake_int(LARGE_ROW)};
    int64_t large;
    if (lake_query_int(conn, "size of rows", sql, bounds, ARRAY_LEN(bounds), &large, err) != 0) return -1;
    return lake_expect_rows(conn, large != 0, err);
}

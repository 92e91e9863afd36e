/* read_all.c: reads all that is stored, for those who must know that it can be read. */
#include "lake/lake.h"

#include "base/memory.h"

int lake_read_table(LakeConn *conn, const char *table, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("SELECT bit_xor(hash(x)) FROM \"%s\" x", table);
    CLEANUP(free_text) char *name = xasprintf("read %s", table);
    return lake_exec(conn, name, sql, err);
}

int lake_read_all(LakeConn *conn, Error *err) {
    static const char sql[] = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()";
    CLEANUP(lake_result_freep) LakeResult *tables = NULL;
    if (lake_query(conn, "tables", sql, NULL, 0, &tables, err) != 0) return -1;
    int got;
    while ((got = lake_next(tables, err)) > 0)
        if (lake_read_table(conn, lake_col_text(tables, 0, NULL), err) != 0) return -1;
    return got;
}

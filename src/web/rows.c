/* rows.c: see rows.h. */
#include "web/rows.h"

int rows_query_sql(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, sql, values, n, &rows, err) != 0) return -1;
    return lake_rows_json(rows, ret, err);
}

int row_query_sql(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, sql, values, n, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? lake_row_json(rows) : json_null();
    return 0;
}

int rows_query(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    return rows_query_sql(conn, name, lake_sql(name), values, n, ret, err);
}

int row_query(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) {
    return row_query_sql(conn, name, lake_sql(name), values, n, ret, err);
}

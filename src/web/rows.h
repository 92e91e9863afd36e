/* rows.h: the rows of a query as JSON, for the handlers. The queries are the files of sql/api/ and sql/rows/; values are bound. One lease,
 * one thread. */
#pragma once
#include "base/document.h"
#include "web/handlers.h"

/* All rows of sql/<name>.sql as an array; the caller owns it. */
int rows_query(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) MUST_CHECK;
/* The first row, or JSON null when there is none. */
int row_query(LakeConn *conn, const char *name, const LakeValue *values, size_t n, json_t **ret, Error *err) MUST_CHECK;
/* The same of `sql`, which is sql/<name>.sql with names bound into it. */
int rows_query_sql(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, json_t **ret,
                   Error *err) MUST_CHECK;
int row_query_sql(LakeConn *conn, const char *name, const char *sql, const LakeValue *values, size_t n, json_t **ret,
                  Error *err) MUST_CHECK;

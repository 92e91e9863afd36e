/* parquet.h: rows as a Parquet file. */
#pragma once
#include "web/handlers.h"

#define PARQUET_TYPE "application/vnd.apache.parquet"

bool parquet_is_wanted(const Request *req);

/* Files of answers are made in a folder of their own, the only one that a locked database may write into (LakeOptions.export_dir). Makes
 * it; NULL when it cannot, then parquet_answer says so. The caller frees the name with parquet_dir_remove. */
char *parquet_dir_make(void) MUST_CHECK;
void parquet_dir_remove(char *dir); /* NULL: does nothing */

/* The most that an answer has: more is 422. */
enum { PARQUET_ROWS_MAX = 10000, PARQUET_BYTES_MAX = 32 * 1024 * 1024 };
/* Answers with the rows of a query, but for the column `hidden` (NULL: none). -1 with the query's error, or one of files. */
int parquet_answer(const Service *s, const Request *req, const Lease *lease, const char *name, const char *sql, const LakeValue *values,
                   size_t n, const char *hidden, Response *resp, Error *err) MUST_CHECK;

/* csv.h: CSV files as people export them, before and after DuckDB reads them. Any thread. */
#pragma once
#include "base/error.h"

/* What separates the fields of the first line: ',', ';', a tab or '|', with which it has both columns. ERR_DATA with what the line has, or
 * with what the file is instead: a spreadsheet, compressed, UTF-16. */
int csv_find_delimiter(const char *path, const char *id, const char *value, char *ret, Error *err) MUST_CHECK;
/* After a failure of DuckDB, whose reason says little: replaces it by the first line that is not UTF-8, or has another number of fields
 * than the first. Leaves it as it is when there is none. */
void csv_explain_failure(const char *path, char delimiter, Error *err);

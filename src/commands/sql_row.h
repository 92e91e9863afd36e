/* sql_row.h: DuckDB's JSON of a row as JSON that every parser reads. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>

/* NaN and the infinities, for which JSON has no number, become null. With `large_as_text`, integers beyond 64 bits become texts: most
 * readers of JSON would lose their digits. The caller frees. */
char *sql_row_json(const char *row, bool large_as_text) MUST_CHECK;

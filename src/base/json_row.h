/* json_row.h: DuckDB's JSON of a row as JSON that every parser reads. Pure; any thread. */
#pragma once
#include "base/buf.h"
#include <stdbool.h>

/* Appends the row with null for NaN and the infinities, for which JSON has no number. With `large_as_text`, integers beyond int64_t become
 * texts, for readers that have no larger ones: jansson, JavaScript. */
void json_write_row(Buf *out, const char *row, bool large_as_text);

/* json_row.h: DuckDB's JSON of a row as JSON that every parser reads. Pure; any thread. */
#pragma once
#include "base/buf.h"
#include <stdbool.h>

/* Appends the row with null for NaN and the infinities, for which JSON has no number. `for_jansson`: integers beyond int64_t become texts,
 * as jansson has no larger ones, and numbers of more digits than it prints become those of json_exact. */
void json_write_row(Buf *out, const char *row, bool for_jansson);

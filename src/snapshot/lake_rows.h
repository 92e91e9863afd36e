/* lake_rows.h: rows that no snapshot holds, because there are so many: events, quarantine, rejects. They are read from the lake itself, by
 * the process that has it. One connection, one thread. */
#pragma once
#include "lake/lake.h"

/* True for the names of sql/rows/ that may be asked for: "rows/quarantine". */
bool lake_rows_known(const char *name);
/* The rows of sql/<name>.sql. `args`: {"entity": index, "other": index of a second one (0), "values": [null, a number, a text, or {"bytes":
 * text}, ...], "feature": the one that rows/days is of}. ERR_UNAVAILABLE: nothing was refined yet. The caller owns the rows. */
int lake_rows_answer(LakeConn *conn, const char *name, const json_t *args, json_t **ret, Error *err) MUST_CHECK;

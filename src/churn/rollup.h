/* rollup.h: rows merged by entity and day, or by entity and window: an aggregation of dozens of columns into a million groups, for which
 * DuckDB takes ten times as long. What is merged is a plan, which the declarations compile to (compile/forecast_rollup.c):
 *
 *   {"measures": [{"name", "kind", "type", "of", "by_day", "width"}], "parts": [{"name", "of", "days", "gap"}]}
 *
 * kind: sum (nothing adds 0), min, max, last (of the greatest time, then source, then id), days (a set of days, numbers below width).
 * type: of the value, BIGINT, DECIMAL(18,s), TIMESTAMP; of a last one also VARCHAR.
 * of: of a measure by window, the measure of a day that it is merged from; by_day: a sum is of value times day, counted from the day
 * before which the windows end; days are those on which that value is more than 0, counted from the oldest.
 * A part is a measure over the last `days` days; 0: over all. Of a set of days it is their number in that window or, with `gap`, the
 * longest distance of one in the window from the one before; NULL without any.
 *
 * The rows that are merged into days have the columns entity VARCHAR, day INTEGER, known INTEGER, and one for each measure in the order of
 * the plan; of a last one four: at TIMESTAMP, source VARCHAR, id VARCHAR, value. Those that are merged by window are rows of days: entity
 * VARCHAR, day INTEGER, known INTEGER, record BLOB.
 *
 * RollupPlan: immutable, any thread. Rollup: one thread at a time. */
#pragma once
#include "base/error.h"
#include "lake/lake.h"

#define ROLLUP_MEASURES 64
#define ROLLUP_WINDOWS  16

typedef struct RollupPlan RollupPlan;
/* ERR_BUG when the text is no plan. The caller frees. */
int rollup_plan_read(const char *text, RollupPlan **ret, Error *err) MUST_CHECK;
void rollup_plan_free(RollupPlan *p);
DEFINE_CLEANUP(rollup_plan_free, RollupPlan)

typedef struct Rollup Rollup;
/* By day and day of arrival; about so many rows will come. The plan is borrowed. The caller frees. */
Rollup *rollup_new_days(const RollupPlan *plan, size_t rows);
/* No rows any more; entities, and all memory, are kept for the next ones. */
void rollup_clear(Rollup *r);
void rollup_free(Rollup *r);
DEFINE_CLEANUP(rollup_free, Rollup)
/* Merges the rows of n statements into n rollups, each on a thread, the first on that of the caller with its connection: so it must not be
 * in a transaction whose changes the others have to see. ERR_DATA: a sum does not fit in 64 bits. */
int rollup_read_all(LakeConn *conn, const char *name, const char *const *sql, Rollup *const *rollups, size_t n, Error *err) MUST_CHECK;

/* Runs a statement that reads the merged days FROM <source>(), of all rollups, which have the same plan. Columns: entity VARCHAR, day
 * INTEGER, known INTEGER, events BIGINT (the first measure) and record BLOB. Once for each rollup. */
int rollup_exec(LakeConn *conn, const char *source, Rollup *const *rollups, size_t n, const char *name, const char *sql,
                Error *err) MUST_CHECK;

/* ---- by window ---- */

/* Rows of days in memory, by entity, as they are: they are read once, and merged as of as many days as are asked for. Immutable, any
 * thread. */
typedef struct RollupHistory RollupHistory;
/* The rows of n statements, which have different ones, each read on a thread as by rollup_read_all. `days`: the plan by which they were
 * made, borrowed. The caller frees. */
int rollup_history_read(LakeConn *conn, const char *name, const char *const *sql, size_t n, const RollupPlan *days, RollupHistory **ret,
                        Error *err) MUST_CHECK;
void rollup_history_free(RollupHistory *h);
DEFINE_CLEANUP(rollup_history_free, RollupHistory)

/* What of a history is merged: the days from `from` until before `day`, known before `known`. `oldest`: from which a set of days counts. */
typedef struct RollupAsOf {
    int64_t day, from, known, oldest;
} RollupAsOf;
/* From now on one statement of this connection may read those FROM <source>(), merged by the windows of the plan that end before the day.
 * Columns: entity VARCHAR, then the parts; an entity without a day has no row. DuckDB's threads, at most `threads`, merge as they read.
 * Name, history and plan are borrowed. ERR_BUG: the plans do not fit together. */
typedef struct RollupSource RollupSource;
int rollup_source_open(LakeConn *conn, const char *name, const RollupHistory *h, const RollupPlan *plan, const RollupAsOf *as_of,
                       int threads, RollupSource **ret, Error *err) MUST_CHECK;
/* `rc`: what the statement returned, which is returned. When it failed because of what it read, *err becomes that: ERR_DATA, a sum does not
 * fit in 64 bits, or a record is damaged. Frees it. */
int rollup_source_close(RollupSource *s, int rc, Error *err) MUST_CHECK;

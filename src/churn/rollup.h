/* rollup.h: rows merged by entity and day, or by entity and window: an aggregation of dozens of columns into a million groups, for which
 * DuckDB takes ten times as long. What is merged is a plan, which the declarations compile to (compile/forecast_rollup.c):
 *
 *   {"measures": [{"name", "kind", "type", "width"}], "parts": [{"name", "of", "days", "gap"}]}
 *
 * kind: sum (nothing adds 0), min, max, last (of the greatest time, then source, then id), days (a set of days, numbers below width).
 * type: of the value, BIGINT, DECIMAL(18,s), TIMESTAMP; of a last one also VARCHAR.
 * A part is a measure over the last `days` days; 0: over all. Of a set of days it is their number in that window or, with `gap`, the
 * longest distance of one in the window from the one before; NULL without any.
 *
 * The rows that are merged have the columns entity VARCHAR, day INTEGER, known INTEGER, and one for each measure in the order of the plan;
 * of a last one four: at TIMESTAMP, source VARCHAR, id VARCHAR, value.
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

/* What the rows of a rollup are of. */
typedef enum RollupGroups {
    ROLLUP_DAYS_KNOWN, /* each day, and day of arrival, of an entity */
    ROLLUP_WINDOWED    /* an entity, by its parts: windows of days before a day */
} RollupGroups;

typedef struct Rollup Rollup;
/* `day`: the windows end before it; for ROLLUP_DAYS_KNOWN not looked at. `plan` is borrowed. The caller frees. */
Rollup *rollup_new(const RollupPlan *plan, RollupGroups groups, int64_t day);
void rollup_free(Rollup *r);
DEFINE_CLEANUP(rollup_free, Rollup)
/* Merges all rows of a result of lake_stream. ERR_DATA: a sum does not fit in 64 bits. */
int rollup_read(Rollup *r, LakeResult *rows, Error *err) MUST_CHECK;

/* Merges the rows of `sql` on `n` threads into n rollups, each with some of the entities: {{part}} and {{parts}} of the statement, beside
 * `bindings`. The first thread uses the connection, so it must not be in a transaction whose changes the others have to see. */
int rollup_read_all(LakeConn *conn, const char *name, const char *sql, const LakeBinding *bindings, size_t binding_count,
                    Rollup *const *rollups, size_t n, Error *err) MUST_CHECK;

/* ---- the merged rows ---- */

/* Runs a statement that reads the merged rows FROM <source>(), of all rollups, which have the same plan and different entities. Columns:
 * entity, then of ROLLUP_DAYS_KNOWN day, known and the measures (of a last one <name>_at, _source, _id, _value), of ROLLUP_WINDOWED the
 * parts. Once for each rollup. */
int rollup_exec(LakeConn *conn, const char *source, Rollup *const *rollups, size_t n, const char *name, const char *sql,
                Error *err) MUST_CHECK;

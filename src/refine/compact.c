/* compact.c: Gold's state gets partial rows with each refine; compaction makes one row of all that an entity has of a band or a day.
 *
 * A refine compacts in a transaction of its own. When refines follow each other, that takes longer than a refine: then it is done beside
 * them, as Gold's base is (settle.c). What it makes is copied into the table that takes the place of the state, in pieces; then refines
 * pause while the rows are added that came meanwhile, and the tables are swapped.
 *
 * Invariants: rows of the state are only appended, but when the windows move, or when all of Gold is made again; then what was compacted
 * beside is dropped. What a killed one left is replaced by the next. */
#include "refine/internal.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include <inttypes.h>

#define ROWS_MIN        10000
#define SHARE           4     /* partial rows may be a quarter of the compacted ones: every refine of a few events reads them all */
#define FOLLOWING_SHARE 2     /* or half of them, when refines follow each other */
#define PIECE_ROWS      20000 /* a few MB of DuckDB's log: no other commit waits for it long */

/* A table of the state that grows. */
typedef struct StatePart {
    Statement compact, beside;
    GoldTable table, next;
    const char *compacted; /* column of gold_state: its rows after the last compaction; negative: after the first load, which was none */
} StatePart;

static const StatePart state_parts[] = {
    {SQL_GOLD_COMPACT_SUMS, SQL_GOLD_COMPACTED_SUMS, GOLD_STATE_SUMS, GOLD_STATE_SUMS_NEXT, "compacted_sums"},
    {SQL_GOLD_COMPACT_EXTREMES, SQL_GOLD_COMPACTED_EXTREMES, GOLD_STATE_EXTREME, GOLD_STATE_EXTREME_NEXT, "compacted_extremes"},
};

static const char *table_of(const Refine *r, GoldTable table) {
    return compile_gold_table(r->sql, r->entity, table);
}

/* ---- is it due? ---- */

typedef struct StateRows {
    int64_t all, compacted;
    bool has_newest;
    int64_t newest; /* day since 1970 */
} StateRows;

static int read_state_rows(const Refine *r, const StatePart *part, StateRows *ret, Error *err) {
    const char *s = r->suffix;
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT (SELECT count(*) FROM %s%s), %s, newest - DATE '1970-01-01' FROM %s%s", table_of(r, part->table), s,
                          part->compacted, table_of(r, GOLD_STATE), s);
    if (lake_query(r->conn, "gold/state_rows", sql, NULL, 0, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "%s%s has no row", table_of(r, GOLD_STATE), s);
    *ret = (StateRows){.all = lake_col_int(rows, 0),
                       .compacted = lake_col_int(rows, 1),
                       .has_newest = !lake_is_null(rows, 2),
                       .newest = lake_col_int(rows, 2)};
    return 0;
}

/* The first load is not compacted, which would take long; but that pays when many refines follow. */
static bool is_due(const Refine *r, const StateRows *rows) {
    int64_t compacted = rows->compacted < 0 ? -rows->compacted : rows->compacted, partial = rows->all - compacted;
    if (!rows->has_newest || rows->compacted == 0) return false;
    if (rows->compacted < 0 && r->follows && rows->all > ROWS_MIN) return true;
    return partial > compacted / (r->follows ? FOLLOWING_SHARE : SHARE) && partial > ROWS_MIN;
}

static int store_compacted(const Refine *r, const StatePart *part, bool loaded, Error *err) {
    CLEANUP(free_text)
    char *sql = xasprintf("UPDATE %s%s SET %s = %s(SELECT count(*) FROM %s%s)", table_of(r, GOLD_STATE), r->suffix, part->compacted,
                          loaded ? "-" : "", table_of(r, part->table), r->suffix);
    return lake_exec(r->conn, "gold/compacted", sql, err);
}

static LakeBinding first_day(const Refine *r, int64_t newest, GoldDayText *text) {
    const Entity *e = &r->pipeline->entities[r->entity];
    int64_t widest = e->window_count > 0 ? e->windows[e->window_count - 1] : 1;
    return (LakeBinding){"from", gold_day(newest - widest + 1, text)};
}

/* ---- by a refine ---- */

static int compact(const Refine *r, const StatePart *part, const StateRows *rows, Error *err) {
    GoldDayText text;
    LakeBinding from = first_day(r, rows->newest, &text);
    if (lake_begin(r->conn, err) != 0) return -1;
    if (refine_exec(r, part->compact, &from, 1, NULL, err) != 0 || store_compacted(r, part, false, err) != 0 ||
        lake_commit(r->conn, err) != 0) {
        lake_rollback(r->conn);
        return -1;
    }
    log_debug("refine", "%s compacted from %" PRId64 " rows", table_of(r, part->table), rows->all);
    return 0;
}

static int compact_part_if_due(const Refine *r, const StatePart *part, Error *err) {
    StateRows rows = {0};
    if (read_state_rows(r, part, &rows, err) != 0) return -1;
    if (rows.has_newest && rows.compacted == 0) return store_compacted(r, part, true, err);
    if (!is_due(r, &rows)) return 0;
    r->stats->settle_due = r->stats->settle_due || r->follows;
    return r->follows ? 0 : compact(r, part, &rows, err);
}

int compact_if_due(const Refine *r, Error *err) {
    Refine one = *r;
    for (one.entity = 0; one.entity < r->pipeline->entity_count; one.entity++)
        for (size_t i = 0; i < ARRAY_LEN(state_parts); i++)
            if (compact_part_if_due(&one, &state_parts[i], err) != 0) return -1;
    return 0;
}

/* ---- beside refines ---- */

/* A table of the state at a moment. */
typedef struct StateMoment {
    int64_t oid; /* another one: the table was made again */
    int64_t end; /* its next rowid */
    int64_t newest;
} StateMoment;

static int read_moment(const Refine *r, const StatePart *part, StateMoment *ret, Error *err) {
    static const char name[] = "gold/state_moment";
    const LakeValue table = lake_text(table_of(r, part->table));
    const LakeBinding names[] = {{"table", lake_name(table_of(r, part->table))}, {"state", lake_name(table_of(r, GOLD_STATE))}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, name, sql, &table, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "%s has no row", table_of(r, GOLD_STATE));
    *ret = (StateMoment){lake_col_int(rows, 0), lake_col_int(rows, 1), lake_col_int(rows, 2)};
    return 0;
}

#define COMPACTED "refine_compacted" /* the temporary table of compile/compile.h */

/* sql/<name>.sql, with {{table}} and {{next}}. */
static int exec_sql(const Refine *r, const StatePart *part, const char *name, Error *err) {
    const LakeBinding names[] = {{"table", lake_name(table_of(r, part->table))}, {"next", lake_name(table_of(r, part->next))}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    return lake_exec(r->conn, name, sql, err);
}

/* The rows [from, to) of `table`. */
static int copy_rows(const Refine *r, const StatePart *part, const char *table, int64_t from, int64_t to, Error *err) {
    static const char name[] = "gold/next_state_rows";
    const LakeBinding bindings[] = {
        {"next", lake_name(table_of(r, part->next))}, {"table", lake_name(table)}, {"from", lake_int(from)}, {"to", lake_int(to)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, ARRAY_LEN(bindings));
    return lake_exec(r->conn, name, sql, err);
}

static int drop_table(const Refine *r, const char *table, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s", table);
    return lake_exec(r->conn, "gold/drop", sql, err);
}

/* Into a temporary table, of which nothing is in the log. */
static int compact_aside(const Refine *r, const StatePart *part, const StateMoment *then, int64_t *ret_rows, Error *err) {
    GoldDayText text;
    const LakeBinding bindings[] = {first_day(r, then->newest, &text), {"end", lake_int(then->end)}};
    static const char counted[] = "gold/rows";
    const LakeBinding table = {"table", lake_name(COMPACTED)};
    CLEANUP(free_text) char *count = lake_sql_bind(lake_sql(counted), &table, 1);
    if (refine_exec(r, part->beside, bindings, ARRAY_LEN(bindings), NULL, err) != 0) return -1;
    return lake_query_int(r->conn, counted, count, NULL, 0, ret_rows, err);
}

static int make_next(const Refine *r, const StatePart *part, const StateMoment *then, Error *err) {
    int64_t rows = 0;
    if (compact_aside(r, part, then, &rows, err) != 0 || exec_sql(r, part, "gold/next_state", err) != 0) return -1;
    for (int64_t from = 0; from < rows; from += PIECE_ROWS) {
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while Gold's state was compacted; it stays as it was");
        if (copy_rows(r, part, COMPACTED, from, from + PIECE_ROWS, err) != 0) return -1;
    }
    return 0;
}

static int swap_in_transaction(const Refine *r, const StatePart *part, Error *err) {
    if (lake_begin(r->conn, err) != 0) return -1;
    if (exec_sql(r, part, "gold/swap_state", err) == 0 && store_compacted(r, part, false, err) == 0 && lake_commit(r->conn, err) == 0)
        return 0;
    lake_rollback(r->conn);
    return -1;
}

/* No refine runs. In two transactions: DuckDB's log has the rows of a transaction under the name that their table has at its end. */
static int swap(const Refine *r, const StatePart *part, const StateMoment *then, Error *err) {
    StateMoment now = {0};
    if (read_moment(r, part, &now, err) != 0) return -1;
    if (now.oid != then->oid || now.newest != then->newest) return drop_table(r, table_of(r, part->next), err);
    if (copy_rows(r, part, table_of(r, part->table), then->end, INT64_MAX, err) != 0 || swap_in_transaction(r, part, err) != 0) return -1;
    log_debug("refine", "%s compacted from %" PRId64 " rows beside refines", table_of(r, part->table), then->end);
    return 0;
}

static int compact_and_swap(const Refine *r, const StatePart *part, const RefinePause *pause, Error *err) {
    StateMoment then = {0};
    if (read_moment(r, part, &then, err) != 0 || make_next(r, part, &then, err) != 0) return -1;
    pause->pause(pause->arg);
    int rc = swap(r, part, &then, err);
    pause->go_on(pause->arg);
    return rc;
}

/* What was made aside is memory until it is dropped. */
static int compact_beside(const Refine *r, const StatePart *part, const RefinePause *pause, Error *err) {
    Error ignored = {0};
    int rc = compact_and_swap(r, part, pause, err);
    if (rc != 0 && drop_table(r, table_of(r, part->next), &ignored) != 0) error_clear(&ignored); /* the next one replaces it */
    if (drop_table(r, "temp." COMPACTED, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

int compact_beside_if_due(const Refine *r, const RefinePause *pause, Error *err) {
    for (size_t i = 0; i < ARRAY_LEN(state_parts); i++) {
        StateRows rows = {0};
        if (read_state_rows(r, &state_parts[i], &rows, err) != 0) return -1;
        if (is_due(r, &rows) && compact_beside(r, &state_parts[i], pause, err) != 0) return -1;
    }
    return 0;
}

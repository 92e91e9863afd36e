/* settle.c: Gold's delta becomes part of a new base (compile/gold_features.c describes the tables); the state is compacted (compact.c).
 *
 * A large delta makes each further refine and publish more expensive than a new base from time to time. That one writes all entities, so
 * it is made beside refines: piece by piece, each in a transaction of its own, since DuckDB holds up every other commit while it writes one
 * to its log. Then refines pause for the moment in which it takes the place of the base.
 *
 * Invariants: at the swap each entity has one row in the next base, or one in the delta that is newer than `upto`, or both. A row of base
 * or delta up to `upto` keeps its rowid meanwhile: nothing merges row groups. When all features were computed anew meanwhile, the base has
 * another name, and what was made is dropped. What a killed one left is replaced by the next. */
#include "refine/internal.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"

#define PIECE_ROWS 10000  /* less than 10 MB of DuckDB's log: no other commit waits for it long */
#define MANY_ROWS  245760 /* two row groups: what is written whole goes to the file, not to the log */

typedef struct NextBase {
    char *base_id; /* of the base that is there; owned */
    int64_t upto, base_end, delta_end;
} NextBase;

static void next_base_done(NextBase *next) {
    free(next->base_id);
}

static int read_base(const Refine *r, NextBase *ret, Error *err) {
    static const char name[] = "gold/base";
    const LakeBinding names[] = {{"base", lake_name(compile_gold_table(r->live, r->entity, GOLD_FEATURES_BASE))},
                                 {"delta", lake_name(compile_gold_table(r->live, r->entity, GOLD_FEATURES_DELTA))},
                                 {"base_table", lake_name(compile_gold_table(r->live, r->entity, GOLD_BASE))}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, name, sql, NULL, 0, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "%s has no row", compile_gold_table(r->live, r->entity, GOLD_BASE));
    *ret = (NextBase){.base_id = xstrdup(lake_col_text(rows, 0, NULL)),
                      .upto = lake_col_int(rows, 1),
                      .base_end = lake_col_int(rows, 2),
                      .delta_end = lake_col_int(rows, 3)};
    return 0;
}

static int copy_rows(const Refine *r, Statement statement, int64_t upto, int64_t end, Error *err) {
    int64_t piece = end < MANY_ROWS ? PIECE_ROWS : end;
    for (int64_t from = 0; from < end; from += piece) {
        const LakeBinding bindings[] = {{"upto", lake_int(upto)}, {"from", lake_int(from)}, {"to", lake_int(from + piece)}};
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while Gold was settled; it stays as it was");
        if (refine_exec(r, statement, bindings, ARRAY_LEN(bindings), NULL, err) != 0) return -1;
    }
    return 0;
}

static int make_next_base(const Refine *r, const NextBase *next, Error *err) {
    return refine_exec(r, SQL_GOLD_NEXT_BASE, NULL, 0, NULL, err) != 0 ||
                   copy_rows(r, SQL_GOLD_NEXT_KEPT, next->upto, next->base_end, err) != 0 ||
                   copy_rows(r, SQL_GOLD_NEXT_CHANGED, next->upto, next->delta_end, err) != 0
               ? -1
               : 0;
}

static int drop_next_base(const Refine *r, Error *err) {
    return refine_drop_tables(r, "gold/drop_next", SQL_GOLD_NEXT_BASE, err);
}

static int is_still_the_base(const Refine *r, const NextBase *next, int64_t *ret, Error *err) {
    LakeValue id = lake_text(next->base_id);
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT count(*) FROM %s WHERE base_id = $1::UUID", compile_gold_table(r->live, r->entity, GOLD_BASE));
    return lake_query_int(r->conn, "gold/same_base", sql, &id, 1, ret, err);
}

/* In a transaction of its own: no refine runs. */
static int swap_base(const Refine *r, const NextBase *next, Error *err) {
    const LakeBinding upto = {"upto", lake_int(next->upto)};
    int64_t same = 0;
    if (lake_begin(r->conn, err) != 0) return -1;
    int rc = is_still_the_base(r, next, &same, err);
    if (rc == 0) rc = same != 0 ? refine_exec(r, SQL_GOLD_SWAP_BASE, &upto, 1, NULL, err) : drop_next_base(r, err);
    if (rc != 0 || lake_commit(r->conn, err) != 0) {
        lake_rollback(r->conn);
        return -1;
    }
    if (same != 0) log_debug("refine", "%s is new", compile_gold_table(r->live, r->entity, GOLD_FEATURES_BASE));
    return 0;
}

static int swap_in_a_pause(const Refine *r, const NextBase *next, const RefinePause *pause, Error *err) {
    pause->pause(pause->arg);
    int rc = swap_base(r, next, err);
    pause->go_on(pause->arg);
    return rc;
}

static int settle_one(const Refine *r, const RefinePause *pause, Error *err) {
    CLEANUP(next_base_done) NextBase next = {0};
    if (read_base(r, &next, err) != 0) return -1;
    if (make_next_base(r, &next, err) == 0) return swap_in_a_pause(r, &next, pause, err);
    Error ignored = {0};
    if (drop_next_base(r, &ignored) != 0) error_clear(&ignored); /* the next one replaces it */
    return -1;
}

static int settle_if_due(const Refine *r, const RefinePause *pause, Error *err) {
    int64_t rows = 0;
    bool due = false;
    if (refine_query_int(r, "gold/rows", GOLD_FEATURES_BASE, &rows, err) != 0 || gold_delta_is_large(r, rows, &due, err) != 0) return -1;
    return due ? settle_one(r, pause, err) : 0;
}

int refine_settle(const Refinery *refinery, LakeConn *conn, const RefinePause *pause, Error *err) {
    RefineStats stats = {0};
    Refine one = refine_of(refinery, conn, &stats);
    one.follows = true;
    for (one.entity = 0; one.entity < one.pipeline->entity_count; one.entity++)
        if (compact_beside_if_due(&one, pause, err) != 0 || settle_if_due(&one, pause, err) != 0) return -1;
    return 0;
}

/* gold.c: updating Gold's state and the features from Silver (src/compile/gold.c and gold_features.c describe the tables).
 *
 * Each entity has its own tables, and its windows end at its own newest event. Only one entity's temporary tables exist at a time.
 *
 * Invariant: gold_state.newest is the UTC day of the newest event that the state contains, and every event of the last N days up to it is
 * in the bands of the windows that reach it. */
#include "refine/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#define DAY_US          (86400 * USEC_PER_SEC)
#define DELTA_SHARE     8 /* the delta may have an eighth of the rows of the base */
#define FOLLOWING_SHARE 2 /* or half of them, when refines follow each other: at 2,000 events/s an eighth was full every six seconds */
#define CHANGED_SHARE   4 /* computing the features of a quarter of the entities costs as much as those of all */

#define FEW_ROWS 1000 /* of an entity behind the first: cheaper in the delta than a new base with its views and comments */

typedef struct Day {
    bool known;
    int64_t day; /* since 1970 */
} Day;

LakeValue gold_day(int64_t day, GoldDayText *text) {
    LakeValue v = lake_text(clock_format(day * DAY_US, text->text));
    v.len = sizeof "YYYY-MM-DD" - 1;
    return v;
}

/* ---- the newest day ---- */

static int read_day(const Refine *r, const char *name, const char *sql, Day *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(r->conn, name, sql, NULL, 0, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = (Day){.known = got > 0 && !lake_is_null(rows, 0)};
    if (ret->known) ret->day = lake_col_int(rows, 0);
    return 0;
}

static const Entity *entity_of(const Refine *r) {
    return &r->pipeline->entities[r->entity];
}

static const char *table_of(const Refine *r, GoldTable table) {
    return compile_gold_table(r->sql, r->entity, table);
}

static int read_newest_of(const Refine *r, const LakeBinding range[2], Day *ret, Error *err) {
    const StatementText *newest = compile_statement(r->sql, SQL_GOLD_NEWEST, r->entity);
    CLEANUP(free_text) char *sql = lake_sql_bind(newest->sql, range, 2);
    return read_day(r, newest->name, sql, ret, err);
}

static int read_state_newest(const Refine *r, Day *ret, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("SELECT newest - DATE '1970-01-01' FROM %s%s", table_of(r, GOLD_STATE), r->suffix);
    return read_day(r, "gold/state", sql, ret, err);
}

static int store_newest(const Refine *r, int64_t day, Error *err) {
    GoldDayText text;
    LakeValue value = gold_day(day, &text);
    CLEANUP(free_text) char *sql = xasprintf("UPDATE %s%s SET newest = $1::DATE", table_of(r, GOLD_STATE), r->suffix);
    return lake_exec_values(r->conn, "gold/newest_stored", sql, &value, 1, NULL, err);
}

/* ---- events that a window no longer covers ---- */

/* The window of band `band` no longer covers the days [from, to). */
static int expire_days(const Refine *r, int64_t from, int64_t to, int64_t band, const LakeBinding *after, Error *err) {
    GoldDayText texts[2];
    LakeBinding bindings[] = {*after, {"from", gold_day(from, &texts[0])}, {"to", gold_day(to, &texts[1])}, {"band", lake_int(band)}};
    return refine_exec(r, SQL_GOLD_EXPIRE_DAYS, bindings, ARRAY_LEN(bindings), NULL, err);
}

static int expire_all_days(const Refine *r, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("UPDATE %s%s SET band = 0", table_of(r, GOLD_STATE_SUMS), r->suffix);
    return lake_exec(r->conn, "gold/windows_over", sql, err);
}

/* The windows, which ended at the day `old`, end at `newest`. */
static int slide_windows(const Refine *r, int64_t old, int64_t newest, const LakeBinding *after, Error *err) {
    const Entity *e = entity_of(r);
    if (compile_statement(r->sql, SQL_GOLD_EXPIRE_DAYS, r->entity)->sql[0] == '\0') return 0;
    if (newest - e->windows[e->window_count - 1] >= old) return expire_all_days(r, err);
    for (size_t i = 0; i < e->window_count; i++) {
        int64_t from = old - e->windows[i] + 1, to = newest - e->windows[i] + 1;
        if (expire_days(r, from, to <= old ? to : old + 1, (int64_t)(e->window_count - i), after, err) != 0) return -1;
    }
    return 0;
}

/* ---- new events ---- */

static void free_memory(void *p) {
    free(*(void **)p);
}

typedef struct WindowNames {
    char text[16];
} WindowNames;

/* Binds {{after}}, {{upto}} and the first day of each window. */
static int add_events(const Refine *r, const LakeBinding range[2], int64_t newest, int64_t *ret_touched, Error *err) {
    const Entity *e = entity_of(r);
    size_t n = e->window_count;
    CLEANUP(free_memory) LakeBinding *bindings = xcalloc(n + 2, sizeof *bindings);
    CLEANUP(free_memory) GoldDayText *days = xcalloc(n + 1, sizeof *days);
    CLEANUP(free_memory) WindowNames *names = xcalloc(n + 1, sizeof *names);
    bindings[0] = range[0];
    bindings[1] = range[1];
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i].text, sizeof names[i].text, "from_%dd", e->windows[i]);
        bindings[i + 2] = (LakeBinding){names[i].text, gold_day(newest - e->windows[i] + 1, &days[i])};
    }
    if (refine_exec(r, SQL_GOLD_PARTIALS, bindings, n + 2, NULL, err) != 0 ||
        refine_exec(r, SQL_GOLD_SUMS, bindings, n + 2, NULL, err) != 0 || refine_exec(r, SQL_GOLD_EXTREME, bindings, n + 2, NULL, err) != 0)
        return -1;
    return refine_query_int(r, "gold/touched", GOLD_STATE, ret_touched, err);
}

typedef struct GoldChange {
    int64_t touched;   /* entities whose state grew: they are in the temporary table refine_partials */
    bool windows_slid; /* the windows end at another day: the features of any entity may have changed */
} GoldChange;

static int add_to_state(const Refine *r, int64_t after, int64_t upto, GoldChange *ret, Error *err) {
    LakeBinding range[] = {{"after", lake_int(after)}, {"upto", lake_int(upto)}};
    Day old = {0}, newest = {0};
    *ret = (GoldChange){0};
    if (read_newest_of(r, range, &newest, err) != 0) return -1;
    if (!newest.known) return 0; /* no event of these batches is in Silver and of such an entity */
    if (read_state_newest(r, &old, err) != 0) return -1;
    if (old.known && old.day > newest.day) newest = old;
    if (old.known && newest.day > old.day && slide_windows(r, old.day, newest.day, &range[0], err) != 0) return -1;
    ret->windows_slid = !old.known || newest.day > old.day;
    if (ret->windows_slid && store_newest(r, newest.day, err) != 0) return -1;
    return add_events(r, range, newest.day, &ret->touched, err);
}

/* ---- the features ---- */

static int recompute(const Refine *r, int64_t upto, Error *err) {
    return refine_exec(r, SQL_GOLD_FEATURES, &(LakeBinding){"upto", lake_int(upto)}, 1, NULL, err);
}

static int64_t few_rows(const Refine *r) {
    return r->entity > 0 ? FEW_ROWS : 0; /* the first one's base is also what a snapshot keeps */
}

int gold_delta_is_large(const Refine *r, int64_t base_rows, bool *ret, Error *err) {
    int64_t delta = 0;
    if (refine_query_int(r, "gold/rows", GOLD_FEATURES_DELTA, &delta, err) != 0) return -1;
    *ret = delta > few_rows(r) && delta > base_rows / (r->follows ? FOLLOWING_SHARE : DELTA_SHARE);
    return 0;
}

/* A large delta makes each further refine and publish more expensive than a new base from time to time. */
static int merge_delta_if_large(const Refine *r, int64_t base_rows, Error *err) {
    bool large;
    if (gold_delta_is_large(r, base_rows, &large, err) != 0) return -1;
    if (large && r->follows) r->stats->settle_due = true;
    return large && !r->follows ? refine_exec(r, SQL_GOLD_MERGE_DELTA, NULL, 0, NULL, err) : 0;
}

static int update_features(const Refine *r, const GoldChange *change, int64_t upto, Error *err) {
    int64_t all = 0;
    if (change->touched == 0) return 0;
    if (refine_query_int(r, "gold/rows", GOLD_FEATURES_BASE, &all, err) != 0) return -1;
    bool many = change->touched > few_rows(r) && change->touched > all / CHANGED_SHARE;
    if (change->windows_slid || many) return recompute(r, upto, err);
    if (refine_exec(r, SQL_GOLD_UPDATE_DELTA, &(LakeBinding){"upto", lake_int(upto)}, 1, NULL, err) != 0) return -1;
    return merge_delta_if_large(r, all, err);
}

/* ---- every entity ---- */

/* The run, for the Gold of one entity. */
static Refine for_entity(const Refine *r, size_t entity) {
    Refine one = *r;
    one.entity = entity;
    return one;
}

int gold_add_batches(const Refine *r, int64_t after, int64_t upto, Error *err) {
    for (size_t i = 0; i < r->pipeline->entity_count; i++) {
        Refine one = for_entity(r, i);
        GoldChange change = {0};
        if (add_to_state(&one, after, upto, &change, err) != 0) return -1;
        if (!r->stats->full && update_features(&one, &change, upto, err) != 0) return -1;
        r->stats->touched[i] = change.touched;
    }
    return 0;
}

int gold_recompute_features(const Refine *r, int64_t upto, Error *err) {
    for (size_t i = 0; i < r->pipeline->entity_count; i++) {
        Refine one = for_entity(r, i);
        if (recompute(&one, upto, err) != 0) return -1;
    }
    return 0;
}

int gold_rebuild(const Refine *r, int64_t upto, Error *err) {
    for (size_t i = 0; i < r->pipeline->entity_count; i++) {
        Refine one = for_entity(r, i);
        GoldChange change;
        if (refine_drop_tables(&one, "gold/drop", SQL_GOLD_TABLES, err) != 0 ||
            refine_exec(&one, SQL_GOLD_TABLES, NULL, 0, NULL, err) != 0 || add_to_state(&one, -1, upto, &change, err) != 0)
            return -1;
    }
    return 0;
}

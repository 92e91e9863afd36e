/* days.c: model_days follows Silver, some batches at a time, each time in a transaction with the progress. Its rows end with the batches
 * that trainings ended with, so that these can be repeated.
 *
 * Aggregating costs seconds for each million events, counting the events of each day hardly anything: how long the history is, is known
 * from the counts, and nothing is aggregated for a history that is too short to learn from.
 *
 * Invariant: every event of Silver up to model_progress.batch_id is in it once. */
#include "churn/forecast.h"

#include "base/buf.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include <inttypes.h>

#define CHUNK_EVENTS 4000000 /* aggregated at a time: what a statement keeps in memory does not grow with the history */
#define MANY_ROWS    250000  /* for fewer a thread is not worth its start */

/* Batches of Silver that are not in the days yet. */
typedef struct Batch {
    int64_t id, events, without_arrival;
    bool late; /* most of its events had happened days before */
} Batch;

typedef struct Batches {
    Batch *items;
    size_t count;
} Batches;

int churn_cores(void) {
    int cores = cpu_count();
    return cores < CHURN_THREADS_MAX ? cores : CHURN_THREADS_MAX;
}

size_t churn_threads(int64_t rows) {
    return rows < MANY_ROWS ? 1 : (size_t)churn_cores();
}

static void batches_done(Batches *b) {
    free(b->items);
}

static int read_batches(LakeConn *conn, int64_t after, Batches *ret, Error *err) {
    LakeValue value = lake_int(after);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    int more;
    if (lake_query(conn, "churn/days_batches", lake_sql("churn/days_batches"), &value, 1, &r, err) != 0) return -1;
    while ((more = lake_next(r, err)) == 1) {
        ret->items = xgrow(ret->items, ret->count, sizeof *ret->items);
        int64_t events = lake_col_int(r, 1);
        ret->items[ret->count++] = (Batch){lake_col_int(r, 0), events, lake_col_int(r, 2), 2 * lake_col_int(r, 3) > events};
    }
    return more;
}

/* ---- progress ---- */

/* What model_days is made of, and in which columns. The caller frees. */
static char *digest_of(const ChurnDeclared *d) {
    return xasprintf("%s%s", d->days_sha256, d->days_plan != NULL ? " packed" : "");
}

static int read_progress(LakeConn *conn, const ChurnDeclared *d, ChurnDays *ret, bool *ret_same, Error *err) {
    CLEANUP(free_text) char *digest = digest_of(d);
    LakeValue sha256 = lake_text(digest);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    if (lake_query(conn, "churn/days_progress", lake_sql("churn/days_progress"), &sha256, 1, &r, err) != 0) return -1;
    int got = lake_next(r, err);
    if (got <= 0) return got < 0 ? -1 : error_set(err, ERR_BUG, "model_progress has no row");
    *ret_same = lake_col_bool(r, 0);
    *ret = (ChurnDays){.upto = lake_col_int(r, 1),
                       .events = lake_col_int(r, 2),
                       .without_arrival = lake_col_int(r, 3),
                       .late = lake_col_int(r, 4),
                       .first = lake_col_int(r, 5),
                       .end = lake_col_int(r, 6)};
    return 0;
}

static int store_progress(LakeConn *conn, const ChurnDeclared *d, const ChurnDays *days, Error *err) {
    CLEANUP(free_text) char *digest = digest_of(d);
    const LakeValue values[] = {lake_text(digest), lake_int(days->upto), lake_int(days->events), lake_int(days->without_arrival),
                                lake_int(days->late)};
    return lake_exec_values(conn, "churn/days_stored", lake_sql("churn/days_stored"), values, ARRAY_LEN(values), NULL, err);
}

static int make_table(LakeConn *conn, const ChurnDeclared *d, ChurnDays *ret, Error *err) {
    CLEANUP(free_text)
    char *sql = xasprintf("CREATE OR REPLACE TABLE model_days (%s)", d->days_plan != NULL ? d->days_packed_columns : d->days_columns);
    *ret = (ChurnDays){0};
    return lake_exec(conn, "churn/days_table", sql, err) != 0 ? -1 : store_progress(conn, d, ret, err);
}

/* ---- adding ---- */

/* Rows of Silver to be added, and what the progress is afterwards. */
typedef struct Chunk {
    ChurnDays next;
    int64_t *late; /* batches; owned */
    size_t late_count;
    int64_t events;
} Chunk;

static void chunk_done(Chunk *c) {
    free(c->late);
}

static Chunk chunk_of(const Batch *batches, size_t n, const ChurnDays *days) {
    Chunk c = {.next = *days, .late = xcalloc(n + 1, sizeof *c.late), .late_count = 1};
    c.late[0] = -1; /* IN () is no SQL */
    for (size_t i = 0; i < n; i++) {
        c.events += batches[i].events;
        c.next.without_arrival += batches[i].without_arrival;
        if (batches[i].late) c.next.late += batches[i].events;
        if (batches[i].late) c.late[c.late_count++] = batches[i].id;
    }
    c.next.events += c.events;
    c.next.upto = batches[n - 1].id;
    return c;
}

/* The rows are added, merged by DuckDB or, where `rollups` are, merged before; with the progress, in one transaction. */
static int store_chunk(LakeConn *conn, const ChurnDeclared *d, Rollup *const *rollups, size_t n, const LakeBinding *bindings, size_t count,
                       const Chunk *c, Error *err) {
    CLEANUP(free_text) char *sql = lake_sql_bind(n == 0 ? d->days : d->days_packed, bindings, count);
    if (lake_begin(conn, err) != 0) return -1;
    int rc = n == 0 ? lake_exec(conn, "churn/days", sql, err) : rollup_exec(conn, "churn_day_rows", rollups, n, "churn/days", sql, err);
    if (rc == 0 && store_progress(conn, d, &c->next, err) == 0 && lake_commit(conn, err) == 0) return 0;
    lake_rollback(conn);
    return -1;
}

/* DuckDB compresses what it inserts on as many threads. */
static int store_merged(LakeConn *conn, const ChurnDeclared *d, Rollup *const *rollups, size_t n, const LakeBinding *bindings, size_t count,
                        const Chunk *c, Error *err) {
    Error ignored = {0};
    if (lake_raise_threads(conn, (int64_t)n, err) != 0) return -1;
    int rc = store_chunk(conn, d, rollups, n, bindings, count, c, err);
    if (lake_lower_threads(conn, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

/* The batches of a chunk in parts of some of the events each, one after the other: each is read by a thread, which looks at no other rows.
 * A batch is not divided. Returns how many there are; ret_last: the last batch of each. */
static size_t divide(const Batch *batches, size_t n, int64_t events, size_t parts, int64_t *ret_last) {
    size_t part = 0;
    int64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        before += batches[i].events;
        ret_last[part] = batches[i].id;
        if (i + 1 < n && part + 1 < parts && before * (int64_t)parts >= events * (int64_t)(part + 1)) part++;
    }
    return part + 1;
}

static int merge_chunk(LakeConn *conn, const ChurnDeclared *d, const int64_t *last, int64_t after, const Chunk *c, Rollup *const *rollups,
                       size_t parts, Error *err) {
    char *sql[CHURN_THREADS_MAX] = {0};
    for (size_t i = 0; i < parts; i++) {
        const LakeBinding bindings[] = {
            {"upto", lake_int(last[i])}, {"after", lake_int(i > 0 ? last[i - 1] : after)}, {"late", lake_ints(c->late, c->late_count)}};
        sql[i] = lake_sql_bind(d->days_events, bindings, ARRAY_LEN(bindings));
    }
    int rc = rollup_read_all(conn, "churn/days_events", (const char *const *)sql, rollups, parts, err);
    for (size_t i = 0; i < parts; i++) free(sql[i]);
    return rc;
}

/* Of the threads: made for the first chunk, then used for the next ones. */
typedef struct Rollups {
    Rollup *at[CHURN_THREADS_MAX];
} Rollups;

static void rollups_done(Rollups *r) {
    for (size_t i = 0; i < CHURN_THREADS_MAX; i++) rollup_freep(&r->at[i]);
}

static void begin_rollups(Rollups *r, const ChurnDeclared *d, size_t n, size_t rows) {
    for (size_t i = 0; i < n; i++) {
        if (r->at[i] != NULL)
            rollup_clear(r->at[i]);
        else
            r->at[i] = rollup_new_days(d->days_plan, rows / n);
    }
}

static int add_chunk(LakeConn *conn, const ChurnDeclared *d, Rollups *rollups, const Batch *batches, size_t n, ChurnDays *days,
                     Error *err) {
    CLEANUP(chunk_done) Chunk c = chunk_of(batches, n, days);
    const LakeBinding bindings[] = {
        {"upto", lake_int(c.next.upto)}, {"after", lake_int(days->upto)}, {"late", lake_ints(c.late, c.late_count)}};
    int64_t last[CHURN_THREADS_MAX];
    size_t parts = d->days_plan != NULL ? divide(batches, n, c.events, churn_threads(c.events), last) : 0;
    int rc = 0;
    begin_rollups(rollups, d, parts, (size_t)c.events);
    if (parts > 0) rc = merge_chunk(conn, d, last, days->upto, &c, rollups->at, parts, err);
    if (rc == 0)
        rc = parts > 0 ? store_merged(conn, d, rollups->at, parts, bindings, ARRAY_LEN(bindings), &c, err)
                       : store_chunk(conn, d, NULL, 0, bindings, ARRAY_LEN(bindings), &c, err);
    if (rc == 0) *days = c.next;
    return rc;
}

static bool is_kept(const ChurnNames *kept, int64_t id) {
    for (size_t i = 0; i < kept->count; i++)
        if (strtoll(kept->at[i], NULL, 10) == id) return true;
    return false;
}

/* From `from` on, up to CHUNK_EVENTS and not beyond a batch that a training ended with. */
static size_t chunk_size(const Batches *b, const ChurnNames *kept, size_t from) {
    int64_t events = 0;
    size_t n = 0;
    while (from + n < b->count && (n == 0 || events + b->items[from + n].events <= CHUNK_EVENTS)) {
        events += b->items[from + n].events;
        if (is_kept(kept, b->items[from + n++].id)) break;
    }
    return n;
}

static int add_batches(LakeConn *conn, const ChurnDeclared *d, ChurnDays *days, Error *err) {
    CLEANUP(batches_done) Batches batches = {0};
    CLEANUP(churn_names_done) ChurnNames kept = {0};
    CLEANUP(rollups_done) Rollups rollups = {0};
    if (read_batches(conn, days->upto, &batches, err) != 0 || churn_read_names(conn, NULL, "kept_batches", &kept, err) != 0) return -1;
    if (days->upto == 0 && batches.count > 0) log_info("train", "making the days that a model learns from, from all of Silver");
    for (size_t at = 0, n; at < batches.count; at += n) {
        n = chunk_size(&batches, &kept, at);
        if (stop_requested()) return error_set(err, ERR_STOPPED, "training was stopped; the days that were added stay");
        if (add_chunk(conn, d, &rollups, &batches.items[at], n, days, err) != 0) return -1;
    }
    return 0;
}

/* ---- the history ---- */

/* Of the days and all of Silver behind them. */
static int note_history(LakeConn *conn, const ChurnGold *g, ChurnDays *days, Error *err) {
    const LakeBinding bindings[] = {{"after", lake_int(days->upto)}, {"key", lake_name(g->key)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("churn/history"), bindings, ARRAY_LEN(bindings));
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    if (lake_query(conn, "churn/history", sql, NULL, 0, &r, err) != 0) return -1;
    int got = lake_next(r, err);
    if (got < 0) return -1;
    days->first = got > 0 ? lake_col_int(r, 0) : 0;
    days->end = got > 0 ? lake_col_int(r, 1) : 0;
    const LakeValue values[] = {lake_int(days->first), lake_int(days->end)};
    CLEANUP(free_text) char *known = churn_sql(g, "days_known");
    return lake_exec_values(conn, "churn/days_known", known, values, ARRAY_LEN(values), NULL, err);
}

/* Nothing was ever added, although there is a history: it was too short when it was looked at. */
static bool has_none(const ChurnDays *days) {
    return days->upto == 0 && days->end > days->first;
}

int churn_know_history(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret, Error *err) {
    CLEANUP(free_text) char *digest = digest_of(d);
    LakeValue sha256 = lake_text(digest);
    ChurnDays days = {0};
    bool same = false;
    int64_t due = always;
    CLEANUP(free_text) char *is_due = churn_sql(g, "days_due");
    if (read_progress(conn, d, &days, &same, err) != 0) return -1;
    if (!always && lake_query_int(conn, "churn/days_due", is_due, &sha256, 1, &due, err) != 0) return -1;
    if (due != 0 && ((!same && make_table(conn, d, &days, err) != 0) || note_history(conn, g, &days, err) != 0)) return -1;
    days.behind = due != 0;
    *ret = days;
    return 0;
}

int churn_add_days(LakeConn *conn, const ChurnDeclared *d, ChurnDays *days, Error *err) {
    if ((days->behind || has_none(days)) && add_batches(conn, d, days, err) != 0) return -1;
    days->behind = false;
    return 0;
}

int churn_update_days(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, bool always, ChurnDays *ret, Error *err) {
    return churn_know_history(conn, g, d, always, ret, err) != 0 ? -1 : churn_add_days(conn, d, ret, err);
}

char *churn_arrival_warning(const ChurnDeclared *d, const ChurnDays *days) {
    int64_t unknown = days->without_arrival + days->late;
    if (strcmp(d->as_of, "known") != 0 || unknown <= 0 || days->events <= 0) return NULL;
    return xasprintf("of %.1f%% of the events it is not known when they arrived (%" PRId64 " have no time of arrival, %" PRId64
                     " were loaded days after they happened): they count as known when they happened, so a late one may betray the future",
                     100 * (double)unknown / (double)days->events, days->without_arrival, days->late);
}

/* ---- the features as of a day ---- */

typedef struct AsOf {
    LakeBinding bindings[6];
} AsOf;

static bool is_by_event(const ChurnDeclared *d) {
    return strcmp(d->as_of, "event") == 0;
}

static AsOf as_of(const ChurnDeclared *d, int64_t day, int64_t first, int64_t upto) {
    return (AsOf){{{"day", lake_int(day)},
                   {"known", lake_int(is_by_event(d) ? INT32_MAX : day)},
                   {"upto", lake_int(upto)},
                   {"oldest", lake_int(day - d->widest)},
                   {"newest", lake_int(day - 1)},
                   {"age", lake_int(day > first ? day - first : 1)}}};
}

static int make_as_of(LakeConn *conn, const char *name, const char *statement, const AsOf *as_of, Error *err) {
    CLEANUP(free_text) char *sql = lake_sql_bind(statement, as_of->bindings, ARRAY_LEN(as_of->bindings));
    return lake_exec(conn, name, sql, err);
}

/* Of how many days before it the features of a day are made. */
static int64_t days_before(const ChurnDeclared *d) {
    return d->widest > d->events_within ? d->widest : d->events_within;
}

int churn_days_threads(LakeConn *conn, int64_t *ret, Error *err) {
    int64_t rows;
    if (lake_query_int(conn, "churn/days_rows", lake_sql("churn/days_rows"), NULL, 0, &rows, err) != 0) return -1;
    *ret = (int64_t)churn_threads(rows);
    return 0;
}

/* Each thread reads other days; the history begins at the first, before which there are few. */
int churn_read_history(LakeConn *conn, const ChurnDeclared *d, int64_t oldest, int64_t newest, int64_t first, int64_t upto,
                       RollupHistory **ret, Error *err) {
    char *sql[CHURN_THREADS_MAX] = {0};
    int64_t from = oldest - days_before(d), begin = from > first ? from : first, parts;
    if (d->days_plan == NULL) return 0;
    if (churn_days_threads(conn, &parts, err) != 0) return -1;
    size_t threads = (size_t)parts;
    for (size_t i = 0; i < threads; i++) {
        int64_t part = (int64_t)i;
        const LakeBinding bindings[] = {{"from", lake_int(i > 0 ? begin + (newest - begin) * part / parts : from)},
                                        {"to", lake_int(begin + (newest - begin) * (part + 1) / parts)},
                                        {"known", lake_int(is_by_event(d) ? INT32_MAX : newest)},
                                        {"upto", lake_int(upto)}};
        sql[i] = lake_sql_bind(lake_sql("churn/days_history"), bindings, ARRAY_LEN(bindings));
    }
    int rc = rollup_history_read(conn, "churn/days_history", (const char *const *)sql, threads, d->days_plan, ret, err);
    for (size_t i = 0; i < threads; i++) free(sql[i]);
    return rc;
}

/* Those of the plan, as churn_sums(). */
static int open_sums(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, const RollupPlan *plan, int64_t day,
                     RollupSource **ret, Error *err) {
    const RollupAsOf merged = {
        .day = day, .from = day - days_before(d), .known = is_by_event(d) ? INT32_MAX : day, .oldest = day - d->widest};
    int64_t threads;
    if (churn_days_threads(conn, &threads, err) != 0) return -1;
    return rollup_source_open(conn, "churn_sums", history, plan, &merged, (int)threads, ret, err);
}

/* Runs the statement over the days, merged by the plan. */
static int make_merged(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, const RollupPlan *plan, const char *name,
                       const char *statement, int64_t day, const AsOf *as_of, Error *err) {
    RollupSource *sums;
    Error ignored = {0};
    int64_t threads;
    if (churn_days_threads(conn, &threads, err) != 0 || lake_raise_threads(conn, threads, err) != 0) return -1;
    int rc = open_sums(conn, d, history, plan, day, &sums, err);
    if (rc == 0) rc = rollup_source_close(sums, make_as_of(conn, name, statement, as_of, err), err);
    if (lake_lower_threads(conn, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

int churn_make_rows(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, int64_t day, int64_t first, int64_t upto,
                    Error *err) {
    const AsOf bound = as_of(d, day, first, upto);
    return history != NULL ? make_merged(conn, d, history, d->sums_plan, "churn/features", d->features_merged, day, &bound, err)
                           : make_as_of(conn, "churn/features", d->features, &bound, err);
}

int churn_make_segments(LakeConn *conn, const ChurnDeclared *d, const RollupHistory *history, int64_t day, int64_t first, int64_t upto,
                        Error *err) {
    const AsOf bound = as_of(d, day, first, upto);
    return history != NULL ? make_merged(conn, d, history, d->segments_plan, "churn/segments", d->segments_merged, day, &bound, err)
                           : make_as_of(conn, "churn/segments", d->segments_made, &bound, err);
}

/* ---- rows that are read once ---- */

/* The first line of the statement makes a table of what it selects, which need not be stored to be read once. */
static int make_view(LakeConn *conn, const char *statement, const AsOf *as_of, Error *err) {
    const char *selects = strchr(statement, '\n');
    if (selects == NULL) return error_set(err, ERR_BUG, "model_declared makes no churn_rows");
    CLEANUP(free_text) char *view = xasprintf("%s%s", lake_sql("churn/cut"), selects);
    return make_as_of(conn, "churn/cut", view, as_of, err);
}

int churn_query_cut(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const RollupHistory *history, int64_t cut, int64_t first,
                    int64_t upto, LakeResult **ret, Error *err) {
    const AsOf bound = as_of(d, cut, first, upto);
    RollupSource *sums = NULL;
    if (history != NULL && open_sums(conn, d, history, d->sums_plan, cut, &sums, err) != 0) return -1;
    int rc = make_view(conn, history != NULL ? d->features_merged : d->features, &bound, err);
    if (rc == 0) rc = churn_query_labelled_rows(conn, g, "cut_rows", ret, err);
    return sums != NULL ? rollup_source_close(sums, rc, err) : rc;
}

/* rollup_windows.c: days merged by window, as a source of DuckDB. An entity's windows are merged when DuckDB asks for its row, some
 * entities at a time, so that they stay in the cache until the last part is made of them.
 *
 * Invariant: the merged values do not depend on the order of the days: sums are whole numbers, and of two last values the same one wins
 * always. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <pthread.h>
#include <string.h>

enum { AT_A_TIME = 64 };

/* What is read. */
typedef struct Rows {
    const RollupHistory *history;
    const RollupPlan *plan;
    RollupAsOf as_of;
    RollupFeeds feeds;
    pthread_mutex_t lock; /* of what is below */
    size_t next;          /* entity */
    Error err;            /* the first */
} Rows;

static void find_single_sums(const RollupPlan *plan, const RollupPlan *days, RollupFeeds *ret) {
    ret->single_sums = 0;
    for (size_t day = 0; day < days->count; day++) {
        if (ret->of[day].count != 1) continue;
        const RollupMeasure *m = &plan->measures[ret->fed[ret->of[day].first]];
        if (m->kind != ROLLUP_SUM || m->by_day) continue;
        ret->single_sums |= UINT64_C(1) << day;
        ret->word[day] = m->word;
    }
}

bool rollup_find_feeds(const RollupPlan *plan, const RollupPlan *days, RollupFeeds *ret) {
    size_t n = 0;
    for (size_t day = 0; day < days->count; day++) {
        ret->of[day].first = n;
        for (size_t i = 0; i < plan->count; i++)
            if (plan->measures[i].of == day) ret->fed[n++] = i;
        ret->of[day].count = n - ret->of[day].first;
    }
    find_single_sums(plan, days, ret);
    for (size_t i = 0; i < n; i++) {
        const RollupMeasure *m = &plan->measures[ret->fed[i]], *of = &days->measures[m->of];
        if (m->by_day ? of->kind != ROLLUP_SUM : m->kind != of->kind || m->text != of->text) return false;
    }
    return n == plan->count;
}

/* ---- windows of an entity ---- */

static size_t window_of(const Rows *rows, int64_t day) {
    size_t i = 0;
    while (i < rows->plan->window_count && rows->as_of.day - day > rows->plan->windows[i]) i++;
    return i;
}

/* The days on which there is something, counted from the oldest. */
static void merge_day(const Rows *rows, const RollupMeasure *m, int64_t value, int64_t day, RollupRecord *record) {
    int64_t at = day - rows->as_of.oldest;
    if (value > 0 && at >= 0 && (size_t)at < m->width)
        record->words[m->word + (size_t)at / 64] |= (int64_t)(UINT64_C(1) << ((size_t)at % 64));
}

/* False: it does not fit. */
static bool merge_sum(const Rows *rows, const RollupMeasure *m, int64_t value, int64_t day, RollupRecord *record) {
    int64_t *word = &record->words[m->word];
    bool overflow = m->by_day && __builtin_mul_overflow(value, day - rows->as_of.day, &value);
    return !(__builtin_add_overflow(*word, value, word) | overflow);
}

static void merge_last(const RollupMeasure *m, uint64_t bit, const RollupSeen *seen, RollupRecord *record) {
    RollupSeen *last = rollup_seen(record, m);
    if ((record->present & bit) == 0 || rollup_seen_is_after(seen, last, m->text)) *last = *seen;
    record->present |= bit;
}

/* What the measure `from` of a day adds to those that are merged from it. NULL, or the name of a sum that does not fit. */
static const char *feed(const Rows *rows, const RollupUnpacked *u, size_t from, int64_t day, RollupRecord *record) {
    const RollupFeeds *feeds = &rows->feeds;
    for (size_t i = feeds->of[from].first; i < feeds->of[from].first + feeds->of[from].count; i++) {
        size_t fed = feeds->fed[i];
        const RollupMeasure *m = &rows->plan->measures[fed];
        switch (m->kind) {
        case ROLLUP_SUM:
            if (!merge_sum(rows, m, u->numbers[from], day, record)) return m->name;
            break;
        case ROLLUP_MIN:
        case ROLLUP_MAX: rollup_merge_extreme(m, UINT64_C(1) << fed, u->numbers[from], record); break;
        case ROLLUP_LAST: merge_last(m, UINT64_C(1) << fed, &u->lasts[from], record); break;
        case ROLLUP_DAYS: merge_day(rows, m, u->numbers[from], day, record); break;
        }
    }
    return NULL;
}

/* Most are sums that are merged into one, and fit: they take no more than an addition. */
static const char *feed_all(const Rows *rows, const RollupUnpacked *u, int64_t day, RollupRecord *record) {
    bool overflow = false;
    for (uint64_t left = u->present & rows->feeds.single_sums; left != 0; left &= left - 1) {
        size_t from = (size_t)__builtin_ctzll(left);
        int64_t *word = &record->words[rows->feeds.word[from]];
        overflow |= __builtin_add_overflow(*word, u->numbers[from], word);
    }
    const char *name = overflow ? "over a window" : NULL;
    for (uint64_t left = u->present & ~rows->feeds.single_sums; left != 0 && name == NULL; left &= left - 1)
        name = feed(rows, u, (size_t)__builtin_ctzll(left), day, record);
    return name;
}

static int merge_record(const Rows *rows, Span bytes, int64_t day, RollupRecord *record, Error *err) {
    RollupUnpacked u;
    if (!rollup_unpack(rows->history->days, bytes, day, &u)) return error_set(err, ERR_DATA, "model_days has a damaged record");
    const char *name = feed_all(rows, &u, day, record);
    return name != NULL ? error_set(err, ERR_DATA, "the sum %s does not fit in 64 bits", name) : 0;
}

static bool is_asked_for(const RollupAsOf *as_of, const RollupDay *day) {
    return day->day >= as_of->from && day->day < as_of->day && day->known < as_of->known;
}

static RollupRecord *window_at(const RollupPlan *plan, RollupRecord *windows, size_t number) {
    return (RollupRecord *)(void *)((char *)windows + number * rollup_record_size(plan));
}

/* Empty windows, one after the other in memory. */
static void begin_windows(const RollupPlan *plan, RollupRecord *windows) {
    memset(windows, 0, (plan->window_count + 1) * rollup_record_size(plan));
    for (size_t i = 0; i <= plan->window_count; i++) {
        window_at(plan, windows, i)->day = (int32_t)i;
        window_at(plan, windows, i)->next = i < plan->window_count ? window_at(plan, windows, i + 1) : NULL;
    }
}

static int merge_run(const Rows *rows, const RollupRun *run, RollupRecord *windows, bool *ret_any, Error *err) {
    RollupDay day;
    for (const char *at = run->bytes; at < run->bytes + run->len; at += sizeof day + day.len) {
        memcpy(&day, at, sizeof day);
        if (!is_asked_for(&rows->as_of, &day)) continue;
        if (!*ret_any) begin_windows(rows->plan, windows);
        *ret_any = true;
        RollupRecord *window = window_at(rows->plan, windows, window_of(rows, day.day));
        if (merge_record(rows, (Span){at + sizeof day, day.len}, day.day, window, err) != 0) return -1;
    }
    return 0;
}

static bool has_days(const RollupAsOf *as_of, const RollupRun *run) {
    return run->last >= as_of->from && run->first < as_of->day;
}

static void prefetch_entity(const Rows *rows, size_t entity) {
    const RollupHistory *h = rows->history;
    for (size_t i = h->from[entity]; i < h->from[entity + 1]; i++) {
        if (!has_days(&rows->as_of, &h->runs[i])) continue;
        __builtin_prefetch(h->runs[i].bytes);
        __builtin_prefetch(h->runs[i].bytes + 64);
    }
}

/* *ret_any: it has a day; otherwise nothing is in the windows. */
static int merge_entity(const Rows *rows, size_t entity, RollupRecord *windows, bool *ret_any, Error *err) {
    const RollupHistory *h = rows->history;
    *ret_any = false;
    for (size_t i = h->from[entity]; i < h->from[entity + 1]; i++)
        if (has_days(&rows->as_of, &h->runs[i]) && merge_run(rows, &h->runs[i], windows, ret_any, err) != 0) return -1;
    return 0;
}

/* ---- parts ---- */

static void put_number(const LakeVector *v, size_t row, int64_t value) {
    ((int64_t *)v->data)[row] = value;
}

static void put_text(const LakeVector *v, size_t row, Span text) {
    ((LakeText *)v->data)[row] = lake_borrow_text(text);
}

/* Of the records of an entity that are in a part. False: it does not fit. */
static bool merge_sums(const RollupEntity *e, const RollupPart *p, const RollupMeasure *m, int64_t *ret) {
    bool overflow = false;
    *ret = 0;
    for (const RollupRecord *r = e->records; r != NULL; r = r->next)
        if ((size_t)r->day < p->windows) overflow |= __builtin_add_overflow(*ret, r->words[m->word], ret);
    return !overflow;
}

/* False: there is no value. */
static bool merge_extremes(const RollupEntity *e, const RollupPart *p, const RollupMeasure *m, int64_t *ret) {
    bool found = false;
    for (const RollupRecord *r = e->records; r != NULL; r = r->next) {
        if ((size_t)r->day >= p->windows || !rollup_has(r, p->of)) continue;
        int64_t word = r->words[m->word];
        if (!found || (m->kind == ROLLUP_MAX ? word > *ret : word < *ret)) *ret = word;
        found = true;
    }
    return found;
}

/* NULL: there is none. */
static const RollupSeen *merge_lasts(const RollupEntity *e, const RollupPart *p, const RollupMeasure *m) {
    const RollupSeen *best = NULL;
    for (const RollupRecord *r = e->records; r != NULL; r = r->next) {
        if ((size_t)r->day >= p->windows || !rollup_has(r, p->of)) continue;
        const RollupSeen *seen = rollup_seen_of(r, m);
        if (best == NULL || rollup_seen_is_after(seen, best, m->text)) best = seen;
    }
    return best;
}

static uint64_t days_of(const RollupEntity *e, const RollupMeasure *m, size_t word) {
    uint64_t days = 0;
    for (const RollupRecord *r = e->records; r != NULL; r = r->next) days |= (uint64_t)r->words[m->word + word];
    return days;
}

/* False: there is none, or no pause. */
static bool merge_days(const RollupEntity *e, const RollupPart *p, const RollupMeasure *m, int64_t *ret) {
    size_t from = m->width - (size_t)p->days, before = SIZE_MAX;
    int64_t count = 0, gap = 0;
    for (size_t word = 0; 64 * word < m->width; word++) {
        for (uint64_t left = days_of(e, m, word); left != 0; left &= left - 1) {
            size_t day = 64 * word + (size_t)__builtin_ctzll(left);
            if (day >= from && before != SIZE_MAX && (int64_t)(day - before) > gap) gap = (int64_t)(day - before);
            count += day >= from;
            before = day;
        }
    }
    *ret = p->gap ? gap : count;
    return p->gap ? gap > 0 : before != SIZE_MAX;
}

static void put_last(const LakeVector *v, size_t row, const RollupSeen *last, bool text) {
    if (last == NULL)
        lake_clear_value(v, row);
    else if (text)
        put_text(v, row, last->text);
    else
        put_number(v, row, last->number);
}

/* Of n entities, in rows from `first` on. False: a sum does not fit. */
static bool put_part(const RollupPlan *plan, const LakeVector *v, const RollupPart *p, const RollupEntity *entities, size_t n,
                     size_t first) {
    const RollupMeasure *m = &plan->measures[p->of];
    int64_t *number = v->data;
    bool fits = true;
    for (size_t row = first; row < first + n; row++) {
        const RollupEntity *e = &entities[row - first];
        switch (m->kind) {
        case ROLLUP_SUM: fits &= merge_sums(e, p, m, &number[row]); break;
        case ROLLUP_MIN:
        case ROLLUP_MAX:
            if (!merge_extremes(e, p, m, &number[row])) lake_clear_value(v, row);
            break;
        case ROLLUP_LAST: put_last(v, row, merge_lasts(e, p, m), m->text); break;
        case ROLLUP_DAYS:
            if (!merge_days(e, p, m, &number[row])) lake_clear_value(v, row);
            break;
        }
    }
    return fits;
}

/* ---- rows ---- */

/* What a thread fills a chunk with. */
typedef struct Filling {
    Rows *rows;
    LakeVector *columns;           /* the entity, then the parts; owned */
    RollupRecord *windows;         /* of AT_A_TIME entities; owned */
    RollupEntity batch[AT_A_TIME]; /* those that have a day */
    size_t filled;                 /* rows of the chunk */
} Filling;

static RollupRecord *windows_of(const Filling *f, size_t place) {
    return window_at(f->rows->plan, f->windows, place * (f->rows->plan->window_count + 1));
}

/* Up to `n` entities; returns the first of them. */
static size_t take_entities(Rows *rows, size_t *n) {
    pthread_mutex_lock(&rows->lock);
    size_t first = rows->next, left = rows->history->parts[0].entities.count - first;
    if (*n > left) *n = left;
    rows->next += *n;
    pthread_mutex_unlock(&rows->lock);
    return first;
}

static int put_parts(Filling *f, size_t n, Error *err) {
    const RollupPlan *plan = f->rows->plan;
    for (size_t i = 0; i < n; i++) ((LakeText *)f->columns[0].data)[f->filled + i] = f->batch[i].key;
    for (size_t p = 0; p < plan->part_count; p++)
        if (!put_part(plan, &f->columns[1 + p], &plan->parts[p], f->batch, n, f->filled))
            return error_set(err, ERR_DATA, "the sum %s does not fit in 64 bits", plan->parts[p].name);
    f->filled += n;
    return 0;
}

/* Of some entities the rows. */
static int put_entities(Filling *f, size_t first, size_t n, Error *err) {
    enum { AHEAD = 2 };
    const RollupEntity *entities = &f->rows->history->parts[0].entities.items[first];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        RollupRecord *windows = windows_of(f, count);
        bool any;
        if (i + AHEAD < n) prefetch_entity(f->rows, first + i + AHEAD);
        if (merge_entity(f->rows, first + i, windows, &any, err) != 0) return -1;
        if (any) f->batch[count++] = (RollupEntity){.key = entities[i].key, .records = windows};
    }
    return put_parts(f, count, err);
}

static int fill(Filling *f, size_t capacity, Error *err) {
    size_t n;
    do {
        n = capacity - f->filled < AT_A_TIME ? capacity - f->filled : AT_A_TIME;
        size_t first = take_entities(f->rows, &n);
        if (put_entities(f, first, n, err) != 0) return -1;
    } while (n > 0 && f->filled < capacity);
    return 0;
}

static void keep_error(Rows *rows, Error *err) {
    pthread_mutex_lock(&rows->lock);
    if (rows->err.text == NULL) {
        rows->err = *err;
        *err = (Error){0};
    }
    pthread_mutex_unlock(&rows->lock);
    error_clear(err);
}

/* LakeFill */
static size_t fill_windows(void *state, LakeChunk *chunk, size_t capacity) {
    Rows *rows = state;
    const RollupPlan *plan = rows->plan;
    Error err = {0};
    Filling f = {.rows = rows, .columns = xcalloc(plan->part_count + 1, sizeof *f.columns)};
    f.windows = xmalloc(AT_A_TIME * (plan->window_count + 1) * rollup_record_size(plan));
    for (size_t i = 0; i <= plan->part_count; i++) f.columns[i] = lake_output(chunk, i);
    if (fill(&f, capacity, &err) != 0) {
        lake_output_fail(chunk, err.text);
        keep_error(rows, &err);
        f.filled = 0;
    }
    free(f.columns);
    free(f.windows);
    return f.filled;
}

/* ---- the source ---- */

struct RollupSource {
    LakeConn *conn;
    const char *name;
    LakeColumn *columns; /* owned */
    Rows rows;
};

/* Names and types are the plan's. */
static LakeColumn *columns_of(const RollupPlan *p) {
    LakeColumn *columns = xcalloc(p->part_count + 1, sizeof *columns);
    columns[0] = (LakeColumn){.name = "entity", .sql_type = "VARCHAR"};
    for (size_t i = 0; i < p->part_count; i++)
        columns[1 + i] = (LakeColumn){.name = p->parts[i].name, .sql_type = p->measures[p->parts[i].of].type};
    return columns;
}

int rollup_source_open(LakeConn *conn, const char *name, const RollupHistory *h, const RollupPlan *plan, const RollupAsOf *as_of,
                       int threads, RollupSource **ret, Error *err) {
    RollupSource *s = xcalloc(1, sizeof *s);
    *s = (RollupSource){.conn = conn,
                        .name = name,
                        .columns = columns_of(plan),
                        .rows = {.history = h, .plan = plan, .as_of = *as_of, .lock = PTHREAD_MUTEX_INITIALIZER}};
    int rc = rollup_find_feeds(plan, h->days, &s->rows.feeds)
                 ? lake_register_source(conn, name, s->columns, plan->part_count + 1, threads, fill_windows, &s->rows, err)
                 : error_set(err, ERR_BUG, "model_declared has plans of merging that do not fit together");
    if (rc != 0) return rollup_source_close(s, rc, err);
    *ret = s;
    return 0;
}

int rollup_source_close(RollupSource *s, int rc, Error *err) {
    lake_unregister_source(s->conn, s->name);
    if (rc != 0 && s->rows.err.text != NULL) {
        error_clear(err);
        *err = s->rows.err;
        s->rows.err = (Error){0};
    }
    error_clear(&s->rows.err);
    pthread_mutex_destroy(&s->rows.lock);
    free(s->columns);
    free(s);
    return rc;
}

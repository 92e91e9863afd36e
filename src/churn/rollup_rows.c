/* rollup_rows.c: the merged rows, as a source of DuckDB: a column of a chunk after the other. Its threads take rows of the same rollups in
 * turn. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <pthread.h>
#include <string.h>

/* What is read. */
typedef struct Rows {
    pthread_mutex_t lock; /* of at, and of where each rollup is */
    Rollup *const *rollups;
    size_t count, at;
} Rows;

static Span span_of(const RollupText *t) {
    return (Span){t->bytes, t->len};
}

static void put_number(const LakeVector *v, size_t row, int64_t value) {
    ((int64_t *)v->data)[row] = value;
}

static void put_text(const LakeVector *v, size_t row, Span text) {
    ((LakeText *)v->data)[row] = lake_borrow_text(text);
}

/* ---- days ---- */

/* An entity's first records were made at different times: memory is asked for those of the next ones. */
static void prefetch_after(const Rollup *r, size_t at) {
    enum { AHEAD = 8 };
    if (at + 2 * AHEAD >= r->entities.count) return;
    __builtin_prefetch(r->entities.items[at + 2 * AHEAD].records);
    __builtin_prefetch(r->entities.items[at + AHEAD].records->next);
}

/* The next records of a rollup and their entities; returns how many. */
static size_t next_of(Rollup *r, size_t capacity, const RollupEntity **entities, const RollupRecord **records) {
    size_t n = 0;
    while (n < capacity && r->next < r->entities.count) {
        const RollupEntity *e = &r->entities.items[r->next];
        prefetch_after(r, r->next);
        const RollupRecord *record = r->next_record != NULL ? r->next_record : e->records;
        for (; record != NULL && n < capacity; record = record->next, n++) {
            entities[n] = e;
            records[n] = record;
        }
        r->next_record = record;
        if (record == NULL) r->next++;
    }
    return n;
}

static size_t next_records(Rows *rows, size_t capacity, const RollupEntity **entities, const RollupRecord **records) {
    size_t n = 0;
    pthread_mutex_lock(&rows->lock);
    for (; rows->at < rows->count; rows->at++)
        if ((n = next_of(rows->rollups[rows->at], capacity, entities, records)) > 0) break;
    pthread_mutex_unlock(&rows->lock);
    return n;
}

/* LakeFill */
static size_t fill_days(void *state, LakeChunk *chunk, size_t capacity) {
    enum { AHEAD = 4 };
    Rows *rows = state;
    const RollupPlan *plan = rows->rollups[0]->plan;
    const RollupEntity *entities[LAKE_ROWS];
    const RollupRecord *records[LAKE_ROWS];
    CLEANUP(buf_done) Buf bytes = {0};
    size_t n = next_records(rows, capacity < LAKE_ROWS ? capacity : LAKE_ROWS, entities, records);
    LakeVector entity = lake_output(chunk, 0), day = lake_output(chunk, 1), known = lake_output(chunk, 2), events = lake_output(chunk, 3);
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) rollup_prefetch(plan, records[i + AHEAD]);
        put_text(&entity, i, span_of(entities[i]->id));
        ((int32_t *)day.data)[i] = records[i]->day;
        ((int32_t *)known.data)[i] = records[i]->known;
        ((int64_t *)events.data)[i] = records[i]->words[plan->measures[0].word];
        rollup_pack(plan, records[i], &bytes);
        lake_put_blob(chunk, 4, i, bytes.data, bytes.len);
    }
    return n;
}

/* ---- windows ---- */

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
static const RollupLast *merge_lasts(const RollupEntity *e, const RollupPart *p, const RollupMeasure *m) {
    const RollupLast *best = NULL;
    for (const RollupRecord *r = e->records; r != NULL; r = r->next) {
        if ((size_t)r->day >= p->windows || !rollup_has(r, p->of)) continue;
        const RollupLast *last = rollup_last_of(r, m);
        if (best == NULL || rollup_last_is_after(last, best, m->text)) best = last;
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

static void put_last(const LakeVector *v, size_t row, const RollupLast *last, bool text) {
    if (last == NULL)
        lake_clear_value(v, row);
    else if (text)
        put_text(v, row, span_of(last->value.text));
    else
        put_number(v, row, last->value.number);
}

/* Of the entities first + from to first + to. False: a sum does not fit. */
static bool put_part(const Rollup *r, size_t first, const LakeVector *v, const RollupPart *p, size_t from, size_t to) {
    const RollupMeasure *m = &r->plan->measures[p->of];
    int64_t *number = v->data;
    bool fits = true;
    for (size_t i = from; i < to; i++) {
        const RollupEntity *e = &r->entities.items[first + i];
        switch (m->kind) {
        case ROLLUP_SUM: fits &= merge_sums(e, p, m, &number[i]); break;
        case ROLLUP_MIN:
        case ROLLUP_MAX:
            if (!merge_extremes(e, p, m, &number[i])) lake_clear_value(v, i);
            break;
        case ROLLUP_LAST: put_last(v, i, merge_lasts(e, p, m), m->text); break;
        case ROLLUP_DAYS:
            if (!merge_days(e, p, m, &number[i])) lake_clear_value(v, i);
            break;
        }
    }
    return fits;
}

/* Entities from *ret_first on of the rollup that is returned; NULL: the end. */
static const Rollup *next_entities(Rows *rows, size_t capacity, size_t *ret_first, size_t *ret_count) {
    Rollup *r = NULL;
    pthread_mutex_lock(&rows->lock);
    while (rows->at < rows->count && rows->rollups[rows->at]->next == rows->rollups[rows->at]->entities.count) rows->at++;
    if (rows->at < rows->count) {
        r = rows->rollups[rows->at];
        size_t left = r->entities.count - r->next;
        *ret_first = r->next;
        *ret_count = left < capacity ? left : capacity;
        r->next += *ret_count;
    }
    pthread_mutex_unlock(&rows->lock);
    return r;
}

/* So many entities at a time that their records stay in the cache from one part to the next. */
static bool put_parts(const Rollup *r, size_t first, const LakeVector *columns, size_t n) {
    enum { AT_A_TIME = 64 };
    bool fits = true;
    for (size_t from = 0; from < n; from += AT_A_TIME)
        for (size_t p = 0; p < r->plan->part_count; p++)
            fits &= put_part(r, first, &columns[p], &r->plan->parts[p], from, from + AT_A_TIME < n ? from + AT_A_TIME : n);
    return fits;
}

/* LakeFill */
static size_t fill_windows(void *state, LakeChunk *chunk, size_t capacity) {
    size_t first, n;
    const Rollup *r = next_entities(state, capacity, &first, &n);
    if (r == NULL) return 0;
    LakeVector entity = lake_output(chunk, 0);
    LakeVector *columns = xcalloc(r->plan->part_count + 1, sizeof *columns);
    for (size_t i = 0; i < n; i++) put_text(&entity, i, span_of(r->entities.items[first + i].id));
    for (size_t p = 0; p < r->plan->part_count; p++) columns[p] = lake_output(chunk, 1 + p);
    if (!put_parts(r, first, columns, n)) {
        lake_output_fail(chunk, "a sum does not fit in 64 bits");
        n = 0;
    }
    free(columns);
    return n;
}

/* ---- columns ---- */

typedef struct Columns {
    LakeColumn *items;
    char **names;
    size_t count;
} Columns;

static void add_column(Columns *c, const char *name, const char *type) {
    c->items = xgrow(c->items, c->count, sizeof *c->items);
    c->names = xgrow(c->names, c->count, sizeof *c->names);
    c->names[c->count] = xstrdup(name);
    c->items[c->count] = (LakeColumn){.name = c->names[c->count], .sql_type = type};
    c->count++;
}

static void columns_done(Columns *c) {
    for (size_t i = 0; i < c->count; i++) free(c->names[i]);
    free(c->names);
    free(c->items);
}

static void day_columns(Columns *c) {
    add_column(c, "entity", "VARCHAR");
    add_column(c, "day", "INTEGER");
    add_column(c, "known", "INTEGER");
    add_column(c, "events", "BIGINT");
    add_column(c, "record", "BLOB");
}

static void window_columns(const RollupPlan *p, Columns *c) {
    add_column(c, "entity", "VARCHAR");
    for (const RollupPart *part = p->parts; part < p->parts + p->part_count; part++) add_column(c, part->name, p->measures[part->of].type);
}

int rollup_exec(LakeConn *conn, const char *source, Rollup *const *rollups, size_t n, const char *name, const char *sql, Error *err) {
    CLEANUP(columns_done) Columns columns = {0};
    Rows rows = {.lock = PTHREAD_MUTEX_INITIALIZER, .rollups = rollups, .count = n};
    bool days = rollups[0]->days == NULL;
    if (days)
        day_columns(&columns);
    else
        window_columns(rollups[0]->plan, &columns);
    int rc = lake_register_source(conn, source, columns.items, columns.count, (int)n, days ? fill_days : fill_windows, &rows, err);
    if (rc == 0) rc = lake_exec(conn, name, sql, err);
    lake_unregister_source(conn, source);
    pthread_mutex_destroy(&rows.lock);
    return rc;
}

/* rollup_merge.c: merges the rows of a chunk of Silver into the records of their days, one column after the other.
 *
 * Invariant: the merged values do not depend on the order of the rows, nor on how they were divided: sums are whole numbers, and of two
 * last values the same one wins always. */
#include "churn/rollup_internal.h"

#include "lake/vectors.h"
#include <string.h>

static int overflows(const RollupMeasure *m, Error *err) {
    return error_set(err, ERR_DATA, "the sum %s does not fit in 64 bits", m->name);
}

/* ---- last values ---- */

static int compare_texts(Span a, Span b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int c = memcmp(a.at, b.at, n);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

bool rollup_seen_is_after(const RollupSeen *a, const RollupSeen *b, bool text) {
    if (a->at != b->at) return a->at > b->at;
    int order = compare_texts(a->source, b->source);
    if (order == 0) order = compare_texts(a->id, b->id);
    if (order != 0) return order > 0;
    return text ? compare_texts(a->text, b->text) > 0 : a->number > b->number;
}

static Span span_of(const RollupText *t) {
    return (Span){t->bytes, t->len};
}

static bool is_after(const RollupSeen *seen, const RollupLast *last, bool text) {
    if (seen->at != last->at) return seen->at > last->at;
    const RollupSeen other = {.at = last->at,
                              .source = span_of(last->source),
                              .id = rollup_span(&last->id),
                              .text = text ? span_of(last->value.text) : (Span){"", 0},
                              .number = text ? 0 : last->value.number};
    return rollup_seen_is_after(seen, &other, text);
}

static const RollupText *shared_text(Rollup *r, Span text) {
    size_t number = rollup_texts_find(&r->texts, &r->kept, text); /* may move the items */
    return r->texts.items[number].id;
}

static bool is_text(const RollupText *t, Span text) {
    return t != NULL && t->len == text.len && memcmp(t->bytes, text.at, text.len) == 0;
}

/* A long id is written over the long one before when it fits: ids differ for every event. */
static void put_id(Rollup *r, Span id, LakeText *ret) {
    if (id.len > LAKE_TEXT_SHORT) {
        RollupText *text = lake_text_is_short(ret) ? NULL : (RollupText *)(void *)(uintptr_t)(rollup_span(ret).at - sizeof(RollupText));
        if (text == NULL || text->room < id.len) text = rollup_keep_text(&r->arena, id);
        text->len = (uint32_t)id.len;
        memcpy(text->bytes, id.at, id.len);
        id.at = text->bytes;
    }
    *ret = lake_borrow_text(id);
}

static void put_last(Rollup *r, const RollupMeasure *m, const RollupSeen *seen, RollupLast *last) {
    last->at = seen->at;
    if (!is_text(last->source, seen->source)) last->source = shared_text(r, seen->source);
    put_id(r, seen->id, &last->id);
    if (m->text)
        last->value.text = shared_text(r, seen->text);
    else
        last->value.number = seen->number;
}

static void merge_last(Rollup *r, const RollupMeasure *m, uint64_t bit, const RollupSeen *seen, RollupRecord *record) {
    RollupLast *last = rollup_last(record, m);
    if ((record->present & bit) != 0 && !is_after(seen, last, m->text)) return;
    put_last(r, m, seen, last);
    record->present |= bit;
}

/* ---- events, by day ---- */

/* Rows from..to of a chunk. */
typedef struct Rows {
    const LakeResult *chunk;
    size_t from, to;
    RollupRecord **records; /* of all rows */
} Rows;

/* The rows from `from` on, at most 64, that have a value: a bit for each. Most columns have one in some rows, by no rule that a processor
 * could foresee. */
static uint64_t rows_with_value(const LakeVector *v, const Rows *rows, size_t from) {
    uint64_t wanted = rows->to - from < 64 ? (UINT64_C(1) << (rows->to - from)) - 1 : UINT64_MAX;
    return v->valid == NULL ? wanted : v->valid[from / 64] & wanted;
}

static bool add_sums(const RollupMeasure *m, const LakeVector *v, const Rows *rows) {
    const int64_t *value = v->data;
    RollupRecord **records = rows->records;
    bool overflow = false;
    for (size_t from = rows->from; from < rows->to; from += 64) {
        for (uint64_t left = rows_with_value(v, rows, from); left != 0; left &= left - 1) {
            size_t i = from + (size_t)__builtin_ctzll(left);
            overflow |= __builtin_add_overflow(records[i]->words[m->word], value[i], &records[i]->words[m->word]);
        }
    }
    return !overflow;
}

static void add_extremes(const RollupMeasure *m, uint64_t bit, const LakeVector *v, const Rows *rows) {
    const int64_t *value = v->data;
    for (size_t from = rows->from; from < rows->to; from += 64) {
        for (uint64_t left = rows_with_value(v, rows, from); left != 0; left &= left - 1) {
            size_t i = from + (size_t)__builtin_ctzll(left);
            rollup_merge_extreme(m, bit, value[i], rows->records[i]);
        }
    }
}

static void add_lasts(Rollup *r, const RollupMeasure *m, uint64_t bit, const Rows *rows) {
    const LakeVector at = lake_input(rows->chunk, m->column), source = lake_input(rows->chunk, m->column + 1),
                     id = lake_input(rows->chunk, m->column + 2), value = lake_input(rows->chunk, m->column + 3);
    for (size_t i = rows->from; i < rows->to; i++) {
        if (!lake_has_value(&at, i)) continue;
        RollupSeen seen = {.at = ((const int64_t *)at.data)[i], .source = lake_text_at(&source, i), .id = lake_text_at(&id, i)};
        if (m->text)
            seen.text = lake_text_at(&value, i);
        else
            seen.number = ((const int64_t *)value.data)[i];
        merge_last(r, m, bit, &seen, rows->records[i]);
    }
}

static int add_columns(Rollup *r, const Rows *rows, Error *err) {
    for (size_t i = 0; i < r->plan->count; i++) {
        const RollupMeasure *m = &r->plan->measures[i];
        LakeVector v = lake_input(rows->chunk, m->column);
        switch (m->kind) {
        case ROLLUP_SUM:
            if (!add_sums(m, &v, rows)) return overflows(m, err);
            break;
        case ROLLUP_MIN:
        case ROLLUP_MAX: add_extremes(m, UINT64_C(1) << i, &v, rows); break;
        case ROLLUP_LAST: add_lasts(r, m, UINT64_C(1) << i, rows); break;
        case ROLLUP_DAYS: BUG("days are made of days");
        }
    }
    return 0;
}

/* So many rows at a time that their records stay in the cache from one column to the next. */
static int read_events(Rollup *r, const LakeResult *chunk, size_t n, Error *err) {
    enum { AT_A_TIME = 256 };
    LakeVector entity = lake_input(chunk, 0), day = lake_input(chunk, 1), known = lake_input(chunk, 2);
    uint32_t entities[LAKE_ROWS];
    RollupRowKey keys[LAKE_ROWS];
    RollupRecord *records[LAKE_ROWS];
    rollup_find_entities(&r->entities, &r->kept, &entity, n, entities);
    for (size_t i = 0; i < n; i++) keys[i] = (RollupRowKey){entities[i], ((const int32_t *)day.data)[i], ((const int32_t *)known.data)[i]};
    rollup_find_records(r, keys, n, records);
    for (size_t from = 0; from < n; from += AT_A_TIME) {
        const Rows rows = {.chunk = chunk, .from = from, .to = from + AT_A_TIME < n ? from + AT_A_TIME : n, .records = records};
        for (size_t i = rows.from; i < rows.to; i++) rollup_prefetch(r->plan, records[i]);
        if (add_columns(r, &rows, err) != 0) return -1;
    }
    return 0;
}

static int read_events_of(void *into, const LakeResult *chunk, size_t n, Error *err) {
    return read_events(into, chunk, n, err);
}

int rollup_read_all(LakeConn *conn, const char *name, const char *const *sql, Rollup *const *rollups, size_t n, Error *err) {
    return rollup_stream_all(conn, name, sql, (void *const *)rollups, read_events_of, n, err);
}

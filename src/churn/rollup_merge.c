/* rollup_merge.c: merges the rows of a chunk into their records: those of Silver one column after the other, those of model_days one record
 * after the other.
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

static int compare_texts(const RollupText *a, Span b) {
    size_t n = a->len < b.len ? a->len : b.len;
    int c = memcmp(a->bytes, b.at, n);
    return c != 0 ? c : (a->len > b.len) - (a->len < b.len);
}

static Span span_of(const RollupText *t) {
    return (Span){t->bytes, t->len};
}

static bool is_after(const RollupSeen *seen, const RollupLast *last, bool text) {
    if (seen->at != last->at) return seen->at > last->at;
    int order = compare_texts(last->source, seen->source);
    if (order == 0) order = compare_texts(last->id, seen->id);
    if (order != 0) return order < 0;
    return text ? compare_texts(last->value.text, seen->text) < 0 : seen->number > last->value.number;
}

bool rollup_last_is_after(const RollupLast *a, const RollupLast *b, bool text) {
    const RollupSeen seen = {.at = a->at,
                             .source = span_of(a->source),
                             .id = span_of(a->id),
                             .text = text ? span_of(a->value.text) : (Span){"", 0},
                             .number = text ? 0 : a->value.number};
    return is_after(&seen, b, text);
}

static const RollupText *shared_text(Rollup *r, Span text) {
    size_t number = rollup_texts_find(&r->texts, &r->arena, text); /* may move the items */
    return r->texts.items[number].id;
}

static bool is_text(const RollupText *t, Span text) {
    return t != NULL && t->len == text.len && memcmp(t->bytes, text.at, text.len) == 0;
}

/* The id is written over the one before when it fits: ids differ for every event. */
static void put_last(Rollup *r, const RollupMeasure *m, const RollupSeen *seen, RollupLast *last) {
    last->at = seen->at;
    if (!is_text(last->source, seen->source)) last->source = shared_text(r, seen->source);
    if (last->id != NULL && last->id->room >= seen->id.len) {
        last->id->len = (uint32_t)seen->id.len;
        memcpy(last->id->bytes, seen->id.at, seen->id.len);
    } else {
        last->id = rollup_keep_text(&r->arena, seen->id);
    }
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

static void merge_extreme(const RollupMeasure *m, uint64_t bit, int64_t value, RollupRecord *record) {
    int64_t *word = &record->words[m->word];
    bool better = m->kind == ROLLUP_MAX ? value > *word : value < *word;
    if (better || (record->present & bit) == 0) *word = value;
    record->present |= bit;
}

/* ---- events, by day ---- */

/* Rows from..to of a chunk. */
typedef struct Rows {
    const LakeResult *chunk;
    size_t from, to;
    RollupRecord **records; /* of all rows */
} Rows;

static bool add_sums(const RollupMeasure *m, const LakeVector *v, const Rows *rows) {
    const int64_t *value = v->data;
    RollupRecord **records = rows->records;
    bool overflow = false;
    for (size_t i = rows->from; i < rows->to; i++)
        if (lake_has_value(v, i)) overflow |= __builtin_add_overflow(records[i]->words[m->word], value[i], &records[i]->words[m->word]);
    return !overflow;
}

static void add_extremes(const RollupMeasure *m, uint64_t bit, const LakeVector *v, const Rows *rows) {
    const int64_t *value = v->data;
    for (size_t i = rows->from; i < rows->to; i++)
        if (lake_has_value(v, i)) merge_extreme(m, bit, value[i], rows->records[i]);
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
    rollup_find_entities(r, &entity, n, entities);
    for (size_t i = 0; i < n; i++) keys[i] = (RollupRowKey){entities[i], ((const int32_t *)day.data)[i], ((const int32_t *)known.data)[i]};
    rollup_find_records(r, keys, n, records);
    for (size_t from = 0; from < n; from += AT_A_TIME) {
        const Rows rows = {.chunk = chunk, .from = from, .to = from + AT_A_TIME < n ? from + AT_A_TIME : n, .records = records};
        for (size_t i = rows.from; i < rows.to; i++) rollup_prefetch(r->plan, records[i]);
        if (add_columns(r, &rows, err) != 0) return -1;
    }
    return 0;
}

/* ---- days, by window ---- */

static size_t window_of(const Rollup *r, int32_t day) {
    size_t i = 0;
    while (i < r->plan->window_count && r->day - day > r->plan->windows[i]) i++;
    return i;
}

/* The days on which there is something, counted from the oldest. */
static void merge_day(const Rollup *r, const RollupMeasure *m, int64_t value, int64_t day, RollupRecord *record) {
    int64_t at = day - r->oldest;
    if (value > 0 && at >= 0 && (size_t)at < m->width)
        record->words[m->word + (size_t)at / 64] |= (int64_t)(UINT64_C(1) << ((size_t)at % 64));
}

/* False: it does not fit. */
static bool merge_sum(const Rollup *r, const RollupMeasure *m, int64_t value, int64_t day, RollupRecord *record) {
    int64_t *word = &record->words[m->word];
    bool overflow = m->by_day && __builtin_mul_overflow(value, day - r->day, &value);
    return !(__builtin_add_overflow(*word, value, word) | overflow);
}

/* What the measure `from` of a day adds to those that are merged from it. */
static int feed(Rollup *r, const RollupUnpacked *u, size_t from, int64_t day, RollupRecord *record, Error *err) {
    const size_t *fed = r->fed + r->feeds[from].first;
    for (size_t i = 0; i < r->feeds[from].count; i++) {
        const RollupMeasure *m = &r->plan->measures[fed[i]];
        switch (m->kind) {
        case ROLLUP_SUM:
            if (!merge_sum(r, m, u->numbers[from], day, record)) return overflows(m, err);
            break;
        case ROLLUP_MIN:
        case ROLLUP_MAX: merge_extreme(m, UINT64_C(1) << fed[i], u->numbers[from], record); break;
        case ROLLUP_LAST: merge_last(r, m, UINT64_C(1) << fed[i], &u->lasts[from], record); break;
        case ROLLUP_DAYS: merge_day(r, m, u->numbers[from], day, record); break;
        }
    }
    return 0;
}

static int merge_record(Rollup *r, Span bytes, int64_t day, RollupRecord *record, Error *err) {
    RollupUnpacked u;
    if (!rollup_unpack(r->days, bytes, day, &u)) return error_set(err, ERR_DATA, "model_days has a damaged record");
    for (uint64_t left = u.present; left != 0; left &= left - 1)
        if (feed(r, &u, (size_t)__builtin_ctzll(left), day, record, err) != 0) return -1;
    return 0;
}

static int read_days(Rollup *r, const LakeResult *rows, size_t n, Error *err) {
    enum { AHEAD = 8 };
    LakeVector entity = lake_input(rows, 0), days = lake_input(rows, 1), record = lake_input(rows, 2);
    const int32_t *day = days.data;
    uint32_t entities[LAKE_ROWS];
    RollupRecord *records[LAKE_ROWS];
    rollup_find_entities(r, &entity, n, entities);
    for (size_t i = 0; i < n; i++) records[i] = rollup_find_window(r, entities[i], window_of(r, day[i]));
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n && records[i + AHEAD] != records[i + AHEAD - 1]) rollup_prefetch(r->plan, records[i + AHEAD]);
        if (merge_record(r, lake_text_at(&record, i), day[i], records[i], err) != 0) return -1;
    }
    return 0;
}

int rollup_read(Rollup *r, LakeResult *rows, Error *err) {
    size_t n;
    int more;
    while ((more = lake_next_chunk(rows, &n, err)) == 1)
        if ((r->days != NULL ? read_days(r, rows, n, err) : read_events(r, rows, n, err)) != 0) return -1;
    return more;
}

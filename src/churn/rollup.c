/* rollup.c: finds the record of each row of a chunk, then merges one column after the other into those records.
 *
 * Invariant: the merged values do not depend on the order of the rows, nor on how they were divided: sums are whole numbers, and of two
 * last values the same one wins always. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

static uint64_t hash_of(Span text) {
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ text.len, word;
    size_t i = 0;
    for (; i + sizeof word <= text.len; i += sizeof word) {
        memcpy(&word, text.at + i, sizeof word);
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    for (; i < text.len; i++) h = (h ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static RollupText *keep_text(Arena *arena, Span text) {
    size_t room = (text.len + 7) & ~(size_t)7; /* the next one is aligned */
    RollupText *t = (RollupText *)(void *)arena_take(arena, sizeof *t + room);
    t->len = (uint32_t)text.len;
    t->room = (uint32_t)room;
    memcpy(t->bytes, text.at, text.len);
    return t;
}

static void texts_grow(RollupTexts *t) {
    t->size = t->size > 0 ? 2 * t->size : 1024;
    free(t->places);
    t->places = xcalloc(t->size, sizeof *t->places);
    for (size_t i = 0; i < t->count; i++) {
        size_t at = t->items[i].hash & (t->size - 1);
        while (t->places[at] != 0) at = (at + 1) & (t->size - 1);
        t->places[at] = (uint32_t)i + 1;
    }
}

/* The number of the item with this text, which is made when there is none. */
static size_t texts_find(RollupTexts *t, Arena *arena, Span text) {
    if (2 * t->count >= t->size) texts_grow(t);
    uint64_t hash = hash_of(text);
    size_t at = hash & (t->size - 1);
    for (; t->places[at] != 0; at = (at + 1) & (t->size - 1)) {
        const RollupEntity *e = &t->items[t->places[at] - 1];
        if (e->hash == hash && e->id->len == text.len && memcmp(e->id->bytes, text.at, text.len) == 0) return t->places[at] - 1;
    }
    if (t->count == t->capacity) {
        t->capacity = t->capacity > 0 ? 2 * t->capacity : 1024;
        t->items = xrealloc(t->items, t->capacity, sizeof *t->items);
    }
    t->items[t->count] = (RollupEntity){.id = keep_text(arena, text), .hash = hash};
    t->places[at] = (uint32_t)++t->count;
    return t->count - 1;
}

static int compare_texts(const RollupText *a, Span b) {
    size_t n = a->len < b.len ? a->len : b.len;
    int c = memcmp(a->bytes, b.at, n);
    return c != 0 ? c : (a->len > b.len) - (a->len < b.len);
}

static Span span_of(const RollupText *t) {
    return (Span){t->bytes, t->len};
}

/* ---- a rollup ---- */

Rollup *rollup_new(const RollupPlan *plan, RollupGroups groups, int64_t day) {
    Rollup *r = xcalloc(1, sizeof *r);
    *r = (Rollup){.plan = plan, .groups = groups, .day = day};
    return r;
}

void rollup_free(Rollup *r) {
    free(r->entities.items);
    free(r->entities.places);
    free(r->texts.items);
    free(r->texts.places);
    free(r->records.places);
    arena_done(&r->arena);
    free(r);
}

/* ---- records ---- */

/* Where a record is looked for first. */
static size_t place_of(const RollupRecords *t, uint32_t entity, int32_t day, int32_t known) {
    uint64_t h = ((uint64_t)entity << 32 | (uint32_t)day) * UINT64_C(0xff51afd7ed558ccd) + (uint32_t)known;
    h = (h ^ h >> 32) * UINT64_C(0xc4ceb9fe1a85ec53);
    return (size_t)(h ^ h >> 32) & (t->size - 1);
}

static void put_record(RollupRecords *t, RollupRecord *record) {
    size_t at = place_of(t, record->entity, record->day, record->known);
    while (t->places[at] != NULL) at = (at + 1) & (t->size - 1);
    t->places[at] = record;
}

/* So that `more` have their places, and half of them are free. */
static void records_grow(RollupRecords *t, size_t more) {
    RollupRecords old = *t;
    if (2 * (t->count + more) <= t->size) return;
    while (2 * (t->count + more) > t->size) t->size = t->size > 0 ? 2 * t->size : 1024;
    t->places = xcalloc(t->size, sizeof(RollupRecord *));
    for (size_t i = 0; i < old.size; i++)
        if (old.places[i] != NULL) put_record(t, old.places[i]);
    free(old.places);
}

static RollupRecord *add_record(Rollup *r, uint32_t entity, int32_t day, int32_t known) {
    size_t size = sizeof(RollupRecord) + r->plan->words * sizeof(int64_t);
    RollupEntity *e = &r->entities.items[entity];
    RollupRecord *record = (RollupRecord *)(void *)arena_take(&r->arena, size);
    memset(record, 0, size);
    record->next = e->records;
    record->entity = entity;
    record->day = day;
    record->known = known;
    e->records = record;
    put_record(&r->records, record);
    r->records.count++;
    return record;
}

static RollupRecord *find_record(Rollup *r, uint32_t entity, int32_t day, int32_t known) {
    const RollupRecords *t = &r->records;
    for (size_t at = place_of(t, entity, day, known); t->places[at] != NULL; at = (at + 1) & (t->size - 1)) {
        RollupRecord *record = t->places[at];
        if (record->entity == entity && record->day == day && record->known == known) return record;
    }
    return add_record(r, entity, day, known);
}

static int32_t window_of(const Rollup *r, int32_t day) {
    size_t i = 0;
    while (i < r->plan->window_count && r->day - day > r->plan->windows[i]) i++;
    return (int32_t)i;
}

/* Memory is asked for the places of all rows before the first is looked at: they are in no cache. */
static void find_records(Rollup *r, const LakeResult *rows, size_t n, RollupRecord **ret) {
    LakeVector entity = lake_input(rows, 0), days = lake_input(rows, 1), knowns = lake_input(rows, 2);
    uint32_t entities[LAKE_ROWS];
    int32_t day[LAKE_ROWS], known[LAKE_ROWS];
    records_grow(&r->records, n);
    for (size_t i = 0; i < n; i++) {
        entities[i] = (uint32_t)texts_find(&r->entities, &r->arena, lake_text_at(&entity, i));
        day[i] = ((const int32_t *)days.data)[i];
        known[i] = ((const int32_t *)knowns.data)[i];
        if (r->groups == ROLLUP_WINDOWED) {
            day[i] = window_of(r, day[i]);
            known[i] = 0;
        }
        __builtin_prefetch(&r->records.places[place_of(&r->records, entities[i], day[i], known[i])]);
    }
    for (size_t i = 0; i < n; i++) ret[i] = find_record(r, entities[i], day[i], known[i]);
}

/* ---- merging ---- */

static bool add_sums(const RollupMeasure *m, const LakeVector *v, size_t n, RollupRecord **records) {
    const int64_t *value = v->data;
    bool overflow = false;
    for (size_t i = 0; i < n; i++)
        if (lake_has_value(v, i)) overflow |= __builtin_add_overflow(records[i]->words[m->word], value[i], &records[i]->words[m->word]);
    return !overflow;
}

static void add_extremes(const RollupMeasure *m, uint64_t bit, const LakeVector *v, size_t n, RollupRecord **records) {
    const int64_t *value = v->data;
    for (size_t i = 0; i < n; i++) {
        if (!lake_has_value(v, i)) continue;
        int64_t *word = &records[i]->words[m->word];
        bool better = m->kind == ROLLUP_MAX ? value[i] > *word : value[i] < *word;
        if (better || (records[i]->present & bit) == 0) *word = value[i];
        records[i]->present |= bit;
    }
}

static void add_days(const RollupMeasure *m, const LakeVector *v, size_t n, RollupRecord **records) {
    const int64_t *value = v->data;
    for (size_t i = 0; i < n; i++)
        if (lake_has_value(v, i) && value[i] >= 0 && (size_t)value[i] < m->width)
            records[i]->words[m->word + (size_t)value[i] / 64] |= (int64_t)(UINT64_C(1) << ((size_t)value[i] % 64));
}

/* The columns of a last one. */
typedef struct LastColumns {
    LakeVector at, source, id, value;
} LastColumns;

static bool is_after(const LastColumns *c, size_t i, const RollupLast *last, bool text) {
    int64_t at = ((const int64_t *)c->at.data)[i];
    if (at != last->at) return at > last->at;
    int order = compare_texts(last->source, lake_text_at(&c->source, i));
    if (order == 0) order = compare_texts(last->id, lake_text_at(&c->id, i));
    if (order != 0) return order < 0;
    return text ? compare_texts(last->value.text, lake_text_at(&c->value, i)) < 0
                : ((const int64_t *)c->value.data)[i] > last->value.number;
}

static const RollupText *shared_text(Rollup *r, Span text) {
    size_t number = texts_find(&r->texts, &r->arena, text);
    return r->texts.items[number].id;
}

/* The id is written over the one before when it fits: ids differ for every event. */
static void put_last(Rollup *r, const RollupMeasure *m, const LastColumns *c, size_t i, RollupLast *last) {
    Span id = lake_text_at(&c->id, i);
    last->at = ((const int64_t *)c->at.data)[i];
    last->source = shared_text(r, lake_text_at(&c->source, i));
    if (last->id != NULL && last->id->room >= id.len) {
        last->id->len = (uint32_t)id.len;
        memcpy(last->id->bytes, id.at, id.len);
    } else {
        last->id = keep_text(&r->arena, id);
    }
    if (m->text)
        last->value.text = shared_text(r, lake_text_at(&c->value, i));
    else
        last->value.number = ((const int64_t *)c->value.data)[i];
}

static void add_lasts(Rollup *r, const RollupMeasure *m, uint64_t bit, const LakeResult *rows, size_t n, RollupRecord **records) {
    const LastColumns c = {lake_input(rows, m->column), lake_input(rows, m->column + 1), lake_input(rows, m->column + 2),
                           lake_input(rows, m->column + 3)};
    for (size_t i = 0; i < n; i++) {
        if (!lake_has_value(&c.at, i)) continue;
        RollupLast *last = rollup_last(records[i], m);
        if ((records[i]->present & bit) != 0 && !is_after(&c, i, last, m->text)) continue;
        put_last(r, m, &c, i, last);
        records[i]->present |= bit;
    }
}

static int add_rows(Rollup *r, const LakeResult *rows, size_t n, RollupRecord **records, Error *err) {
    for (size_t i = 0; i < r->plan->count; i++) {
        const RollupMeasure *m = &r->plan->measures[i];
        LakeVector v = lake_input(rows, m->column);
        switch (m->kind) {
        case ROLLUP_SUM:
            if (!add_sums(m, &v, n, records)) return error_set(err, ERR_DATA, "the sum %s does not fit in 64 bits", m->name);
            break;
        case ROLLUP_MIN:
        case ROLLUP_MAX: add_extremes(m, UINT64_C(1) << i, &v, n, records); break;
        case ROLLUP_LAST: add_lasts(r, m, UINT64_C(1) << i, rows, n, records); break;
        case ROLLUP_DAYS: add_days(m, &v, n, records); break;
        }
    }
    return 0;
}

int rollup_read(Rollup *r, LakeResult *rows, Error *err) {
    RollupRecord *records[LAKE_ROWS];
    size_t n;
    int more;
    while ((more = lake_next_chunk(rows, &n, err)) == 1) {
        find_records(r, rows, n, records);
        if (add_rows(r, rows, n, records, err) != 0) return -1;
    }
    return more;
}

bool rollup_last_is_after(const RollupLast *a, const RollupLast *b, bool text) {
    if (a->at != b->at) return a->at > b->at;
    int order = compare_texts(a->source, span_of(b->source));
    if (order == 0) order = compare_texts(a->id, span_of(b->id));
    if (order != 0) return order > 0;
    return text ? compare_texts(a->value.text, span_of(b->value.text)) > 0 : a->value.number > b->value.number;
}

/* rollup.c: finds the entity and the record of each row of a chunk; rollup_merge.c merges the rows into them. With a hundred thousand
 * entities both are in no cache: what a chunk needs is asked for, for all of its rows, before the first is looked at. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

static uint64_t mixed(uint64_t h, uint64_t word) {
    h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
    return h ^ h >> 32;
}

static uint64_t hash_of_long(Span text) {
    uint64_t h = text.len, word;
    size_t i = 0;
    for (; i + sizeof word <= text.len; i += sizeof word) {
        memcpy(&word, text.at + i, sizeof word);
        h = mixed(h, word);
    }
    for (; i < text.len; i++) h = (h ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

Span rollup_span(const LakeText *text) {
    const LakeVector one = {.data = (void *)(uintptr_t)text};
    return lake_text_at(&one, 0);
}

static uint64_t hash_of(const LakeText *text) {
    if (!lake_text_is_short(text)) return hash_of_long(rollup_span(text));
    uint64_t h = mixed(mixed(UINT64_C(0x9e3779b97f4a7c15), text->words[0]), text->words[1]);
    return h ^ h >> 29;
}

bool rollup_is_same(const LakeText *a, const LakeText *b) {
    if (lake_text_is_short(a) || a->words[0] != b->words[0]) return lake_text_is(a, b);
    Span x = rollup_span(a), y = rollup_span(b);
    return memcmp(x.at, y.at, x.len) == 0;
}

static RollupHead head_of(Span text) {
    RollupHead head = {{0, 0}};
    memcpy(&head, text.at, text.len < sizeof head ? text.len : sizeof head);
    return head;
}

/* As rollup_is_same, of the text of an item. */
static bool is_item(const RollupEntity *item, const LakeText *text) {
    if (lake_text_is_short(text) || item->key.words[0] != text->words[0]) return lake_text_is(&item->key, text);
    Span span = rollup_span(text);
    RollupHead head = head_of(span);
    if (item->head.words[0] != head.words[0] || item->head.words[1] != head.words[1]) return false;
    return span.len <= sizeof head || rollup_is_same(&item->key, text);
}

RollupText *rollup_keep_text(Arena *arena, Span text) {
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
        uint64_t hash = hash_of(&t->items[i].key);
        size_t at = hash & (t->size - 1);
        while (t->places[at].number != 0) at = (at + 1) & (t->size - 1);
        t->places[at] = (RollupPlace){(uint32_t)i + 1, (uint32_t)(hash >> 32)};
    }
}

static size_t add_text(RollupTexts *t, Arena *arena, const LakeText *text) {
    if (t->count == t->capacity) {
        t->capacity = t->capacity > 0 ? 2 * t->capacity : 1024;
        t->items = xrealloc(t->items, t->capacity, sizeof *t->items);
    }
    const RollupText *id = rollup_keep_text(arena, rollup_span(text));
    Span kept = {id->bytes, id->len};
    t->items[t->count] = (RollupEntity){.key = lake_borrow_text(kept), .head = head_of(kept), .id = id};
    return t->count++;
}

/* There is a place for one more. */
static size_t find_text(RollupTexts *t, Arena *arena, const LakeText *text, uint64_t hash) {
    size_t at = hash & (t->size - 1);
    uint32_t upper = (uint32_t)(hash >> 32);
    for (; t->places[at].number != 0; at = (at + 1) & (t->size - 1))
        if (t->places[at].hash == upper && is_item(&t->items[t->places[at].number - 1], text)) return t->places[at].number - 1;
    size_t added = add_text(t, arena, text);
    t->places[at] = (RollupPlace){(uint32_t)added + 1, upper};
    return added;
}

size_t rollup_texts_find(RollupTexts *t, Arena *arena, Span text) {
    const LakeText one = lake_borrow_text(text);
    if (2 * t->count >= t->size) texts_grow(t);
    return find_text(t, arena, &one, hash_of(&one));
}

void rollup_texts_done(RollupTexts *t) {
    free(t->items);
    free(t->places);
}

/* The items at the first places of these hashes. */
static void prefetch_texts(const RollupTexts *t, const uint64_t *hashes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t number = t->places[hashes[i] & (t->size - 1)].number;
        if (number != 0) __builtin_prefetch(&t->items[number - 1]);
    }
}

/* Rows of an entity often come together. */
void rollup_find_entities(RollupTexts *t, Arena *arena, const LakeVector *ids, size_t n, uint32_t *ret) {
    const LakeText *texts = ids->data;
    uint64_t hashes[LAKE_ROWS];
    uint16_t rows[LAKE_ROWS], of[LAKE_ROWS];
    size_t count = 0;
    while (2 * (t->count + n) >= t->size) texts_grow(t);
    for (size_t i = 0; i < n; i++) {
        if (count == 0 || !rollup_is_same(&texts[i - 1], &texts[i])) {
            rows[count] = (uint16_t)i;
            hashes[count] = hash_of(&texts[i]);
            __builtin_prefetch(&t->places[hashes[count++] & (t->size - 1)]);
        }
        of[i] = (uint16_t)(count - 1);
    }
    prefetch_texts(t, hashes, count);
    uint32_t found[LAKE_ROWS];
    for (size_t i = 0; i < count; i++) found[i] = (uint32_t)find_text(t, arena, &texts[rows[i]], hashes[i]);
    for (size_t i = 0; i < n; i++) ret[i] = found[of[i]];
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

/* Pages of calloc are not there until they are used. When a search reads one first, and a record is written into it later, the kernel is
 * asked twice, and the second time it interrupts the other cores. So all pages are written here. */
static RollupRecord **new_places(size_t size) {
    RollupRecord **places = xmalloc(size * sizeof *places);
    memset(places, 0, size * sizeof *places);
    return places;
}

/* So that `more` have their places, and half of them are free. */
static void records_grow(RollupRecords *t, size_t more) {
    RollupRecords old = *t;
    if (2 * (t->count + more) <= t->size) return;
    while (2 * (t->count + more) > t->size) t->size = t->size > 0 ? 2 * t->size : 1024;
    t->places = new_places(t->size);
    for (size_t i = 0; i < old.size; i++)
        if (old.places[i] != NULL) put_record(t, old.places[i]);
    free(old.places);
}

void rollup_free(Rollup *r) {
    rollup_texts_done(&r->entities);
    rollup_texts_done(&r->texts);
    free(r->records.places);
    arena_done(&r->arena);
    arena_done(&r->kept);
    free(r);
}

void rollup_clear(Rollup *r) {
    for (size_t i = 0; i < r->entities.count; i++) r->entities.items[i].records = NULL;
    memset(r->records.places, 0, r->records.size * sizeof(RollupRecord *));
    r->records.count = 0;
    arena_rewind(&r->arena);
    r->next = 0;
    r->next_record = NULL;
}

Rollup *rollup_new_days(const RollupPlan *plan, size_t rows) {
    Rollup *r = xcalloc(1, sizeof *r);
    r->plan = plan;
    records_grow(&r->records, rows);
    return r;
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

void rollup_find_records(Rollup *r, const RollupRowKey *keys, size_t n, RollupRecord **ret) {
    const RollupRecords *t = &r->records;
    size_t places[LAKE_ROWS];
    records_grow(&r->records, n);
    for (size_t i = 0; i < n; i++) {
        places[i] = place_of(t, keys[i].entity, keys[i].day, keys[i].known);
        __builtin_prefetch(&t->places[places[i]]);
        __builtin_prefetch(&r->entities.items[keys[i].entity]);
    }
    for (size_t i = 0; i < n; i++) __builtin_prefetch(t->places[places[i]]);
    for (size_t i = 0; i < n; i++) ret[i] = find_record(r, keys[i].entity, keys[i].day, keys[i].known);
}

/* drift.c: see drift.h. The counts are in a tree of search.h; their texts end all at once. */
#include "refine/drift.h"

#include "base/memory.h"
#include <search.h>
#include <string.h>

#define COUNTS_MAX 8192
#define BYTES_MAX  (4 << 20) /* of texts */

const LakeColumn drift_columns[DRIFT_COLUMNS] = {
    {.name = "event_type", .sql_type = "VARCHAR"},   {.name = "field", .sql_type = "VARCHAR"},
    {.name = "kind", .sql_type = "VARCHAR"},         {.name = "events", .sql_type = "BIGINT"},
    {.name = "first_seen", .sql_type = "TIMESTAMP"}, {.name = "last_seen", .sql_type = "TIMESTAMP"},
    {.name = "example", .sql_type = "VARCHAR"},
};

typedef struct Count {
    Span event_type, field;
    const char *kind; /* static text */
    int64_t events, first_us, last_us;
    Span example;  /* the least of the values, byte by byte */
    int64_t event; /* the last one that was counted, so that it counts once */
} Count;

struct Drift {
    void *tree; /* of Count; owned */
    size_t count;
    int64_t event; /* the current one */
    Arena texts;
    size_t bytes;
};

static int compare_spans(Span a, Span b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n > 0 ? memcmp(a.at, b.at, n) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_counts(const void *left, const void *right) {
    const Count *a = left, *b = right;
    int order = compare_spans(a->event_type, b->event_type);
    if (order == 0) order = compare_spans(a->field, b->field);
    return order != 0 ? order : strcmp(a->kind, b->kind);
}

Drift *drift_new(void) {
    return xcalloc(1, sizeof(Drift));
}

static void drift_clear(Drift *d) {
    tdestroy(d->tree, free);
    arena_clear(&d->texts);
    d->tree = NULL;
    d->count = d->bytes = 0;
}

void drift_free(Drift *d) {
    drift_clear(d);
    arena_done(&d->texts);
    free(d);
}

static Span keep(Drift *d, Span text) {
    d->bytes += text.len;
    return arena_keep(&d->texts, text);
}

static Count *find_or_add(Drift *d, Span event_type, const JudgeDrift *found) {
    Count key = {.event_type = event_type, .field = found->field, .kind = found->kind};
    Count **node = tfind(&key, &d->tree, compare_counts);
    if (node != NULL) return *node;
    Count *c = xcalloc(1, sizeof *c);
    *c = (Count){.event_type = keep(d, event_type),
                 .field = keep(d, found->field),
                 .kind = found->kind,
                 .first_us = INT64_MAX,
                 .last_us = INT64_MIN};
    if (tsearch(c, &d->tree, compare_counts) == NULL) abort(); /* no memory, as in memory.h */
    d->count++;
    return c;
}

static void count_one(Drift *d, Span event_type, const JudgeDrift *found, int64_t ingested_us) {
    Count *c = find_or_add(d, event_type, found);
    c->events += c->event != d->event;
    c->event = d->event;
    if (ingested_us < c->first_us) c->first_us = ingested_us;
    if (ingested_us > c->last_us) c->last_us = ingested_us;
    if (c->example.at == NULL || compare_spans(found->value, c->example) < 0) c->example = keep(d, found->value);
}

void drift_add(Drift *d, Span event_type, const JudgeVerdict *verdict, int64_t ingested_us) {
    d->event++;
    for (size_t i = 0; i < verdict->drift_count; i++) count_one(d, event_type, &verdict->drift[i], ingested_us);
}

bool drift_is_empty(const Drift *d) {
    return d->count == 0;
}

bool drift_is_full(const Drift *d) {
    return d->count >= COUNTS_MAX || d->bytes >= BYTES_MAX;
}

static void take_one(const void *node, VISIT visit, void *rows) {
    if (visit != postorder && visit != leaf) return;
    const Count *c = *(Count *const *)node;
    Cell *row = held_add(rows);
    row[0] = held_text(rows, c->event_type);
    row[1] = held_text(rows, c->field);
    row[2] = held_text(rows, (Span){c->kind, strlen(c->kind)});
    row[3] = held_number(c->events);
    row[4] = held_number(c->first_us);
    row[5] = held_number(c->last_us);
    row[6] = held_text(rows, c->example);
}

void drift_take(Drift *d, HeldRows *rows) {
    held_clear(rows);
    twalk_r(d->tree, take_one, rows);
    drift_clear(d);
}

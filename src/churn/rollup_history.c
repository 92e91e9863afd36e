/* rollup_history.c: days in memory, by entity. A chunk of rows has the days of an entity one after the other, as they were merged: they
 * stay together, so that merging them by window waits for memory once for all of them. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <string.h>

void rollup_history_free(RollupHistory *h) {
    for (size_t i = 0; i < h->count; i++) {
        rollup_texts_done(&h->parts[i].entities);
        arena_done(&h->parts[i].arena);
        free(h->parts[i].runs);
    }
    free(h->parts);
    free(h->runs);
    free(h->from);
    free(h);
}

/* ---- reading ---- */

typedef struct Chunk {
    LakeVector day, known, record;
} Chunk;

static char *put_day(char *at, const Chunk *c, size_t row) {
    Span record = lake_text_at(&c->record, row);
    const RollupDay day = {((const int32_t *)c->day.data)[row], ((const int32_t *)c->known.data)[row], (uint32_t)record.len};
    memcpy(at, &day, sizeof day);
    memcpy(at + sizeof day, record.at, record.len);
    return at + sizeof day + record.len;
}

static void add_run(RollupHistoryPart *p, RollupRun run) {
    if (p->run_count == p->run_capacity) {
        p->run_capacity = p->run_capacity > 0 ? 2 * p->run_capacity : 1024;
        p->runs = xrealloc(p->runs, p->run_capacity, sizeof *p->runs);
    }
    p->runs[p->run_count++] = run;
}

/* The rows from..to are of the entity. */
static void keep_run(RollupHistoryPart *p, const Chunk *c, uint32_t entity, size_t from, size_t to) {
    size_t len = 0;
    for (size_t i = from; i < to; i++) len += sizeof(RollupDay) + lake_text_at(&c->record, i).len;
    size_t size = (len + 7) & ~(size_t)7; /* the next one is aligned */
    char *at = arena_take(&p->arena, size);
    RollupRun run = {.bytes = at, .entity = entity, .len = (uint32_t)len, .first = INT32_MAX, .last = INT32_MIN};
    for (size_t i = from; i < to; i++) {
        int32_t day = ((const int32_t *)c->day.data)[i];
        at = put_day(at, c, i);
        if (day < run.first) run.first = day;
        if (day > run.last) run.last = day;
    }
    add_run(p, run);
}

/* RollupTake */
static int keep_rows(void *into, const LakeResult *rows, size_t n, Error *err) {
    (void)err;
    RollupHistoryPart *p = into;
    LakeVector entity = lake_input(rows, 0);
    const Chunk chunk = {lake_input(rows, 1), lake_input(rows, 2), lake_input(rows, 3)};
    uint32_t entities[LAKE_ROWS];
    rollup_find_entities(&p->entities, &p->arena, &entity, n, entities);
    for (size_t from = 0, to = 0; from < n; from = to) {
        while (to < n && entities[to] == entities[from]) to++;
        keep_run(p, &chunk, entities[from], from, to);
    }
    return 0;
}

/* ---- of all threads ---- */

/* The entities of the other get the numbers of all; its arena stays where it is. */
static void join(RollupHistoryPart *all, RollupHistoryPart *other) {
    const RollupTexts *entities = &other->entities;
    uint32_t *numbers = xcalloc(entities->count + 1, sizeof *numbers);
    LakeText keys[LAKE_ROWS];
    for (size_t from = 0; from < entities->count; from += LAKE_ROWS) {
        size_t n = entities->count - from < LAKE_ROWS ? entities->count - from : LAKE_ROWS;
        for (size_t i = 0; i < n; i++) keys[i] = entities->items[from + i].key;
        rollup_find_entities(&all->entities, &all->arena, &(LakeVector){.data = keys}, n, numbers + from);
    }
    for (size_t i = 0; i < other->run_count; i++) other->runs[i].entity = numbers[other->runs[i].entity];
    free(numbers);
}

/* By entity. What is counted for an entity stands one place behind it, so that it ends where its runs begin. */
static void list_runs(RollupHistory *h) {
    size_t entities = h->parts[0].entities.count, n = 0;
    h->from = xcalloc(entities + 2, sizeof *h->from);
    for (const RollupHistoryPart *p = h->parts; p < h->parts + h->count; p++)
        for (size_t i = 0; i < p->run_count; i++) h->from[p->runs[i].entity + 2]++;
    for (size_t i = 0; i < entities; i++) h->from[i + 2] += h->from[i + 1];
    for (const RollupHistoryPart *p = h->parts; p < h->parts + h->count; p++) n += p->run_count;
    h->runs = xcalloc(n + 1, sizeof *h->runs);
    for (RollupHistoryPart *p = h->parts; p < h->parts + h->count; p++) {
        for (size_t i = 0; i < p->run_count; i++) h->runs[h->from[p->runs[i].entity + 1]++] = p->runs[i];
        free(TAKE(p->runs));
    }
}

int rollup_history_read(LakeConn *conn, const char *name, const char *const *sql, size_t n, const RollupPlan *days, RollupHistory **ret,
                        Error *err) {
    CLEANUP(rollup_history_freep) RollupHistory *h = xcalloc(1, sizeof *h);
    h->days = days;
    h->count = n;
    h->parts = xcalloc(n, sizeof *h->parts);
    void **into = xcalloc(n, sizeof *into);
    for (size_t i = 0; i < n; i++) into[i] = &h->parts[i];
    int rc = rollup_stream_all(conn, name, sql, into, keep_rows, n, err);
    free(into);
    if (rc != 0) return -1;
    for (size_t i = 1; i < n; i++) join(&h->parts[0], &h->parts[i]);
    list_runs(h);
    *ret = TAKE(h);
    return 0;
}

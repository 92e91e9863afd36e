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

/* The rows from..to are of the entity. */
static void keep_run(RollupHistoryPart *p, const Chunk *c, size_t entity, size_t from, size_t to) {
    size_t len = 0;
    for (size_t i = from; i < to; i++) len += sizeof(RollupDay) + lake_text_at(&c->record, i).len;
    size_t size = (sizeof(RollupRun) + len + 7) & ~(size_t)7; /* the next one is aligned */
    RollupRun *run = (RollupRun *)(void *)arena_take(&p->arena, size);
    char *at = run->bytes;
    *run = (RollupRun){.before = p->entities.items[entity].newest, .first = INT32_MAX, .last = INT32_MIN, .len = len};
    for (size_t i = from; i < to; i++) {
        int32_t day = ((const int32_t *)c->day.data)[i];
        at = put_day(at, c, i);
        if (day < run->first) run->first = day;
        if (day > run->last) run->last = day;
    }
    p->entities.items[entity].newest = run;
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

static void append_runs(RollupRun **newest, RollupRun *more) {
    while (*newest != NULL) newest = &(*newest)->before;
    *newest = more;
}

/* The arena of the other stays where it is. */
static void join(RollupHistoryPart *all, const RollupHistoryPart *other) {
    for (size_t i = 0; i < other->entities.count; i++) {
        const RollupEntity *e = &other->entities.items[i];
        size_t same = rollup_texts_find_same(&all->entities, &all->arena, e);
        append_runs(&all->entities.items[same].newest, e->newest);
    }
}

static size_t count_runs(const RollupTexts *entities) {
    size_t n = 0;
    for (size_t i = 0; i < entities->count; i++)
        for (const RollupRun *run = entities->items[i].newest; run != NULL; run = run->before) n++;
    return n;
}

static void list_runs(RollupHistory *h) {
    const RollupTexts *entities = &h->parts[0].entities;
    size_t n = 0;
    h->runs = xcalloc(count_runs(entities) + 1, sizeof *h->runs);
    h->from = xcalloc(entities->count + 1, sizeof *h->from);
    for (size_t i = 0; i < entities->count; i++) {
        for (const RollupRun *run = entities->items[i].newest; run != NULL; run = run->before)
            h->runs[n++] = (struct RollupRunOf){run, run->first, run->last};
        h->from[i + 1] = n;
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

/* live_layers.c: see live_layers.h. Layers are not merged in memory: a larger one is read anew from the lake, from where its oldest part
 * began, so that there is one way to read rows. Each row is read about once for each level, of which there are four.
 *
 * Invariant: layer N has every row that is newer than its `after`, as of when it was read. So reading from there replaces all behind it. */
#include "web/live_layers.h"

#include "base/memory.h"

enum { PER_LEVEL = 8, LEVELS = 4, LEVEL_OF_ALL = LEVELS };

void live_layers_copy(LiveLayers *to, const LiveLayers *from) {
    *to = *from;
    for (size_t i = 0; i < to->count; i++) held_part_share(to->at[i].part);
}

static void cut(LiveLayers *l, size_t count) {
    while (l->count > count) held_part_drop(l->at[--l->count].part);
}

void live_layers_done(LiveLayers *l) {
    cut(l, 0);
    l->newest = 0;
}

static size_t rows_from(const LiveLayers *l, size_t first) {
    size_t rows = 0;
    for (size_t i = first; i < l->count; i++) rows += lake_held_rows(l->at[i].part->rows);
    return rows;
}

/* How many layers of this level are in front of layer `end`. */
static size_t count_level(const LiveLayers *l, size_t end, int level) {
    size_t n = 0;
    while (n < end && l->at[end - n - 1].level == level) n++;
    return n;
}

/* From which layer on the lake is read anew; l->count: only what is new. When that would be half of all, everything is. */
static size_t choose_first(const LiveLayers *l, int *ret_level) {
    size_t first = l->count, same;
    int level = 0;
    while (level < LEVELS && (same = count_level(l, first, level)) + 1 >= PER_LEVEL) {
        first -= same;
        level++;
    }
    if (first > 0 && level < LEVELS && 2 * rows_from(l, first) <= lake_held_rows(l->at[0].part->rows)) {
        *ret_level = level;
        return first;
    }
    *ret_level = LEVEL_OF_ALL;
    return 0;
}

static int read_after(LakeConn *conn, const LiveQuery *q, int64_t after, size_t most, HeldPart **ret, Error *err) {
    const LakeBinding from = {"after", q->by_time ? lake_time(after) : lake_int(after)};
    CLEANUP(free_text) char *sql = gold_entity_sql_with(q->entity, q->statement, &from, 1);
    return held_part_read(conn, "", q->statement, sql, q->key, most, ret, err);
}

int live_layers_read(LakeConn *conn, LiveLayers *l, const LiveQuery *q, int64_t newest, size_t most, bool *ret_fits, Error *err) {
    HeldPart *part;
    int level;
    *ret_fits = true;
    if (l->count > 0 && newest == l->newest) return 0;
    if (newest < l->newest) live_layers_done(l); /* it is another history */
    size_t first = choose_first(l, &level);
    int64_t after = first == 0 ? -1 : first < l->count ? l->at[first].after : l->newest;
    if (read_after(conn, q, after, most, &part, err) != 0) return -1;
    *ret_fits = part != NULL;
    if (part == NULL) return 0;
    cut(l, first);
    l->at[l->count++] = (LiveLayer){part, after, level};
    l->newest = newest;
    return 0;
}

size_t live_layers_bytes(const LiveLayers *l) {
    size_t bytes = 0;
    for (size_t i = 0; i < l->count; i++) bytes += held_part_bytes(l->at[i].part);
    return bytes;
}

void live_layers_find(const LiveLayers *l, Span id, HeldRow *ret) {
    *ret = (HeldRow){0};
    for (size_t i = l->count; i > 0; i--) {
        if (!held_part_find(l->at[i - 1].part, id, &ret->row)) continue;
        ret->part = l->at[i - 1].part;
        return;
    }
}

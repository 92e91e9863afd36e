/* held_part.c: see held_part.h. Two orders of row numbers, sorted once: by id, compared as DuckDB compares texts, byte by byte; and by
 * rank. Sorted rather than hashed: strangers choose ids. */
#include "web/held_part.h"

#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

static int compare_texts(Span a, Span b) {
    int c = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static Span id_of(const HeldPart *p, size_t row) {
    return lake_held_text(p->rows, row, p->key);
}

static double rank_of(const HeldPart *p, size_t row) {
    return lake_held_real(p->rows, row, p->rank);
}

static int by_id(const void *a, const void *b, void *part) {
    return compare_texts(id_of(part, *(const uint32_t *)a), id_of(part, *(const uint32_t *)b));
}

static int by_rank(const void *a, const void *b, void *part) {
    double x = rank_of(part, *(const uint32_t *)a), y = rank_of(part, *(const uint32_t *)b);
    return x != y ? (x < y) - (x > y) : by_id(a, b, part);
}

static uint32_t *sorted(HeldPart *p, int (*compare)(const void *, const void *, void *)) {
    size_t n = lake_held_rows(p->rows);
    uint32_t *order = xcalloc(n + 1, sizeof *order);
    for (size_t i = 0; i < n; i++) order[i] = (uint32_t)i;
    qsort_r(order, n, sizeof *order, compare, p);
    return order;
}

static int hold(LakeConn *conn, const char *statement, const char *sql, size_t most, LakeHeld **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    return lake_stream(conn, statement, sql, &r, err) != 0 ? -1 : lake_hold(r, most, ret, err);
}

int held_part_read(LakeConn *conn, const char *name, const char *statement, const char *sql, const char *key, size_t most, HeldPart **ret,
                   Error *err) {
    LakeHeld *rows;
    *ret = NULL;
    if (hold(conn, statement, sql, most, &rows, err) != 0) return -1;
    if (rows == NULL) return 0;
    HeldPart *p = xcalloc(1, sizeof *p);
    *p = (HeldPart){.rows = rows, .key = lake_held_find(rows, key), .rank = lake_held_find(rows, "(rank)"), .name = xstrdup(name)};
    p->refs = 1;
    BUG_IF(p->key == lake_held_columns(rows));
    p->by_id = sorted(p, by_id);
    if (p->rank < lake_held_columns(rows)) p->by_rank = sorted(p, by_rank);
    *ret = p;
    return 0;
}

HeldPart *held_part_same(HeldPart *p, const char *name) {
    if (p == NULL || name[0] == '\0' || strcmp(p->name, name) != 0) return NULL;
    p->refs++;
    return p;
}

void held_part_share(HeldPart *p) {
    p->refs++;
}

void held_part_drop(HeldPart *p) {
    if (p == NULL || --p->refs > 0) return;
    lake_held_free(p->rows);
    free(p->name);
    free(p->by_id);
    free(p->by_rank);
    free(p);
}

size_t held_part_bytes(const HeldPart *p) {
    return p != NULL ? lake_held_bytes(p->rows) + 2 * lake_held_rows(p->rows) * sizeof *p->by_id : 0;
}

bool held_part_find(const HeldPart *p, Span id, size_t *ret_row) {
    size_t low = 0, high = p != NULL ? lake_held_rows(p->rows) : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare_texts(id_of(p, p->by_id[middle]), id);
        if (c == 0) {
            *ret_row = p->by_id[middle];
            return true;
        }
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool held_part_before(const HeldPart *p, size_t a, const HeldPart *q, size_t b) {
    double x = rank_of(p, a), y = rank_of(q, b);
    return x != y ? x > y : compare_texts(id_of(p, a), id_of(q, b)) < 0;
}

size_t held_part_seek(const HeldPart *p, double rank, Span id) {
    size_t low = 0, high = lake_held_rows(p->rows);
    while (low < high) {
        size_t middle = low + (high - low) / 2, row = p->by_rank[middle];
        double x = rank_of(p, row);
        if (x > rank || (x == rank && compare_texts(id_of(p, row), id) <= 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* held_rows.c: see held_rows.h. */
#include "refine/held_rows.h"

#include "base/memory.h"
#include <string.h>

void held_done(HeldRows *h) {
    free(h->cells);
    arena_done(&h->texts);
}

void held_clear(HeldRows *h) {
    h->count = h->taken = h->bytes = 0;
    arena_clear(&h->texts);
}

Cell *held_add(HeldRows *h) {
    if (h->count == h->capacity) {
        h->capacity = h->capacity > 0 ? 2 * h->capacity : 64;
        h->cells = xrealloc(h->cells, h->capacity * h->width, sizeof *h->cells);
    }
    Cell *row = h->cells + h->count++ * h->width;
    memset(row, 0, h->width * sizeof *row);
    return row;
}

Cell held_text(HeldRows *h, Span text) {
    if (text.at == NULL) return (Cell){0};
    h->bytes += text.len;
    return (Cell){.has = true, .text = arena_keep(&h->texts, text)};
}

static void put(LakeChunk *chunk, const LakeColumn *column, size_t col, size_t row, const Cell *cell) {
    if (!cell->has)
        lake_put_null(chunk, col, row);
    else if (cell->text.at != NULL)
        ((LakeText *)lake_output(chunk, col).data)[row] = lake_borrow_text(cell->text);
    else if (strcmp(column->sql_type, "INTEGER") == 0)
        ((int32_t *)lake_output(chunk, col).data)[row] = (int32_t)cell->number;
    else
        ((int64_t *)lake_output(chunk, col).data)[row] = cell->number;
}

size_t held_fill(void *held_rows, LakeChunk *chunk, size_t capacity) {
    HeldRows *h = held_rows;
    size_t n = 0;
    for (; n < capacity && h->taken < h->count; n++, h->taken++)
        for (size_t col = 0; col < h->width; col++) put(chunk, &h->columns[col], col, n, &h->cells[h->taken * h->width + col]);
    return n;
}

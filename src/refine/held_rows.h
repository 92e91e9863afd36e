/* held_rows.h: rows that wait in memory until a statement takes them, as a table function of the lake. One thread. */
#pragma once
#include "base/arena.h"
#include "lake/vectors.h"

/* A value; without `has`: NULL. */
typedef struct Cell {
    bool has;
    int64_t number; /* INTEGER, BIGINT, TIMESTAMP */
    Span text;      /* VARCHAR, JSON: of held_text */
} Cell;

/* Start with {.columns = ..., .width = ...}. */
typedef struct HeldRows {
    const LakeColumn *columns; /* borrowed; each with its sql_type */
    size_t width;
    Cell *cells; /* owned */
    size_t count, capacity, taken;
    Arena texts;
    size_t bytes; /* of texts */
} HeldRows;

void held_done(HeldRows *h);
void held_clear(HeldRows *h);
/* The cells of one more row, all NULL; valid until the next one. */
Cell *held_add(HeldRows *h);
/* Copies the text; one that is absent is NULL. */
Cell held_text(HeldRows *h, Span text);
static inline Cell held_number(int64_t number) {
    return (Cell){.has = true, .number = number};
}
/* A LakeFill: the rows in order, once. */
size_t held_fill(void *held_rows, LakeChunk *chunk, size_t capacity);

/* held_part.h: rows of an entity in memory, found by id and in the order of lists: the base of a generation, or its delta. Shared by the
 * generations that have the same; read-only once made: any thread. */
#pragma once
#include "lake/held.h"

typedef struct HeldPart {
    LakeHeld *rows;
    size_t key, rank; /* columns: of the id, of what lists are sorted by; rank may be lake_held_columns: no list */
    /* below: of held_part.c */
    char *name;
    uint32_t *by_id, *by_rank;
    _Atomic int refs;
} HeldPart;

/* Reads the rows of a query with the column `key`. *ret is NULL when they need more than `most` bytes. `name` names their content. */
int held_part_read(LakeConn *conn, const char *name, const char *statement, const char *sql, const char *key, size_t most, HeldPart **ret,
                   Error *err) MUST_CHECK;
/* A reference more when its content has this name, else NULL; `p` may be NULL. */
HeldPart *held_part_same(HeldPart *p, const char *name) MUST_CHECK;
void held_part_share(HeldPart *p); /* a reference more */
void held_part_drop(HeldPart *p);  /* NULL: nothing */
size_t held_part_bytes(const HeldPart *p);

/* A row; `part` NULL: there is none. */
typedef struct HeldRow {
    const HeldPart *part;
    size_t row;
} HeldRow;

/* False: it has no such row. */
bool held_part_find(const HeldPart *p, Span id, size_t *ret_row) MUST_CHECK;
/* Is row `a` of `p` in front of row `b` of `q` in a list: a higher rank, or the same and a lower id? */
bool held_part_before(const HeldPart *p, size_t a, const HeldPart *q, size_t b);
/* How many rows, in the order of lists, are up to and with the rank and id. */
size_t held_part_seek(const HeldPart *p, double rank, Span id);

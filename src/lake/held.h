/* held.h: rows in memory, by columns, for who answers from them many times. Read-only once made: any thread. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include "lake/lake.h"

typedef struct LakeHeld LakeHeld;

/* Takes all rows of `r`. *ret is NULL when they need more than `most` bytes. The caller frees. */
int lake_hold(LakeResult *r, size_t most, LakeHeld **ret, Error *err) MUST_CHECK;
void lake_held_free(LakeHeld *h);
DEFINE_CLEANUP(lake_held_free, LakeHeld)

size_t lake_held_rows(const LakeHeld *h);
size_t lake_held_bytes(const LakeHeld *h);
size_t lake_held_columns(const LakeHeld *h);
const char *lake_held_name(const LakeHeld *h, size_t col);  /* as long as `h` */
size_t lake_held_find(const LakeHeld *h, const char *name); /* lake_held_columns(h): there is none */
bool lake_held_is_null(const LakeHeld *h, size_t row, size_t col);
Span lake_held_text(const LakeHeld *h, size_t row, size_t col);   /* of a VARCHAR that is not NULL; as long as `h` */
double lake_held_real(const LakeHeld *h, size_t row, size_t col); /* of a DOUBLE that is not NULL */
/* Appends the value as json_text writes it in lake_row_json: the same bytes. */
void lake_held_json(const LakeHeld *h, size_t row, size_t col, Buf *out);

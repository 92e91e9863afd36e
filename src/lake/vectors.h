/* vectors.h: rows as DuckDB's column vectors, for who reads or writes millions of them: no value is copied in between.
 *
 * A vector has a value for each row of a chunk, as its SQL type says:
 *   TINYINT int8_t, SMALLINT int16_t, INTEGER int32_t, BIGINT int64_t, DOUBLE double, BOOLEAN bool
 *   DECIMAL(p,s)         int16_t up to 4 digits, int32_t up to 9, int64_t up to 18: units of the last digit
 *   DATE                 int32_t, days since 1970-01-01
 *   TIMESTAMP, TIMESTAMPTZ   int64_t, microseconds since 1970-01-01T00:00:00Z
 *   VARCHAR, JSON        LakeText
 * One thread at a time. */
#pragma once
#include "base/span.h"
#include "lake/lake.h"

#define LAKE_ROWS 2048 /* at most, in a chunk */

typedef struct LakeVector {
    void *data;
    uint64_t *valid; /* a bit for each row, 1: there is a value. NULL, in a chunk that is read: every row has one */
} LakeVector;

/* DuckDB's string. Its bytes lie in it when it is short, with zeros behind them; elsewhere when it is longer. */
typedef struct LakeText {
    uint64_t words[2];
} LakeText;
#define LAKE_TEXT_SHORT 12 /* up to so many bytes */

static inline bool lake_has_value(const LakeVector *v, size_t row) {
    return v->valid == NULL || (v->valid[row / 64] >> (row % 64) & 1) != 0;
}
static inline void lake_clear_value(const LakeVector *v, size_t row) {
    v->valid[row / 64] &= ~(UINT64_C(1) << (row % 64));
}

/* ---- reading ---- */

/* Goes to the next chunk of rows of a result. 1: it has *ret_rows rows, 0: the end, -1: error. What was read of the chunk before is not
 * valid any more. */
int lake_next_chunk(LakeResult *r, size_t *ret_rows, Error *err) MUST_CHECK;
LakeVector lake_input(const LakeResult *r, size_t col);
/* Of a row that has a value. Borrowed from the chunk (a short one from the vector). */
Span lake_text_at(const LakeVector *v, size_t row);
static inline bool lake_text_is_short(const LakeText *t) {
    return (uint32_t)t->words[0] <= LAKE_TEXT_SHORT;
}
/* Short texts are the same when their words are. */
static inline bool lake_text_is(const LakeText *a, const LakeText *b) {
    return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* The numbers of a column of any numeric type, n rows, as floats: ret[0], ret[stride], ... NaN: there is none, or it is not finite. */
void lake_floats(const LakeResult *r, size_t col, size_t n, size_t stride, float *ret);

/* ---- writing, in a LakeFill ---- */

/* A column of the chunk. Every row has a value until its bit is cleared. */
LakeVector lake_output(LakeChunk *chunk, size_t col);
/* A text whose bytes are valid UTF-8 and stay where they are until the next call of the LakeFill. */
LakeText lake_borrow_text(Span text);
/* The query that reads the source fails with these words; the LakeFill returns 0. */
void lake_output_fail(LakeChunk *chunk, const char *why);

/* vectors.c: see vectors.h. */
#include "lake/vectors.h"

#include "lake/internal.h"
#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(sizeof(LakeText) == sizeof(duckdb_string_t), "a LakeText is a duckdb_string_t");

int lake_next_chunk(LakeResult *r, size_t *ret_rows, Error *err) {
    int got = lake_fetch(r, err);
    *ret_rows = got > 0 ? r->rows : 0;
    return got;
}

LakeVector lake_input(const LakeResult *r, size_t col) {
    return (LakeVector){r->columns[col].data, r->columns[col].validity};
}

Span lake_text_at(const LakeVector *v, size_t row) {
    const duckdb_string_t *s = (const duckdb_string_t *)v->data + row;
    uint32_t len = s->value.inlined.length;
    return (Span){len <= sizeof s->value.inlined.inlined ? s->value.inlined.inlined : s->value.pointer.ptr, len};
}

/* Three types are all but a few of the columns that are read so. */
static float float_at(const struct ResultColumn *c, size_t row) {
    double v = c->storage == DUCKDB_TYPE_DOUBLE                     ? ((const double *)c->data)[row]
               : c->storage == DUCKDB_TYPE_BIGINT && c->scale == 1  ? (double)((const int64_t *)c->data)[row]
               : c->storage == DUCKDB_TYPE_INTEGER && c->scale == 1 ? (double)((const int32_t *)c->data)[row]
                                                                    : lake_stored_real(c, row);
    return isfinite((float)v) ? (float)v : NAN;
}

void lake_floats(const LakeResult *r, size_t col, size_t n, size_t stride, float *ret) {
    const LakeVector v = lake_input(r, col);
    for (size_t i = 0; i < n; i++) ret[i * stride] = lake_has_value(&v, i) ? float_at(&r->columns[col], i) : NAN;
}

LakeText lake_borrow_text(Span text) {
    duckdb_string_t s = {.value.inlined.length = (uint32_t)text.len};
    LakeText out;
    if (text.len <= sizeof s.value.inlined.inlined) {
        memcpy(s.value.inlined.inlined, text.at, text.len);
    } else {
        memcpy(s.value.pointer.prefix, text.at, sizeof s.value.pointer.prefix);
        s.value.pointer.ptr = (char *)(uintptr_t)text.at;
    }
    memcpy(&out, &s, sizeof out);
    return out;
}

/* held.c: see held.h. Values are copied as DuckDB's vectors have them, texts behind each other with the end of each.
 *
 * Writing a value must not differ in a byte from lake_row_json and json_text (rows.c, document.c): the quick ways below are for what is
 * common, numbers of few digits and plain texts; everything else is left to the same jansson. */
#include "lake/held.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/json_write.h"
#include "base/memory.h"
#include "lake/internal.h"
#include "lake/vectors.h"
#include <math.h>
#include <string.h>

typedef struct HeldColumn {
    char *name;
    struct ResultColumn as; /* its types, with the values and the bits of those that are not NULL */
    size_t width;           /* bytes of a value; 0: texts */
    uint64_t *ends;         /* of texts: where each ends in `heap` */
    Buf heap;
} HeldColumn;

struct LakeHeld {
    HeldColumn *columns;
    size_t column_count, rows, capacity;
};

void lake_held_free(LakeHeld *h) {
    for (size_t i = 0; i < h->column_count; i++) {
        HeldColumn *c = &h->columns[i];
        free(c->name);
        free(c->as.data);
        free(c->as.validity);
        free(c->ends);
        buf_done(&c->heap);
    }
    free(h->columns);
    free(h);
}

/* ---- taking rows ---- */

static size_t width_of(duckdb_type storage) {
    switch (storage) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_UTINYINT: return 1;
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_USMALLINT: return 2;
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DATE: return 4;
    case DUCKDB_TYPE_HUGEINT: return 16;
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: return 0;
    default: return 8;
    }
}

static LakeHeld *held_new(const LakeResult *r) {
    LakeHeld *h = xcalloc(1, sizeof *h);
    h->column_count = r->column_count;
    h->columns = xcalloc(r->column_count + 1, sizeof *h->columns);
    for (size_t i = 0; i < r->column_count; i++) {
        HeldColumn *c = &h->columns[i];
        c->name = xstrdup(r->columns[i].name);
        c->as = (struct ResultColumn){.name = c->name,
                                      .type = r->columns[i].type,
                                      .storage = r->columns[i].storage,
                                      .scale = r->columns[i].scale,
                                      .json = r->columns[i].json};
        c->width = width_of(c->as.storage);
    }
    return h;
}

static void resize(LakeHeld *h, size_t capacity) {
    h->capacity = (capacity + 63) / 64 * 64;
    for (size_t i = 0; i < h->column_count; i++) {
        HeldColumn *c = &h->columns[i];
        if (c->width > 0)
            c->as.data = xrealloc(c->as.data, h->capacity, c->width);
        else
            c->ends = xrealloc(c->ends, h->capacity, sizeof *c->ends);
        c->as.validity = xrealloc(c->as.validity, h->capacity / 64, sizeof *c->as.validity);
    }
}

/* Space for a chunk more: a quarter at a time, since what is spare counts against what rows may need. */
static void reserve(LakeHeld *h, size_t rows) {
    if (h->rows + rows > h->capacity) resize(h, h->rows + rows + h->capacity / 4);
}

/* Gives back what is spare. */
static void trim(LakeHeld *h) {
    resize(h, h->rows + 1);
    for (size_t i = 0; i < h->column_count; i++) buf_trim(&h->columns[i].heap);
}

static void set_valid(HeldColumn *c, size_t row, bool valid) {
    uint64_t bit = UINT64_C(1) << (row % 64);
    c->as.validity[row / 64] = valid ? c->as.validity[row / 64] | bit : c->as.validity[row / 64] & ~bit;
}

static void take_column(LakeHeld *h, HeldColumn *c, const LakeVector *from, size_t rows) {
    for (size_t i = 0; i < rows; i++) {
        bool valid = lake_has_value(from, i);
        set_valid(c, h->rows + i, valid);
        if (c->width > 0) continue;
        Span text = valid ? lake_text_at(from, i) : (Span){"", 0};
        buf_add(&c->heap, text.at, text.len);
        c->ends[h->rows + i] = c->heap.len;
    }
    if (c->width > 0) memcpy((char *)c->as.data + h->rows * c->width, from->data, rows * c->width);
}

size_t lake_held_bytes(const LakeHeld *h) {
    size_t bytes = sizeof *h + h->column_count * sizeof *h->columns;
    for (size_t i = 0; i < h->column_count; i++) {
        const HeldColumn *c = &h->columns[i];
        bytes += h->capacity * (c->width > 0 ? c->width : sizeof *c->ends) + h->capacity / 8 + c->heap.cap;
    }
    return bytes;
}

int lake_hold(LakeResult *r, size_t most, LakeHeld **ret, Error *err) {
    CLEANUP(lake_held_freep) LakeHeld *h = held_new(r);
    size_t rows;
    int got;
    *ret = NULL;
    while ((got = lake_next_chunk(r, &rows, err)) > 0) {
        reserve(h, rows);
        for (size_t i = 0; i < h->column_count; i++) {
            LakeVector from = lake_input(r, i);
            take_column(h, &h->columns[i], &from, rows);
        }
        h->rows += rows;
        if (lake_held_bytes(h) > most) return 0;
    }
    if (got < 0) return -1;
    trim(h);
    *ret = TAKE(h);
    return 0;
}

/* ---- reading ---- */

size_t lake_held_rows(const LakeHeld *h) {
    return h->rows;
}

size_t lake_held_columns(const LakeHeld *h) {
    return h->column_count;
}

const char *lake_held_name(const LakeHeld *h, size_t col) {
    return h->columns[col].name;
}

size_t lake_held_find(const LakeHeld *h, const char *name) {
    size_t i = 0;
    while (i < h->column_count && strcmp(h->columns[i].name, name) != 0) i++;
    return i;
}

bool lake_held_is_null(const LakeHeld *h, size_t row, size_t col) {
    return (h->columns[col].as.validity[row / 64] >> (row % 64) & 1) == 0;
}

Span lake_held_text(const LakeHeld *h, size_t row, size_t col) {
    const HeldColumn *c = &h->columns[col];
    size_t from = row > 0 ? c->ends[row - 1] : 0;
    return (Span){from < c->heap.len ? c->heap.data + from : "", c->ends[row] - from};
}

double lake_held_real(const LakeHeld *h, size_t row, size_t col) {
    return ((const double *)h->columns[col].as.data)[row];
}

/* ---- as JSON ---- */

static void add_value(Buf *out, json_t *value) {
    CLEANUP(json_freep) json_t *owned = value;
    CLEANUP(free_text) char *text = json_text(owned);
    buf_add_str(out, text);
}

/* A number with up to six digits behind the point is the one of 15 digits that is nearest to it: what %.15g prints. False: it is another,
 * and so large or small that it is printed with an exponent. */
static bool add_short_real(Buf *out, double v) {
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    double size = fabs(v);
    if (v == 0 ? signbit(v) != 0 : size < 1e-4 || size >= 1e8) return false;
    for (int digits = 0; digits <= 6; digits++) {
        double units = nearbyint(size * powers[digits]);
        if (units / powers[digits] != size) continue;
        uint64_t whole = (uint64_t)units, power = (uint64_t)powers[digits], part = whole % power;
        if (v < 0) buf_add_char(out, '-');
        json_write_uint(out, whole / power);
        buf_add_char(out, '.');
        for (power /= 10; power > 1 && part < power; power /= 10) buf_add_char(out, '0');
        json_write_uint(out, part);
        return true;
    }
    return false;
}

static void add_real(Buf *out, double v) {
    if (!isfinite(v))
        buf_add_str(out, "null");
    else if (!add_short_real(out, v))
        add_value(out, json_real(v));
}

/* Small ones as doubles, which have all their digits. */
static void add_decimal(Buf *out, const struct ResultColumn *c, size_t row) {
    static const double quick_max = 1e14;
    double v = lake_stored_real(c, row);
    if (fabs(v) * c->scale < quick_max)
        add_real(out, v);
    else
        add_value(out, lake_stored_exact(c, row));
}

/* Of characters that JSON has as they are. */
static bool is_plain(Span text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return false;
    }
    return true;
}

static void add_text(Buf *out, const struct ResultColumn *c, Span text) {
    if (!c->json && is_plain(text)) {
        buf_add_char(out, '"');
        buf_add(out, text.at, text.len);
        buf_add_char(out, '"');
    } else {
        add_value(out, lake_text_json(c, text.at, text.len));
    }
}

static void add_time(Buf *out, int64_t us) {
    char text[CLOCK_TEXT_SIZE];
    buf_addf(out, "\"%s\"", clock_format(us, text));
}

void lake_held_json(const LakeHeld *h, size_t row, size_t col, Buf *out) {
    const struct ResultColumn *c = &h->columns[col].as;
    int64_t v = 0;
    if (lake_held_is_null(h, row, col)) {
        buf_add_str(out, "null");
        return;
    }
    switch (c->type) {
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: add_text(out, c, lake_held_text(h, row, col)); return;
    case DUCKDB_TYPE_DECIMAL: add_decimal(out, c, row); return;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: add_real(out, lake_stored_real(c, row)); return;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ: add_time(out, ((const int64_t *)c->data)[row]); return;
    case DUCKDB_TYPE_BOOLEAN: buf_add_str(out, ((const bool *)c->data)[row] ? "true" : "false"); return;
    default: break;
    }
    if (c->type != DUCKDB_TYPE_DATE && lake_stored_integer(c, row, &v))
        json_write_int(out, v);
    else
        add_value(out, lake_stored_json(c, row));
}

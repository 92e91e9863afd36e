/* rows.c: reading results row by row from DuckDB's column chunks. */
#include "lake/internal.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void describe_column(struct ResultColumn *c, duckdb_result *result, size_t i) {
    duckdb_logical_type type = duckdb.column_logical_type(result, i);
    *c = (struct ResultColumn){.name = duckdb.column_name(result, i), .type = duckdb.get_type_id(type), .scale = 1};
    c->storage = c->type;
    if (c->type == DUCKDB_TYPE_DECIMAL) {
        c->storage = duckdb.decimal_internal_type(type);
        c->scale = pow(10, duckdb.decimal_scale(type));
    }
    char *alias = duckdb.logical_type_get_alias(type);
    c->json = alias != NULL && strcmp(alias, "JSON") == 0;
    duckdb.free(alias);
    duckdb.destroy_logical_type(&type);
}

LakeResult *lake_result_new(LakeConn *conn, const char *name, duckdb_result *result) {
    LakeResult *r = xcalloc(1, sizeof *r);
    r->conn = conn;
    r->name = xstrdup(name);
    r->result = *result;
    r->column_count = duckdb.column_count(&r->result);
    r->columns = xcalloc(r->column_count, sizeof *r->columns);
    for (size_t i = 0; i < r->column_count; i++) describe_column(&r->columns[i], &r->result, i);
    return r;
}

void lake_result_free(LakeResult *r) {
    for (size_t i = 0; i < r->column_count; i++) buf_done(&r->columns[i].text);
    if (r->chunk != NULL) duckdb.destroy_data_chunk(&r->chunk);
    duckdb.destroy_result(&r->result);
    free(r->columns);
    free(r->name);
    free(r);
}

int lake_next(LakeResult *r, Error *err) {
    return r->chunk != NULL && ++r->row < r->rows ? 1 : lake_fetch(r, err);
}

int lake_fetch(LakeResult *r, Error *err) {
    if (r->chunk != NULL) duckdb.destroy_data_chunk(&r->chunk);
    r->chunk = duckdb.fetch_chunk(r->result);
    if (r->chunk == NULL) {
        const char *problem = duckdb.result_error(&r->result);
        return problem != NULL ? lake_fail(r->conn, r->name, duckdb.result_error_type(&r->result), problem, err) : 0;
    }
    r->row = 0;
    r->rows = duckdb.data_chunk_get_size(r->chunk);
    for (size_t i = 0; i < r->column_count; i++) {
        duckdb_vector vector = duckdb.data_chunk_get_vector(r->chunk, i);
        r->columns[i].data = duckdb.vector_get_data(vector);
        r->columns[i].validity = duckdb.vector_get_validity(vector);
    }
    return r->rows > 0 ? 1 : 0;
}

size_t lake_columns(const LakeResult *r) {
    return r->column_count;
}

const char *lake_column_name(const LakeResult *r, size_t col) {
    return r->columns[col].name;
}

bool lake_is_null(const LakeResult *r, size_t col) {
    return !duckdb.validity_row_is_valid(r->columns[col].validity, r->row);
}

/* Integers that may not fit int64_t. */
static bool read_wide(const struct ResultColumn *c, size_t row, duckdb_hugeint *ret) {
    if (c->storage == DUCKDB_TYPE_HUGEINT)
        *ret = ((duckdb_hugeint *)c->data)[row];
    else if (c->storage == DUCKDB_TYPE_UBIGINT)
        *ret = (duckdb_hugeint){.lower = ((uint64_t *)c->data)[row]};
    else
        return false;
    return true;
}

static bool fits(duckdb_hugeint v) {
    return (v.upper == 0 && v.lower <= INT64_MAX) || (v.upper == -1 && v.lower > INT64_MAX);
}

bool lake_stored_integer(const struct ResultColumn *c, size_t row, int64_t *ret) {
    switch (c->storage) {
    case DUCKDB_TYPE_BOOLEAN: *ret = ((bool *)c->data)[row]; return true;
    case DUCKDB_TYPE_TINYINT: *ret = ((int8_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_SMALLINT: *ret = ((int16_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE: *ret = ((int32_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ: *ret = ((int64_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_UTINYINT: *ret = ((uint8_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_USMALLINT: *ret = ((uint16_t *)c->data)[row]; return true;
    case DUCKDB_TYPE_UINTEGER: *ret = ((uint32_t *)c->data)[row]; return true;
    default: return false;
    }
}

int64_t lake_col_int(const LakeResult *r, size_t col) {
    const struct ResultColumn *c = &r->columns[col];
    int64_t v;
    duckdb_hugeint wide;
    if (lake_is_null(r, col)) return 0;
    if (c->scale > 1 || c->storage == DUCKDB_TYPE_DOUBLE || c->storage == DUCKDB_TYPE_FLOAT) return (int64_t)lake_col_real(r, col);
    if (lake_stored_integer(c, r->row, &v)) return v;
    if (read_wide(c, r->row, &wide) && fits(wide)) return (int64_t)wide.lower;
    BUG(r->name); /* or larger than 64 bits: cast it in SQL */
}

double lake_stored_real(const struct ResultColumn *c, size_t row) {
    int64_t v;
    duckdb_hugeint wide;
    if (c->storage == DUCKDB_TYPE_DOUBLE) return ((double *)c->data)[row];
    if (c->storage == DUCKDB_TYPE_FLOAT) return (double)((float *)c->data)[row];
    if (read_wide(c, row, &wide)) return duckdb.hugeint_to_double(wide) / c->scale;
    if (lake_stored_integer(c, row, &v)) return (double)v / c->scale;
    BUG(c->name);
}

double lake_col_real(const LakeResult *r, size_t col) {
    return lake_is_null(r, col) ? 0 : lake_stored_real(&r->columns[col], r->row);
}

bool lake_col_bool(const LakeResult *r, size_t col) {
    return lake_col_int(r, col) != 0;
}

const char *lake_col_text(LakeResult *r, size_t col, size_t *ret_len) {
    struct ResultColumn *c = &r->columns[col];
    if (ret_len != NULL) *ret_len = 0;
    if (lake_is_null(r, col)) return NULL;
    if (c->type != DUCKDB_TYPE_VARCHAR && c->type != DUCKDB_TYPE_BLOB) BUG(r->name);
    duckdb_string_t *s = &((duckdb_string_t *)c->data)[r->row];
    buf_clear(&c->text);
    buf_add(&c->text, duckdb.string_t_data(s), duckdb.string_t_length(*s));
    if (ret_len != NULL) *ret_len = c->text.len;
    return c->text.data;
}

json_t *lake_text_json(const struct ResultColumn *c, const char *text, size_t len) {
    json_t *value = NULL;
    if (c->json) value = json_loadb(text, len, JSON_DECODE_ANY, NULL);
    if (value == NULL) value = json_stringn(text, len);
    return value != NULL ? value : json_string("(not valid UTF-8)");
}

static json_t *text_json(LakeResult *r, size_t col) {
    size_t n;
    const char *text = lake_col_text(r, col, &n);
    return lake_text_json(&r->columns[col], text, n);
}

static json_t *date_json(int64_t days) {
    char text[CLOCK_TEXT_SIZE];
    clock_format(days * 86400 * USEC_PER_SEC, text);
    return json_stringn(text, strlen("YYYY-MM-DD"));
}

/* ---- numbers by their digits ---- */

__extension__ typedef unsigned __int128 Wide;

enum { WIDE_DIGITS = 39 };

/* "-12.5" of -1250 and 100: at least one decimal when there are any. */
static void write_digits(Wide magnitude, bool negative, double scale, char *ret) {
    char digits[WIDE_DIGITS + 1];
    size_t n = 0, decimals = 0;
    for (double power = 1; power * 5 < scale; power *= 10) decimals++;
    for (; magnitude > 0 || n <= decimals; magnitude /= 10) digits[n++] = (char)('0' + (int)(magnitude % 10));
    size_t last = 0; /* digits behind it are zeros at the end */
    while (decimals > 0 && last + 1 < decimals && digits[last] == '0') last++;
    if (negative) *ret++ = '-';
    for (size_t i = n; i-- > last;) {
        *ret++ = digits[i];
        if (i == decimals && decimals > 0) *ret++ = '.';
    }
    *ret = '\0';
}

static json_t *exact_json(Wide magnitude, bool negative, double scale) {
    char text[WIDE_DIGITS + 4];
    write_digits(magnitude, negative, scale, text);
    return json_exact(text);
}

/* A DECIMAL, or an integer beyond 64 bits. */
json_t *lake_stored_exact(const struct ResultColumn *c, size_t row) {
    static const int64_t double_max = 999999999999999; /* 15 digits: a double has them all */
    duckdb_hugeint wide;
    int64_t v = 0;
    if (read_wide(c, row, &wide) && !fits(wide)) {
        Wide bits = (Wide)(uint64_t)wide.upper << 64 | wide.lower;
        return exact_json(wide.upper < 0 ? -bits : bits, wide.upper < 0, c->scale);
    }
    if (read_wide(c, row, &wide))
        v = (int64_t)wide.lower;
    else if (!lake_stored_integer(c, row, &v))
        BUG(c->name);
    if (v >= -double_max && v <= double_max) return json_real(lake_stored_real(c, row));
    return exact_json(v < 0 ? -(Wide)v : (Wide)v, v < 0, c->scale);
}

static json_t *integer_json(const LakeResult *r, size_t col) {
    duckdb_hugeint wide;
    if (read_wide(&r->columns[col], r->row, &wide) && !fits(wide)) return lake_stored_exact(&r->columns[col], r->row);
    return json_integer(lake_col_int(r, col));
}

json_t *lake_stored_json(const struct ResultColumn *c, size_t row) {
    duckdb_hugeint wide;
    int64_t v;
    if (read_wide(c, row, &wide)) return fits(wide) ? json_integer((int64_t)wide.lower) : lake_stored_exact(c, row);
    if (!lake_stored_integer(c, row, &v)) BUG(c->name);
    return c->type == DUCKDB_TYPE_DATE ? date_json(v) : json_integer(v);
}

static json_t *value_json(LakeResult *r, size_t col) {
    char time[CLOCK_TEXT_SIZE];
    if (lake_is_null(r, col)) return json_null();
    switch (r->columns[col].type) {
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: return text_json(r, col);
    case DUCKDB_TYPE_BOOLEAN: return json_boolean(lake_col_bool(r, col));
    case DUCKDB_TYPE_DECIMAL: return lake_stored_exact(&r->columns[col], r->row);
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: return isfinite(lake_col_real(r, col)) ? json_real(lake_col_real(r, col)) : json_null();
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ: return json_string(clock_format(lake_col_int(r, col), time));
    case DUCKDB_TYPE_DATE: return date_json(lake_col_int(r, col));
    default: return integer_json(r, col);
    }
}

json_t *lake_row_json(LakeResult *r) {
    json_t *row = json_object();
    for (size_t i = 0; i < r->column_count; i++) json_object_set_new(row, r->columns[i].name, value_json(r, i));
    return row;
}

int lake_rows_json(LakeResult *r, json_t **ret, Error *err) {
    json_t *rows = json_array();
    int got;
    while ((got = lake_next(r, err)) > 0) json_array_append_new(rows, lake_row_json(r));
    if (got < 0) {
        json_decref(rows);
        return -1;
    }
    *ret = rows;
    return 0;
}

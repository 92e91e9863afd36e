/* decode.c: walks the bytes along the schema's program and writes JSON as it goes.
 *
 * Invariants: d->at never passes d->end; every value counts against AVRO_VALUES, also one of no bytes, and the output is checked before
 * each, so that neither a block of nulls nor a record in itself goes on without end. */
#include "avro/internal.h"

#include "base/json_write.h"
#include <math.h>
#include <string.h>

typedef struct Decoding {
    const AvroSchema *schema;
    const unsigned char *at, *end;
    Buf *out;
    size_t most; /* bytes that `out` may have */
    size_t values;
    const char *reject; /* the first thing that was wrong */
} Decoding;

static bool decode(Decoding *d, uint32_t index, int level);

static bool refuse(Decoding *d, const char *reason) {
    d->reject = reason;
    return false;
}

static bool misfit(Decoding *d) {
    return refuse(d, "not_avro");
}

/* ---- bytes ---- */

static size_t left(const Decoding *d) {
    return (size_t)(d->end - d->at);
}

/* A zigzag number of variable length, at most ten bytes. */
static bool take_long(Decoding *d, int64_t *ret) {
    uint64_t z = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (d->at == d->end) return misfit(d);
        unsigned char byte = *d->at++;
        if (shift == 63 && byte > 1) return misfit(d);
        z |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return true;
        }
    }
    return misfit(d);
}

static bool take_int(Decoding *d, int64_t *ret) {
    return take_long(d, ret) && ((*ret >= INT32_MIN && *ret <= INT32_MAX) || misfit(d));
}

static bool take_bytes(Decoding *d, size_t n, const unsigned char **ret) {
    if (n > left(d)) return misfit(d);
    *ret = d->at;
    d->at += n;
    return true;
}

/* A length and as many bytes. */
static bool take_text(Decoding *d, Span *ret) {
    int64_t n;
    const unsigned char *bytes;
    if (!take_long(d, &n)) return false;
    if (n < 0 || (uint64_t)n > left(d)) return misfit(d);
    if (!take_bytes(d, (size_t)n, &bytes)) return false;
    *ret = (Span){(const char *)bytes, (size_t)n};
    return true;
}

/* ---- output ---- */

static bool has_space(Decoding *d, size_t more) {
    return (more <= d->most && d->out->len <= d->most - more) || refuse(d, "too_large");
}

static void put_char(Decoding *d, char c) {
    *buf_reserve(d->out, 1) = c;
    d->out->len++;
}

static void put_span(Decoding *d, Span text) {
    memcpy(buf_reserve(d->out, text.len), text.at, text.len);
    d->out->len += text.len;
}

/* ---- single values ---- */

static bool decode_boolean(Decoding *d) {
    const unsigned char *byte;
    if (!take_bytes(d, 1, &byte)) return false;
    if (*byte > 1) return misfit(d);
    put_span(d, *byte ? (Span){"true", 4} : (Span){"false", 5});
    return true;
}

/* Numbers of any kind that are written as a whole number or a moment. */
static bool decode_whole(Decoding *d, AvroKind kind) {
    int64_t value;
    bool is_int = kind == AVRO_INT || kind == AVRO_DATE || kind == AVRO_TIME_MILLIS;
    if (!(is_int ? take_int(d, &value) : take_long(d, &value))) return false;
    if (kind == AVRO_INT || kind == AVRO_LONG)
        json_write_int(d->out, value);
    else
        avro_write_moment(d->out, kind, value);
    return true;
}

/* `n` bytes, the lowest first. */
static bool take_little_endian(Decoding *d, size_t n, uint64_t *ret) {
    const unsigned char *bytes;
    if (!take_bytes(d, n, &bytes)) return false;
    *ret = 0;
    for (size_t i = n; i-- > 0;) *ret = *ret << 8 | bytes[i];
    return true;
}

static bool decode_float(Decoding *d) {
    uint64_t bits;
    float value;
    if (!take_little_endian(d, sizeof value, &bits)) return false;
    memcpy(&value, &(uint32_t){(uint32_t)bits}, sizeof value);
    if (!isfinite(value)) return refuse(d, "not_a_number");
    json_write_float(d->out, value);
    return true;
}

static bool decode_double(Decoding *d) {
    uint64_t bits;
    double value;
    if (!take_little_endian(d, sizeof value, &bits)) return false;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) return refuse(d, "not_a_number");
    json_write_double(d->out, value);
    return true;
}

static bool decode_string(Decoding *d) {
    Span text;
    if (!take_text(d, &text) || !has_space(d, json_string_size(text.at, text.len))) return false;
    json_write_string(d->out, text.at, text.len);
    return true;
}

static bool write_bytes(Decoding *d, const void *bytes, size_t n) {
    if (!has_space(d, n / 3 * 4 + 6)) return false;
    json_write_base64(d->out, bytes, n);
    return true;
}

static bool decode_bytes(Decoding *d, const AvroType *type) {
    Span bytes;
    if (!take_text(d, &bytes)) return false;
    if (type->kind == AVRO_BYTES) return write_bytes(d, bytes.at, bytes.len);
    return avro_write_decimal(d->out, (const unsigned char *)bytes.at, bytes.len, type->scale) || refuse(d, "too_large");
}

static bool decode_fixed(Decoding *d, const AvroType *type) {
    const unsigned char *bytes;
    if (!take_bytes(d, type->size, &bytes)) return false;
    if (type->kind == AVRO_FIXED) return write_bytes(d, bytes, type->size);
    if (type->kind == AVRO_FIXED_DECIMAL) return avro_write_decimal(d->out, bytes, type->size, type->scale) || refuse(d, "too_large");
    avro_write_uuid(d->out, bytes);
    return true;
}

/* Which symbol or branch. */
static bool take_part(Decoding *d, const AvroType *type, const AvroPart **ret) {
    int64_t i;
    if (!take_long(d, &i)) return false;
    if (i < 0 || i >= (int64_t)type->count) return misfit(d);
    *ret = &d->schema->parts[type->first + (size_t)i];
    return true;
}

static bool decode_enum(Decoding *d, const AvroType *type) {
    const AvroPart *symbol;
    if (!take_part(d, type, &symbol) || !has_space(d, symbol->text.len)) return false;
    put_span(d, symbol->text);
    return true;
}

/* ---- values within values ---- */

static bool decode_record(Decoding *d, const AvroType *type, int level) {
    put_char(d, '{');
    for (uint32_t i = 0; i < type->count; i++) {
        const AvroPart *field = &d->schema->parts[type->first + i];
        if (!has_space(d, field->text.len)) return false;
        if (i > 0) put_char(d, ',');
        put_span(d, field->text);
        if (!decode(d, field->type, level)) return false;
    }
    put_char(d, '}');
    return true;
}

/* How many items the next block has. After a negative number comes the block's size in bytes. */
static bool take_block(Decoding *d, int64_t *ret_count, const unsigned char **ret_end) {
    int64_t bytes;
    *ret_end = NULL;
    if (!take_long(d, ret_count)) return false;
    if (*ret_count >= 0) return true;
    if (*ret_count == INT64_MIN || !take_long(d, &bytes)) return misfit(d);
    if (bytes < 0 || (uint64_t)bytes > left(d)) return misfit(d);
    *ret_count = -*ret_count;
    *ret_end = d->at + bytes;
    return true;
}

static bool decode_item(Decoding *d, const AvroType *type, bool first, int level) {
    if (!first) put_char(d, ',');
    if (type->kind == AVRO_MAP) {
        if (!decode_string(d)) return false;
        put_char(d, ':');
    }
    return decode(d, type->item, level);
}

static bool decode_blocks(Decoding *d, const AvroType *type, int level) {
    int64_t count;
    const unsigned char *end;
    bool first = true;
    put_char(d, type->kind == AVRO_MAP ? '{' : '[');
    do {
        if (!take_block(d, &count, &end)) return false;
        for (int64_t i = 0; i < count; i++, first = false)
            if (!decode_item(d, type, first, level)) return false;
        if (end != NULL && d->at != end) return misfit(d);
    } while (count > 0);
    put_char(d, type->kind == AVRO_MAP ? '}' : ']');
    return true;
}

static bool decode_container(Decoding *d, const AvroType *type, int level) {
    if (level == AVRO_LEVELS) return refuse(d, "too_deep");
    return type->kind == AVRO_RECORD ? decode_record(d, type, level + 1) : decode_blocks(d, type, level + 1);
}

static bool decode_union(Decoding *d, const AvroType *type, int level) {
    const AvroPart *branch;
    return take_part(d, type, &branch) && decode(d, branch->type, level);
}

static bool decode(Decoding *d, uint32_t index, int level) {
    const AvroType *type = &d->schema->types[index];
    if (d->values++ == AVRO_VALUES) return refuse(d, "too_many_values");
    if (!has_space(d, 0)) return false;
    switch (type->kind) {
    case AVRO_NULL: put_span(d, (Span){"null", 4}); return true;
    case AVRO_BOOLEAN: return decode_boolean(d);
    case AVRO_FLOAT: return decode_float(d);
    case AVRO_DOUBLE: return decode_double(d);
    case AVRO_BYTES:
    case AVRO_DECIMAL: return decode_bytes(d, type);
    case AVRO_STRING: return decode_string(d);
    case AVRO_FIXED:
    case AVRO_FIXED_DECIMAL:
    case AVRO_FIXED_UUID: return decode_fixed(d, type);
    case AVRO_ENUM: return decode_enum(d, type);
    case AVRO_RECORD:
    case AVRO_ARRAY:
    case AVRO_MAP: return decode_container(d, type, level);
    case AVRO_UNION: return decode_union(d, type, level);
    default: return decode_whole(d, type->kind);
    }
}

const char *avro_decode(const AvroSchema *s, const char *bytes, size_t len, Buf *out) {
    Decoding d = {.schema = s, .at = (const unsigned char *)bytes, .out = out};
    d.end = d.at + len;
    d.most = out->len + (len < AVRO_JSON_BYTES / AVRO_JSON_GROWTH ? AVRO_JSON_FREE + AVRO_JSON_GROWTH * len : AVRO_JSON_BYTES);
    if (!decode(&d, s->root, 0)) return d.reject;
    if (d.at != d.end) return "not_avro";
    if (!has_space(&d, 0)) return d.reject;
    *buf_reserve(out, 1) = '\0';
    return NULL;
}

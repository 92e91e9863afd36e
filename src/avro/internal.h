/* internal.h: a schema as a program: types in one array, which refer to each other by index, so that a type may contain itself. */
#pragma once
#include "avro/avro.h"
#include "base/arena.h"
#include <stdint.h>

typedef enum AvroKind {
    AVRO_NULL, /* these eight have the types of the same index */
    AVRO_BOOLEAN,
    AVRO_INT,
    AVRO_LONG,
    AVRO_FLOAT,
    AVRO_DOUBLE,
    AVRO_BYTES,
    AVRO_STRING,
    AVRO_PRIMITIVES,
    AVRO_FIXED = AVRO_PRIMITIVES,
    AVRO_ENUM,
    AVRO_RECORD,
    AVRO_ARRAY,
    AVRO_MAP,
    AVRO_UNION,
    AVRO_DECIMAL, /* in bytes */
    AVRO_FIXED_DECIMAL,
    AVRO_FIXED_UUID,
    AVRO_DATE,
    AVRO_TIME_MILLIS,
    AVRO_TIME_MICROS,
    AVRO_TIMESTAMP_MILLIS,
    AVRO_TIMESTAMP_MICROS,
    AVRO_TIMESTAMP_NANOS,
} AvroKind;

typedef struct AvroType {
    AvroKind kind;
    uint32_t scale;        /* of decimals */
    uint32_t size;         /* of fixed ones, in bytes */
    uint32_t item;         /* the type in an array or map */
    uint32_t first, count; /* fields of a record, branches of a union, symbols of an enum: in AvroSchema.parts */
} AvroType;

typedef struct AvroPart {
    Span text;     /* of a field, "name": with its quotes and the colon; of a symbol, with its quotes; both as JSON */
    uint32_t type; /* of a field or branch */
} AvroPart;

struct AvroSchema {
    AvroType *types; /* owned */
    AvroPart *parts; /* owned */
    size_t type_count, part_count;
    uint32_t root;
    Arena texts;
};

/* ---- scalars.c ---- */

/* A two's complement number, highest byte first, with its last `scale` digits behind the point. False: it is too long. */
bool avro_write_decimal(Buf *out, const unsigned char *bytes, size_t len, uint32_t scale);
/* 16 bytes. */
void avro_write_uuid(Buf *out, const unsigned char *bytes);
/* The value of a long with one of the logical types; its number when that is no moment. */
void avro_write_moment(Buf *out, AvroKind kind, int64_t value);

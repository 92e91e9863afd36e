/* avro.h: Avro's binary encoding (specification 1.12) to JSON, by the schema that the message was written with. What a value means is for
 * contracts to judge, so no reader's schema is resolved: defaults and aliases of fields are not used.
 *
 * How a value becomes JSON:
 *
 *     null, boolean, int, long           as they are
 *     float, double                      the shortest digits that read back as the same; NaN and infinities are a reject
 *     string, enum                       a text
 *     bytes, fixed                       a text in base64
 *     record, map                        an object; a map's key that is there twice is written twice, for the contract to find
 *     array                              a list
 *     union                              the value alone, without the name of its type
 *     decimal                            a number, each digit exact, as many behind the point as its scale says
 *     uuid                               a text
 *     date                               "2026-11-24"
 *     time-millis, time-micros           "10:15:00.123", "10:15:00.123456"
 *     timestamp-*, local-timestamp-*     "2026-11-24T10:15:00.123456Z" (millis, micros; nanos with nine digits)
 *
 * A date or time that is no moment of the years 0001 to 9999, or not within a day, is its number. A logical type that the specification
 * does not know for a type is ignored, as it demands. Schemas and messages come from strangers: the limits below end what would take too
 * much memory or time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"

#define AVRO_SCHEMA_BYTES  ((size_t)1 << 20)  /* of a schema with all that it refers to */
#define AVRO_SCHEMA_TYPES  10000              /* types, fields, branches and symbols in it */
#define AVRO_SCHEMA_LEVELS 64                 /* types within types as they are written */
#define AVRO_LEVELS        100                /* objects and lists within each other in a message */
#define AVRO_VALUES        1000000            /* values in a message */
#define AVRO_JSON_BYTES    ((size_t)32 << 20) /* of the JSON that it becomes; and, so that a batch of small messages cannot become a lake: */
#define AVRO_JSON_GROWTH   64                 /* ... so many times its bytes, */
#define AVRO_JSON_FREE     ((size_t)4 << 10)  /* ... and so many more */
#define AVRO_DECIMAL_BYTES 64                 /* of a decimal: 154 digits */
#define AVRO_SCALE         154                /* of a decimal's digits behind the point */

/* A schema, ready for decoding. Read-only once made: any thread. */
typedef struct AvroSchema AvroSchema;

/* `texts`: the JSON of the schemas that it refers to, each before those that need it; its own is the last. ERR_DATA: it cannot be used,
 * which includes the limits; the error says why. The caller frees. */
int avro_schema_parse(const Span *texts, size_t n, AvroSchema **ret, Error *err) MUST_CHECK;
void avro_schema_free(AvroSchema *s);
DEFINE_CLEANUP(avro_schema_free, AvroSchema)

/* Appends the one value that the bytes are to `out`, as JSON. Returns why it cannot be (static text, as in bronze_rejects.reason), or
 * NULL:
 *
 *     not_avro          the bytes do not fit the schema: they end early, something follows, a length or number is not possible
 *     not_a_number      a float or double is NaN or infinite, which JSON cannot say
 *     too_deep, too_many_values, too_large     a limit
 *
 * `out` then has an incomplete rest. Texts are copied as they came, also where they are not UTF-8. */
const char *avro_decode(const AvroSchema *s, const char *bytes, size_t len, Buf *out) MUST_CHECK;

/* decode.c: see decode.h. */
#include "ingest/decode.h"

#include "ingest/schema_internal.h"

/* What a serializer for JSON Schema writes is JSON behind the prefix. No JSON begins with a zero byte. */
static Span without_prefix(Span bytes) {
    bool prefixed = bytes.len > SCHEMA_PREFIX && bytes.at[0] == '\0';
    return prefixed ? (Span){bytes.at + SCHEMA_PREFIX, bytes.len - SCHEMA_PREFIX} : bytes;
}

const char *decode_message(const MessageSchema *schema, Span bytes, Buf *scratch, Span *ret) {
    if (schema != NULL && schema->reject != NULL) return schema->reject;
    *ret = without_prefix(bytes);
    if (schema == NULL || schema->avro == NULL) return NULL;
    buf_clear(scratch);
    const char *reject = avro_decode(schema->avro, ret->at, ret->len, scratch);
    *ret = (Span){scratch->data, scratch->len};
    return reject;
}

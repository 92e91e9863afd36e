/* fuzz_avro.c: a schema, a NUL, and a message of it, both from strangers. Besides what the sanitizers see: what is accepted becomes JSON
 * (where its texts are UTF-8) within its limit, and the same JSON when it is decoded again. */
#include "avro/avro.h"
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(const Buf *out) {
    json_error_t problem;
    json_t *value = json_loadb(out->data, out->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (value == NULL && json_error_code(&problem) == json_error_invalid_syntax) abort();
    json_decref(value);
}

static void decode(const AvroSchema *schema, const char *bytes, size_t size) {
    CLEANUP(buf_done) Buf out = {0};
    CLEANUP(buf_done) Buf again = {0};
    if (avro_decode(schema, bytes, size, &out) != NULL) return;
    if (out.len > AVRO_JSON_BYTES || strlen(out.data) != out.len) abort();
    must_be_json(&out);
    if (avro_decode(schema, bytes, size, &again) != NULL || strcmp(out.data, again.data) != 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    CLEANUP(avro_schema_freep) AvroSchema *schema = NULL;
    Error err = {0};
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    if (end == NULL) return 0;
    size_t left = size - (size_t)(end + 1 - data);
    char *bytes = malloc(left > 0 ? left : 1); /* of this very size: reading beyond it is seen */
    if (bytes == NULL) abort();
    memcpy(bytes, end + 1, left);
    if (avro_schema_parse(&(Span){(const char *)data, (size_t)(end - data)}, 1, &schema, &err) == 0) decode(schema, bytes, left);
    error_clear(&err);
    free(bytes);
    return 0;
}

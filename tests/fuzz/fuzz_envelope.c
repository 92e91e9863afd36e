/* fuzz_envelope.c: any bytes as a message. Besides what the sanitizers see: an event has an id and a source, what was taken out of it lies
 * in the message or is text of the parser's own, and the payload and the unknown fields are JSON again. */
#include "base/attr.h"
#include "ingest/envelope.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_json(Span span) {
    json_error_t problem;
    json_t *value;
    if (span.at == NULL) return;
    value = json_loadb(span.at, span.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    /* jansson is stricter than JSON in how deep and how large; what it calls a wrong syntax is ours to answer for */
    if (value == NULL && json_error_code(&problem) == json_error_invalid_syntax) abort();
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static EnvelopeParser *parser; /* one for all messages, as in Bronze: what the one before left must not matter */
    if (parser == NULL) parser = envelope_parser_new(NULL);
    char *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) abort();
    memcpy(bytes, data, size); /* of this very size: reading beyond it is seen */
    Envelope e = {0};
    envelope_parse(parser, bytes, size, &e);
    if (e.reject == NULL) {
        if (e.id.at == NULL || e.id.len == 0 || e.source.at == NULL || e.source.len == 0) abort();
        must_be_json(e.payload);
        must_be_json(e.extra);
    }
    free(bytes);
    return 0;
}

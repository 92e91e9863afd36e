/* avro_lines.c: decodes messages that are given line by line, for tests in another language (tests/avro/test_oracle.py).
 *
 *     avro_lines < messages > values
 *
 * A line of input is a JSON object: a schema (its text) for the lines after it, or bytes (hexadecimal) to decode. A line of output answers
 * one of input: "ok" or "error: WHY" for a schema, the JSON or "reject: REASON" for bytes. */
#include "avro/avro.h"
#include "base/document.h"
#include "base/memory.h"
#include <stdio.h>
#include <string.h>

static const char *parse_schema(const char *text, AvroSchema **schema, Buf *out) {
    Error err = {0};
    avro_schema_freep(schema);
    if (avro_schema_parse(&(Span){text, strlen(text)}, 1, schema, &err) == 0) return "ok";
    buf_addf(out, "error: %s", err.text);
    error_clear(&err);
    return out->data;
}

static unsigned digit(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static const char *decode(const AvroSchema *schema, const char *hex, Buf *out) {
    size_t len = strlen(hex) / 2;
    char *bytes = xmalloc(len + (len == 0)); /* of its own size, so that a sanitizer sees every byte beyond it */
    for (size_t i = 0; i < len; i++) bytes[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    const char *reject = avro_decode(schema, bytes, len, out);
    free(bytes);
    if (reject == NULL) return out->data;
    buf_clear(out);
    buf_addf(out, "reject: %s", reject);
    return out->data;
}

static void answer(const char *line, size_t len, AvroSchema **schema) {
    CLEANUP(json_freep) json_t *input = NULL;
    CLEANUP(buf_done) Buf out = {0};
    Error err = {0};
    if (json_parse(line, len, "a line", &input, &err) != 0) BUG(err.text);
    const char *text = json_string_value(json_object_get(input, "schema")), *hex = json_string_value(json_object_get(input, "bytes"));
    puts(text != NULL ? parse_schema(text, schema, &out) : decode(*schema, hex, &out));
}

int main(void) {
    CLEANUP(avro_schema_freep) AvroSchema *schema = NULL;
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) answer(line, (size_t)n, &schema);
    free(line);
    return 0;
}

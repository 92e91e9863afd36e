/* fuzz_paths.c: any table of paths over any message: the first 64 bytes choose where each column comes from, the rest is the message.
 * Besides what the sanitizers see: an event has an id and a source, its payload and its unknown fields are JSON, and nothing that no path
 * names is lost: it is in the unknown fields, or in the payload of a flat message. */
#include "base/attr.h"
#include "contract/text.h"
#include "ingest/envelope.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TABLE_BYTES 64

/* What is left of the input's bytes for the table. */
typedef struct Bytes {
    const uint8_t *at;
    size_t len;
} Bytes;

static unsigned choose(Bytes *from, unsigned n) {
    if (from->len == 0) return 0;
    from->len--;
    return *from->at++ % n;
}

/* ---- the table ---- */

static const char *const keys[] = {"a", "b", "c", "payload"};

static ValueOrigin choose_origin(Bytes *from, EnvelopeColumn column) {
    static const OriginKind kinds[] = {ORIGIN_PATH, ORIGIN_PATH, ORIGIN_PATH, ORIGIN_CONSTANT, ORIGIN_KEY, ORIGIN_HEADER, ORIGIN_LINEAGE};
    ValueOrigin o = {.kind = column == ENVELOPE_PAYLOAD || column == ENVELOPE_QUALITY ? ORIGIN_PATH : kinds[choose(from, ARRAY_LEN(kinds))],
                     .text = "h"};
    if (o.kind != ORIGIN_PATH) return o;
    o.key_count = choose(from, ORIGIN_KEYS_MAX) + (column != ENVELOPE_PAYLOAD);
    for (size_t i = 0; i < o.key_count; i++) o.keys[i] = keys[choose(from, ARRAY_LEN(keys))];
    return o;
}

static void choose_column(Bytes *from, Strings *strings, EnvelopeColumn column, ColumnMapping *ret) {
    bool needed = column == ENVELOPE_ID || column == ENVELOPE_SOURCE;
    *ret = (ColumnMapping){.part_count = choose(from, column == ENVELOPE_ID ? 3 : 2), .name = "name"};
    if (needed && ret->part_count == 0) ret->part_count = 1;
    ret->time_form = (TimeForm)choose(from, 4);
    ret->kept = choose(from, 4) == 0;
    ret->parts = strings_array(strings, ret->part_count, sizeof *ret->parts);
    for (size_t i = 0; i < ret->part_count; i++) {
        OriginList *list = &ret->parts[i];
        *list = (OriginList){.count = choose(from, 2) + 1U, .optional = i > 0};
        list->items = strings_array(strings, list->count, sizeof *list->items);
        for (size_t k = 0; k < list->count; k++) list->items[k] = choose_origin(from, column);
    }
}

static bool is_first_key(const TopicEnvelope *e, const char *key) {
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++)
        for (size_t i = 0; i < e->columns[c].part_count; i++)
            for (size_t k = 0; k < e->columns[c].parts[i].count; k++) {
                const ValueOrigin *o = &e->columns[c].parts[i].items[k];
                if (o->kind == ORIGIN_PATH && o->key_count > 0 && strcmp(o->keys[0], key) == 0) return true;
            }
    return e->ignored != NULL && strcmp(e->ignored, key) == 0;
}

/* ---- what came out ---- */

/* NULL: absent, or larger than jansson takes. */
static json_t *must_be_json(Span span) {
    json_error_t problem;
    if (span.at == NULL) return NULL;
    json_t *value = json_loadb(span.at, span.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (value == NULL && json_error_code(&problem) == json_error_invalid_syntax) abort();
    return value;
}

static void nothing_is_lost(const TopicEnvelope *declared, const json_t *message, const json_t *payload, const json_t *extra) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)message, key, value) {
        if (is_first_key(declared, key)) continue;
        if (!json_equal(value, json_object_get(payload, key)) && !json_equal(value, json_object_get(extra, key))) abort();
    }
}

static void check(const TopicEnvelope *declared, const EnvelopeMessage *m, const Envelope *e) {
    if (e->reject != NULL) return;
    if (e->id.at == NULL || e->source.at == NULL || e->source.len == 0) abort();
    json_t *payload = must_be_json(e->payload), *extra = must_be_json(e->extra);
    json_t *message = json_loadb(m->bytes, m->len, JSON_ALLOW_NUL, NULL);
    bool whole = (e->payload.at == NULL || payload != NULL) && (e->extra.at == NULL || extra != NULL);
    if (message != NULL && whole) nothing_is_lost(declared, message, payload, extra);
    json_decref(message);
    json_decref(payload);
    json_decref(extra);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char headers[] = "[[\"h\",\"value\"],[\"x\",null]]";
    size_t table_size = size < TABLE_BYTES ? size : TABLE_BYTES, len = size - table_size;
    Bytes from = {data, table_size};
    Strings *strings = strings_new();
    TopicEnvelope declared = {.ignored = choose(&from, 4) == 0 ? "c" : NULL};
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) choose_column(&from, strings, c, &declared.columns[c]);
    EnvelopeTable *table = envelope_table_new(&declared, "topic", 1);
    EnvelopeParser *parser = envelope_parser_new(table);
    char *bytes = malloc(len > 0 ? len : 1);
    if (bytes == NULL) abort();
    memcpy(bytes, data + table_size, len); /* of this very size: reading beyond it is seen */
    EnvelopeMessage m = {.bytes = bytes, .len = len, .timestamp_us = 0, .key = {"key", 3}, .headers = {headers, sizeof headers - 1}};
    for (int again = 0; again < 2; again++) { /* what the one before left must not matter */
        Envelope e = {0};
        envelope_parse_message(parser, &m, &e);
        check(&declared, &m, &e);
    }
    free(bytes);
    envelope_parser_free(parser);
    envelope_table_free(table);
    strings_free(strings);
    return 0;
}

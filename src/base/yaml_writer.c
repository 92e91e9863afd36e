/* yaml_writer.c: see yaml_writer.h. */
#include "base/yaml_writer.h"

#include "base/error.h"
#include "base/memory.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#define WIDTH 140

static int append(void *out, unsigned char *bytes, size_t n) {
    buf_add(out, bytes, n);
    return 1;
}

static void emit(yaml_emitter_t *e, yaml_event_t *event) {
    if (!yaml_emitter_emit(e, event)) BUG(e->problem != NULL ? e->problem : "YAML cannot be written");
}

/* Letters, digits and blanks that begin with a letter, and are no word with a meaning (https://yaml.org/type/bool.html). */
static bool is_plain(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                      others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./$ ";
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    size_t n = strlen(text);
    if (n == 0 || strchr(letters, text[0]) == NULL || strspn(text, others) != n || text[n - 1] == ' ') return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(words[i], text) == 0) return false;
    return true;
}

static void write_scalar(yaml_emitter_t *e, const char *text, size_t len, yaml_scalar_style_t style) {
    yaml_event_t event;
    if (!yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)len, style == YAML_PLAIN_SCALAR_STYLE, 1, style))
        BUG("a text that is not UTF-8");
    emit(e, &event);
}

static void write_text(yaml_emitter_t *e, const char *text, size_t len) {
    bool plain = strlen(text) == len && is_plain(text);
    write_scalar(e, text, len, plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void write_value(yaml_emitter_t *e, const json_t *value);

static void write_object(yaml_emitter_t *e, json_t *object) {
    yaml_event_t event;
    const char *key;
    json_t *value;
    if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                             json_object_size(object) > 0 ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE))
        BUG("memory");
    emit(e, &event);
    json_object_foreach(object, key, value) {
        write_text(e, key, strlen(key));
        write_value(e, value);
    }
    if (!yaml_mapping_end_event_initialize(&event)) BUG("memory");
    emit(e, &event);
}

/* Lists of scalars stand on one line. */
static bool is_short(const json_t *list) {
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value) if (json_is_object(value) || json_is_array(value)) return false;
    return true;
}

static void write_list(yaml_emitter_t *e, const json_t *list) {
    yaml_event_t event;
    size_t i;
    json_t *value;
    yaml_sequence_style_t style = is_short(list) ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
    if (!yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style)) BUG("memory");
    emit(e, &event);
    json_array_foreach(list, i, value) write_value(e, value);
    if (!yaml_sequence_end_event_initialize(&event)) BUG("memory");
    emit(e, &event);
}

static void write_value(yaml_emitter_t *e, const json_t *value) {
    if (json_is_object(value)) {
        write_object(e, (json_t *)(uintptr_t)value);
    } else if (json_is_array(value)) {
        write_list(e, value);
    } else if (json_is_string(value)) {
        write_text(e, json_string_value(value), json_string_length(value));
    } else {
        CLEANUP(free_text) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        if (text == NULL) BUG("a value that is not JSON");
        write_scalar(e, text, strlen(text), YAML_PLAIN_SCALAR_STYLE);
    }
}

void yaml_write(const json_t *value, Buf *out) {
    yaml_emitter_t e;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&e)) BUG("no YAML emitter");
    yaml_emitter_set_output(&e, append, out);
    yaml_emitter_set_unicode(&e, 1);
    yaml_emitter_set_width(&e, WIDTH);
    if (!yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) BUG("memory");
    emit(&e, &event);
    if (!yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) BUG("memory");
    emit(&e, &event);
    write_value(&e, value);
    if (!yaml_document_end_event_initialize(&event, 1)) BUG("memory");
    emit(&e, &event);
    if (!yaml_stream_end_event_initialize(&event)) BUG("memory");
    emit(&e, &event);
    yaml_emitter_delete(&e);
}

/* document.c: YAML events become jansson values on an explicit stack (no recursion: depth is bounded by MAX_DEPTH).
 *
 * Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema) less octal and hex, which no file of ours needs.
 */
#include "base/document.h"

#include "base/memory.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 64

typedef struct Builder {
    const char *name;
    json_t *stack[MAX_DEPTH]; /* owned: open containers, outermost first */
    char *keys[MAX_DEPTH];    /* owned: the key that waits for its value, for objects */
    size_t depth;
    json_t *root; /* owned */
} Builder;

static void builder_done(Builder *b) {
    for (size_t i = 0; i < b->depth; i++) {
        json_decref(b->stack[i]);
        free(b->keys[i]);
    }
    json_decref(b->root);
}

static int fail(const Builder *b, yaml_mark_t mark, Error *err, const char *what) {
    return error_set(err, ERR_CONFIG, "%s line %zu: %s", b->name, mark.line + 1, what);
}

static json_t *plain_scalar(const char *text) {
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
        if (strcmp(text, nulls[i]) == 0) return json_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "True") == 0) return json_true();
    if (strcmp(text, "false") == 0 || strcmp(text, "False") == 0) return json_false();
    char *end;
    if (strspn(text, "+-0123456789") == strlen(text)) {
        errno = 0;
        long long v = strtoll(text, &end, 10);
        if (*end == '\0' && end != text && errno == 0) return json_integer(v);
    }
    if (strspn(text, "+-.0123456789eE") == strlen(text) && strpbrk(text, "0123456789") != NULL) {
        double v = strtod(text, &end);
        if (*end == '\0' && isfinite(v)) return json_real(v);
    }
    return json_string(text);
}

/* Puts a finished value (owned) where it belongs. */
static int place(Builder *b, json_t *value, yaml_mark_t mark, Error *err) {
    if (value == NULL) return fail(b, mark, err, "this is not valid UTF-8");
    if (b->depth == 0) {
        b->root = value;
        return 0;
    }
    json_t *top = b->stack[b->depth - 1];
    if (json_is_array(top)) return json_array_append_new(top, value);
    char **key = &b->keys[b->depth - 1];
    int rc = json_object_set_new(top, *key, value);
    free(*key);
    *key = NULL;
    return rc;
}

static int on_scalar(Builder *b, const yaml_event_t *event, Error *err) {
    const char *text = (const char *)event->data.scalar.value;
    json_t *top = b->depth > 0 ? b->stack[b->depth - 1] : NULL;
    if (strlen(text) != event->data.scalar.length) return fail(b, event->start_mark, err, "a NUL character");
    if (top != NULL && json_is_object(top) && b->keys[b->depth - 1] == NULL) {
        if (json_object_get(top, text) != NULL) return fail(b, event->start_mark, err, "this key stands here twice");
        b->keys[b->depth - 1] = xstrdup(text);
        return 0;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return place(b, plain ? plain_scalar(text) : json_string(text), event->start_mark, err);
}

static int on_start(Builder *b, json_t *container, yaml_mark_t mark, Error *err) {
    if (b->depth == MAX_DEPTH || (b->depth > 0 && json_is_object(b->stack[b->depth - 1]) && b->keys[b->depth - 1] == NULL)) {
        json_decref(container);
        return fail(b, mark, err, b->depth == MAX_DEPTH ? "nested too deeply" : "a key must be a scalar");
    }
    b->keys[b->depth] = NULL;
    b->stack[b->depth++] = container;
    return 0;
}

static int on_event(Builder *b, const yaml_event_t *event, Error *err) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(b, event, err);
    case YAML_MAPPING_START_EVENT: return on_start(b, json_object(), event->start_mark, err);
    case YAML_SEQUENCE_START_EVENT: return on_start(b, json_array(), event->start_mark, err);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: return place(b, b->stack[--b->depth], event->start_mark, err);
    case YAML_ALIAS_EVENT: return fail(b, event->start_mark, err, "aliases are not supported");
    case YAML_DOCUMENT_START_EVENT: return b->root != NULL ? fail(b, event->start_mark, err, "a second document") : 0;
    default: return 0;
    }
}

static int build(Builder *b, yaml_parser_t *parser, Error *err) {
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return error_set(err, ERR_CONFIG, "%s line %zu: %s", b->name, parser->problem_mark.line + 1,
                             parser->problem != NULL ? parser->problem : "this is not YAML");
        end = event.type == YAML_STREAM_END_EVENT;
        int rc = on_event(b, &event, err);
        yaml_event_delete(&event);
        if (rc != 0) return -1;
    }
    return 0;
}

int yaml_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return error_set(err, ERR_BUG, "no YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    CLEANUP(builder_done) Builder b = {.name = name};
    int rc = build(&b, &parser, err);
    yaml_parser_delete(&parser);
    if (rc != 0) return -1;
    *ret = b.root != NULL ? TAKE(b.root) : json_null();
    return 0;
}

int json_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) {
    json_error_t problem;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (value == NULL) return error_set(err, ERR_CONFIG, "%s line %d: %s", name, problem.line, problem.text);
    *ret = value;
    return 0;
}

char *json_text(const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    return text != NULL ? text : xstrdup("null");
}

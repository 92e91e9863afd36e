/* node.c: see node.h. Each node points to its parent, up to the document, so path and line are computed only for an error message. */
#include "contract/node.h"

#include "base/buf.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

DocNode node_root(const Document *document, json_t *mistakes) {
    return (DocNode){.document = document, .mistakes = mistakes, .value = document_value(document)};
}

DocNode node_member(const DocNode *object, const char *key) {
    return (DocNode){.document = object->document,
                     .mistakes = object->mistakes,
                     .parent = object,
                     .key = key,
                     .value = json_object_get(object->value, key)};
}

DocNode node_item(const DocNode *list, size_t index) {
    return (DocNode){.document = list->document,
                     .mistakes = list->mistakes,
                     .parent = list,
                     .index = index,
                     .value = json_array_get(list->value, index)};
}

bool node_exists(const DocNode *node) {
    return node->value != NULL && !json_is_null(node->value);
}

static void add_path(Buf *out, const DocNode *node) {
    if (node->parent == NULL) return;
    add_path(out, node->parent);
    if (node->key != NULL)
        document_path_add_key(out, node->key);
    else
        document_path_add_item(out, node->index);
}

char *node_path(const DocNode *node) {
    Buf path = {0};
    add_path(&path, node);
    return buf_take(&path);
}

int node_line(const DocNode *node) {
    if (node->parent == NULL) return document_line(node->document);
    if (node->value == NULL) return node_line(node->parent);
    return node->key != NULL ? document_key_line(node->document, node->parent->value, node->key)
                             : document_item_line(node->document, node->parent->value, node->index);
}

/* ---- refusing ---- */

/* Truncates long values, between two characters. */
static void add_scalar(Buf *out, const DocNode *node) {
    enum { SHOWN = 60 };
    const char *number = document_number(node->document, node->value);
    CLEANUP(free_text) char *text = number != NULL ? xstrdup(number) : json_text(node->value);
    size_t len = strlen(text), shown = len > SHOWN ? SHOWN : len;
    while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) shown--;
    buf_add(out, text, shown);
    if (shown < len) buf_add_str(out, "...");
}

static void add_value(Buf *out, const DocNode *node) {
    const json_t *value = node->value;
    if (value == NULL)
        buf_add_str(out, "missing");
    else if (json_is_object(value))
        buf_add_str(out, json_object_size(value) > 0 ? "an object" : "an empty object");
    else if (json_is_array(value))
        buf_add_str(out, json_array_size(value) > 0 ? "a list" : "an empty list");
    else
        add_scalar(out, node);
}

/* The caller frees. */
static char *format_text(const char *fmt, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    return text;
}

/* Texts that are not UTF-8 cannot be in a document, but in the name of its file. */
static void add_mistake(json_t *mistakes, const char *file, int line, const char *message) {
    json_t *mistake = json_pack("{ss si ss}", "file", file, "line", line, "message", message);
    json_array_append_new(mistakes, mistake != NULL ? mistake : json_pack("{ss si ss}", "file", "", "line", line, "message", "not UTF-8"));
}

int node_refuse(const DocNode *node, Error *err, const char *fmt, ...) {
    CLEANUP(buf_done) Buf value = {0};
    CLEANUP(free_text) char *path = node_path(node);
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *text = format_text(fmt, args);
    va_end(args);
    add_value(&value, node);
    const char *file = document_name(node->document), *where = path[0] != '\0' ? path : "the document";
    CLEANUP(free_text) char *message = xasprintf("%s:%d: %s is %s: %s", file, node_line(node), where, value.data, text);
    add_mistake(node->mistakes, file, node_line(node), message);
    return err->kind == ERR_NONE ? error_set(err, ERR_CONFIG, "%s", message) : -1;
}

int path_refuse(const char *path, Error *err, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *text = format_text(fmt, args);
    va_end(args);
    return error_set(err, ERR_CONFIG, "%s: %s", path, text);
}

/* 0: the message has none. */
static int line_in(const char *message, const char *file) {
    size_t n = strlen(file);
    int line = 0;
    return strncmp(message, file, n) == 0 && sscanf(message + n, ":%9d:", &line) == 1 ? line : 0;
}

int mistakes_note(json_t *mistakes, const char *file, Error *own, Error *err) {
    add_mistake(mistakes, file, line_in(own->text, file), own->text);
    if (err->kind == ERR_NONE) return error_move(err, own);
    error_clear(own);
    return -1;
}

void mistakes_count(const json_t *mistakes, Error *err) {
    size_t more = json_array_size(mistakes) - 1;
    if (json_array_size(mistakes) < 2) return;
    error_set(err, err->kind, "%s (and %zu more mistake%s: `smelt contract check` shows all)", err->text, more, more == 1 ? "" : "s");
}

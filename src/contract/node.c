/* node.c: see node.h. Each node points to its parent, up to the document, so path and line are computed only for an error message. */
#include "contract/node.h"

#include "base/buf.h"
#include "base/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

DocNode node_root(const Document *document) {
    return (DocNode){.document = document, .value = document_value(document)};
}

DocNode node_member(const DocNode *object, const char *key) {
    return (DocNode){.document = object->document, .parent = object, .key = key, .value = json_object_get(object->value, key)};
}

DocNode node_item(const DocNode *list, size_t index) {
    return (DocNode){.document = list->document, .parent = list, .index = index, .value = json_array_get(list->value, index)};
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
static void add_scalar(Buf *out, const json_t *value) {
    enum { SHOWN = 60 };
    CLEANUP(free_text) char *text = json_text(value);
    size_t len = strlen(text), shown = len > SHOWN ? SHOWN : len;
    while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) shown--;
    buf_add(out, text, shown);
    if (shown < len) buf_add_str(out, "...");
}

static void add_value(Buf *out, const json_t *value) {
    if (value == NULL)
        buf_add_str(out, "missing");
    else if (json_is_object(value))
        buf_add_str(out, json_object_size(value) > 0 ? "an object" : "an empty object");
    else if (json_is_array(value))
        buf_add_str(out, json_array_size(value) > 0 ? "a list" : "an empty list");
    else
        add_scalar(out, value);
}

/* The caller frees. */
static char *format_text(const char *fmt, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    return text;
}

int node_refuse(const DocNode *node, Error *err, const char *fmt, ...) {
    CLEANUP(buf_done) Buf value = {0};
    CLEANUP(free_text) char *path = node_path(node);
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *text = format_text(fmt, args);
    va_end(args);
    add_value(&value, node->value);
    return error_set(err, ERR_CONFIG, "%s:%d: %s is %s: %s", document_name(node->document), node_line(node),
                     path[0] != '\0' ? path : "the document", value.data, text);
}

int path_refuse(const char *path, Error *err, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *text = format_text(fmt, args);
    va_end(args);
    return error_set(err, ERR_CONFIG, "%s: %s", path, text);
}

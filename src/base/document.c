/* document.c: YAML events become jansson values on an explicit stack (no recursion: depth is bounded by MAX_DEPTH).
 *
 * Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema) without octal and hex, which no file of Smelt
 * needs.
 *
 * Line numbers are in a separate list, one entry per member and item: jansson shares null, true and false between all documents, so a value
 * cannot store its line. Containers are never shared (an alias becomes a copy), so container and key (or index) identify a place. A lookup
 * scans the list, which is fast enough: lines are needed only for error messages.
 *
 * An alias becomes a copy of what has the anchor, with its lines; merge keys (<<) are applied at the end of their object. What all copies
 * together may have is bounded (COPIES_MAX), as aliases of aliases double with each line. */
#include "base/document.h"

#include "base/memory.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <yaml.h>

#define MAX_DEPTH  64
#define COPIES_MAX 20000 /* members and items that aliases add to a document */

/* Where a member or an item begins. */
typedef struct Line {
    const json_t *container; /* borrowed from the document */
    char *key;               /* owned; NULL: item `index` of a list */
    size_t index;
    int line;
} Line;

/* A number as it is written: a double has lost digits, and every number its spelling. */
typedef struct NumberText {
    json_t *value; /* owned */
    char *text;    /* owned */
} NumberText;

struct Document {
    char *name;
    json_t *value;
    int line; /* of the value */
    Line *lines;
    size_t line_count;
    json_t *merged; /* the values of merge keys: their lines name them */
    NumberText *numbers;
    size_t number_count;
};

void document_free(Document *d) {
    for (size_t i = 0; i < d->line_count; i++) free(d->lines[i].key);
    free(d->lines);
    for (size_t i = 0; i < d->number_count; i++) {
        json_decref(d->numbers[i].value);
        free(d->numbers[i].text);
    }
    free(d->numbers);
    json_decref(d->merged);
    json_decref(d->value);
    free(d->name);
    free(d);
}

const char *document_name(const Document *d) {
    return d->name;
}

json_t *document_value(const Document *d) {
    return d->value;
}

/* ---- lines ---- */

int document_line(const Document *d) {
    return d->line;
}

int document_key_line(const Document *d, const json_t *object, const char *key) {
    for (const Line *l = d->lines; l < d->lines + d->line_count; l++)
        if (l->container == object && l->key != NULL && strcmp(l->key, key) == 0) return l->line;
    return 0;
}

int document_item_line(const Document *d, const json_t *list, size_t index) {
    for (const Line *l = d->lines; l < d->lines + d->line_count; l++)
        if (l->container == list && l->key == NULL && l->index == index) return l->line;
    return 0;
}

static void add_line(Document *d, Line line) {
    d->lines = xgrow(d->lines, d->line_count, sizeof *d->lines);
    d->lines[d->line_count++] = line;
}

/* ---- numbers ---- */

static void note_number(Document *d, json_t *value, const char *text) {
    if (!json_is_number(value)) return;
    d->numbers = xgrow(d->numbers, d->number_count, sizeof *d->numbers);
    d->numbers[d->number_count++] = (NumberText){json_incref(value), xstrdup(text)};
}

const char *document_number(const Document *d, const json_t *value) {
    for (const NumberText *n = d->numbers; n < d->numbers + d->number_count; n++)
        if (n->value == value) return n->text;
    return NULL;
}

char *document_scalar_text(const Document *d, const json_t *value) {
    const char *number = document_number(d, value);
    if (json_is_string(value)) return xstrdup(json_string_value(value));
    return number != NULL ? xstrdup(number) : json_text(value);
}

/* ---- paths ---- */

void document_path_add_key(Buf *path, const char *key) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (key[0] != '\0' && strspn(key, plain) == strlen(key)) {
        buf_addf(path, "%s%s", path->len > 0 ? "." : "", key);
        return;
    }
    CLEANUP(json_freep) json_t *value = json_string(key);
    CLEANUP(free_text) char *text = json_text(value);
    buf_addf(path, "[%s]", text);
}

void document_path_add_item(Buf *path, size_t index) {
    buf_addf(path, "[%zu]", index);
}

/* ---- building ---- */

static Document *add_document(DocumentList *list, const char *name) {
    Document *d = xcalloc(1, sizeof *d);
    d->merged = json_array();
    d->name = xstrdup(name);
    d->line = 1;
    list->items = xgrow(list->items, list->count, sizeof *list->items);
    list->items[list->count++] = d;
    return d;
}

void document_list_done(DocumentList *list) {
    for (size_t i = 0; i < list->count; i++) document_free(list->items[i]);
    free(list->items);
    *list = (DocumentList){0};
}

typedef struct Builder {
    Document *document;          /* borrowed: the one that is being built, the last of the list */
    DocumentList *list;          /* borrowed */
    bool several;                /* other documents may follow */
    json_t *stack[MAX_DEPTH];    /* owned: open containers, outermost first */
    const char *keys[MAX_DEPTH]; /* for objects: the key whose value comes next; borrowed from the lines */
    char *names[MAX_DEPTH];      /* owned: their anchors, or NULL */
    size_t depth;
    json_t *anchors; /* owned: anchor -> value */
    size_t copied;   /* members and items of aliases so far */
} Builder;

static void builder_done(Builder *b) {
    for (size_t i = 0; i < b->depth; i++) {
        json_decref(b->stack[i]);
        free(b->names[i]);
    }
    json_decref(b->anchors);
}

static int line_of(yaml_mark_t mark) {
    return (int)mark.line + 1;
}

/* The path of the next value, or of the object whose key comes next; the caller frees. */
static char *next_path(const Builder *b) {
    Buf path = {0};
    for (size_t i = 0; i < b->depth; i++) {
        if (json_is_array(b->stack[i]))
            document_path_add_item(&path, json_array_size(b->stack[i]));
        else if (b->keys[i] != NULL)
            document_path_add_key(&path, b->keys[i]);
    }
    if (path.len == 0) buf_add_str(&path, "the document");
    return buf_take(&path);
}

/* "<file>:<line>: <path>: <what>" */
static int fail(const Builder *b, yaml_mark_t mark, Error *err, const char *what) {
    CLEANUP(free_text) char *path = next_path(b);
    return error_set(err, ERR_CONFIG, "%s:%d: %s: %s", b->document->name, line_of(mark), path, what);
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

/* The innermost open container; NULL: the document itself. */
static json_t *top_of(const Builder *b) {
    return b->depth > 0 ? b->stack[b->depth - 1] : NULL;
}

static bool expects_key(const Builder *b) {
    return json_is_object(top_of(b)) && b->keys[b->depth - 1] == NULL;
}

/* Notes the line of a value that begins. The line of a member was noted with its key. */
static void note_line(Builder *b, yaml_mark_t mark) {
    json_t *top = top_of(b);
    if (top == NULL)
        b->document->line = line_of(mark);
    else if (json_is_array(top))
        add_line(b->document, (Line){.container = top, .index = json_array_size(top), .line = line_of(mark)});
}

/* Adds a complete value (owned) to the innermost open container. */
static int attach(Builder *b, json_t *value, yaml_mark_t mark, Error *err) {
    json_t *top = top_of(b);
    if (value == NULL) return fail(b, mark, err, "this is not valid UTF-8");
    if (top == NULL) {
        b->document->value = value;
        return 0;
    }
    const char *key = b->keys[b->depth - 1];
    if ((json_is_array(top) ? json_array_append_new(top, value) : json_object_set_new(top, key, value)) != 0)
        return fail(b, mark, err, "this is not valid UTF-8");
    b->keys[b->depth - 1] = NULL;
    return 0;
}

static int on_key(Builder *b, const char *key, yaml_mark_t mark, Error *err) {
    const json_t *top = top_of(b);
    int first = json_object_get(top, key) != NULL ? document_key_line(b->document, top, key) : 0;
    add_line(b->document, (Line){.container = top, .key = xstrdup(key), .line = line_of(mark)});
    b->keys[b->depth - 1] = b->document->lines[b->document->line_count - 1].key;
    if (first == 0) return 0;
    CLEANUP(free_text) char *what = xasprintf("duplicate key, first on line %d; expected each key once", first);
    return fail(b, mark, err, what);
}

static void note_anchor(const Builder *b, const char *name, json_t *value) {
    if (name != NULL) json_object_set(b->anchors, name, value);
}

static int on_scalar(Builder *b, const yaml_event_t *event, Error *err) {
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return fail(b, event->start_mark, err, "there is a NUL character; expected a text without one");
    if (expects_key(b)) return on_key(b, text, event->start_mark, err);
    note_line(b, event->start_mark);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    json_t *value = plain ? plain_scalar(text) : json_string(text);
    note_number(b->document, value, text);
    note_anchor(b, (const char *)event->data.scalar.anchor, value);
    return attach(b, value, event->start_mark, err);
}

static int on_start(Builder *b, json_t *container, const yaml_char_t *anchor, yaml_mark_t mark, Error *err) {
    const char *what = NULL;
    if (b->depth == MAX_DEPTH)
        what = "expected lists and objects nested at most 64 deep";
    else if (expects_key(b))
        what = "a key is a list or an object; expected a text";
    if (what != NULL) {
        json_decref(container);
        return fail(b, mark, err, what);
    }
    note_line(b, mark);
    b->keys[b->depth] = NULL;
    b->names[b->depth] = anchor != NULL ? xstrdup((const char *)anchor) : NULL;
    b->stack[b->depth++] = container;
    return 0;
}

/* ---- aliases and merge keys ---- */

/* A copy with its lines; NULL: it is too deep, or all copies together are too large. */
static json_t *copy_value(Builder *b, json_t *value, size_t depth);

static int copy_members(Builder *b, json_t *from, json_t *to, size_t depth) {
    const char *key;
    json_t *value;
    json_object_foreach(from, key, value) {
        add_line(b->document, (Line){.container = to, .key = xstrdup(key), .line = document_key_line(b->document, from, key)});
        if (json_object_set_new(to, key, copy_value(b, value, depth)) != 0) return -1;
    }
    return 0;
}

static int copy_items(Builder *b, json_t *from, json_t *to, size_t depth) {
    size_t i;
    json_t *value;
    json_array_foreach(from, i, value) {
        add_line(b->document, (Line){.container = to, .index = i, .line = document_item_line(b->document, from, i)});
        if (json_array_append_new(to, copy_value(b, value, depth)) != 0) return -1;
    }
    return 0;
}

static json_t *copy_value(Builder *b, json_t *value, size_t depth) {
    bool object = json_is_object(value);
    if (!object && !json_is_array(value)) return json_incref(value);
    b->copied += object ? json_object_size(value) : json_array_size(value);
    if (depth >= MAX_DEPTH || b->copied > COPIES_MAX) return NULL;
    CLEANUP(json_freep) json_t *copy = object ? json_object() : json_array();
    if ((object ? copy_members(b, value, copy, depth + 1) : copy_items(b, value, copy, depth + 1)) != 0) return NULL;
    return TAKE(copy);
}

static int on_alias(Builder *b, const yaml_event_t *event, Error *err) {
    json_t *value = json_object_get(b->anchors, (const char *)event->data.alias.anchor);
    if (expects_key(b)) return fail(b, event->start_mark, err, "a key is an alias; expected a text");
    if (value == NULL) return fail(b, event->start_mark, err, "there is no such anchor before this line; expected the alias of one");
    note_line(b, event->start_mark);
    json_t *copy = copy_value(b, value, b->depth);
    if (copy == NULL)
        return fail(b, event->start_mark, err, "aliases make the document too large or too deep; expected the values themselves");
    return attach(b, copy, event->start_mark, err);
}

/* Members that the object has itself are as they are. */
static void merge_one(Builder *b, json_t *object, json_t *from) {
    const char *key;
    json_t *value;
    json_object_foreach(from, key, value) {
        if (json_object_get(object, key) != NULL) continue;
        add_line(b->document, (Line){.container = object, .key = xstrdup(key), .line = document_key_line(b->document, from, key)});
        json_object_set(object, key, value);
    }
}

/* <<: an object, or a list of them. */
static void merge(Builder *b, json_t *object) {
    json_t *from = json_object_get(object, "<<"), *one;
    size_t i;
    if (!json_is_object(from) && !json_is_array(from)) return;
    json_array_append(b->document->merged, from);
    json_object_del(object, "<<");
    if (json_is_object(from)) merge_one(b, object, from);
    json_array_foreach(from, i, one) merge_one(b, object, one);
}

static int on_end(Builder *b, yaml_mark_t mark, Error *err) {
    json_t *value = b->stack[--b->depth];
    CLEANUP(free_text) char *name = TAKE(b->names[b->depth]);
    if (json_is_object(value)) merge(b, value);
    note_anchor(b, name, value);
    return attach(b, value, mark, err);
}

/* Anchors end with their document. An empty one is passed over. */
static int on_document(Builder *b, yaml_mark_t mark, Error *err) {
    if (b->document->value == NULL) return 0;
    if (!b->several) return fail(b, mark, err, "a second document begins here; expected one in a file");
    json_object_clear(b->anchors);
    if (json_is_null(b->document->value))
        b->document->value = NULL;
    else
        b->document = add_document(b->list, b->document->name);
    return 0;
}

static int on_event(Builder *b, const yaml_event_t *event, Error *err) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(b, event, err);
    case YAML_MAPPING_START_EVENT: return on_start(b, json_object(), event->data.mapping_start.anchor, event->start_mark, err);
    case YAML_SEQUENCE_START_EVENT: return on_start(b, json_array(), event->data.sequence_start.anchor, event->start_mark, err);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: return on_end(b, event->start_mark, err);
    case YAML_ALIAS_EVENT: return on_alias(b, event, err);
    case YAML_DOCUMENT_START_EVENT: return on_document(b, event->start_mark, err);
    default: return 0;
    }
}

/* ---- parsing ---- */

/* libyaml reports invalid UTF-8 by offset, without a line. */
static int line_at(const char *text, size_t len, size_t offset) {
    int line = 1;
    for (size_t i = 0; i < len && i < offset; i++) line += text[i] == '\n';
    return line;
}

static int fail_syntax(const Builder *b, const yaml_parser_t *parser, const char *text, size_t len, Error *err) {
    const char *problem = parser->problem != NULL ? parser->problem : "it cannot be parsed";
    int line = parser->error == YAML_READER_ERROR ? line_at(text, len, parser->problem_offset) : line_of(parser->problem_mark);
    if (parser->error == YAML_READER_ERROR || parser->context == NULL)
        return error_set(err, ERR_CONFIG, "%s:%d: this is not YAML: %s", b->document->name, line, problem);
    return error_set(err, ERR_CONFIG, "%s:%d: this is not YAML: %s, %s from line %d on", b->document->name, line, problem, parser->context,
                     line_of(parser->context_mark));
}

static int build(Builder *b, const char *text, size_t len, yaml_parser_t *parser, Error *err) {
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return fail_syntax(b, parser, text, len, err);
        end = event.type == YAML_STREAM_END_EVENT;
        int rc = on_event(b, &event, err);
        yaml_event_delete(&event);
        if (rc != 0) return -1;
    }
    return 0;
}

/* The last of several documents may be empty, too. */
static void drop_empty(DocumentList *list) {
    Document *last = list->items[list->count - 1];
    if (list->count > 1 && (last->value == NULL || json_is_null(last->value))) {
        document_free(last);
        list->count--;
    } else if (last->value == NULL)
        last->value = json_null();
}

static int parse(const char *text, size_t len, const char *name, bool several, DocumentList *list, Error *err) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return error_set(err, ERR_BUG, "no YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    CLEANUP(builder_done) Builder b = {.document = add_document(list, name), .list = list, .several = several, .anchors = json_object()};
    int rc = build(&b, text, len, &parser, err);
    yaml_parser_delete(&parser);
    if (rc == 0) drop_empty(list);
    return rc;
}

int document_parse_all(const char *text, size_t len, const char *name, DocumentList *ret, Error *err) {
    CLEANUP(document_list_done) DocumentList list = {0};
    if (parse(text, len, name, true, &list, err) != 0) return -1;
    *ret = list;
    list = (DocumentList){0};
    return 0;
}

int document_parse(const char *text, size_t len, const char *name, Document **ret, Error *err) {
    CLEANUP(document_list_done) DocumentList list = {0};
    if (parse(text, len, name, false, &list, err) != 0) return -1;
    *ret = list.items[0];
    list.count = 0;
    return 0;
}

int yaml_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) {
    CLEANUP(document_freep) Document *d = NULL;
    if (document_parse(text, len, name, &d, err) != 0) return -1;
    *ret = json_incref(d->value);
    return 0;
}

int json_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) {
    json_error_t problem;
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (value == NULL) return error_set(err, ERR_CONFIG, "%s:%d: %s", name, problem.line, problem.text);
    *ret = value;
    return 0;
}

/* ---- numbers by their digits ---- */

/* jansson's numbers are doubles and integers of 64 bits. One with more digits is kept as a string of JSON: a random prefix, and the digits.
 * Only this process knows the prefix, so no string that came from elsewhere is taken for a number. */
enum { MARK_LEN = 32 };
static char exact_mark[MARK_LEN + 1];
static pthread_once_t exact_once = PTHREAD_ONCE_INIT;
static bool exact_used; /* atomic */

static void make_mark(void) {
    uint64_t words[2];
    if (getrandom(words, sizeof words, 0) != sizeof words) BUG("getrandom");
    snprintf(exact_mark, sizeof exact_mark, "%016" PRIx64 "%016" PRIx64, words[0], words[1]);
}

const char *json_exact_mark(void) {
    pthread_once(&exact_once, make_mark);
    __atomic_store_n(&exact_used, true, __ATOMIC_RELEASE);
    return exact_mark;
}

json_t *json_exact(const char *digits) {
    return json_sprintf("%s%s", json_exact_mark(), digits);
}

bool json_is_exact(const json_t *value) {
    const char *text = json_string_value(value);
    return text != NULL && __atomic_load_n(&exact_used, __ATOMIC_ACQUIRE) && strncmp(text, exact_mark, MARK_LEN) == 0;
}

/* In place: "<mark>12.5" becomes 12.5. */
static void unmark(char *text) {
    char *to = text, *mark;
    while ((mark = strstr(text, exact_mark)) != NULL) {
        size_t before = (size_t)(mark - 1 - text), digits = strcspn(mark + MARK_LEN, "\"");
        memmove(to, text, before);
        memmove(to + before, mark + MARK_LEN, digits);
        to += before + digits;
        text = mark + MARK_LEN + digits + 1;
    }
    memmove(to, text, strlen(text) + 1);
}

char *json_text(const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    if (text == NULL) return xstrdup("null");
    if (__atomic_load_n(&exact_used, __ATOMIC_ACQUIRE)) unmark(text);
    return text;
}

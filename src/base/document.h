/* document.h: YAML and JSON documents as jansson values (json_t), so that all callers read one kind of tree. A YAML document also has the
 * line of each value, so that an error in its content can be reported with its line. YAML by libyaml, core schema: null, true/false,
 * integers, reals; quoted scalars are strings; an alias is a copy of what has its anchor, and merge keys (<<) are applied. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>

static inline void json_freep(json_t **j) {
    json_decref(*j);
}

/* ---- YAML with lines ---- */

/* A parsed YAML document. Read-only once made: any thread. */
typedef struct Document Document;

/* `name` (of the file) is copied. ERR_CONFIG "<name>:<line>: ..." for what is not YAML, and for what is refused: a key that is there twice,
 * a second document, nesting deeper than 64, aliases that make it very large. An empty text is null. The caller frees. */
int document_parse(const char *text, size_t len, const char *name, Document **ret, Error *err) MUST_CHECK;
void document_free(Document *d);
DEFINE_CLEANUP(document_free, Document)

/* All documents of a file, those that are not empty; an empty text has one, null. Lines are of the file. */
typedef struct DocumentList {
    Document **items; /* owned */
    size_t count;
} DocumentList;
int document_parse_all(const char *text, size_t len, const char *name, DocumentList *ret, Error *err) MUST_CHECK;
void document_list_done(DocumentList *list);

/* Borrowed: valid while `d` lives. Callers must not change the value: its lines would become wrong. */
const char *document_name(const Document *d);
json_t *document_value(const Document *d);

/* Lines, counted from 1. `object` and `list` are values of the document; 0 when they have no such member or item. */
int document_line(const Document *d); /* where its value begins */
int document_key_line(const Document *d, const json_t *object, const char *key);
int document_item_line(const Document *d, const json_t *list, size_t index);

/* A number as it is written (0123, 1e3, .50): a double may have other digits. NULL: `value` is no number of this document. Borrowed. */
const char *document_number(const Document *d, const json_t *value);
/* A text, or a number as it is written. JSON for other values. `value` is one of the document's. The caller frees. */
char *document_scalar_text(const Document *d, const json_t *value) MUST_CHECK;

/* A path inside a document, as errors name it: "schema[0].name". A key with other characters than letters, digits, '_' and '-' is quoted:
 * "where["a b"]". */
void document_path_add_key(Buf *path, const char *key);
void document_path_add_item(Buf *path, size_t index);

/* ---- values alone ---- */

/* `name` and the line are in the error, as above. ERR_CONFIG. The caller owns the value. Duplicate keys are errors. */
int yaml_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) MUST_CHECK;
int json_parse(const char *text, size_t len, const char *name, json_t **ret, Error *err) MUST_CHECK;
/* A number by its digits ("1234567890123456.78"), for those that a double does not hold: json_text writes them as they are. For jansson it
 * is a text, so ask json_is_exact where texts are not meant. */
json_t *json_exact(const char *digits) MUST_CHECK;
bool json_is_exact(const json_t *value);
/* What stands before its digits in that text: for those who write JSON that jansson is to read. */
const char *json_exact_mark(void);
/* Compact JSON text; the caller frees. */
char *json_text(const json_t *value) MUST_CHECK;

/* reader.h: checked reading of a parsed document. Every error names the file, the place in the document, the value and what is expected. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Texts that live as long as the pipeline. */
typedef struct Strings Strings;
Strings *strings_new(void);
void strings_free(Strings *s);
/* All return text (memory) owned by `s`. */
const char *strings_keep(Strings *s, const char *text);
const char *strings_format(Strings *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Keeps malloc'ed memory: freed with `s`. NULL is fine. */
void *strings_adopt(Strings *s, void *memory);

/* A value and how one gets to it. Lives on the stack while its children are read. */
typedef struct Place {
    const char *file;
    const struct Place *parent;
    const char *key; /* NULL: `index` of an array */
    size_t index;
    json_t *value; /* borrowed; NULL: absent */
} Place;

Place place_root(const char *file, json_t *document);
/* The member `key` of an object; its value is NULL when there is none. */
Place place_key(const Place *parent, const char *key);
Place place_at(const Place *parent, size_t index);
bool place_exists(const Place *p); /* present and not null */
/* "schema[0].properties[2].physicalType"; the caller frees. */
char *place_path(const Place *p) MUST_CHECK;
/* "<file>: <path> is <value>: <text>". ERR_CONFIG. Returns -1. */
int place_fail(const Place *p, Error *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Reads the member `key` of the object `at`. When it is absent: an error if `needed`, otherwise *ret is left as it is. */
int read_text(const Place *at, const char *key, bool needed, const char **ret, Error *err) MUST_CHECK;
int read_bool(const Place *at, const char *key, bool *ret, Error *err) MUST_CHECK;
int read_integer(const Place *at, const char *key, int64_t least, int64_t most, int64_t *ret, Error *err) MUST_CHECK;
/* An object (array) member; absent: *ret has no value. */
int read_object(const Place *at, const char *key, bool needed, Place *ret, Error *err) MUST_CHECK;
int read_array(const Place *at, const char *key, bool needed, Place *ret, Error *err) MUST_CHECK;
/* `at` must be an object with no keys but `known` (n of them): a typo must not switch a rule off. */
int read_known_keys(const Place *at, const char *const *known, size_t n, Error *err) MUST_CHECK;
/* One of `names` (n of them); *ret is its index. */
int read_choice(const Place *p, const char *const *names, size_t n, size_t *ret, Error *err) MUST_CHECK;
/* A number as exact decimal text without an exponent, at most 15 digits. */
int read_number(const Place *p, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* A name of ours: [a-z][a-z0-9_]*, at most 63 long. */
int check_name(const Place *p, Error *err) MUST_CHECK;

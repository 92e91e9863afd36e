/* reader.h: reads values of a parsed file, and refuses (node.h) those that are not as expected. ERR_CONFIG. */
#pragma once
#include "contract/node.h"
#include "contract/text.h"
#include <stdint.h>

/* Reads the member `key` of the object `at`. When it is absent or null: an error if `needed`, otherwise *ret does not change. */
int read_text(const DocNode *at, const char *key, bool needed, const char **ret, Error *err) MUST_CHECK; /* borrowed from the document */
int read_bool(const DocNode *at, const char *key, bool *ret, Error *err) MUST_CHECK;
int read_integer(const DocNode *at, const char *key, int64_t least, int64_t most, int64_t *ret, Error *err) MUST_CHECK;
/* The member `description`, or "" without one; owned by `strings`. */
int read_description(const DocNode *at, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* The value of `property` among the customProperties of `at`; NULL: it has none, or no text. Borrowed from the document. */
const char *custom_text(const DocNode *at, const char *property);
/* The same; one that is no text, or an empty one, is refused. */
int read_custom_text(const DocNode *at, const char *property, const char **ret, Error *err) MUST_CHECK;
/* An object or a list as member. When it is absent or null (and not `needed`), *ret has no value. */
int read_object(const DocNode *at, const char *key, DocNode *ret, Error *err) MUST_CHECK;
int read_list(const DocNode *at, const char *key, bool needed, DocNode *ret, Error *err) MUST_CHECK;

/* `key` is one of "a, b, c". */
bool is_key_of(const char *list, const char *key);
/* `at` must be an object that has only keys of `known` ("id, name, description"), so that a misspelt key is an error and does not disable a
 * rule. */
int check_keys(const DocNode *at, const char *known, Error *err) MUST_CHECK;
/* One of `names` (n of them); *ret is its index. */
int read_choice(const DocNode *node, const char *const *names, size_t n, size_t *ret, Error *err) MUST_CHECK;
/* Numbers as exact decimal text without an exponent, by the digits that the document has. For SQL: at most 19 digits before the point and 9
 * behind it. */
int read_number(const DocNode *node, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* What a number is a multiple of: above 0, at most 18 digits, 9 of them decimals. */
int read_step(const DocNode *node, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* What numbers of messages are compared with: of any size, those of more than 40 digits with the exponent that they have, as
 * 1e308. */
int read_limit(const DocNode *node, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* [a-z][a-z0-9_]*, at most 63 long. */
bool is_name(const char *text);
/* A name of columns, features, rules: [a-z][a-z0-9_]*, at most 63 long; owned by `strings`. */
int read_name(const DocNode *node, Strings *strings, const char **ret, Error *err) MUST_CHECK;
/* A name in messages (an event type, a property of the payload): 1 to 100 characters; owned by `strings`. */
int read_message_name(const DocNode *node, Strings *strings, const char **ret, Error *err) MUST_CHECK;

/* node.h: a value of a parsed file and its place, and functions that refuse it with an error message.
 *
 * The message has the file and the line, the path inside the document, the value, and what is expected:
 *     contracts/bss.odcs.yaml:41: schema[0].properties[2].required is "yes": expected true or false
 * A refusal does not end the reading: the reader goes on with what does not depend on it, so that all mistakes are found at once. The error
 * is the first one; it is set when a function returned -1. All refusals of this module use REFUSE or REFUSE_PATH, which register them in a
 * list; tests/unit/contract/test_refusals.c fails when its table has no mistake for one of them. Any thread. */
#pragma once
#include "base/document.h"
#include <stdbool.h>

/* On the stack while its children are read; borrows from its parents and its document. */
typedef struct DocNode {
    const Document *document;
    json_t *mistakes;             /* all that were found so far, in all files: [{file, line, message}, ...]. Borrowed */
    const struct DocNode *parent; /* NULL: the document's own value */
    const char *key;              /* NULL: item `index` of a list */
    size_t index;
    json_t *value; /* NULL: absent */
} DocNode;

DocNode node_root(const Document *document, json_t *mistakes);
/* A member of an object, an item of a list. Without a value when it does not exist. */
DocNode node_member(const DocNode *object, const char *key);
DocNode node_item(const DocNode *list, size_t index);
bool node_exists(const DocNode *node); /* present and not null */
/* "schema[0].properties[2].physicalType"; the caller frees. */
char *node_path(const DocNode *node) MUST_CHECK;
/* For an absent value: the line of its parent. */
int node_line(const DocNode *node);

/* ---- refusing ---- */

/* A place in the code that refuses something. The linker collects all of them from __start_refusals to __stop_refusals. */
typedef struct Refusal {
    const char *file;
    int line;
    const char *format;
    bool reached; /* it has refused something in this process */
} Refusal;

/* REFUSE(node, err, FORMAT, ...) notes the mistake "<file>:<line>: <path> is <value>: <text>", sets the error (ERR_CONFIG) when it is the
 * first, and is -1. */
#define REFUSE(node, err, ...) REFUSAL_(node_refuse(node, err, __VA_ARGS__), __VA_ARGS__)
/* REFUSE_PATH(path, err, FORMAT, ...) is for a file or folder: "<path>: <text>". */
#define REFUSE_PATH(path, err, ...) REFUSAL_(path_refuse(path, err, __VA_ARGS__), __VA_ARGS__)

/* Only for the macros above. The list holds pointers, because its elements must not have gaps between them. */
#define REFUSAL_(call, ...)                                                                                                                \
    ({                                                                                                                                     \
        static Refusal refusal_ = {__FILE__, __LINE__, REFUSAL_FORMAT_(__VA_ARGS__, ), false};                                             \
        static Refusal *const listed_ __attribute__((section("refusals"), used)) = &refusal_;                                              \
        __atomic_store_n(&refusal_.reached, true, __ATOMIC_RELAXED);                                                                       \
        call;                                                                                                                              \
    })
#define REFUSAL_FORMAT_(fmt, ...) fmt
int node_refuse(const DocNode *node, Error *err, const char *fmt, ...) PRINTF_LIKE(3, 4);
int path_refuse(const char *path, Error *err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Notes an error of a whole file, "<file>: ..." or "<file>:<line>: ...", and clears it; `err` is set when it is the first. Returns -1. */
int mistakes_note(json_t *mistakes, const char *file, Error *own, Error *err);
/* Of several mistakes, an error of one says how many more there are, and where to see them. */
void mistakes_count(const json_t *mistakes, Error *err);

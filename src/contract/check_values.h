/* check_values.h: the keys that say what a value must be, in `logicalTypeOptions`, `arguments` and `implementation` alike. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* A key of logicalTypeOptions, of `implementation` or of `arguments`. */
typedef struct CheckKey {
    const char *name, *rule; /* rule: the name of a check in logicalTypeOptions */
    CheckKind kind;
} CheckKey;

/* NULL: there is no such key. */
const CheckKey *check_key_find(const char *name);
/* Reads what stands under the key into a check of the field. `rule` NULL: the key's own. ERR_CONFIG. */
int check_read(Pipeline *p, const DocNode *node, const CheckKey *key, const char *rule, size_t counted, Field *field,
               Error *err) MUST_CHECK;
/* A text or a number, as the field has them; owned by the pipeline. ERR_CONFIG. */
int check_read_value(Pipeline *p, const DocNode *node, const Field *field, const char **ret, Error *err) MUST_CHECK;
void check_add(Pipeline *p, Check check, Field *field);

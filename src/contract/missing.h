/* missing.h: the values that count as missing, although they are there. Reading: one thread; the rest: any. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The field must be there; `counted` as in Check; `own`: the rule's name in the contract, NULL: it has none. */
void check_require(Pipeline *p, const char *rule, const char *own, size_t counted, Field *field);
/* `missingValues` of a rule's arguments. A value that the field cannot have is refused by its type anyway: a note says so. ERR_CONFIG. */
int missing_read(Pipeline *p, Contract *c, const DocNode *arguments, const char *rule, const char *own, size_t counted, Field *field,
                 Error *err) MUST_CHECK;
/* A listed date in days, a time of day or a timestamp in microseconds, true as 1, as the field's values are; false: it is none. */
bool listed_value_read(ValueType type, TimeForm form, const char *text, int64_t *ret);

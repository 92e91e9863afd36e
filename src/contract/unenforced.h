/* unenforced.h: the parts of contracts that are for other tools. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The keys that a rule of `quality` may have, "a, b, c". */
extern const char quality_keys[], quality_keys_v3_0[];
/* Adds a rule for other tools to the contract's list of what is not enforced. */
void checks_note_unenforced(Pipeline *p, Contract *c, const DocNode *rule);
/* The same, with the reason: "there is no metric nullValue". */
void checks_note_why(Pipeline *p, Contract *c, const DocNode *rule, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* As check_keys; but v3.0 of the standard allows other keys, which are then added to that list. ERR_CONFIG. */
int checks_known_keys(Pipeline *p, Contract *c, const DocNode *at, const char *known, Error *err) MUST_CHECK;
/* The same for each of the keys that `at` has, "a, b, c"; not for false, null and empty lists. */
void checks_note_keys(Pipeline *p, Contract *c, const DocNode *at, const char *keys);

/* checks.h: the rules of one property. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* `logicalTypeOptions` and `quality` of a property become checks of `field`. ERR_CONFIG. */
int checks_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) MUST_CHECK;
/* Remembers a rule that is for other tools. */
void checks_note_unenforced(Pipeline *p, Contract *c, const DocNode *rule);

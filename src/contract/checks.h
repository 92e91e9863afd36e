/* checks.h: the rules of one property. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"
#include "contract/unenforced.h"

/* Reads `logicalTypeOptions` and `quality` of a property into the checks of `field`. ERR_CONFIG. */
int checks_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) MUST_CHECK;

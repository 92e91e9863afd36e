/* checks.h: the rules of one property. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"
#include "contract/unenforced.h"

/* Reads `logicalTypeOptions` and `quality` of a property into the checks of `field`. ERR_CONFIG. */
int checks_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) MUST_CHECK;

/* ---- for those that read a kind of rule ---- */
void check_add(Pipeline *p, Check check, Field *field);
/* A value of a list, for a text or a number: as it is, or as exact decimal text. */
int check_read_value(Pipeline *p, const DocNode *node, const Field *field, const char **ret, Error *err) MUST_CHECK;

/* columns.h: looks up the columns of Silver that features use. The contracts must be read before. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The column `name`, which the document names at `node`. ERR_CONFIG: it does not exist (also for NULL), or it is JSON. */
int column_find(const Pipeline *p, const DocNode *node, const char *name, Column *ret, Error *err) MUST_CHECK;
/* Checks that a sum over the feature's column is exact, by the limits in the contracts. ERR_CONFIG. */
int column_check_sum(const Pipeline *p, const DocNode *node, const Feature *f, Error *err) MUST_CHECK;

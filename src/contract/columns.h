/* columns.h: Silver's columns, as features read them. Contracts must be there. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The column `name`, which is written at `node`. ERR_CONFIG: there is none (also for NULL), or it is JSON. */
int column_find(const Pipeline *p, const DocNode *node, const char *name, Column *ret, Error *err) MUST_CHECK;
/* A sum over the feature's column stays exact: the contracts limit its values. ERR_CONFIG. */
int column_check_sum(const Pipeline *p, const DocNode *node, const Feature *f, Error *err) MUST_CHECK;

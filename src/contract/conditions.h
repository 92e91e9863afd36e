/* conditions.h: which events a feature counts. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads `where` of a feature, if present. ERR_CONFIG. */
int conditions_read(Pipeline *p, const DocNode *feature, Feature *f, Error *err) MUST_CHECK;

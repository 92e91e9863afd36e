/* labels.h: reads labels: the value 1 or 0 that a model learns to predict: a rule over features, or what happens later (outcomes.h). One
 * thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads `labels` of the entity at `at`, if present; its features must be read before. ERR_CONFIG. */
int labels_read(Pipeline *p, Entity *e, const DocNode *at, Error *err) MUST_CHECK;

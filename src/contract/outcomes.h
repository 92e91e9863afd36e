/* outcomes.h: reads labels of the future, and how they are learned (`model` of features.yaml). One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads a label with `inactivity` or `table` into the entity's outcomes. ERR_CONFIG. */
int outcome_read(Pipeline *p, Entity *e, const DocNode *label, Error *err) MUST_CHECK;
/* NULL: no outcome has this name, which may be NULL. */
const OutcomeLabel *outcome_find(const Entity *e, const char *name);
/* Reads as_of, population, cuts, windows and features of `model`; the outcome is one of the entity `of`. ERR_CONFIG. */
int forecast_read(Pipeline *p, const DocNode *model, const Entity *of, const OutcomeLabel *outcome, Forecast *ret, Error *err) MUST_CHECK;

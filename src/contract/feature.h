/* feature.h: reads one feature of Gold or of a model. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

#define FEATURE_KEYS "name, title, unit, worse, description, aggregate, column, where, round, windows"
/* One feature with these keys and the first `aggregates` of aggregate_names; `f` has the windows that it has without its own. ERR_CONFIG.
 */
int feature_read(Pipeline *p, const Entity *e, const DocNode *feature, const char *keys, size_t aggregates, Feature *f,
                 Error *err) MUST_CHECK;
/* False for texts, dates, times and truth values: what min, max and last have of a column that is none of numbers. Pure. */
bool feature_is_number(const Feature *f);

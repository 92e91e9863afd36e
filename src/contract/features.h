/* features.h: features.yaml: entities with their features, aggregates over Silver's columns, and labels over the features. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

#define FEATURE_KEYS "name, title, unit, description, aggregate, column, where, round, windows"
/* One feature with these keys and the first `aggregates` of aggregate_names; `f` has the windows that it has without its own. ERR_CONFIG.
 */
int feature_read(Pipeline *p, const Entity *e, const DocNode *feature, const char *keys, size_t aggregates, Feature *f,
                 Error *err) MUST_CHECK;
/* Reads the whole document; the contracts must be read before. ERR_CONFIG. */
int features_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;

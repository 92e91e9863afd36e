/* features.h: features.yaml: entities with their features, aggregates over Silver's columns, and labels over the features. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads the whole document; the contracts must be read before. ERR_CONFIG. */
int features_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;

/* prediction.h: `model` of features.yaml: which label a model learns to predict, and what that means to people. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads `model`, if present; all entities must be read before. Without it, it is of the first entity, and the label the one of it that is
 * named churn_label, if there is one.
 * ERR_CONFIG. */
int prediction_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;

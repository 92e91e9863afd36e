/* prediction.h: `model` of features.yaml: which label a model learns to predict, and what that means to people. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads `model`, if present; the first entity must be read before. Without it, the label is the one named churn_label, if there is one.
 * ERR_CONFIG. */
int prediction_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;

/* labels.h: what a model learns: 1 or 0 from the features. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* `labels` of the features document, when it has some; the features must be there. ERR_CONFIG. */
int labels_read(Pipeline *p, const DocNode *document, Error *err) MUST_CHECK;

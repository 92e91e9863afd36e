/* topic.h: whose messages a schema describes. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Sets the topic of an object of the schema: its physicalName when its physicalType is topic, else the one that its servers name, else
 * NULL. ERR_CONFIG. */
int topic_read(Pipeline *p, Contract *c, const DocNode *object, Error *err) MUST_CHECK;

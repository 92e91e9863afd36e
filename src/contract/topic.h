/* topic.h: whose messages a schema describes. One thread. */
#pragma once
#include "base/document.h"
#include "contract/schema_shape.h"

/* Notes which schemas of all documents name no topic, before they are read: what these are depends on the others. */
void topics_scan(Pipeline *p, const DocumentList *documents);
/* Sets the topic of an object of the schema: its physicalName when its physicalType is topic, else the one that its servers name, else
 * NULL. ERR_CONFIG. */
int topic_read(Pipeline *p, Contract *c, const DocNode *object, Error *err) MUST_CHECK;
/* After its properties were read: the topic of a contract that names none, when its messages do not say their event type (`says_type`) and
 * there are others that name none. */
void topic_settle(Pipeline *p, Contract *c, SchemaShape shape, bool says_type, const DocNode *object);

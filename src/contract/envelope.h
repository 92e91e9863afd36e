/* envelope.h: reads the properties of an event outside the payload, and where they are in a message. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads the `properties` of an event: those that fill columns of Bronze, and the payload's, inside its property or beside the others.
 * ERR_CONFIG. */
int envelope_read(Pipeline *p, Contract *c, const DocNode *properties, Error *err) MUST_CHECK;

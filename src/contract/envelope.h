/* envelope.h: reads the properties of an event outside the payload. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads the `properties` of an event: each of the seven must be present once. ERR_CONFIG. */
int envelope_read(Pipeline *p, Contract *c, const DocNode *properties, Error *err) MUST_CHECK;

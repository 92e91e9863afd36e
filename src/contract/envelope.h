/* envelope.h: what a contract says of the event around the payload. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The `properties` of an event: each of the seven must be there, once. ERR_CONFIG. */
int envelope_read(Pipeline *p, Contract *c, const DocNode *properties, Error *err) MUST_CHECK;

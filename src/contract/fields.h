/* fields.h: the properties of an event, and those of its payload, which become columns of Silver. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Checks that a property has only keys of the standard. ERR_CONFIG names a key that is unknown. */
void property_note_unenforced(Pipeline *p, Contract *c, const DocNode *property); /* its keys that are for other tools */
int property_check_keys(const DocNode *property, Error *err) MUST_CHECK;
/* Appends the `properties` of the payload to `c`. A column that earlier contracts of `p` also have must have the same type. ERR_CONFIG. */
int payload_read(Pipeline *p, Contract *c, const DocNode *payload, Error *err) MUST_CHECK;

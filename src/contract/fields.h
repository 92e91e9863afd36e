/* fields.h: the properties of an event, and those of its payload, which become columns of Silver. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Checks that a property has only keys of the standard. ERR_CONFIG names a key that is unknown. */
void property_note_unenforced(Pipeline *p, Contract *c, const DocNode *property); /* its keys that are for other tools */
int property_check_keys(const DocNode *property, Error *err) MUST_CHECK;
/* Whether transformSourceObjects has paths into a message, which begin with $. Other systems name tables and files there: those are noted
 * as not enforced. */
bool has_paths(const DocNode *property);
/* Under which key a property of the payload is in it: the last key of its path in transformSourceObjects, else its name. NULL: it has
 * none. Owned by the pipeline. */
const char *payload_key(Pipeline *p, const DocNode *property);
/* Appends one property of the payload, or all `properties` of it, to `c`. A column that earlier contracts of `p` also have must have the
 * same type. ERR_CONFIG. */
int payload_read_property(Pipeline *p, Contract *c, const DocNode *property, Error *err) MUST_CHECK;
int payload_read(Pipeline *p, Contract *c, const DocNode *payload, Error *err) MUST_CHECK;

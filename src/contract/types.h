/* types.h: the type of a property, from its logicalType and physicalType. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Sets type, array, sql_type, precision and scale of `field`, whose column is NULL inside an object. What the standard leaves open has a
 * default, and what another system calls a type is translated; a note of the contract says so where that is more than another spelling.
 * ERR_CONFIG: a logicalType that the standard does not have. */
int type_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) MUST_CHECK;

/* fields.h: the properties of an event, and those of its payload, which become columns of Silver. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The keys that the standard gives to a property. ERR_CONFIG names one that it does not. */
int property_check_keys(const DocNode *property, Error *err) MUST_CHECK;
/* Appends the `properties` of the payload to `c`. A column that earlier contracts of `p` have too must have their type. ERR_CONFIG. */
int payload_read(Pipeline *p, Contract *c, const DocNode *payload, Error *err) MUST_CHECK;

/* entities.h: the head of an entity in features.yaml: its names, which column of Silver is its id, and what lists of it show. One thread.
 */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads the names and the key of an entity. Those of the first one are optional: they come from the contracts, which must be read before.
 * `e` can be used afterwards, also when something was refused. ERR_CONFIG. */
int entity_read_head(Pipeline *p, const DocNode *at, bool first, Entity *e, Error *err) MUST_CHECK;
/* Whether the first entity can have this name: one of features.yaml, with an s its plural. Pure. */
bool is_entity_name(const char *name);
/* Reads `list`, names of its features; without it, all of them in their order. ERR_CONFIG. */
int entity_read_list(Pipeline *p, const DocNode *at, Entity *e, Error *err) MUST_CHECK;
/* Reads `place`, two of its features that are numbers: `latitude` and `longitude`, or `x` and `y`. Without it there is none. ERR_CONFIG. */
int entity_read_place(const DocNode *at, Entity *e, Error *err) MUST_CHECK;

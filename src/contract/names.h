/* names.h: names in declarations, and reserved names. Any thread. */
#pragma once
#include "contract/declarations.h"

const char *value_type_name(ValueType type); /* "text", "integer", ... */

/* As in features.yaml, by their enum. */
#define AGGREGATE_NAMES       6                                  /* of Gold's features */
#define MODEL_AGGREGATE_NAMES 12                                 /* of a model's */
extern const char *const aggregate_names[MODEL_AGGREGATE_NAMES]; /* "count", "sum", ... */
#define COMPARISON_NAMES 7
extern const char *const comparison_names[COMPARISON_NAMES]; /* "in", "less_than", ... */

#define UNNAMED_ENTITY "unnamed" /* the first entity where no contract names one, and its key */
#define UNNAMED_KEY    "unnamed_id"
/* What people read of it. */
#define UNNAMED_HINT                                                                                                                       \
    "No contract names an entity, so Gold has no rows of one: customProperties: [{property: entity, value: NAME}] at a property says "     \
    "what its value is the id of."

/* True for columns that Silver has for every event: a property of the payload must not use them. */
bool is_silver_column(const char *name);
/* True for columns that Gold has besides its features, its labels and the key. */
bool is_gold_column(const char *name);
/* False for columns of Gold and its state, and for keys of the API, that the key of an entity would hide. */
bool is_key_column(const char *name);

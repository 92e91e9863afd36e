/* names.h: the names that declarations use, and those that they may not use. Any thread. */
#pragma once
#include "contract/declarations.h"

const char *value_type_name(ValueType type); /* "text", "integer", ... */

/* As in features.yaml, by their enum. */
#define AGGREGATE_NAMES 6
extern const char *const aggregate_names[AGGREGATE_NAMES]; /* "count", "sum", ... */
#define COMPARISON_NAMES 7
extern const char *const comparison_names[COMPARISON_NAMES]; /* "in", "less_than", ... */

/* Silver has these columns for every event: no contract may give one of them to a property of the payload. */
bool is_silver_column(const char *name);
/* Gold has these beside its features and labels. */
bool is_gold_column(const char *name);

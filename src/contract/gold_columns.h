/* gold_columns.h: the names of Gold's columns: a feature has one for the whole history, <name>, and one for each window, <name>_7d; a label
 * has one. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"
#include "contract/text.h"

/* True when `name` is a column of the feature. *ret_window: its days, 0 for the whole history. */
bool feature_has_column(const Feature *f, const char *name, int *ret_window);
/* Where the names of a feature or label go. */
typedef struct GoldNames {
    const char **name, **title, **description;
} GoldNames;
/* Reads `name`, `title` (without one it is the name in words) and `description` of a feature or label of the entity. ERR_CONFIG. */
int gold_names_read(Pipeline *p, const Entity *e, const DocNode *at, const GoldNames *ret, Error *err) MUST_CHECK;
/* Checks that no feature or label of the entity has the column yet. `at` is the new feature or label. ERR_CONFIG. */
int gold_check_new_column(const Entity *e, const DocNode *at, const char *column, Error *err) MUST_CHECK;
/* "cell_tower" in words: "cell tower". Owned by `strings`. */
const char *words_of_name(Strings *strings, const char *name);

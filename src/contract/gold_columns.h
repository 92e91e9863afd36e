/* gold_columns.h: the names of Gold's columns: a feature has one for the whole history, <name>, and one for each window, <name>_7d; a label
 * has one. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* True when `name` is a column of the feature. *ret_window: its days, 0 for the whole history. */
bool feature_has_column(const Feature *f, const char *name, int *ret_window);
/* Reads `name` and `description` of a feature or label. ERR_CONFIG. */
int gold_names_read(Pipeline *p, const DocNode *at, const char **ret_name, const char **ret_description, Error *err) MUST_CHECK;
/* Checks that no feature or label of `p` has the column yet. `at` is the new feature or label. ERR_CONFIG. */
int gold_check_new_column(const Pipeline *p, const DocNode *at, const char *column, Error *err) MUST_CHECK;

/* windows.h: reads windows: the numbers of UTC days over which features are also computed. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Reads the member `windows` of `at` ("7d") as days in ascending order, owned by the pipeline; without it *ret does not change.
 * ERR_CONFIG. */
int windows_read(Pipeline *p, const DocNode *at, int **ret, size_t *ret_count, Error *err) MUST_CHECK;
/* Reads the member `key` ("30d"), at least `least` days; without it *ret does not change. ERR_CONFIG. */
int days_read(const DocNode *at, const char *key, int least, int *ret, Error *err) MUST_CHECK;
/* Stores the windows of all its features in the entity. ERR_CONFIG: there are too many; refuses `list`, the list of features. */
int windows_collect(Pipeline *p, Entity *e, const DocNode *list, Error *err) MUST_CHECK;

/* windows.h: the windows of UTC days over which features are computed too. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* The member `windows` of `at` ("7d"), as days in ascending order, owned by the pipeline; without it *ret is left as it is. ERR_CONFIG. */
int windows_read(Pipeline *p, const DocNode *at, int **ret, size_t *ret_count, Error *err) MUST_CHECK;
/* All that any feature has, into the pipeline. ERR_CONFIG: too many; `list` (of the features) is refused. */
int windows_collect(Pipeline *p, const DocNode *list, Error *err) MUST_CHECK;

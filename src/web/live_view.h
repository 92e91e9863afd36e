/* live_view.h: states of the live lake, one after the other: its rows in memory, for answers that need no query. Of the thread that
 * follows. */
#pragma once
#include "web/pooled_snapshot.h"

typedef struct LiveView LiveView;
/* `lake` is borrowed; `prefix` begins the tags of the states, `scope` is theirs. `rows_memory`: bytes for the rows. */
LiveView *live_view_new(Lake *lake, const char *prefix, uint64_t scope, int64_t rows_memory) MUST_CHECK;
void live_view_free(LiveView *v);
DEFINE_CLEANUP(live_view_free, LiveView)
/* The state that the lake is in, with one reference; NULL: that cannot be read, or not yet again, or `last` (NULL: none) is still that
 * state, whose read_ns *ret_read_ns then is; else 0. */
PooledSnapshot *live_view_next(LiveView *v, const PooledSnapshot *last, int64_t *ret_read_ns) MUST_CHECK;

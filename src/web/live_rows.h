/* live_rows.h: the rows of the live lake in memory, for answers that need no query: one state after the other, each made of what was
 * committed since the one before (live_state.h). They are followed by a thread of their own while somebody asks, and forgotten when nobody
 * has for ten minutes. Any thread. */
#pragma once
#include "web/live_state.h"

typedef struct LiveRows LiveRows;
/* `lake` is borrowed; `prefix` begins the tags of the states. `memory`: bytes for the rows. NULL: there is no thread for it. */
LiveRows *live_rows_new(Lake *lake, const char *prefix, int64_t memory) MUST_CHECK;
void live_rows_free(LiveRows *v); /* every state must have been dropped */
/* A state that the lake was in at most 250 ms ago. NULL: there is none; with `may_wait`, nor is there one soon. The caller drops it. */
LiveState *live_rows_take(LiveRows *v, bool may_wait) MUST_CHECK;
/* The rows of this entity, which the state has by its number, are wanted from now on: later states have them. */
void live_rows_want(LiveRows *v, size_t entity);

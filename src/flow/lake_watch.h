/* lake_watch.h: looks every two seconds whether the lake's files are still where this process opened them, and can be written: an idle
 * writer would notice it only with its next commit. */
#pragma once
#include "flow/writer.h"

typedef struct LakeWatch LakeWatch;

/* Begins to look, on a thread of its own; `w` is borrowed. ERR_IO: there is no thread to spare. */
int lake_watch_start(const Writer *w, const char *data_dir, LakeWatch **ret, Error *err) MUST_CHECK;
/* Looks now: ERR_UNAVAILABLE with the reason and the next step. Any thread. */
int lake_watch_check(LakeWatch *watch, Error *err) MUST_CHECK;
void lake_watch_stop(LakeWatch *watch);
DEFINE_CLEANUP(lake_watch_stop, LakeWatch)

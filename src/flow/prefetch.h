/* prefetch.h: what the last steps of a run need, and no step before them changes: begun with the run, and ready when its first steps, which
 * mostly wait for Kafka and the disk, have ended. */
#pragma once
#include "base/settings.h"
#include "snapshot/snapshot.h"

typedef struct Prefetch Prefetch;
/* Never fails: what cannot be had prefetch is had, or fails, in the step that needs it. */
Prefetch *prefetch_start(const Settings *settings);
SnapshotDraft *prefetch_draft(const Prefetch *prefetch); /* for publish; NULL: none. Borrowed */
void prefetch_free(Prefetch *prefetch);                  /* waits for what is not ready */
DEFINE_CLEANUP(prefetch_free, Prefetch)

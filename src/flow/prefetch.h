/* prefetch.h: loads what the last steps of a run need and no earlier step changes, while the first steps mostly wait for Kafka and the
 * disk. */
#pragma once
#include "base/settings.h"
#include "snapshot/snapshot.h"

typedef struct Prefetch Prefetch;
/* Never fails: what cannot be loaded now is loaded, or fails, in the step that needs it. `ends_then` (NULL: the
 * lake stays open): a connection of the lake, which is freed soon after. */
Prefetch *prefetch_start(const Settings *settings, LakeConn *ends_then);
SnapshotDraft *prefetch_draft(const Prefetch *prefetch); /* for publish; NULL: none. Borrowed */
void prefetch_free(Prefetch *prefetch);                  /* waits until the loading has ended */
DEFINE_CLEANUP(prefetch_free, Prefetch)

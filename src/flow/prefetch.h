/* prefetch.h: loads what the last steps of a run need and no earlier step changes, while the first steps mostly wait for Kafka and the
 * disk. */
#pragma once
#include "base/settings.h"
#include "snapshot/snapshot.h"

typedef struct Prefetch Prefetch;
/* Never fails: what cannot be loaded now is loaded, or fails, in the step that needs it. */
Prefetch *prefetch_start(const Settings *settings);
/* Memory for what is written to the lake, which is freed soon after the run. Only once nothing is read from Kafka any more: a core that is
 * busy with it makes those wait who bring the messages. */
void prefetch_memory(Prefetch *prefetch, LakeConn *conn);
SnapshotDraft *prefetch_draft(const Prefetch *prefetch); /* for publish; NULL: none. Borrowed */
void prefetch_free(Prefetch *prefetch);                  /* waits until the loading has ended */
DEFINE_CLEANUP(prefetch_free, Prefetch)

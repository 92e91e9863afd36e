/* ahead.h: what the last steps of a run need, and no step before them changes: begun with the run, and ready when its first steps, which
 * mostly wait for Kafka and the disk, have ended. */
#pragma once
#include "base/settings.h"
#include "lake/snapshot.h"

typedef struct Ahead Ahead;
/* Never fails: what cannot be had ahead is had, or fails, in the step that needs it. */
Ahead *ahead_start(const Settings *settings);
SnapshotDraft *ahead_draft(const Ahead *ahead); /* for publish; NULL: none. Borrowed */
void ahead_free(Ahead *ahead);                  /* waits for what is not ready */
DEFINE_CLEANUP(ahead_free, Ahead)

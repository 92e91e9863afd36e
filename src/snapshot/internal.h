/* internal.h: what writing a generation and its draft share. */
#pragma once
#include "snapshot/snapshot.h"

/* The file of the generation that CURRENT names, or NULL; the caller frees. */
char *snapshot_current_path(const char *dir) MUST_CHECK;
/* The copy, once it is whole, becomes `path`; false when there is none, or it is of another generation than `last`. */
bool snapshot_draft_take(SnapshotDraft *d, const char *last, const char *path) MUST_CHECK;

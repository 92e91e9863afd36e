/* internal.h: the parts of a snapshot. */
#pragma once
#include "snapshot/snapshot.h"

/* ---- generations.c; the caller frees the paths ---- */

char *generation_path(const char *dir, int64_t generation) MUST_CHECK;
char *generation_lock_path(const char *path) MUST_CHECK; /* of the file `path` of a generation */
/* The file of the generation that CURRENT names, or NULL. */
char *generation_current_path(const char *dir) MUST_CHECK;
/* Writes into the lock file of the finished file `path` what the file is like. */
int generation_seal(const char *path, Error *err) MUST_CHECK;
/* Nothing has written to the file since it was sealed. False for one of an earlier smelt, which has no seal. */
bool generation_is_as_sealed(const char *path);
/* CURRENT names the generation from now on. ERR_IO. */
int generation_make_current(const char *dir, int64_t generation, Error *err) MUST_CHECK;
/* A number that was never used, also when CURRENT was lost; and above `after`, when the whole folder was. */
int64_t generation_next(const char *dir, int64_t after);

/* ---- draft.c ---- */

/* Renames the finished copy to `path`; false when there is none, or it is not a copy of `last`. */
bool snapshot_draft_take(SnapshotDraft *d, const char *last, const char *path) MUST_CHECK;

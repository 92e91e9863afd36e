/* backup_internal.h: what writing, reading and restoring a backup share. */
#pragma once
#include "recovery/backup.h"

extern const char *const backup_batch_tables[]; /* rows by batch_id: each segment has its own; ends with NULL */
extern const char *const backup_whole_tables[]; /* small ones: the last segment's count */
char *backup_manifest_path(const char *dir) MUST_CHECK;
void backup_forget_from(Backup *backup, size_t first); /* the segments from this one on */
int backup_save(const Backup *backup, Error *err) MUST_CHECK;

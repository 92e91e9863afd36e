/* lake_check.h: opens the lake and compares it with its commit mark, so that status says ok only of a lake that was read.
 *
 * A lake that no process writes is opened read-only and read, for at most READ_MS, and not longer than until a writer wants it
 * (flow/writer.c waits for that moment). It is read again only when one of its files was touched, or after CHECK_AGAIN_US. The lake of this
 * process is compared each time; one that another process writes is left alone: that process is asked to compare it. One thread. */
#pragma once
#include "base/files.h"
#include "health/health.h"

typedef struct LakeCheck {
    char *problem;             /* what was found; NULL: nothing. Owned: lake_check_done */
    char *unknown;             /* why it could not be looked at; NULL: it was. Owned */
    int64_t checked_us;        /* when it was last looked at; 0: never */
    int64_t checked_ns;        /* the same by clock_mono_ns */
    bool all_read;             /* every row was read then */
    FileStamp lake, wal, mark; /* as they were then */
} LakeCheck;

/* `options->live`: the lake of this process, or NULL. `writer`: the process that holds the lake, or NULL. */
void lake_check(LakeCheck *c, const HealthOptions *options, const char *writer);
void lake_check_done(LakeCheck *c);

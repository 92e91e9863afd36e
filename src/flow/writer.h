/* writer.h: the lake opened as its single writer: lock, file, fence, version, commit mark, migrations. One thread; the members may be used
 * as their own headers say. */
#pragma once
#include "base/files.h"
#include "base/settings.h"
#include "flow/query_socket.h"
#include "flow/stop_watchdog.h"
#include "lake/lake.h"
#include "ledger/commit_mark_keeper.h"

/* Members are owned; end with writer_done (CLEANUP(writer_done) Writer w = {0}). */
typedef struct Writer {
    FileLock *lock; /* <data.dir>/smelt.lock */
    struct WriterFence *fence;
    Lake *lake;
    LakeConn *conn; /* migrated */
    CommitMarkKeeper *mark;
    StopWatchdog *watchdog;
    QuerySocket *queries; /* of other processes; NULL: they find the lake busy */
} Writer;

/* Makes data.dir, takes the lock (`what`: the command, for the message of the process that comes second), opens and migrates the lake.
 * ERR_BUSY when another process holds the lock; ERR_DATA when the lake is behind its commit mark, or the mark is of another lake. */
int writer_open(const Settings *settings, const char *what, Writer *ret, Error *err) MUST_CHECK;
void writer_done(Writer *w);
/* Are the lock and the lake's file still those that it took and opened? ERR_BUSY, ERR_IO: they are not, and no COMMIT will go in. Changes
 * nothing. Any thread. */
int writer_check_files(const Writer *w, Error *err) MUST_CHECK;
/* As writer_open without making anything: ERR_UNAVAILABLE with the next step when there is no lake yet. */
int writer_open_existing(const Settings *settings, const char *what, Writer *ret, Error *err) MUST_CHECK;
/* ERR_UNAVAILABLE as above, ERR_DATA when the lake is gone: by its commit mark there was one. */
int writer_check_exists(const Settings *settings, Error *err) MUST_CHECK;
/* As writer_open for a process that runs until it is stopped: waits until the disk has space (disk.reserve). ERR_STOPPED. */
int writer_open_wait_for_space(const Settings *settings, const char *what, Writer *ret, Error *err) MUST_CHECK;
/* After a failure of such a process: when the disk was full, or memory lacking, and DuckDB gave the database up for that, restarts this
 * program, which waits for space. Returns -1 with the error otherwise. */
int writer_reexec_if_it_helps(Error *err);
/* The first two steps alone, for repairs: the lock, and the file under it, neither compared with its mark nor migrated. End with
 * writer_done. */
int writer_lock(const Settings *settings, const char *what, Writer *w, Error *err) MUST_CHECK;
int writer_open_file(const Settings *settings, Writer *w, Error *err) MUST_CHECK;
/* From the settings lake.memory_limit and lake.threads. */
LakeOptions writer_lake_options(const Settings *settings);

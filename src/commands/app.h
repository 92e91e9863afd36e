/* app.h: what several commands share: opening the lake as its one writer, printing for people. */
#pragma once
#include "base/files.h"
#include "commands/command.h"
#include "commands/stopper.h"
#include "lake/lake.h"
#include "medallion/watermark.h"

/* The lake as its single writer. Members are owned; end with writer_done (CLEANUP(writer_done) Writer w = {0}). */
typedef struct Writer {
    FileLock *lock; /* on layout.lock_path */
    Lake *lake;
    LakeConn *conn; /* migrated */
    Watermark *watermark;
    Stopper *stopper;
} Writer;

/* Makes data.dir, takes the lock (`what`: the command, for the message of whoever comes second), opens and migrates the lake.
 * ERR_BUSY when another process holds it; ERR_DATA when the lake is behind its high-water mark, or is not the one that belongs to it. */
int app_open_lake(App *app, const char *what, Writer *ret, Error *err) MUST_CHECK;
void writer_done(Writer *w);
/* As app_open_lake without making anything: ERR_UNAVAILABLE with the next step when there is no lake yet. */
int app_open_existing_lake(App *app, const char *what, Writer *ret, Error *err) MUST_CHECK;
/* As app_open_lake for who runs for ever: waits until the disk has room (disk.reserve). ERR_STOPPED. */
int app_open_lake_patiently(App *app, const char *what, Writer *ret, Error *err) MUST_CHECK;
/* After a failure of who runs for ever: when the disk was full and DuckDB gave the database up for that, begins again in a new image of
 * this process, which waits for room. Returns -1 with the error otherwise. */
int app_begin_again_if_full(const Writer *w, Error *err);
/* The first two steps alone, for who repairs: the lock, and the file under it, neither compared with its mark nor migrated. End with
 * writer_done. */
int writer_lock(const App *app, const char *what, Writer *w, Error *err) MUST_CHECK;
int writer_open_file(const App *app, Writer *w, Error *err) MUST_CHECK;
/* Reads settings lake.memory_limit and lake.threads. */
LakeOptions app_lake_options(const App *app);

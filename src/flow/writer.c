/* writer.c: opening the lake as its one writer.
 *
 * Order: the lock, the file, the fence, the version, the commit mark, migrations. A check that refuses does so before anything was changed.
 * The lock is released after the database was closed. */
#include "flow/writer.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/restart.h"
#include "base/stop.h"
#include "lake/layout.h"
#include "lake/schema.h"
#include "recovery/backup.h"
#include <errno.h>
#include <sys/stat.h>

enum { FULL_PAUSE_MS = 1000, READER_WAIT_MS = 30000, READER_PAUSE_MS = 20 };

LakeOptions writer_lake_options(const Settings *settings) {
    return (LakeOptions){.memory_limit = settings_int(settings, "lake.memory_limit"),
                         .threads = (int)settings_int(settings, "lake.threads")};
}

/* What must still be as it was for this process to write. */
struct WriterFence {
    const FileLock *lock; /* borrowed */
    char *lake_path;
    struct stat lake; /* as it was opened */
};

/* Without the second look, what is written to a file that was removed would be gone with this process. */
static int check_fence(void *fence, Error *err) {
    const struct WriterFence *f = fence;
    struct stat now = {0};
    if (file_lock_check(f->lock, err) != 0) return -1;
    if (stat(f->lake_path, &now) != 0 && errno != ENOENT) return error_errno(err, ERR_IO, errno, "cannot look at %s", f->lake_path);
    if (now.st_dev == f->lake.st_dev && now.st_ino == f->lake.st_ino) return 0;
    return error_set(err, ERR_BUSY, "%s is not the file that this process opened: it was removed or replaced", f->lake_path);
}

int writer_check_files(const Writer *w, Error *err) {
    return check_fence(w->fence, err);
}

static int set_fence(Writer *w, const char *lake_path, Error *err) {
    struct WriterFence *f = xcalloc(1, sizeof *f);
    f->lock = w->lock;
    f->lake_path = xstrdup(lake_path);
    w->fence = f;
    if (stat(lake_path, &f->lake) != 0) return error_errno(err, ERR_IO, errno, "cannot look at %s", lake_path);
    lake_set_fence(w->lake, check_fence, f);
    return 0;
}

static void fence_free(struct WriterFence *f) {
    if (f != NULL) free(f->lake_path);
    free(f);
}

int writer_lock(const Settings *settings, const char *what, Writer *w, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    return file_lock(layout.lock_path, what, &w->lock, err);
}

/* This process has the writer's lock, so it is a reader that has the file open (flow/reader.h, health/lake_check.h), and not for long. */
static int open_after_readers(const char *path, const LakeOptions *options, Lake **ret, Error *err) {
    int64_t until_ns = clock_mono_ns() + READER_WAIT_MS * (NSEC_PER_SEC / 1000);
    while (lake_open(path, options, ret, err) != 0) {
        if (err->kind != ERR_BUSY || clock_mono_ns() > until_ns) return -1;
        if (stop_wait_ms(READER_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while a reader had %s open", path);
        error_clear(err);
    }
    return 0;
}

int writer_open_file(const Settings *settings, Writer *w, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    const char *path = layout.lake_path;
    LakeOptions options = writer_lake_options(settings);
    bool was_there = file_exists(path);
    if (open_after_readers(path, &options, &w->lake, err) != 0) return was_there ? lake_advise_opening(err) : -1;
    if (set_fence(w, path, err) != 0) return -1;
    w->watchdog = stop_watchdog_new(w->lake);
    if (lake_connect(w->lake, &w->conn, err) != 0) return -1;
    return lake_check_version(w->conn, err);
}

/* DuckDB would apply it to the new lake. */
static int check_log_alone(const Layout *layout, Error *err) {
    if (!file_exists(layout->wal_path)) return 0;
    return error_set(err, ERR_DATA,
                     "there is no lake %s, but the write-ahead log %s of one that was moved away. Next: bring back both, or move the log "
                     "away, too",
                     layout->lake_path, layout->wal_path);
}

/* ERR_DATA: there is no lake, but something of one with commits: its mark, a backup in backup.dir, its log. */
static int check_missing(const Settings *settings, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(commit_mark_done) CommitMark none = {0};
    if (file_exists(layout.lake_path)) return 0;
    if (commit_mark_check(NULL, layout.mark_path, &none, err) != 0 || backup_check_new_lake(settings, err) != 0) return -1;
    return check_log_alone(&layout, err);
}

static int open_marked(const Settings *settings, Writer *w, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(commit_mark_done) CommitMark lake = {0};
    if (check_missing(settings, err) != 0 || writer_open_file(settings, w, err) != 0 ||
        commit_mark_check(w->conn, layout.mark_path, &lake, err) != 0 || lake_migrate(w->conn, err) != 0)
        return -1;
    if (commit_mark_keeper_open(w->conn, layout.mark_path, &lake, &w->mark, err) != 0) return -1;
    w->queries = query_socket_new(w->lake, layout.lock_path, layout.mark_path);
    return 0;
}

static int open_writer(const Settings *settings, const char *what, Writer *ret, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    if (writer_lock(settings, what, &w, err) != 0 || open_marked(settings, &w, err) != 0) return -1;
    *ret = w;
    w = (Writer){0};
    return 0;
}

int writer_open(const Settings *settings, const char *what, Writer *ret, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    if (lake_check_path(layout.lake_path, err) != 0) return -1; /* before a folder of that name is there */
    if (dir_make(settings_text(settings, "data.dir"), err) != 0) return -1;
    return open_writer(settings, what, ret, err);
}

int writer_open_wait_for_space(const Settings *settings, const char *what, Writer *ret, Error *err) {
    const char *dir = settings_text(settings, "data.dir");
    if (dir_make(dir, err) != 0) return -1;
    for (;;) {
        if (disk_space_wait(dir, settings_int(settings, "disk.reserve"), err) != 0) return -1;
        if (writer_open(settings, what, ret, err) == 0) return 0;
        if (err->kind != ERR_FULL) return -1;
        log_error("disk", "%s; trying again in %d s", err->text, FULL_PAUSE_MS / 1000);
        if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
        error_clear(err);
    }
}

int writer_reexec_if_it_helps(Error *err) {
    bool full = err->kind == ERR_FULL;
    if (!err->fatal || (!full && !lake_lacks_memory(err))) return -1;
    log_error(full ? "disk" : "lake", "%s. Everything committed is safe; restarting%s", err->text, full ? " when there is space" : "");
    if (stop_wait_ms(FULL_PAUSE_MS)) return -1;
    Error why = {0};
    if (restart_process(&why) != 0) log_error("disk", "%s", why.text);
    error_clear(&why);
    return -1;
}

int writer_check_exists(const Settings *settings, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    const char *path = layout.lake_path;
    if (check_missing(settings, err) != 0) return -1;
    if (file_exists(path)) return 0;
    return error_set(err, ERR_UNAVAILABLE, "there is no lake at %s yet: run `smelt ingest` first, or set data.dir", path);
}

int writer_open_existing(const Settings *settings, const char *what, Writer *ret, Error *err) {
    return writer_check_exists(settings, err) == 0 ? open_writer(settings, what, ret, err) : -1;
}

void writer_done(Writer *w) {
    query_socket_freep(&w->queries);
    stop_watchdog_freep(&w->watchdog);
    commit_mark_keeper_freep(&w->mark);
    lake_conn_freep(&w->conn);
    lake_freep(&w->lake);
    fence_free(w->fence);
    w->fence = NULL;
    file_lock_freep(&w->lock);
}

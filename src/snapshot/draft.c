/* draft.c: a copy of the last generation, made on a thread of its own while the writer does something else.
 * It is written to the disk there too: what the publish syncs later is only what it has added.
 *
 * Its name ends like those of all unfinished files, so that pruning removes the copy of a killed process. */
#include "snapshot/internal.h"

#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct SnapshotDraft {
    char *last, *copy;
    pthread_t thread;
    bool running;
    Error err; /* of the copy; belongs to the thread until it was joined */
};

static void *copy_last(void *arg) {
    SnapshotDraft *d = arg;
    if (file_copy(d->last, d->copy, &d->err) != 0 || file_sync(d->copy, &d->err) != 0) log_debug("publish", "%s", d->err.text);
    return NULL;
}

/* When little is free, the space is left to what the run writes before the snapshot. */
static bool has_space(const char *dir, const char *last) {
    enum { TIMES = 4 };
    struct stat st;
    return stat(last, &st) == 0 && disk_space_free(dir) / TIMES >= st.st_size;
}

SnapshotDraft *snapshot_draft(const char *dir) {
    CLEANUP(free_text) char *last = generation_current_path(dir);
    if (last == NULL || !has_space(dir, last)) return NULL;
    SnapshotDraft *d = xcalloc(1, sizeof *d);
    d->last = TAKE(last);
    d->copy = path_join(dir, "draft.duckdb.tmp");
    d->running = pthread_create(&d->thread, NULL, copy_last, d) == 0;
    if (d->running) return d;
    snapshot_draft_free(d);
    return NULL;
}

static void join(SnapshotDraft *d) {
    if (d->running) pthread_join(d->thread, NULL);
    d->running = false;
}

bool snapshot_draft_take(SnapshotDraft *d, const char *last, const char *path) {
    if (d == NULL || d->copy == NULL || strcmp(d->last, last) != 0) return false;
    join(d);
    if (d->err.kind != ERR_NONE || rename(d->copy, path) != 0) return false;
    free(d->copy);
    d->copy = NULL;
    return true;
}

void snapshot_draft_free(SnapshotDraft *d) {
    join(d);
    if (d->copy != NULL) unlink(d->copy);
    error_clear(&d->err);
    free(d->last);
    free(d->copy);
    free(d);
}

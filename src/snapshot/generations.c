/* generations.c: the files of a folder of snapshots: their names, CURRENT, and which of them can go.
 *
 * Readers hold a shared lock on gen-N.duckdb.lock. Pruning takes that lock exclusively before it removes anything, and a reader looks for
 * the file only after it has the lock: whichever is first, no reader opens a file that is being removed. */
#include "snapshot/internal.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_FORMAT "gen-%08" PRId64 ".duckdb"

/* ---- names ---- */

char *generation_path(const char *dir, int64_t generation) {
    return xasprintf("%s/" NAME_FORMAT, dir, generation);
}

char *generation_lock_path(const char *path) {
    return xasprintf("%s.lock", path);
}

/* The generation in "gen-00000042.duckdb"; 0 for any other name. */
static int64_t generation_of(const char *name) {
    int64_t generation = 0;
    int used = 0;
    if (sscanf(name, "gen-%" SCNd64 ".duckdb%n", &generation, &used) != 1 || used == 0 || name[used] != '\0') return 0;
    return generation;
}

/* ---- CURRENT ---- */

int64_t snapshot_current(const char *dir) {
    CLEANUP(free_text) char *path = path_join(dir, "CURRENT");
    CLEANUP(buf_done) Buf line = {0};
    Error err = {0};
    if (!file_exists(path)) return 0;
    if (file_read(path, &line, &err) != 0) {
        log_debug("snapshot", "%s", err.text);
        error_clear(&err);
        return 0;
    }
    line.data[strcspn(line.data, "\n")] = '\0';
    return generation_of(line.data);
}

char *generation_current_path(const char *dir) {
    int64_t current = snapshot_current(dir);
    return current > 0 ? generation_path(dir, current) : NULL;
}

int generation_make_current(const char *dir, int64_t generation, Error *err) {
    CLEANUP(free_text) char *current = path_join(dir, "CURRENT");
    CLEANUP(free_text) char *line = xasprintf(NAME_FORMAT "\n", generation);
    return file_write_atomic(current, line, strlen(line), err);
}

int64_t snapshot_before(const char *dir, int64_t below) {
    int64_t newest = 0;
    DIR *folder = opendir(dir);
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t generation = generation_of(entry->d_name);
        if (generation > newest && generation < below) newest = generation;
    }
    closedir(folder);
    return newest;
}

int64_t generation_next(const char *dir, int64_t after) {
    int64_t current = snapshot_current(dir), newest = snapshot_before(dir, INT64_MAX);
    if (current > newest) newest = current;
    return (after > newest ? after : newest) + 1;
}

/* ---- what changes ---- */

SnapshotStamp snapshot_stamp(const char *dir) {
    CLEANUP(free_text) char *current = path_join(dir, "CURRENT");
    CLEANUP(free_text) char *file = generation_current_path(dir);
    return (SnapshotStamp){.current = file_stamp(current), .file = file != NULL ? file_stamp(file) : (FileStamp){0}};
}

bool snapshot_stamp_same(const SnapshotStamp *a, const SnapshotStamp *b) {
    return file_stamp_same(&a->current, &b->current) && file_stamp_same(&a->file, &b->file);
}

/* Without device and inode: a copy of the folder that keeps the times is as good. The caller frees. */
static char *seal_of(const char *path) {
    FileStamp stamp = file_stamp(path);
    return xasprintf("bytes %" PRId64 " modified %" PRId64 "\n", stamp.bytes, stamp.modified_ns);
}

/* In place: a reader may already have locked the file. */
int generation_seal(const char *path, Error *err) {
    CLEANUP(free_text) char *lock = generation_lock_path(path);
    CLEANUP(free_text) char *seal = seal_of(path);
    if (file_check_regular(lock, err) != 0) return -1;
    FILE *out = fopen(lock, "r+");
    bool written = out != NULL && fputs(seal, out) >= 0;
    int problem = errno;
    if (out != NULL && fclose(out) != 0) written = false, problem = errno;
    return written ? 0 : error_errno(err, ERR_IO, problem, "cannot write %s", lock);
}

typedef enum Seal { SEAL_NONE, SEAL_WHOLE, SEAL_BROKEN } Seal;

static Seal look_at_seal(const char *path) {
    CLEANUP(free_text) char *lock = generation_lock_path(path);
    CLEANUP(free_text) char *seal = seal_of(path);
    CLEANUP(buf_done) Buf has = {0};
    Error ignored = {0};
    if (file_read(lock, &has, &ignored) != 0) error_clear(&ignored);
    if (has.len == 0) return SEAL_NONE;
    return strcmp(has.data, seal) == 0 ? SEAL_WHOLE : SEAL_BROKEN;
}

bool generation_is_as_sealed(const char *path) {
    return look_at_seal(path) == SEAL_WHOLE;
}

bool snapshot_was_touched(const char *dir) {
    CLEANUP(free_text) char *path = generation_current_path(dir);
    return path != NULL && look_at_seal(path) == SEAL_BROKEN;
}

/* ---- pruning ---- */

static bool remove_generation(const char *dir, const char *name) {
    CLEANUP(free_text) char *path = path_join(dir, name);
    CLEANUP(free_text) char *lock_path = generation_lock_path(path);
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    Error err = {0};
    if (file_lock(lock_path, "prune", &lock, &err) != 0) {
        error_clear(&err);
        return false;
    }
    bool removed = unlink(path) == 0;
    unlink(lock_path);
    return removed;
}

/* A killed writer left it: such files are written, and removed here, by the holder of the writer's lock. */
static bool is_left_over(const char *name) {
    static const char *const ends[] = {".tmp", ".tmp.wal", ".tmp.wal.checkpoint"};
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0) return true;
    return false;
}

int snapshot_prune(const char *dir, int keep) {
    int64_t current = snapshot_current(dir);
    int removed = 0;
    if (keep < 1) keep = 1;
    DIR *folder = opendir(dir);
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t generation = generation_of(entry->d_name);
        if (generation > 0 && generation <= current - keep)
            removed += remove_generation(dir, entry->d_name);
        else if (is_left_over(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    return removed;
}

struct SnapshotPruning {
    char *dir;
    int keep;
    pthread_t thread;
};

static void *prune(void *arg) {
    SnapshotPruning *p = arg;
    int removed = snapshot_prune(p->dir, p->keep);
    if (removed > 0) log_debug("publish", "%d old generations removed", removed);
    return NULL;
}

static void pruning_free(SnapshotPruning *p) {
    free(p->dir);
    free(p);
}

SnapshotPruning *snapshot_prune_async(const char *dir, int keep) {
    SnapshotPruning *p = xcalloc(1, sizeof *p);
    *p = (SnapshotPruning){.dir = xstrdup(dir), .keep = keep};
    if (pthread_create(&p->thread, NULL, prune, p) == 0) return p;
    prune(p);
    pruning_free(p);
    return NULL;
}

void snapshot_prune_wait(SnapshotPruning *p) {
    pthread_join(p->thread, NULL);
    pruning_free(p);
}

/* ---- files as bytes ---- */

bool snapshot_file_open(const char *dir, int64_t generation, SnapshotFile *ret) {
    CLEANUP(free_text) char *path = generation_path(dir, generation);
    CLEANUP(free_text) char *lock_path = generation_lock_path(path);
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    Error err = {0};
    if (file_lock_shared(lock_path, &lock, &err) != 0) error_clear(&err);
    int fd;
    if (file_open_regular(path, &fd, &err) != 0) {
        error_clear(&err);
        return false;
    }
    FileStamp stamp = file_stamp(path);
    *ret = (SnapshotFile){.fd = fd, .bytes = stamp.bytes, .modified_ns = stamp.modified_ns, .lock = TAKE(lock)};
    return true;
}

/* snapshot.c: publishing and opening immutable generations.
 *
 * A generation is made as gen-N.duckdb.tmp, fsynced, renamed, the folder fsynced; then CURRENT is replaced the same way. A crash between
 * any two steps leaves readers with the old generation. Readers hold a shared lock on gen-N.duckdb.lock; the pruner takes that lock
 * exclusively before it removes anything, and a reader looks for the file only after it holds the lock: whoever is first, nobody reads a
 * removed file. */
#include "lake/snapshot.h"

#include "base/clock.h"
#include "base/memory.h"
#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_FORMAT "gen-%08" PRId64 ".duckdb"
#define OPEN_TRIES  5

struct Snapshot {
    int64_t generation;
    FileLock *lock; /* NULL on a mount where none could be taken */
    Lake *lake;
};

void snapshot_info_done(SnapshotInfo *info) {
    free(info->path);
    *info = (SnapshotInfo){0};
}

/* The generation in "gen-00000042.duckdb"; 0 when it is another name. */
static int64_t generation_of(const char *name) {
    int64_t generation = 0;
    int used = 0;
    if (sscanf(name, "gen-%" SCNd64 ".duckdb%n", &generation, &used) != 1 || used == 0 || name[used] != '\0') return 0;
    return generation;
}

/* The newest generation that has a file, whatever CURRENT says. */
static int64_t newest_file(const char *dir) {
    int64_t newest = 0;
    DIR *folder = opendir(dir);
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (generation_of(entry->d_name) > newest) newest = generation_of(entry->d_name);
    closedir(folder);
    return newest;
}

int64_t snapshot_current(const char *dir) {
    CLEANUP(free_text) char *path = path_join(dir, "CURRENT");
    CLEANUP(buf_done) Buf line = {0};
    Error err = {0};
    if (!file_exists(path) || file_read(path, &line, &err) != 0) {
        error_clear(&err);
        return 0;
    }
    line.data[strcspn(line.data, "\n")] = '\0';
    return generation_of(line.data);
}

/* ---- publishing ---- */

static int copy_table(LakeConn *conn, const SnapshotTable *table, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("CREATE TABLE snapshot_out.%s AS %s", table->name, table->query);
    CLEANUP(free_text) char *name = xasprintf("publish/%s", table->name);
    if (lake_exec(conn, name, sql, err) != 0) return -1;
    if (table->key == NULL) return 0;
    CLEANUP(free_text) char *key = xasprintf("ALTER TABLE snapshot_out.%s ADD PRIMARY KEY (%s)", table->name, table->key);
    return lake_exec(conn, name, key, err);
}

static int copy_tables(LakeConn *conn, const SnapshotTable *tables, size_t n, Error *err) {
    if (lake_begin(conn, err) != 0) return -1;
    for (size_t i = 0; i < n; i++)
        if (copy_table(conn, &tables[i], err) != 0) return -1;
    return lake_commit(conn, err);
}

static int fill_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) {
    CLEANUP(free_text) char *attach = lake_sql_bind("ATTACH {{path}} AS snapshot_out", &(LakeBinding){"path", lake_text(path)}, 1);
    if (lake_exec(conn, "publish/attach", attach, err) != 0) return -1;
    int rc = copy_tables(conn, tables, n, err);
    lake_rollback(conn);
    if (rc == 0) rc = lake_exec(conn, "publish/checkpoint", "CHECKPOINT snapshot_out", err);
    Error ignored = {0};
    if (lake_exec(conn, "publish/detach", "DETACH snapshot_out", rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

static int switch_current(const char *dir, const char *name, Error *err) {
    CLEANUP(free_text) char *current = path_join(dir, "CURRENT");
    CLEANUP(free_text) char *line = xasprintf("%s\n", name);
    return file_write_atomic(current, line, strlen(line), err);
}

int snapshot_write_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) {
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    CLEANUP(free_text) char *wal = xasprintf("%s.wal", tmp);
    unlink(tmp);
    unlink(wal);
    if (fill_file(conn, tmp, tables, n, err) == 0 && file_publish(tmp, path, err) == 0) return 0;
    unlink(tmp);
    unlink(wal);
    return -1;
}

static int write_generation(LakeConn *conn, const char *dir, const char *path, const SnapshotTable *tables, size_t n, Error *err) {
    CLEANUP(free_text) char *lock = xasprintf("%s.lock", path);
    if (dir_make(dir, err) != 0 || file_write_atomic(lock, "", 0, err) != 0) return -1;
    return snapshot_write_file(conn, path, tables, n, err);
}

int snapshot_publish(LakeConn *conn, const char *dir, const SnapshotTable *tables, size_t n, SnapshotInfo *ret, Error *err) {
    int64_t current = snapshot_current(dir), newest = newest_file(dir);
    int64_t generation = (current > newest ? current : newest) + 1; /* a number is never used twice, even when CURRENT was lost */
    CLEANUP(free_text) char *name = xasprintf(NAME_FORMAT, generation);
    CLEANUP(free_text) char *path = path_join(dir, name);
    if (write_generation(conn, dir, path, tables, n, err) != 0 || switch_current(dir, name, err) != 0) return -1;
    struct stat st = {0};
    if (stat(path, &st) != 0) st.st_size = 0;
    *ret = (SnapshotInfo){.generation = generation, .bytes = st.st_size, .path = TAKE(path)};
    return 0;
}

/* ---- pruning ---- */

static bool prune_generation(const char *dir, const char *name) {
    CLEANUP(free_text) char *path = path_join(dir, name);
    CLEANUP(free_text) char *lock_path = xasprintf("%s.lock", path);
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    Error err = {0};
    if (file_lock(lock_path, "prune", &lock, &err) != 0) {
        error_clear(&err);
        return false;
    }
    bool gone = unlink(path) == 0;
    unlink(lock_path);
    return gone;
}

/* A writer that was killed left these; they are written under the writer's lock, as pruning is done. */
static bool is_left_over(const char *name) {
    static const char *const ends[] = {".tmp", ".tmp.wal"};
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0) return true;
    return false;
}

int snapshot_prune(const char *dir, int keep) {
    int64_t newest = snapshot_current(dir);
    int removed = 0;
    if (keep < 1) keep = 1;
    DIR *folder = opendir(dir);
    if (folder == NULL) return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int64_t generation = generation_of(entry->d_name);
        if (generation > 0 && generation <= newest - keep)
            removed += prune_generation(dir, entry->d_name);
        else if (is_left_over(entry->d_name))
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    closedir(folder);
    return removed;
}

/* ---- reading ---- */

/* A folder that DuckDB makes when it spills and removes when it closes. Of its own: SQL of users may touch what is in it, and nothing else.
 */
static char *private_temp_dir(void) {
    const char *base = getenv("TMPDIR");
    return xasprintf("%s/smelt-%d-%" PRIx64, base != NULL && base[0] != '\0' ? base : "/tmp", (int)getpid(), clock_mono_ns());
}

static int open_generation(const char *path, const LakeOptions *options, Snapshot *s, Error *err) {
    CLEANUP(free_text) char *lock = xasprintf("%s.lock", path);
    CLEANUP(free_text) char *temp_dir = private_temp_dir();
    Error ignored = {0};
    if (file_lock_shared(lock, &s->lock, &ignored) != 0) {
        error_clear(&ignored);
        if (file_exists(lock)) return error_set(err, ERR_BUSY, "%s is being pruned", path);
    }
    LakeOptions reading = *options;
    reading.read_only = true;
    reading.locked_down = true;
    if (reading.temp_dir == NULL) reading.temp_dir = temp_dir;
    return lake_open(path, &reading, &s->lake, err);
}

int snapshot_open(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) {
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        CLEANUP(snapshot_freep) Snapshot *s = xcalloc(1, sizeof *s);
        s->generation = snapshot_current(dir);
        if (s->generation == 0)
            return error_set(err, ERR_UNAVAILABLE, "nothing was published in %s yet: run `smelt publish` (or `smelt run`)", dir);
        CLEANUP(free_text) char *name = xasprintf(NAME_FORMAT, s->generation);
        CLEANUP(free_text) char *path = path_join(dir, name);
        error_clear(err);
        if (open_generation(path, options, s, err) == 0) {
            *ret = TAKE(s);
            return 0;
        }
        if (snapshot_current(dir) == s->generation) break; /* not a race with the pruner */
    }
    return -1;
}

void snapshot_free(Snapshot *s) {
    lake_freep(&s->lake);
    file_lock_freep(&s->lock);
    free(s);
}

int64_t snapshot_generation(const Snapshot *s) {
    return s->generation;
}

Lake *snapshot_lake(Snapshot *s) {
    return s->lake;
}

/* snapshot.c: publishing and opening immutable generations.
 *
 * A generation is made as gen-N.duckdb.tmp, from nothing or from a copy of the last one, fsynced, renamed, the folder fsynced; then CURRENT
 * is replaced the same way. A crash between any two steps leaves readers with the old generation. Readers hold a shared lock on
 * gen-N.duckdb.lock; the pruner takes that lock exclusively before it removes anything, and a reader looks for the file only after it holds
 * the lock: whoever is first, nobody reads a removed file. */
#include "snapshot/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_FORMAT "gen-%08" PRId64 ".duckdb"
#define OPEN_TRIES  5
#define MERGE_EVERY 8 /* generations: some small row groups more cost nothing to read */

struct Snapshot {
    int64_t generation;
    FileLock *lock; /* NULL on a mount where none could be taken */
    Lake *lake;
};

void snapshot_info_done(SnapshotInfo *info) {
    lake_checkpoint_waitp(&info->checkpoint);
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

char *snapshot_current_path(const char *dir) {
    int64_t current = snapshot_current(dir);
    return current > 0 ? xasprintf("%s/" NAME_FORMAT, dir, current) : NULL;
}

/* ---- publishing ---- */

/* What is being written. */
typedef struct SnapshotWrite {
    LakeConn *conn;
    const SnapshotTable *tables;
    size_t count;
    SnapshotOptions options;
    char *last; /* NULL: there is none to start from */
    char *tmp, *wal;
    bool incremental;
    LakeCheckpoint *checkpoint;
} SnapshotWrite;

static void snapshot_write_done(SnapshotWrite *g) {
    lake_checkpoint_waitp(&g->checkpoint);
    free(g->last);
    free(g->tmp);
    free(g->wal);
}

static void remove_unfinished(const SnapshotWrite *g) {
    unlink(g->tmp);
    unlink(g->wal);
}

static int write_table(const SnapshotWrite *g, const SnapshotTable *table, Error *err) {
    CLEANUP(free_text) char *name = xasprintf("publish/%s", table->name);
    CLEANUP(free_text)
    char *sql =
        xasprintf("CREATE OR REPLACE %s snapshot_out.%s AS %s", table->kind == SNAPSHOT_VIEW ? "VIEW" : "TABLE", table->name, table->query);
    if (lake_exec(g->conn, name, sql, err) != 0) return -1;
    if (table->key == NULL) return 0;
    CLEANUP(free_text) char *key = xasprintf("ALTER TABLE snapshot_out.%s ADD PRIMARY KEY (%s)", table->name, table->key);
    return lake_exec(g->conn, name, key, err);
}

static int write_base_name(const SnapshotWrite *g, Error *err) {
    static const char sql[] = "CREATE OR REPLACE TABLE snapshot_out.snapshot_base AS SELECT {{base}} AS base";
    if (g->options.base == NULL || g->incremental) return 0;
    CLEANUP(free_text) char *bound = lake_sql_bind(sql, &(LakeBinding){"base", lake_text(g->options.base)}, 1);
    return lake_exec(g->conn, "publish/snapshot_base", bound, err);
}

static int write_tables(const SnapshotWrite *g, Error *err) {
    if (lake_begin(g->conn, err) != 0 || write_base_name(g, err) != 0) return -1;
    for (size_t i = 0; i < g->count; i++)
        if (!(g->incremental && g->tables[i].kind == SNAPSHOT_BASE) && write_table(g, &g->tables[i], err) != 0) return -1;
    return lake_commit(g->conn, err);
}

static int attach(const SnapshotWrite *g, Error *err) {
    CLEANUP(free_text) char *sql = lake_sql_bind("ATTACH {{path}} AS snapshot_out", &(LakeBinding){"path", lake_text(g->tmp)}, 1);
    return lake_exec(g->conn, "publish/attach", sql, err);
}

/* The first error is the one that counts. */
static int detach(const SnapshotWrite *g, int rc, Error *err) {
    Error ignored = {0};
    if (lake_exec(g->conn, "publish/detach", "DETACH snapshot_out", rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

static bool has_same_base(const SnapshotWrite *g) {
    static const char sql[] = "SELECT count(*) FROM snapshot_out.snapshot_base WHERE base = $1";
    LakeValue base = lake_text(g->options.base);
    Error ignored = {0};
    int64_t same = 0;
    if (lake_query_int(g->conn, "publish/same_base", sql, &base, 1, &same, &ignored) != 0) error_clear(&ignored);
    return same > 0;
}

static int copy_last(const SnapshotWrite *g, Error *err) {
    return snapshot_draft_take(g->options.draft, g->last, g->tmp) ? 0 : file_copy(g->last, g->tmp, err);
}

/* Starts from a copy of the last generation; leaves it attached when it can be used. Whatever is wrong with it: then everything is written.
 */
static void try_last(SnapshotWrite *g) {
    Error ignored = {0};
    if (g->options.base == NULL || g->last == NULL || !file_exists(g->last)) return;
    if (copy_last(g, &ignored) == 0 && attach(g, &ignored) == 0) {
        g->incremental = has_same_base(g);
        if (!g->incremental && detach(g, 0, &ignored) != 0) log_debug("publish", "%s", ignored.text);
    }
    if (!g->incremental) remove_unfinished(g);
    error_clear(&ignored);
}

static int fill_file(SnapshotWrite *g, Error *err) {
    remove_unfinished(g);
    try_last(g);
    if (!g->incremental && attach(g, err) != 0) return -1;
    int rc = write_tables(g, err);
    lake_rollback(g->conn);
    if (rc == 0) rc = lake_exec(g->conn, "publish/checkpoint", "CHECKPOINT snapshot_out", err);
    return detach(g, rc, err);
}

static int switch_current(const char *dir, const char *name, Error *err) {
    CLEANUP(free_text) char *current = path_join(dir, "CURRENT");
    CLEANUP(free_text) char *line = xasprintf("%s\n", name);
    return file_write_atomic(current, line, strlen(line), err);
}

static void name_files(SnapshotWrite *g, const char *path) {
    g->tmp = xasprintf("%s.tmp", path);
    g->wal = xasprintf("%s.wal", g->tmp);
}

static int write_file(SnapshotWrite *g, const char *path, Error *err) {
    if (fill_file(g, err) == 0 && file_publish(g->tmp, path, err) == 0) return 0;
    remove_unfinished(g);
    return -1;
}

int snapshot_write_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) {
    CLEANUP(snapshot_write_done) SnapshotWrite g = {.conn = conn, .tables = tables, .count = n};
    name_files(&g, path);
    return write_file(&g, path, err);
}

static int write_generation(SnapshotWrite *g, const char *dir, const char *path, Error *err) {
    CLEANUP(free_text) char *lock = xasprintf("%s.lock", path);
    if (dir_make(dir, err) != 0 || file_write_atomic(lock, "", 0, err) != 0) return -1;
    return write_file(g, path, err);
}

int snapshot_publish(LakeConn *conn, const char *dir, const SnapshotTable *tables, size_t n, const SnapshotOptions *options,
                     SnapshotInfo *ret, Error *err) {
    int64_t current = snapshot_current(dir), newest = newest_file(dir);
    int64_t generation = (current > newest ? current : newest) + 1; /* a number is never used twice, even when CURRENT was lost */
    CLEANUP(free_text) char *name = xasprintf(NAME_FORMAT, generation);
    CLEANUP(free_text) char *path = path_join(dir, name);
    CLEANUP(snapshot_write_done) SnapshotWrite g = {.conn = conn, .tables = tables, .count = n, .options = *options};
    if (!options->full) g.last = snapshot_current_path(dir);
    name_files(&g, path);
    if (options->checkpoint_lake) g.checkpoint = lake_checkpoint_async(lake_of(conn), generation % MERGE_EVERY == 0);
    if (write_generation(&g, dir, path, err) != 0 || switch_current(dir, name, err) != 0) return -1;
    struct stat st = {0};
    if (stat(path, &st) != 0) st.st_size = 0;
    *ret = (SnapshotInfo){
        .generation = generation, .bytes = st.st_size, .incremental = g.incremental, .path = TAKE(path), .checkpoint = TAKE(g.checkpoint)};
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

/* snapshot.c: writing and opening immutable generations.
 *
 * A generation is written as gen-N.duckdb.K.tmp, from nothing or from a copy of the last one, fsynced, renamed, the folder fsynced; then
 * CURRENT is replaced the same way. A crash between any two steps leaves readers with the old generation. K is another one for each file
 * that is begun: DuckDB holds one that was detached until the transactions of other connections that saw it end, and until then it attaches
 * none of that name. */
#include "snapshot/internal.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_TRIES  5
#define MERGE_EVERY 8 /* generations: until then a few more small row groups cost nothing to read */

struct Snapshot {
    int64_t generation;
    FileLock *lock; /* NULL on a mount where none could be taken */
    Lake *lake;
    char *problem; /* NULL: it is the newest */
};

void snapshot_info_done(SnapshotInfo *info) {
    lake_checkpoint_waitp(&info->checkpoint);
    free(info->path);
    *info = (SnapshotInfo){0};
}

/* ---- writing ---- */

/* What is being written. */
typedef struct SnapshotWrite {
    LakeConn *conn;
    const SnapshotTable *tables;
    size_t count;
    SnapshotOptions options;
    char *base;       /* its name as the transaction that writes sees it; NULL: it has none */
    char *last;       /* the generation to start from; NULL: none */
    const char *path; /* the name that the file gets; borrowed */
    char *tmp, *wal;  /* the file being written, and DuckDB's log of it */
    bool incremental; /* its base is that of `last` */
    LakeCheckpoint *checkpoint;
} SnapshotWrite;

static void snapshot_write_done(SnapshotWrite *g) {
    lake_checkpoint_waitp(&g->checkpoint);
    free(g->base);
    free(g->last);
    free(g->tmp);
    free(g->wal);
}

static void remove_unfinished(const SnapshotWrite *g) {
    unlink(g->tmp);
    unlink(g->wal);
}

static void begin_file(SnapshotWrite *g) {
    static atomic_int begun;
    free(g->tmp);
    free(g->wal);
    g->tmp = xasprintf("%s.%d.tmp", g->path, atomic_fetch_add(&begun, 1));
    g->wal = xasprintf("%s.wal", g->tmp);
    remove_unfinished(g); /* of a process that was killed */
}

/* Whether the table is as it was in the last generation. */
static int is_unchanged(const SnapshotWrite *g, const SnapshotTable *table, bool *ret, Error *err) {
    static const char name[] = "publish/is_unchanged";
    const LakeBinding names[] = {
        {"table", lake_name(table->name)}, {"source", lake_name(table->source)}, {"since", lake_name(table->since)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    int64_t same = 0;
    if (lake_query_int(g->conn, name, sql, NULL, 0, &same, err) != 0) return -1;
    *ret = same != 0;
    return 0;
}

static int add_to_log(const SnapshotWrite *g, const SnapshotTable *table, const char *name, Error *err) {
    const LakeBinding names[] = {
        {"table", lake_name(table->name)}, {"source", lake_name(table->source)}, {"since", lake_name(table->since)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("publish/add_to_log"), names, ARRAY_LEN(names));
    return lake_exec(g->conn, name, sql, err);
}

static int write_table(const SnapshotWrite *g, const SnapshotTable *table, Error *err) {
    CLEANUP(free_text) char *name = xasprintf("publish/%s", table->name);
    bool unchanged = false;
    if (table->kind == SNAPSHOT_LOG && g->incremental) return add_to_log(g, table, name, err);
    if (table->kind == SNAPSHOT_SLOW && g->incremental && is_unchanged(g, table, &unchanged, err) != 0) return -1;
    if (unchanged) return 0;
    CLEANUP(free_text) char *whole = table->query == NULL ? xasprintf("FROM %s", table->source) : NULL;
    CLEANUP(free_text)
    char *sql = xasprintf("CREATE OR REPLACE %s snapshot_out.%s AS %s", table->kind == SNAPSHOT_VIEW ? "VIEW" : "TABLE", table->name,
                          whole != NULL ? whole : table->query);
    if (lake_exec(g->conn, name, sql, err) != 0) return -1;
    if (table->key == NULL) return 0;
    CLEANUP(free_text) char *key = xasprintf("ALTER TABLE snapshot_out.%s ADD PRIMARY KEY (%s)", table->name, table->key);
    return lake_exec(g->conn, name, key, err);
}

static int write_base_name(const SnapshotWrite *g, Error *err) {
    static const char name[] = "publish/snapshot_base";
    if (g->base == NULL || g->incremental) return 0;
    CLEANUP(free_text) char *bound = lake_sql_bind(lake_sql(name), &(LakeBinding){"base", lake_text(g->base)}, 1);
    return lake_exec(g->conn, name, bound, err);
}

/* Hidden: a transaction of another connection that looks for tables would see it, and fail when it looks again and sees the next one. */
static int attach(const SnapshotWrite *g, Error *err) {
    if (lake_check_path(g->tmp, err) != 0) return -1;
    CLEANUP(free_text)
    char *sql = lake_sql_bind("ATTACH {{path}} AS snapshot_out (HIDDEN, RECOVERY_MODE no_wal_writes)",
                              &(LakeBinding){"path", lake_text(g->tmp)}, 1);
    return lake_exec(g->conn, "publish/attach", sql, err);
}

/* An earlier error (`rc`) is the one to report. */
static int detach(const SnapshotWrite *g, int rc, Error *err) {
    Error ignored = {0};
    if (lake_exec(g->conn, "publish/detach", "DETACH snapshot_out", rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

static bool has_same_base(const SnapshotWrite *g) {
    static const char name[] = "publish/same_base";
    LakeValue base = lake_text(g->options.base);
    Error ignored = {0};
    int64_t same = 0;
    if (lake_query_int(g->conn, name, lake_sql(name), &base, 1, &same, &ignored) != 0) error_clear(&ignored);
    return same > 0;
}

static int copy_last(const SnapshotWrite *g, Error *err) {
    return snapshot_draft_take(g->options.draft, g->last, g->tmp) ? 0 : file_copy(g->last, g->tmp, err);
}

/* Starts from a copy of the last generation and leaves it attached when it can be used. When it cannot, everything is written. */
static void try_last(SnapshotWrite *g) {
    Error ignored = {0};
    if (g->options.base == NULL || g->last == NULL || !file_exists(g->last) || !generation_is_as_sealed(g->last)) return;
    if (copy_last(g, &ignored) == 0 && attach(g, &ignored) == 0) {
        g->incremental = has_same_base(g);
        if (!g->incremental && detach(g, 0, &ignored) != 0) log_debug("publish", "%s", ignored.text);
    }
    if (!g->incremental) {
        remove_unfinished(g);
        begin_file(g);
    }
    error_clear(&ignored);
}

/* A transaction of its own: DuckDB writes to one file in each. */
static int keep_in_lake(const SnapshotWrite *g, Error *err) {
    if (g->options.keep == NULL) return 0;
    if (lake_begin(g->conn, err) == 0 && lake_exec(g->conn, "publish/keep", g->options.keep, err) == 0 && lake_commit(g->conn, err) == 0)
        return 0;
    lake_rollback(g->conn);
    return -1;
}

/* Begins the transaction that all tables are read in. *ret_same: the base is still the one that the file was begun for. */
static int begin_reading(SnapshotWrite *g, bool *ret_same, Error *err) {
    const char *begun_for = g->options.base;
    free(TAKE(g->base));
    if (lake_begin(g->conn, err) != 0) return -1;
    if (g->options.name_base == NULL)
        g->base = begun_for != NULL ? xstrdup(begun_for) : NULL;
    else if (g->options.name_base(g->conn, g->options.name_base_arg, &g->base, err) != 0)
        return -1;
    *ret_same = g->base == NULL || begun_for == NULL ? g->base == begun_for : strcmp(g->base, begun_for) == 0;
    return 0;
}

/* `smelt up` refines while it publishes: when the base became another one just now, its copy in the file cannot be kept. */
static int begin_writing(SnapshotWrite *g, Error *err) {
    bool same;
    if (begin_reading(g, &same, err) != 0) return -1;
    if (same || !g->incremental) return 0;
    lake_rollback(g->conn);
    g->incremental = false;
    if (detach(g, 0, err) != 0) return -1;
    remove_unfinished(g);
    begin_file(g);
    return attach(g, err) != 0 ? -1 : begin_reading(g, &same, err);
}

/* The name of what the table has now, in the transaction that writes: another connection may refine meanwhile. */
static int read_own_base(const SnapshotWrite *g, const SnapshotTable *table, char **ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    if (lake_query(g->conn, "publish/entity_base", table->base_query, NULL, 0, &row, err) != 0) return -1;
    int got = lake_next(row, err);
    if (got < 0) return -1;
    if (got == 0) return error_set(err, ERR_BUG, "the base of %s has no name", table->name);
    *ret = xstrdup(lake_col_text(row, 0, NULL));
    return 0;
}

/* Whether the last generation, of which this is a copy, has the table as it is. `own`: its name now, or NULL. */
static int is_kept(const SnapshotWrite *g, const SnapshotTable *table, const char *own, bool *ret, Error *err) {
    static const char name[] = "publish/own_base";
    int64_t same = 1;
    *ret = false;
    if (!g->incremental || table->kind != SNAPSHOT_BASE) return 0;
    const LakeValue values[] = {lake_text(table->name), lake_text(own)};
    if (own != NULL && lake_query_int(g->conn, name, lake_sql(name), values, ARRAY_LEN(values), &same, err) != 0) return -1;
    *ret = same > 0;
    return 0;
}

static int note_own_base(const SnapshotWrite *g, const SnapshotTable *table, const char *own, Error *err) {
    static const char forget[] = "publish/forget_own_base", note[] = "publish/note_own_base";
    const LakeValue values[] = {lake_text(table->name), lake_text(own)};
    if (own == NULL) return 0;
    if (lake_exec_values(g->conn, forget, lake_sql(forget), values, 1, NULL, err) != 0) return -1;
    return lake_exec_values(g->conn, note, lake_sql(note), values, ARRAY_LEN(values), NULL, err);
}

static int write_if_new(const SnapshotWrite *g, const SnapshotTable *table, Error *err) {
    CLEANUP(free_text) char *own = NULL;
    bool kept;
    if (table->base_query != NULL && read_own_base(g, table, &own, err) != 0) return -1;
    if (is_kept(g, table, own, &kept, err) != 0) return -1;
    return kept ? 0 : write_table(g, table, err) != 0 ? -1 : note_own_base(g, table, own, err);
}

static int write_tables(SnapshotWrite *g, Error *err) {
    static const char bases[] = "publish/own_bases";
    if (begin_writing(g, err) != 0 || write_base_name(g, err) != 0 || lake_exec(g->conn, bases, lake_sql(bases), err) != 0) return -1;
    for (size_t i = 0; i < g->count; i++)
        if (write_if_new(g, &g->tables[i], err) != 0) return -1;
    return lake_commit(g->conn, err);
}

/* FORCE waits where CHECKPOINT would fail: a reader of the live lake, as it ends, may begin a checkpoint of everything that is attached. */
static int force_checkpoint(const SnapshotWrite *g, Error *err) {
    return lake_exec(g->conn, "publish/checkpoint", "FORCE CHECKPOINT snapshot_out", err);
}

/* The tables that are not kept from the last generation are small. FSST can be left out when nobody else checkpoints: in a process that
 * ends afterwards, and has checkpointed the lake. */
static int checkpoint_file(const SnapshotWrite *g, Error *err) {
    Error ignored = {0};
    if (!g->incremental || g->checkpoint == NULL || !lake_checkpoint_has_ended(g->checkpoint)) return force_checkpoint(g, err);
    if (lake_use_fsst(g->conn, false, err) != 0) return -1;
    int rc = force_checkpoint(g, err);
    if (lake_use_fsst(g->conn, true, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

static int fill_file(SnapshotWrite *g, Error *err) {
    begin_file(g);
    try_last(g);
    if (!g->incremental && attach(g, err) != 0) return -1;
    int rc = write_tables(g, err);
    lake_rollback(g->conn);
    if (rc == 0) rc = keep_in_lake(g, err);
    if (rc == 0) rc = checkpoint_file(g, err);
    return detach(g, rc, err);
}

static int write_file(SnapshotWrite *g, Error *err) {
    if (fill_file(g, err) == 0 && file_publish(g->tmp, g->path, err) == 0) return 0;
    remove_unfinished(g);
    return -1;
}

int snapshot_write_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) {
    CLEANUP(snapshot_write_done) SnapshotWrite g = {.conn = conn, .tables = tables, .count = n, .path = path};
    return write_file(&g, err);
}

static int write_generation(SnapshotWrite *g, const char *dir, Error *err) {
    CLEANUP(free_text) char *lock = generation_lock_path(g->path);
    if (dir_make(dir, err) != 0 || file_create(lock, err) != 0) return -1;
    return write_file(g, err) == 0 ? generation_seal(g->path, err) : -1;
}

int snapshot_publish(LakeConn *conn, const char *dir, const SnapshotTable *tables, size_t n, const SnapshotOptions *options,
                     SnapshotInfo *ret, Error *err) {
    int64_t generation = generation_next(dir, options->after);
    CLEANUP(free_text) char *path = generation_path(dir, generation);
    CLEANUP(snapshot_write_done) SnapshotWrite g = {.conn = conn, .tables = tables, .count = n, .options = *options, .path = path};
    if (!options->full) g.last = generation_current_path(dir);
    if (options->checkpoint_lake) g.checkpoint = lake_checkpoint_async(lake_of(conn), generation % MERGE_EVERY == 0);
    if (write_generation(&g, dir, err) != 0 || generation_make_current(dir, generation, err) != 0) return -1;
    struct stat st = {0};
    if (stat(path, &st) != 0) st.st_size = 0;
    *ret = (SnapshotInfo){
        .generation = generation, .bytes = st.st_size, .incremental = g.incremental, .path = TAKE(path), .checkpoint = TAKE(g.checkpoint)};
    return 0;
}

/* ---- reading ---- */

/* How a generation is opened. */
typedef struct SnapshotReading {
    const char *dir;
    LakeOptions options;
    bool verify; /* read all of it */
} SnapshotReading;

static int open_file(const char *path, const SnapshotReading *how, Snapshot *s, Error *err) {
    CLEANUP(free_text) char *lock = generation_lock_path(path);
    CLEANUP(free_text) char *temp_dir = temp_dir_name(); /* no other process's: SQL of users may read and write what is in it */
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    Error ignored = {0};
    if (file_lock_shared(lock, &s->lock, &ignored) != 0) {
        error_clear(&ignored);
        if (file_exists(lock)) return error_set(err, ERR_BUSY, "%s is being pruned", path);
    }
    if (!file_exists(path)) return error_set(err, ERR_IO, "its file %s is missing", path);
    LakeOptions reading = how->options;
    reading.read_only = true;
    reading.locked_down = true;
    if (reading.temp_dir == NULL) reading.temp_dir = temp_dir;
    if (lake_open(path, &reading, &s->lake, err) != 0) return -1;
    return how->verify && (lake_connect(s->lake, &conn, err) != 0 || lake_read_all(conn, err) != 0) ? -1 : 0;
}

static int open_generation(const SnapshotReading *how, int64_t generation, Snapshot **ret, Error *err) {
    CLEANUP(snapshot_freep) Snapshot *s = xcalloc(1, sizeof *s);
    CLEANUP(free_text) char *path = generation_path(how->dir, generation);
    s->generation = generation;
    if (open_file(path, how, s, err) != 0) return error_prefix(err, "snapshot generation %" PRId64 " cannot be used", generation);
    *ret = TAKE(s);
    return 0;
}

/* A folder that may not be looked into is not one in which nothing was published. */
static int check_rights(const char *dir, Error *err) {
    CLEANUP(free_text) char *path = path_join(dir, "CURRENT");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) close(fd);
    if (fd >= 0 || errno != EACCES) return 0;
    return error_errno(err, ERR_UNAVAILABLE, errno, "cannot read %s; this process needs the right to read the folder and its files", path);
}

/* Tries again after a race with the pruner. `ret_generation` gets what CURRENT named. */
static int open_current(const SnapshotReading *how, int64_t *ret_generation, Snapshot **ret, Error *err) {
    for (int tries = 0; tries < OPEN_TRIES; tries++) {
        *ret_generation = snapshot_current(how->dir);
        if (*ret_generation == 0) break;
        error_clear(err);
        if (open_generation(how, *ret_generation, ret, err) == 0) return 0;
        if (snapshot_current(how->dir) == *ret_generation) return -1;
    }
    if (*ret_generation > 0) return -1;
    if (check_rights(how->dir, err) != 0) return -1;
    if (snapshot_before(how->dir, INT64_MAX) > 0) return error_set(err, ERR_IO, "%s/CURRENT is missing or damaged", how->dir);
    CLEANUP(free_text) char *data_dir = path_parent(how->dir);
    if (!file_exists(data_dir))
        return error_set(err, ERR_UNAVAILABLE, "there is no folder %s: is its volume mounted? `smelt run` makes it, and a snapshot",
                         data_dir);
    return error_set(err, ERR_UNAVAILABLE, "there is no snapshot in %s: run `smelt publish` (or `smelt run`)", how->dir);
}

/* The newest generation below `below` that can be used; NULL: none. */
static Snapshot *open_earlier(const SnapshotReading *how, int64_t below) {
    Snapshot *s = NULL;
    Error ignored = {0};
    for (int64_t g = snapshot_before(how->dir, below); g > 0 && s == NULL; g = snapshot_before(how->dir, g))
        if (open_generation(how, g, &s, &ignored) != 0) log_debug("snapshot", "%s", ignored.text);
    error_clear(&ignored);
    return s;
}

/* An earlier generation cannot help when nothing was published, or when DuckDB itself cannot be loaded. */
static bool is_damage(const Error *err) {
    return err->kind != ERR_UNAVAILABLE && err->kind != ERR_CONFIG && err->kind != ERR_STOPPED;
}

static int open_newest(const SnapshotReading *how, Snapshot **ret, Error *err) {
    int64_t newest;
    if (open_current(how, &newest, ret, err) == 0) return 0;
    if (!is_damage(err)) return -1;
    if (lake_may_not_open(err))
        (void)lake_advise_opening(err);
    else if (strstr(err->text, "`smelt publish") == NULL)
        error_set(err, err->kind, "%s. Next: `smelt publish --full` writes a new snapshot", err->text);
    Snapshot *s = open_earlier(how, newest > 0 ? newest : INT64_MAX);
    if (s == NULL) return -1;
    s->problem = xstrdup(err->text);
    error_clear(err);
    *ret = s;
    return 0;
}

int snapshot_open(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) {
    return open_newest(&(SnapshotReading){.dir = dir, .options = *options}, ret, err);
}

int snapshot_open_verified(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) {
    return open_newest(&(SnapshotReading){.dir = dir, .options = *options, .verify = true}, ret, err);
}

int snapshot_open_at(const char *dir, int64_t generation, const LakeOptions *options, Snapshot **ret, Error *err) {
    CLEANUP(free_text) char *path = generation_path(dir, generation);
    if (file_exists(path) && open_generation(&(SnapshotReading){.dir = dir, .options = *options}, generation, ret, err) == 0) return 0;
    if (!file_exists(path) || err->kind == ERR_BUSY) error_set(err, ERR_UNAVAILABLE, "the generation %" PRId64 " is not kept", generation);
    return -1;
}

void snapshot_free(Snapshot *s) {
    lake_freep(&s->lake);
    file_lock_freep(&s->lock);
    free(s->problem);
    free(s);
}

const char *snapshot_problem(const Snapshot *s) {
    return s->problem;
}

int64_t snapshot_generation(const Snapshot *s) {
    return s->generation;
}

Lake *snapshot_lake(Snapshot *s) {
    return s->lake;
}

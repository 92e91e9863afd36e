/* backup.c: see backup.h. A segment is written and durable before the manifest that names it.
 *
 * Invariant: the manifest's mark is what its segments hold together, also when other connections of this process write meanwhile: batches
 * up to the mark do not change any more, and what does change is held in temporary tables as it was at the mark. */
#include "recovery/backup.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "lake/layout.h"
#include "lake/schema.h"
#include "ledger/commit_mark_keeper.h"
#include "recovery/backup_internal.h"
#include "snapshot/snapshot.h"
#include <inttypes.h>
#include <string.h>

const char *const backup_batch_tables[] = {
    "bronze_raw_events", "bronze_duplicates", "bronze_rejects", "bronze_gaps", "bronze_keys", "ledger_batches", NULL};
const char *const backup_whole_tables[] = {"ledger_partitions", "ledger_envelopes", "runs", "run_steps", "schemas", NULL};

enum { TABLES_MAX = 16 };

/* ---- one segment ---- */

typedef struct Tables {
    SnapshotTable items[TABLES_MAX];
    char *queries[TABLES_MAX];
    size_t count;
} Tables;

static void add_table(Tables *t, const char *name, char *query) {
    BUG_IF(t->count == TABLES_MAX);
    t->queries[t->count] = query;
    t->items[t->count++] = (SnapshotTable){.name = name, .query = query};
}

static void tables_done(Tables *t) {
    for (size_t i = 0; i < t->count; i++) free(t->queries[i]);
}

static Tables tables_of(int64_t after, int64_t upto) {
    Tables t = {0};
    for (const char *const *name = backup_batch_tables; *name != NULL; name++)
        add_table(&t, *name, xasprintf("SELECT * FROM %s WHERE batch_id > %" PRId64 " AND batch_id <= %" PRId64, *name, after, upto));
    for (const char *const *name = backup_whole_tables; *name != NULL; name++)
        add_table(&t, *name, xasprintf("SELECT * FROM backup_%s", *name));
    return t;
}

static int hold_table(LakeConn *conn, const char *table, Error *err) {
    CLEANUP(free_text) char *sql = xasprintf("CREATE OR REPLACE TEMP TABLE backup_%s AS FROM %s", table, table);
    return lake_exec(conn, "backup/hold", sql, err);
}

/* The mark, and the tables that change with each batch, of one state of the lake. */
static int read_state(LakeConn *conn, CommitMark *ret, Error *err) {
    if (lake_begin(conn, err) != 0) return -1;
    int rc = commit_mark_of_lake(conn, ret, err);
    for (const char *const *name = backup_whole_tables; rc == 0 && *name != NULL; name++) rc = hold_table(conn, *name, err);
    if (rc == 0) rc = lake_commit(conn, err);
    lake_rollback(conn);
    return rc;
}

static void drop_held(LakeConn *conn) {
    for (const char *const *name = backup_whole_tables; *name != NULL; name++) {
        CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS temp.backup_%s", *name);
        Error ignored = {0};
        if (lake_exec(conn, "backup/drop", sql, &ignored) != 0) error_clear(&ignored);
    }
}

/* Appends the segment of what the mark has and the backup has not. */
static int write_segment(LakeConn *conn, Backup *b, const CommitMark *mark, int64_t after, Error *err) {
    CLEANUP(tables_done) Tables tables = tables_of(after, mark->commit);
    char sum[SHA256_TEXT_SIZE];
    int64_t bytes;
    CLEANUP(free_text)
    char *file = xasprintf("segment-%04" PRId64 "-%010" PRId64 "-%010" PRId64 ".duckdb", mark->generation, after + 1, mark->commit);
    CLEANUP(free_text) char *path = path_join(b->dir, file);
    if (snapshot_write_file(conn, path, tables.items, tables.count, err) != 0 || sha256_file(path, sum, &bytes, err) != 0) return -1;
    b->segments = xgrow(b->segments, b->count, sizeof *b->segments);
    b->segments[b->count++] =
        (BackupSegment){.file = TAKE(file), .sha256 = xstrdup(sum), .after = after, .upto = mark->commit, .bytes = bytes};
    return 0;
}

/* ---- the whole ---- */

static int64_t last_batch(const Backup *b) {
    return b->count > 0 ? b->segments[b->count - 1].upto : 0;
}

typedef struct History {
    int64_t landed, duplicates, rejected;
    int64_t committed_us; /* 0: there is no such commit */
} History;

static int read_history(LakeConn *conn, int64_t upto, History *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    LakeValue commit = lake_int(upto);
    if (lake_query(conn, "backup/history", lake_sql("backup/history"), &commit, 1, &row, err) != 0 || lake_next(row, err) < 0) return -1;
    *ret = (History){lake_col_int(row, 0), lake_col_int(row, 1), lake_col_int(row, 2), lake_col_int(row, 3)};
    return 0;
}

/* Has the lake the commits of the backup? Not when all of data.dir was put back to an older copy, as of a virtual machine: then other
 * commits got the same numbers. */
static int has_commits(LakeConn *conn, const Backup *b, bool *ret, Error *err) {
    History lake;
    if (read_history(conn, b->mark.commit, &lake, err) != 0) return -1;
    *ret = (b->committed_us == 0 || b->committed_us == lake.committed_us) && lake.landed == b->mark.landed &&
           lake.duplicates == b->mark.duplicates && lake.rejected == b->mark.rejected;
    return 0;
}

static const char *what_it_was(BackupState state, const Backup *b, const CommitMark *lake) {
    if (state != BACKUP_GOOD) return "damaged";
    return b->mark.generation == lake->generation ? "of commits that this lake has not: data.dir was put back to an older copy"
                                                  : "of an earlier generation of this lake";
}

/* What the folder has of this lake as it is; what it has of an earlier generation, or another history of it, is kept under another name. */
static int begin(LakeConn *conn, const char *dir, const CommitMark *lake, Backup *ret, bool *ret_new, Error *err) {
    CLEANUP(backup_done) Backup b = {0};
    CLEANUP(free_text) char *aside = NULL;
    BackupState state;
    *ret_new = false;
    if (dir_make(dir, err) != 0 || backup_read(dir, &state, &b, err) != 0) return -1;
    if (state == BACKUP_GOOD && backup_check_lake(&b, lake, err) != 0) return -1;
    bool continues = state == BACKUP_GOOD && b.mark.generation == lake->generation && b.mark.commit <= lake->commit;
    if (continues && has_commits(conn, &b, &continues, err) != 0) return -1;
    if (state != BACKUP_NONE && !continues) {
        CLEANUP(free_text) char *manifest = backup_manifest_path(dir);
        if (file_set_aside(manifest, &aside, err) != 0) return -1;
        log_warn("backup", "what %s had is %s: its manifest is kept as %s, and a new backup begun", dir, what_it_was(state, &b, lake),
                 aside);
        backup_done(&b);
        *ret_new = true;
    }
    if (b.dir == NULL) b.dir = xstrdup(dir);
    *ret = b;
    b = (Backup){0};
    return 0;
}

/* What is missing or damaged is written again: the lake still has it. */
static int mend(Backup *b, BackupCheck how, BackupResult *result, Error *err) {
    CLEANUP(error_clear) Error problem = {0};
    size_t good;
    if (backup_check(b, how, &good, &problem) == 0) return 0;
    if (problem.kind != ERR_DATA) {
        error_move(err, &problem);
        return -1;
    }
    log_warn("backup", "%s: it is written again from the lake, with what follows it", problem.text);
    result->mended = (int64_t)(b->count - good);
    backup_forget_from(b, good);
    return 0;
}

static int run(LakeConn *conn, const char *dir, BackupCheck how, BackupResult *ret, Error *err) {
    int64_t began = clock_mono_ns();
    CLEANUP(commit_mark_done) CommitMark lake = {0};
    CLEANUP(backup_done) Backup b = {0};
    BackupResult result = {0};
    if (read_state(conn, &lake, err) != 0 || begin(conn, dir, &lake, &b, &result.is_new, err) != 0 || mend(&b, how, &result, err) != 0)
        return -1;
    History history;
    if (read_history(conn, lake.commit, &history, err) != 0) return -1;
    int64_t after = last_batch(&b);
    if (after < lake.commit || b.count == 0) {
        if (write_segment(conn, &b, &lake, after, err) != 0) return error_prefix(err, "backup to %s", dir);
        result.batches = lake.commit - after;
        result.bytes = b.segments[b.count - 1].bytes;
    }
    commit_mark_done(&b.mark);
    b.mark = lake;
    lake = (CommitMark){0};
    b.mark.written_us = clock_wall_us();
    b.committed_us = history.committed_us;
    b.schema_version = lake_schema_version();
    if (backup_save(&b, err) != 0) return error_prefix(err, "backup to %s", dir);
    result.commit = b.mark.commit;
    result.landed = b.mark.landed;
    result.seconds = clock_seconds_since(began);
    *ret = result;
    return 0;
}

int backup_run(LakeConn *conn, const char *dir, BackupCheck how, BackupResult *ret, Error *err) {
    int rc = run(conn, dir, how, ret, err);
    drop_held(conn);
    return rc;
}

/* ---- when due ---- */

static bool is_due(const char *dir, int64_t interval_ms) {
    CLEANUP(backup_done) Backup b = {0};
    BackupState state = BACKUP_NONE;
    Error ignored = {0};
    if (backup_read(dir, &state, &b, &ignored) != 0) error_clear(&ignored);
    int64_t age_ms = (clock_wall_us() - b.mark.written_us) / 1000; /* below 0: the clock has been set back since */
    return state != BACKUP_GOOD || age_ms < 0 || age_ms >= interval_ms;
}

void backup_when_due(LakeConn *conn, const Settings *settings) {
    const char *dir = settings_text(settings, "backup.dir");
    BackupResult result;
    Error err = {0};
    if (dir[0] == '\0' || !is_due(dir, settings_int(settings, "backup.interval"))) return;
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(free_text) char *notes = path_join(dir, "lake.notes");
    if (backup_run(conn, dir, BACKUP_SIZES, &result, &err) == 0 && backup_copy_notes(layout.notes_path, notes, &err) == 0)
        log_info("backup", "%s has everything up to commit %" PRId64 ": %" PRId64 " %s added in %.2f s", dir, result.commit, result.batches,
                 counted(result.batches, "batch", "batches"), result.seconds);
    else
        log_error("backup", "%s", err.text);
    error_clear(&err);
}

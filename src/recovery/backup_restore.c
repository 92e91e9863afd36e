/* backup_restore.c: a lake from a backup. It is made under another name, audited, and renamed: a process that is killed before that
 * leaves no lake, and can be run again. */
#include "recovery/backup_internal.h"

#include "base/counted.h"
#include "base/files.h"
#include "base/memory.h"
#include "lake/schema.h"
#include "ledger/ledger.h"
#include <inttypes.h>
#include <unistd.h>

static int copy_table(LakeConn *conn, const char *table, Error *err) {
    LakeValue wanted = lake_text(table);
    int64_t found;
    if (lake_query_int(conn, "restore/has_table", lake_sql("restore/has_table"), &wanted, 1, &found, err) != 0) return -1;
    if (found == 0) return 0;
    CLEANUP(free_text) char *sql = xasprintf("INSERT INTO %s BY NAME SELECT * FROM backup_in.%s", table, table);
    CLEANUP(free_text) char *name = xasprintf("restore/%s", table);
    return lake_exec(conn, name, sql, err);
}

static int copy_tables(LakeConn *conn, bool is_last, Error *err) {
    for (const char *const *t = backup_batch_tables; *t != NULL; t++)
        if (copy_table(conn, *t, err) != 0) return -1;
    for (const char *const *t = backup_whole_tables; is_last && *t != NULL; t++)
        if (copy_table(conn, *t, err) != 0) return -1;
    return 0;
}

static int load_segment(LakeConn *conn, const char *path, bool is_last, Error *err) {
    if (lake_check_path(path, err) != 0) return -1;
    CLEANUP(free_text)
    char *attach = lake_sql_bind("ATTACH {{path}} AS backup_in (READ_ONLY)", &(LakeBinding){"path", lake_text(path)}, 1);
    if (lake_exec(conn, "restore/attach", attach, err) != 0) return -1;
    if (lake_begin(conn, err) != 0) return -1;
    int rc = copy_tables(conn, is_last, err);
    if (rc == 0) rc = lake_commit(conn, err);
    lake_rollback(conn);
    return rc == 0 ? lake_exec(conn, "restore/detach", "DETACH backup_in", err) : -1;
}

static int set_identity(LakeConn *conn, const Backup *b, int64_t least_generation, Error *err) {
    int64_t generation = b->mark.generation > least_generation ? b->mark.generation : least_generation;
    LakeValue values[] = {lake_text(b->mark.lake_id), lake_int(generation + 1)};
    return lake_exec_values(conn, "restore/identity", lake_sql("restore/identity"), values, 2, NULL, err);
}

static int check_result(LakeConn *conn, const Backup *b, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    if (ledger_audit(conn, &a, err) != 0) return -1;
    bool same =
        a.landed == b->mark.landed && a.duplicates == b->mark.duplicates && a.rejected == b->mark.rejected && a.gaps == b->mark.gaps;
    if (a.ok && same) return 0;
    return error_set(err, ERR_DATA,
                     "the backup does not add up: %" PRId64 " %s missing, %" PRId64 " repeated; %" PRId64 " landed of %" PRId64
                     " events that its manifest counts",
                     a.missing, counted(a.missing, "offset is", "offsets are"), a.repeated, a.landed, b->mark.landed);
}

static int fill(LakeConn *conn, const Backup *b, int64_t least_generation, Error *err) {
    if (lake_migrate(conn, err) != 0) return -1;
    for (size_t i = 0; i < b->count; i++) {
        CLEANUP(free_text) char *path = path_join(b->dir, b->segments[i].file);
        if (load_segment(conn, path, i + 1 == b->count, err) != 0) return -1;
    }
    if (set_identity(conn, b, least_generation, err) != 0 || check_result(conn, b, err) != 0) return -1;
    return lake_checkpoint(conn, err);
}

static int fill_aside(const char *aside, const Backup *b, const LakeOptions *options, int64_t least_generation, Error *err) {
    CLEANUP(lake_freep) Lake *lake = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    if (lake_open(aside, options, &lake, err) != 0 || lake_connect(lake, &conn, err) != 0) return -1;
    return fill(conn, b, least_generation, err);
}

static void remove_aside(const char *aside) {
    CLEANUP(free_text) char *wal = xasprintf("%s.wal", aside);
    unlink(aside);
    unlink(wal);
}

int backup_restore(const Backup *b, const char *lake_path, const LakeOptions *options, int64_t least_generation, Error *err) {
    CLEANUP(free_text) char *aside = xasprintf("%s.restore", lake_path);
    CLEANUP(free_text) char *wal = xasprintf("%s.wal", lake_path);
    size_t good;
    if (file_exists(lake_path) || file_exists(wal))
        return error_set(err, ERR_DATA, "%s exists and is not overwritten: move it away first", file_exists(lake_path) ? lake_path : wal);
    if (b->schema_version > lake_schema_version())
        return error_set(err, ERR_CONFIG,
                         "the backup has schema version %d, smelt " SMELT_VERSION " knows versions up to %d: use a newer smelt",
                         b->schema_version, lake_schema_version());
    if (backup_check(b, BACKUP_CHECKSUMS, &good, err) != 0) return -1;
    remove_aside(aside);
    if (fill_aside(aside, b, options, least_generation, err) == 0 && file_publish(aside, lake_path, err) == 0) return 0;
    remove_aside(aside);
    return error_prefix(err, "restoring %s", b->dir);
}

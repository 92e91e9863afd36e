/* schema.c: migrations are the embedded files sql/migrations/NNNN_name.sql; NNNN is the schema version that they lead to. Each runs in one
 * transaction together with the row in schema_version, so that a process killed at any point leaves the old or the new version.
 *
 * A migration whose first line is "-- when: QUERY" changes only the lakes of which QUERY says 1; all lakes get its version.
 *
 * A new lake begins with sql/new_lake/NNNN.sql, which makes in one transaction what the migrations up to NNNN make in as many: that takes a
 * third of the time. tests/unit/lake/test_schema.c compares the two. */
#include "lake/schema.h"

#include "base/embedded.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define IDENTITY_VERSION 5 /* from this version on, the lake has the version of the smelt that migrated it last */

static const char migrations[] = "sql/migrations/", new_lake[] = "sql/new_lake/", condition[] = "-- when: ";

static bool is_in(const EmbeddedFile *file, const char *folder) {
    return strncmp(file->path, folder, strlen(folder)) == 0;
}

static bool is_migration(const EmbeddedFile *file) {
    return is_in(file, migrations);
}

static int version_of(const EmbeddedFile *file) {
    return (int)strtol(strrchr(file->path, '/') + 1, NULL, 10);
}

int lake_schema_version(void) {
    int newest = 0;
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++)
        if (is_migration(f) && version_of(f) > newest) newest = version_of(f);
    return newest;
}

static int sign(LakeConn *conn, const EmbeddedFile *file, Error *err) {
    LakeValue version = lake_int(version_of(file)), smelt = lake_text(SMELT_VERSION);
    if (lake_exec_values(conn, file->path, "INSERT INTO schema_version (version, applied_at) VALUES ($1, now())", &version, 1, NULL, err) !=
        0)
        return -1;
    if (version.i < IDENTITY_VERSION) return 0;
    return lake_exec_values(conn, file->path, "UPDATE lake_identity SET smelt_version = $1", &smelt, 1, NULL, err);
}

static int concerns(LakeConn *conn, const EmbeddedFile *file, int64_t *ret, Error *err) {
    const char *sql = (const char *)file->data;
    *ret = 1;
    if (strncmp(sql, condition, sizeof condition - 1) != 0) return 0;
    sql += sizeof condition - 1;
    CLEANUP(free_text) char *query = xstrndup(sql, strcspn(sql, "\n"));
    return lake_query_int(conn, file->path, query, NULL, 0, ret, err);
}

static int change(LakeConn *conn, const EmbeddedFile *file, Error *err) {
    int64_t yes;
    if (concerns(conn, file, &yes, err) != 0) return -1;
    return yes == 0 ? 0 : lake_exec(conn, file->path, (const char *)file->data, err);
}

static int apply(LakeConn *conn, const EmbeddedFile *file, Error *err) {
    LakeValue version = lake_int(version_of(file));
    if (lake_begin(conn, err) != 0) return -1;
    if (change(conn, file, err) != 0 || sign(conn, file, err) != 0 || lake_commit(conn, err) != 0) {
        lake_rollback(conn);
        return error_prefix(err, "migration to schema version %" PRId64, version.i);
    }
    return 0;
}

/* All tables at once. *ret_version stays as it is where they must be made by the migrations. */
static int make_tables(LakeConn *conn, int64_t *ret_version, Error *err) {
    const EmbeddedFile *f = embedded_files;
    int64_t yes;
    while (!is_in(f, new_lake)) f++;
    if (concerns(conn, f, &yes, err) != 0) return -1;
    if (yes == 0) return 0;
    if (apply(conn, f, err) != 0) return -1;
    *ret_version = version_of(f);
    return 0;
}

/* The version of smelt that wrote the newer lake, as far as this binary can read it there. NULL: it cannot. */
static char *needed_version(LakeConn *conn) {
    CLEANUP(lake_result_freep) LakeResult *row = NULL;
    Error ignored = {0};
    char *needed = NULL;
    if (lake_query(conn, "schema_version", "SELECT smelt_version FROM lake_identity", NULL, 0, &row, &ignored) == 0 &&
        lake_next(row, &ignored) > 0 && lake_columns(row) == 1 && !lake_is_null(row, 0))
        needed = xstrdup(lake_col_text(row, 0, NULL));
    error_clear(&ignored);
    return needed;
}

static int refuse_newer(LakeConn *conn, int64_t have, Error *err) {
    if (have <= lake_schema_version()) return 0;
    CLEANUP(free_text) char *needed = needed_version(conn);
    return error_set(err, ERR_CONFIG,
                     "the lake has schema version %" PRId64 ", smelt " SMELT_VERSION
                     " knows versions up to %d: use a newer smelt (the one that wrote it was %s)",
                     have, lake_schema_version(), needed != NULL ? needed : "not named");
}

int lake_read_version(LakeConn *conn, int64_t *ret, Error *err) {
    static const char table[] = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'schema_version'";
    int64_t has_table;
    *ret = 0;
    if (lake_query_int(conn, "schema_version", table, NULL, 0, &has_table, err) != 0) return -1;
    if (has_table == 0) return 0;
    return lake_query_int(conn, "schema_version", "SELECT coalesce(max(version), 0) FROM schema_version", NULL, 0, ret, err);
}

int lake_check_version(LakeConn *conn, Error *err) {
    int64_t have;
    return lake_read_version(conn, &have, err) == 0 ? refuse_newer(conn, have, err) : -1;
}

/* What the migrations of this process changed in the data. */
static int log_notes(LakeConn *conn, int64_t since, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeValue version = lake_int(since);
    if (lake_query(conn, "lake_notes", "SELECT note FROM lake_notes WHERE version > $1", &version, 1, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) log_warn("lake", "%s", lake_col_text(rows, 0, NULL));
    return got;
}

int lake_migrate(LakeConn *conn, Error *err) {
    static const char table[] = "CREATE TABLE IF NOT EXISTS schema_version(version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)";
    int64_t have;
    if (lake_exec(conn, "schema_version", table, err) != 0) return -1;
    if (lake_query_int(conn, "schema_version", "SELECT coalesce(max(version), 0) FROM schema_version", NULL, 0, &have, err) != 0) return -1;
    if (refuse_newer(conn, have, err) != 0) return -1;
    int64_t version = have;
    if (have == 0 && make_tables(conn, &version, err) != 0) return -1;
    bool changed = version > have;
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++) { /* sorted by path, so by version */
        if (!is_migration(f) || version_of(f) <= version) continue;
        if (apply(conn, f, err) != 0) return -1;
        if (have > 0) log_info("lake", "migrated to schema version %d", version_of(f));
        changed = true;
    }
    if (!changed) return 0;
    return log_notes(conn, have, err) == 0 ? lake_checkpoint(conn, err) : -1;
}

/* snapshot.h: immutable copies for readers. `<dir>/gen-00000042.duckdb` is written whole and durable, then `<dir>/CURRENT` (one line: the
 * file's name) is replaced atomically. A reader marks what it has open by a shared lock on `<file>.lock`; pruning leaves those alone. */
#pragma once
#include "base/files.h"
#include "lake/lake.h"

typedef enum SnapshotKind {
    SNAPSHOT_TABLE, /* written anew for each generation */
    SNAPSHOT_BASE,  /* a large table that seldom changes: taken over from the last generation as long as the base is the same */
    SNAPSHOT_VIEW,  /* over tables of the snapshot */
} SnapshotKind;

typedef struct SnapshotTable {
    const char *name;  /* of the table in the snapshot */
    const char *query; /* SELECT over the lake; of a view over the snapshot */
    const char *key;   /* primary key column, or NULL: immutable files make keys safe, and a look-up 3 times faster */
    SnapshotKind kind;
} SnapshotTable;

typedef struct SnapshotInfo {
    int64_t generation;
    int64_t bytes;
    bool incremental;           /* the base was taken over from the last generation */
    char *path;                 /* owned: snapshot_info_done */
    LakeCheckpoint *checkpoint; /* the lake's checkpoint, when one was asked for; owned */
} SnapshotInfo;
void snapshot_info_done(SnapshotInfo *info); /* waits for the checkpoint */

/* Writes the tables into one new DuckDB file at `path`, whole and durable, or not at all. All are read in one transaction. ERR_IO. */
int snapshot_write_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) MUST_CHECK;
/* Begins to copy the last generation, for the next one to start from, while the writer does something else. NULL: there is none, it
 * cannot, or the disk is nearly full. For SnapshotOptions; whoever began it frees it, which waits for the copy and removes it when nobody
 * took it. By the writer alone. */
typedef struct SnapshotDraft SnapshotDraft;
SnapshotDraft *snapshot_draft(const char *dir);
void snapshot_draft_free(SnapshotDraft *d);
DEFINE_CLEANUP(snapshot_draft_free, SnapshotDraft)

typedef struct SnapshotOptions {
    const char *base;     /* names what tables of the kind SNAPSHOT_BASE hold; NULL: it has no name, everything is written */
    bool full;            /* write everything even when the last generation has the same base */
    bool checkpoint_lake; /* checkpoint the lake meanwhile: a process that ends soon has to wait for both. It may take longer */
    SnapshotDraft *draft; /* a copy that was begun before; NULL: none. Borrowed */
} SnapshotOptions;
/* Writes the next generation and makes it CURRENT. All tables are read in one transaction: one state of the lake. When the last generation
 * has the same base it is copied, and only the other tables are written. ERR_IO. */
int snapshot_publish(LakeConn *conn, const char *dir, const SnapshotTable *tables, size_t n, const SnapshotOptions *options,
                     SnapshotInfo *ret, Error *err) MUST_CHECK;
/* Removes generations but the newest `keep`, and left-over .tmp files; never one that a reader holds, nor CURRENT. Returns how many went.
 * By the writer alone, as snapshot_publish. */
int snapshot_prune(const char *dir, int keep);
/* The generation that CURRENT names; 0 when nothing was published yet. */
int64_t snapshot_current(const char *dir);

/* An open generation for reading. */
typedef struct Snapshot Snapshot;
/* Opens what CURRENT names, with the SQL locked down. ERR_UNAVAILABLE when nothing was published yet ("run smelt publish"). */
int snapshot_open(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) MUST_CHECK;
void snapshot_free(Snapshot *s);
DEFINE_CLEANUP(snapshot_free, Snapshot)
int64_t snapshot_generation(const Snapshot *s);
Lake *snapshot_lake(Snapshot *s); /* valid as long as the snapshot */

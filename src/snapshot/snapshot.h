/* snapshot.h: immutable copies for readers. `<dir>/gen-00000042.duckdb` is written whole and durable, then `<dir>/CURRENT` (one line: the
 * file's name) is replaced atomically. A reader holds a shared lock on `<file>.lock` while it has the file open; pruning leaves such files
 * alone. The lock file also has the size and the time of the finished file: the next generation begins with a copy of it only when
 * they are still the same. The functions that write are for the holder of the writer's lock, one thread; those that read for any thread. */
#pragma once
#include "base/files.h"
#include "lake/lake.h"

typedef enum SnapshotKind {
    SNAPSHOT_TABLE, /* written for each generation */
    SNAPSHOT_BASE,  /* a large table that seldom changes: kept from the last generation while the base is the same */
    SNAPSHOT_LOG,   /* rows are only added to it: those of the last generation are kept while the base is the same */
    SNAPSHOT_SLOW,  /* a copy that is only written again when the highest value of `since` is another one, or the base */
    SNAPSHOT_VIEW,  /* over tables of the snapshot */
} SnapshotKind;

typedef struct SnapshotTable {
    const char *name;  /* of the table in the snapshot */
    const char *query; /* SELECT over the lake; of a view, over the snapshot. NULL: see source */
    const char *key;   /* primary key column, or NULL: immutable files make keys safe, and a look-up 3 times faster */
    SnapshotKind kind;
    const char *source; /* instead of a query: a table or view of the lake, of which this is a copy */
    /* Of SNAPSHOT_BASE: a query of the name of its content, which is kept while SnapshotOptions.base is the same too; NULL: only that one
     */
    const char *base_query;
    const char *since; /* of a SNAPSHOT_LOG: the column that grows with each addition; one addition has one value of it. Of a SNAPSHOT_SLOW:
                          the one that grows with each change */
} SnapshotTable;

typedef struct SnapshotInfo {
    int64_t generation;
    int64_t bytes;
    bool incremental;           /* the base was kept from the last generation */
    char *path;                 /* owned: snapshot_info_done */
    LakeCheckpoint *checkpoint; /* the lake's checkpoint, when one was asked for; owned */
} SnapshotInfo;
void snapshot_info_done(SnapshotInfo *info); /* waits for the checkpoint */

/* Writes the tables into one new DuckDB file at `path`, whole and durable, or not at all. All are read in one transaction. ERR_IO. */
int snapshot_write_file(LakeConn *conn, const char *path, const SnapshotTable *tables, size_t n, Error *err) MUST_CHECK;
/* Begins to copy the last generation, as the start of the next one (SnapshotOptions), while the writer does something else. NULL: there is
 * none, it cannot be copied, or the disk is nearly full. The caller frees it, which waits for the copy and removes it when it was not
 * used. */
typedef struct SnapshotDraft SnapshotDraft;
SnapshotDraft *snapshot_draft(const char *dir);
void snapshot_draft_free(SnapshotDraft *d);
DEFINE_CLEANUP(snapshot_draft_free, SnapshotDraft)

typedef struct SnapshotOptions {
    const char *base; /* names the content of the SNAPSHOT_BASE tables: another name, other content; NULL: write everything */
    /* Reads that name again, in the transaction that writes; the result is the snapshot's. For a lake that other connections write
     * meanwhile; NULL: none does. */
    int (*name_base)(LakeConn *conn, const void *arg, char **ret, Error *err);
    const void *name_base_arg;
    const char *keep;     /* a script that stores in the lake what it keeps of the generation, attached as snapshot_out; NULL: none */
    int64_t after;        /* a generation that was published, also when its file is gone; 0: none that is known */
    bool full;            /* write everything even when the last generation has the same base */
    bool checkpoint_lake; /* checkpoint the lake meanwhile, for a process that ends afterwards; it may take longer than the snapshot */
    SnapshotDraft *draft; /* a copy begun before; NULL: none. Borrowed */
} SnapshotOptions;
/* Writes the next generation and makes it CURRENT. All tables are read in one transaction: one state of the lake. When the last generation
 * has the same base it is copied, and only the other tables are written. ERR_IO. */
int snapshot_publish(LakeConn *conn, const char *dir, const SnapshotTable *tables, size_t n, const SnapshotOptions *options,
                     SnapshotInfo *ret, Error *err) MUST_CHECK;
/* Removes all generations except the newest `keep`, CURRENT and those that a reader holds, and left-over .tmp files. Returns how many
 * generations it removed. */
int snapshot_prune(const char *dir, int keep);
/* The same on a thread of its own, since removing a large file takes time; at once when there is no thread. NULL: it is done. Wait for it
 * before another generation is begun, whose unfinished file it would remove. */
typedef struct SnapshotPruning SnapshotPruning;
SnapshotPruning *snapshot_prune_async(const char *dir, int keep);
void snapshot_prune_wait(SnapshotPruning *p); /* until it is done; frees it */
DEFINE_CLEANUP(snapshot_prune_wait, SnapshotPruning)
/* The generation that CURRENT names; 0 when nothing was published yet. */
int64_t snapshot_current(const char *dir);
/* The newest generation below `below` that there is a file of; 0: none. */
int64_t snapshot_before(const char *dir, int64_t below);
/* The file of CURRENT was changed or removed after it was published. False also when that is not known: an earlier smelt wrote it. */
bool snapshot_was_touched(const char *dir);
/* What changes when another generation becomes CURRENT, and when its file is touched. */
typedef struct SnapshotStamp {
    FileStamp current, file;
} SnapshotStamp;
SnapshotStamp snapshot_stamp(const char *dir);
bool snapshot_stamp_same(const SnapshotStamp *a, const SnapshotStamp *b);

/* The file of a generation, for who copies it byte by byte. */
typedef struct SnapshotFile {
    int fd; /* open for reading */
    int64_t bytes, modified_ns;
    FileLock *lock; /* while it is held, the file is not removed; NULL on a mount where none could be taken */
} SnapshotFile;
/* False when there is no such generation. The caller closes `fd` and frees `lock`. */
bool snapshot_file_open(const char *dir, int64_t generation, SnapshotFile *ret) MUST_CHECK;

/* An open generation for reading. */
typedef struct Snapshot Snapshot;
/* Opens what CURRENT names, with the SQL locked down; when that is damaged, the newest generation before it that can be used.
 * ERR_UNAVAILABLE when nothing was published yet ("run smelt publish"); otherwise the error is of the newest generation. */
int snapshot_open(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) MUST_CHECK;
/* The same; a generation is used only when all of it was read. */
int snapshot_open_verified(const char *dir, const LakeOptions *options, Snapshot **ret, Error *err) MUST_CHECK;
/* Opens that generation and no other. ERR_UNAVAILABLE: it is not there, or is being removed. */
int snapshot_open_at(const char *dir, int64_t generation, const LakeOptions *options, Snapshot **ret, Error *err) MUST_CHECK;
/* Why the newest generation is not the one that was opened; NULL: it is. Valid as long as the snapshot. */
const char *snapshot_problem(const Snapshot *s);
void snapshot_free(Snapshot *s);
DEFINE_CLEANUP(snapshot_free, Snapshot)
int64_t snapshot_generation(const Snapshot *s);
Lake *snapshot_lake(Snapshot *s); /* valid as long as the snapshot */

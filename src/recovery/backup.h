/* backup.h: an incremental copy of the lake in a folder, and restoring a lake from it.
 *
 * Bronze is only ever appended to, so a backup adds one segment: a DuckDB file with the batches since the last one, the ledger and the run
 * history. MANIFEST.json (sealed, base/sealed.h) names the segments with their checksums and the offsets they reach; it is replaced last,
 * so a backup that was interrupted is the one before. Silver, Gold, models and scores are not in it: they are made again. */
#pragma once
#include "base/settings.h"
#include "lake/lake.h"
#include "lake/layout.h"
#include "ledger/commit_mark.h"

typedef struct BackupSegment {
    char *file; /* its name in the folder */
    char *sha256;
    int64_t after, upto; /* batches (after, upto] */
    int64_t bytes;
} BackupSegment;

typedef struct Backup {
    char *dir;
    CommitMark mark; /* what it holds; written_us: when it was made */
    int schema_version;
    int64_t committed_us;    /* when its last commit was made; 0: of none, or not noted */
    BackupSegment *segments; /* in order */
    size_t count;
} Backup;
void backup_done(Backup *backup);

typedef enum BackupState { BACKUP_NONE, BACKUP_GOOD, BACKUP_DAMAGED } BackupState;
/* Reads the manifest alone. Only a good one sets `ret` (end it with backup_done). ERR_IO, ERR_CONFIG: a newer smelt made it. */
int backup_read(const char *dir, BackupState *ret_state, Backup *ret, Error *err) MUST_CHECK;
/* ERR_DATA: it is of another lake than `lake`, whose identity may be unknown (NULL). */
int backup_check_lake(const Backup *backup, const CommitMark *lake, Error *err) MUST_CHECK;
/* Of a writer that finds no lake: is there one in backup.dir? ERR_DATA: then a new lake would be taken for it, as when the volume of
 * data.dir is not mounted. What cannot be read is no reason. */
int backup_check_new_lake(const Settings *settings, Error *err) MUST_CHECK;
/* Can this folder, which need not exist, hold a backup of this lake? ERR_CONFIG: it is data.dir, or in a folder of it in which files are
 * removed (snapshots, models). Elsewhere inside of data.dir it is warned of. */
int backup_check_place(const char *dir, const Layout *layout, Error *err) MUST_CHECK;
/* The same of the setting backup.dir, for who will call backup_when_due. */
int backup_check_setting(const Settings *settings, Error *err) MUST_CHECK;
/* Is the folder data.dir itself? A lake cannot be restored beside the files of its backup. */
bool backup_is_of_lake(const char *dir, const Layout *layout);

typedef enum BackupCheck { BACKUP_SIZES, BACKUP_CHECKSUMS } BackupCheck;
/* Are the segments those that were written, by the length of their files or by reading all of them? *ret_good: how many are, in order.
 * ERR_DATA names the first that is not; ERR_IO: it cannot be read. */
int backup_check(const Backup *backup, BackupCheck how, size_t *ret_good, Error *err) MUST_CHECK;

typedef struct BackupResult {
    int64_t batches, bytes; /* that were added; 0: there was nothing new */
    int64_t commit, landed; /* that the backup has now */
    int64_t mended;         /* segments that were missing or damaged, and are written again from the lake */
    bool is_new;            /* the folder had an earlier generation of this lake: that is kept, and this one begun beside it */
    double seconds;
} BackupResult;
/* Brings the folder up to the lake, by the lake's writer, outside of a transaction; other connections of it may write meanwhile. Segments
 * that `how` finds missing or damaged are written again. ERR_DATA: the folder has another lake's backup. */
int backup_run(LakeConn *conn, const char *dir, BackupCheck how, BackupResult *ret, Error *err) MUST_CHECK;
/* backup_run when backup.dir is set and the last one is older than backup.interval. What fails is logged, and stops nothing. */
void backup_when_due(LakeConn *conn, const Settings *settings);

/* Copies the file of notes into a backup, or out of it; no file: nothing. A longer one at `to` is kept under another name. ERR_IO. */
int backup_copy_notes(const char *from, const char *to, Error *err) MUST_CHECK;

/* Makes a lake at `lake_path`, where none may be, from a backup: its segments are verified, the ledger's audit must find every offset, and
 * the file appears whole. Its generation is one more than that of the backup, and than `least_generation`. ERR_DATA, ERR_IO. */
int backup_restore(const Backup *backup, const char *lake_path, const LakeOptions *options, int64_t least_generation,
                   Error *err) MUST_CHECK;

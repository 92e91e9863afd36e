/* recover.h: repairs a damaged or missing lake: finds out what is wrong, plans a repair, executes the plan.
 *
 * recover_diagnose changes nothing: the file is opened read-only, and without its write-ahead log through another name. recover_prepare
 * and recover_finish execute the plan; a process that is killed between two steps can start over. All of them under the writer's lock, with
 * the lake closed. */
#pragma once
#include "base/settings.h"
#include "kafka/topics.h"
#include "lake/lake.h"
#include "ledger/commit_mark.h"
#include "ledger/commit_mark_keeper.h"
#include "recovery/backup.h"

typedef enum RecoverBase {
    RECOVER_LAKE,        /* the lake as it opens */
    RECOVER_WITHOUT_LOG, /* the file alone: its write-ahead log is damaged */
    RECOVER_BACKUP,
    RECOVER_NOTHING, /* an empty lake */
} RecoverBase;

/* Offsets [from, to) that were in the lake and are in neither the base, nor Kafka, nor the backup. */
typedef struct RecoverRange {
    char *topic;
    int epoch;
    int32_t partition;
    int64_t from, to;
    bool reused; /* the broker lost them too: it will give these offsets to other messages, so they cannot be recorded as a gap */
} RecoverRange;

typedef struct RecoverPlan {
    CommitMarkState mark_state;
    CommitMark mark; /* what the lake must reach, when it is good and not foreign */
    bool foreign;    /* the mark is of another lake */
    bool lake_exists, log_exists;
    char *problem;        /* why the lake does not open, or cannot be read; NULL: it is fine */
    bool can_be_copied;   /* ... but all that a backup holds can be read: `smelt backup` and this one as the base lose nothing */
    char *backup_problem; /* why the backup is of no use; NULL: there is none, or it is good */
    RecoverBase base;
    CommitMark at;     /* how far that base is */
    Backup backup;     /* when it is the base */
    bool behind;       /* the base lacks something of the mark */
    int64_t to_replay; /* offsets that Kafka still has of that */
    RecoverRange *lost;
    size_t lost_count;
} RecoverPlan;
void recover_plan_done(RecoverPlan *plan);
bool recover_is_needed(const RecoverPlan *plan);
/* One sentence for each step, in order: a new array of texts. */
json_t *recover_steps(const RecoverPlan *plan) MUST_CHECK;
json_t *recover_lost_json(const RecoverPlan *plan) MUST_CHECK; /* [{topic, epoch, partition, from, to}] */

typedef struct RecoverOptions {
    const Settings *settings; /* borrowed */
    const char *lake_path, *mark_path;
    const char *backup_dir;  /* NULL or "": none */
    const TopicList *topics; /* what a new lake reads; borrowed */
    LakeOptions lake;
} RecoverOptions;

/* ERR_UNAVAILABLE: Kafka has to be asked, and is away. ERR_BUSY, ERR_CONFIG (a newer smelt's) as ever. */
int recover_diagnose(const RecoverOptions *options, RecoverPlan *ret, Error *err) MUST_CHECK;

/* A partition of which offsets were read again that have no message any more. */
typedef struct RecoverGone {
    const char *topic; /* of the plan's mark; borrowed */
    int epoch;
    int32_t partition;
    int64_t offsets, without_message; /* read again, and of them */
} RecoverGone;

typedef struct RecoverResult {
    char *asides[5];                            /* what was set aside, under its new name; NULL behind the last */
    int64_t landed, duplicates, rejected, gaps; /* of the replay */
    int64_t accepted;                           /* offsets that were recorded as lost */
    int64_t offsets;                            /* that the audit found, each in one place */
    /* Messages that the mark counted and Kafka no longer has, beside those that were accepted as lost: compaction or retention removed
     * them. Which of the offsets in `gone_at` these are is not known, since a partition may have had gaps before: the mark has their sum.
     */
    int64_t gone;
    RecoverGone *gone_at;
    size_t gone_count;
} RecoverResult;
void recover_result_done(RecoverResult *result);
json_t *recover_gone_json(const RecoverResult *result) MUST_CHECK; /* [{topic, epoch, partition, offsets, without_message}] */
int64_t recover_lost_offsets(const RecoverPlan *plan);             /* of plan->lost */

/* Sets aside and restores: afterwards there is a lake at lake_path, or one can be made there. */
int recover_prepare(const RecoverOptions *options, const RecoverPlan *plan, RecoverResult *result, Error *err) MUST_CHECK;
/* On the open and migrated lake: records what is lost, replays, audits, and writes the mark. With plan->lost_count > 0 only when the user
 * accepted that. ERR_DATA: something is missing still. */
int recover_finish(LakeConn *conn, const RecoverOptions *options, const RecoverPlan *plan, RecoverResult *result, Error *err) MUST_CHECK;

/* recover_diagnose.c: what opens, what it has, and what Kafka still has of the rest. Reads only.
 *
 * A block of the file may be damaged without the file refusing to open: so every table is read to its end. The file without its log is
 * opened through a hard link: DuckDB reads a log beside the name that it was given. */
#include "recovery/recover_internal.h"

#include "base/counted.h"
#include "base/files.h"
#include "base/memory.h"
#include "ingest/feed.h"
#include "lake/schema.h"
#include "ledger/commit_mark_keeper.h"
#include "ledger/ledger.h"
#include "recovery/backup_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIBE_MS = 15000 };

/* ---- does it open, and can all of it be read? ---- */

/* The rows that can be read must also be those that the ledger counts. */
static int check_ledger(LakeConn *conn, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    int64_t tables;
    if (lake_query_int(conn, "recover/ledger", lake_sql("recover/ledger"), NULL, 0, &tables, err) != 0) return -1;
    if (tables < 2) return 0; /* it has none yet */
    if (ledger_audit(conn, &a, err) != 0) return -1;
    if (a.ok) return 0;
    return error_set(err, ERR_DATA, "the ledger does not add up: %" PRId64 " %s missing, %" PRId64 " repeated", a.missing,
                     counted(a.missing, "offset is", "offsets are"), a.repeated);
}

static int probe(const char *path, const LakeOptions *options, CommitMark *ret, Error *err) {
    LakeOptions reading = *options;
    CLEANUP(lake_freep) Lake *lake = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    reading.read_only = true;
    if (lake_open(path, &reading, &lake, err) != 0 || lake_connect(lake, &conn, err) != 0 || lake_check_version(conn, err) != 0) return -1;
    if (lake_read_all(conn, err) != 0 || check_ledger(conn, err) != 0) return -1;
    return commit_mark_of_lake(conn, ret, err);
}

static int read_tables(LakeConn *conn, const char *const *names, Error *err) {
    for (; *names != NULL; names++)
        if (lake_read_table(conn, *names, err) != 0) return -1;
    return 0;
}

/* Of a lake that cannot be read as a whole: can `smelt backup` copy it? What is damaged may be a table that is made again anyway. */
static bool can_be_copied(const char *path, const LakeOptions *options) {
    LakeOptions reading = *options;
    CLEANUP(lake_freep) Lake *lake = NULL;
    CLEANUP(lake_conn_freep) LakeConn *conn = NULL;
    CLEANUP(error_clear) Error ignored = {0};
    reading.read_only = true;
    return lake_open(path, &reading, &lake, &ignored) == 0 && lake_connect(lake, &conn, &ignored) == 0 &&
           read_tables(conn, backup_batch_tables, &ignored) == 0 && read_tables(conn, backup_whole_tables, &ignored) == 0 &&
           check_ledger(conn, &ignored) == 0;
}

static int probe_without_log(const char *path, const LakeOptions *options, CommitMark *ret, Error *err) {
    CLEANUP(free_text) char *other = xasprintf("%s.probe", path);
    if (unlink(other) != 0 && errno != ENOENT) return error_errno(err, ERR_IO, errno, "cannot remove %s", other);
    if (link(path, other) != 0) return error_errno(err, ERR_IO, errno, "cannot link %s", other);
    int rc = probe(other, options, ret, err);
    unlink(other);
    return rc;
}

/* Not damage: another process has the lake, a newer smelt made it, libduckdb is missing, lake.memory_limit is too small. */
static bool is_not_damage(const Error *err) {
    return lake_lacks_memory(err) || err->kind == ERR_BUSY || err->kind == ERR_CONFIG || err->kind == ERR_STOPPED;
}

static int examine_lake(const RecoverOptions *o, RecoverPlan *plan, Error *err) {
    CLEANUP(free_text) char *log = xasprintf("%s.wal", o->lake_path);
    plan->lake_exists = file_exists(o->lake_path);
    plan->log_exists = file_exists(log);
    plan->base = RECOVER_NOTHING;
    if (!plan->lake_exists) return 0;
    plan->base = RECOVER_LAKE;
    if (probe(o->lake_path, &o->lake, &plan->at, err) == 0) return 0;
    if (is_not_damage(err)) return -1;
    plan->problem = xstrdup(err->text);
    error_clear(err);
    plan->base = RECOVER_WITHOUT_LOG;
    if (plan->log_exists && probe_without_log(o->lake_path, &o->lake, &plan->at, err) == 0) return 0;
    error_clear(err);
    plan->base = RECOVER_NOTHING;
    plan->can_be_copied = can_be_copied(o->lake_path, &o->lake);
    return 0;
}

/* ---- the mark ---- */

/* A lake without a commit is what a recovery leaves that was killed before it gave the lake the identity of the mark: before the migration
 * that makes identities the lake has none, after it one of its own. Continued as a base it would keep that, and be foreign to the mark. */
static bool is_new(const CommitMark *lake) {
    return lake->commit == 0 && lake->count == 0;
}

static int examine_mark(const RecoverOptions *o, RecoverPlan *plan, Error *err) {
    if (commit_mark_load(o->mark_path, &plan->mark_state, &plan->mark, err) != 0) return -1;
    if (plan->mark_state != MARK_GOOD || plan->base == RECOVER_NOTHING) return 0;
    if (plan->mark.commit > 0 && is_new(&plan->at)) {
        plan->base = RECOVER_NOTHING;
        commit_mark_done(&plan->at);
        return 0;
    }
    plan->foreign = commit_mark_compare(&plan->mark, &plan->at) == MARK_FOREIGN;
    return 0;
}

static bool has_goal(const RecoverPlan *plan) {
    return plan->mark_state == MARK_GOOD && !plan->foreign;
}

/* ---- what is lost ---- */

typedef struct Losses {
    RecoverRange *items;
    size_t count;
    int64_t offsets, to_replay;
} Losses;

static void losses_done(Losses *l) {
    for (size_t i = 0; i < l->count; i++) free(l->items[i].topic);
    free(l->items);
    *l = (Losses){0};
}

static void add_loss(Losses *l, const LedgerTopic *topic, int32_t partition, int64_t from, int64_t to, bool reused) {
    if (from >= to) return;
    l->items = xgrow(l->items, l->count, sizeof *l->items);
    l->items[l->count++] = (RecoverRange){
        .topic = xstrdup(topic->name), .epoch = topic->epoch, .partition = partition, .from = from, .to = to, .reused = reused};
    l->offsets += to - from;
}

static int describe(const Settings *settings, const char *topic, KafkaTopic *ret, Error *err) {
    CLEANUP(feed_freep) Feed *feed = NULL;
    if (feed_open_named(settings, topic, &feed, err) != 0) return -1;
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (feed_describe(feed, DESCRIBE_MS, &now, err) != 0 || kafka_topic_check_answered(&now, err) != 0) return -1;
    *ret = now;
    now = (KafkaTopic){0};
    return 0;
}

static bool is_same_topic(const KafkaTopic *now, const LedgerTopic *was) {
    if (!now->exists) return false;
    return was->topic_id == NULL || was->topic_id[0] == '\0' || strcmp(was->topic_id, now->topic_id) == 0;
}

/* Of one partition, of which the base has everything below `is_at`. */
static void compute_partition_losses(const LedgerTopic *topic, const Offsets *p, int64_t is_at, const KafkaTopic *now, Losses *l) {
    size_t i = is_same_topic(now, topic) ? offsets_find(now->partitions, now->partition_count, p->partition) : now->partition_count;
    if (i == now->partition_count) {
        add_loss(l, topic, p->partition, is_at, p->next, false);
        return;
    }
    const Offsets *has = &now->partitions[i];
    int64_t from = has->start > is_at ? has->start : is_at, to = has->end < p->next ? has->end : p->next;
    if (from > p->next) from = p->next;
    if (to < from) to = from;
    add_loss(l, topic, p->partition, is_at, from, false);
    add_loss(l, topic, p->partition, to, p->next, true);
    l->to_replay += to - from;
}

static void compute_epoch_losses(const TopicOffsets *list, const CommitMark *at, const KafkaTopic *now, Losses *l) {
    for (size_t i = 0; i < list->count; i++) {
        const Offsets *p = &list->partitions[i];
        int64_t is_at = commit_mark_next(at, &list->topic, p);
        if (is_at < p->next) compute_partition_losses(&list->topic, p, is_at, now, l);
    }
}

/* Ingest reads the newest epoch of a topic alone: what an older one lacks will not come back. After a log was cut off, the older one even
 * has the same topic id, but other messages at some of its offsets. */
static bool is_newest_epoch(const CommitMark *mark, const TopicOffsets *list) {
    for (size_t i = 0; i < mark->count; i++)
        if (strcmp(mark->topics[i].topic.name, list->topic.name) == 0 && mark->topics[i].topic.epoch > list->topic.epoch) return false;
    return true;
}

static int compute_topic_losses(const RecoverOptions *o, const CommitMark *mark, const CommitMark *at, const char *topic, Losses *l,
                                Error *err) {
    static const KafkaTopic gone = {0};
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (describe(o->settings, topic, &now, err) != 0) {
        if (err->kind != ERR_DATA) return -1;
        error_clear(err); /* a file that was read is no longer there */
    }
    for (size_t i = 0; i < mark->count; i++)
        if (strcmp(mark->topics[i].topic.name, topic) == 0)
            compute_epoch_losses(&mark->topics[i], at, is_newest_epoch(mark, &mark->topics[i]) ? &now : &gone, l);
    return 0;
}

/* Each topic of which something is missing is asked once. */
static int compute_losses(const RecoverOptions *o, const CommitMark *mark, const CommitMark *at, Losses *ret, Error *err) {
    CLEANUP(losses_done) Losses l = {0};
    for (size_t i = 0; i < mark->count; i++) {
        const char *topic = mark->topics[i].topic.name;
        if (!recover_is_first_behind(mark, at, i)) continue;
        if (compute_topic_losses(o, mark, at, topic, &l, err) != 0) return error_prefix(err, "what %s still has must be known", topic);
    }
    *ret = l;
    l = (Losses){0};
    return 0;
}

/* ---- the backup ---- */

static void backup_is_useless(RecoverPlan *plan, char *why) {
    free(plan->backup_problem);
    plan->backup_problem = why;
}

static int read_backup(const RecoverOptions *o, RecoverPlan *plan, Backup *ret, bool *ret_usable, Error *err) {
    BackupState state;
    *ret_usable = false;
    if (o->backup_dir == NULL || o->backup_dir[0] == '\0') return 0;
    if (backup_read(o->backup_dir, &state, ret, err) != 0) return -1;
    if (state == BACKUP_NONE) backup_is_useless(plan, xasprintf("there is no backup in %s", o->backup_dir));
    if (state == BACKUP_DAMAGED) backup_is_useless(plan, xasprintf("the manifest of the backup in %s is damaged", o->backup_dir));
    if (state != BACKUP_GOOD) return 0;
    if (has_goal(plan) && commit_mark_compare(&plan->mark, &ret->mark) == MARK_FOREIGN) {
        backup_is_useless(plan, xasprintf("the backup in %s is of another lake", o->backup_dir));
        return 0;
    }
    size_t good;
    *ret_usable = backup_check(ret, BACKUP_CHECKSUMS, &good, err) == 0;
    if (!*ret_usable) backup_is_useless(plan, xstrdup(err->text));
    error_clear(err);
    return 0;
}

static void take_backup(RecoverPlan *plan, Backup *backup) {
    plan->base = RECOVER_BACKUP;
    plan->backup = *backup;
    *backup = (Backup){0};
}

static void take_losses(RecoverPlan *plan, Losses *l) {
    plan->lost = l->items;
    plan->lost_count = l->count;
    plan->to_replay = l->to_replay;
    *l = (Losses){0};
}

/* A backup is the base when no lake opens, and when less is lost with it. */
static int choose(const RecoverOptions *o, RecoverPlan *plan, Error *err) {
    CLEANUP(losses_done) Losses with_lake = {0};
    CLEANUP(losses_done) Losses with_backup = {0};
    CLEANUP(backup_done) Backup backup = {0};
    static const CommitMark no_goal = {0};
    const CommitMark *goal = has_goal(plan) ? &plan->mark : &no_goal;
    bool usable = false;
    if (compute_losses(o, goal, &plan->at, &with_lake, err) != 0) return -1;
    bool wanted = plan->base == RECOVER_NOTHING || with_lake.offsets > 0;
    if (wanted && read_backup(o, plan, &backup, &usable, err) != 0) return -1;
    if (wanted && usable) {
        if (compute_losses(o, goal, &backup.mark, &with_backup, err) != 0) return -1;
        if (plan->base == RECOVER_NOTHING || with_backup.offsets < with_lake.offsets) {
            take_backup(plan, &backup);
            take_losses(plan, &with_backup);
            return 0;
        }
    }
    take_losses(plan, &with_lake);
    return 0;
}

int recover_diagnose(const RecoverOptions *options, RecoverPlan *ret, Error *err) {
    CLEANUP(recover_plan_done) RecoverPlan plan = {0};
    if (examine_lake(options, &plan, err) != 0 || examine_mark(options, &plan, err) != 0 || choose(options, &plan, err) != 0) return -1;
    const CommitMark *at = plan.base == RECOVER_BACKUP ? &plan.backup.mark : &plan.at;
    if (has_goal(&plan))
        plan.behind = plan.base == RECOVER_NOTHING ? plan.mark.commit > 0 : commit_mark_compare(&plan.mark, at) == MARK_BEHIND;
    *ret = plan;
    plan = (RecoverPlan){0};
    return 0;
}

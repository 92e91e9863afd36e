/* recover.c: executes a plan. Nothing is deleted: files that are in the way are renamed.
 *
 * Invariant: the old mark stays until the lake has reached it, so a recovery that was interrupted is noticed, and begun again. */
#include "recovery/recover_internal.h"

#include "base/counted.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/pipeline.h"
#include "ingest/ingest.h"
#include "ledger/ledger.h"
#include <inttypes.h>
#include <string.h>

static bool is_behind(const TopicOffsets *list, const CommitMark *at) {
    for (size_t i = 0; i < list->count; i++)
        if (commit_mark_next(at, &list->topic, &list->partitions[i]) < list->partitions[i].next) return true;
    return false;
}

bool recover_is_first_behind(const CommitMark *mark, const CommitMark *at, size_t i) {
    if (!is_behind(&mark->topics[i], at)) return false;
    for (size_t j = 0; j < i; j++)
        if (strcmp(mark->topics[j].topic.name, mark->topics[i].topic.name) == 0 && is_behind(&mark->topics[j], at)) return false;
    return true;
}

/* ---- files ---- */

static int set_aside(const char *path, RecoverResult *result, Error *err) {
    size_t i = 0;
    if (!file_exists(path)) return 0;
    while (result->asides[i] != NULL) i++;
    BUG_IF(i + 1 >= ARRAY_LEN(result->asides));
    return file_set_aside(path, &result->asides[i], err);
}

int recover_prepare(const RecoverOptions *o, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    CLEANUP(free_text) char *log = xasprintf("%s.wal", o->lake_path);
    CLEANUP(free_text) char *newest_log = xasprintf("%s.checkpoint", log); /* of what was written during a checkpoint that did not end */
    bool without_lake = plan->base == RECOVER_BACKUP || plan->base == RECOVER_NOTHING;
    if (plan->base != RECOVER_LAKE && (set_aside(log, result, err) != 0 || set_aside(newest_log, result, err) != 0)) return -1;
    if (without_lake && set_aside(o->lake_path, result, err) != 0) return -1;
    if ((plan->foreign || plan->mark_state == MARK_DAMAGED) && set_aside(o->mark_path, result, err) != 0) return -1;
    if (plan->base != RECOVER_BACKUP) return 0;
    return backup_restore(&plan->backup, o->lake_path, &o->lake, plan->foreign ? 0 : plan->mark.generation, err);
}

/* ---- what the ledger must know before the replay ---- */

static int run_sql(LakeConn *conn, const char *name, const LakeValue *values, size_t n, Error *err) {
    return lake_exec_values(conn, name, lake_sql(name), values, n, NULL, err);
}

static int seed_topic(LakeConn *conn, const TopicOffsets *list, Error *err) {
    const LedgerTopic *t = &list->topic;
    for (size_t i = 0; i < list->count; i++) {
        const Offsets *p = &list->partitions[i];
        LakeValue values[] = {lake_text(t->name), lake_int(t->epoch),     lake_int(p->partition),
                              lake_int(p->start), lake_text(t->topic_id), lake_text(t->cluster_id)};
        if (run_sql(conn, "recover/seed", values, ARRAY_LEN(values), err) != 0) return -1;
    }
    return 0;
}

static int seed_partitions(LakeConn *conn, const CommitMark *mark, Error *err) {
    for (size_t i = 0; i < mark->count; i++)
        if (seed_topic(conn, &mark->topics[i], err) != 0) return -1;
    return 0;
}

static int record_loss(LakeConn *conn, const RecoverRange *r, int64_t batch, Error *err) {
    LakeValue gap[] = {lake_text(r->topic), lake_int(r->epoch), lake_int(r->partition),
                       lake_int(r->from),   lake_int(r->to),    lake_int(batch)};
    LakeValue pass[] = {lake_text(r->topic), lake_int(r->epoch), lake_int(r->partition), lake_int(r->to)};
    if (run_sql(conn, "recover/lost", gap, ARRAY_LEN(gap), err) != 0) return -1;
    return run_sql(conn, "recover/pass", pass, ARRAY_LEN(pass), err);
}

static int record_losses(LakeConn *conn, const RecoverPlan *plan, int64_t batch, int64_t *ret_offsets, Error *err) {
    *ret_offsets = 0;
    for (size_t i = 0; i < plan->lost_count; i++) {
        const RecoverRange *r = &plan->lost[i];
        if (r->reused) continue;
        if (record_loss(conn, r, batch, err) != 0) return -1;
        *ret_offsets += r->to - r->from;
    }
    return 0;
}

static int store_batch(LakeConn *conn, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    int64_t last;
    if (lake_query_int(conn, "ledger/last_batch", lake_sql("ledger/last_batch"), NULL, 0, &last, err) != 0) return -1;
    int64_t batch = (last > plan->mark.commit ? last : plan->mark.commit) + 1;
    if (record_losses(conn, plan, batch, &result->accepted, err) != 0) return -1;
    LakeValue values[] = {lake_int(batch), lake_int(result->accepted)};
    return run_sql(conn, "recover/batch", values, 2, err);
}

static bool is_reborn(const RecoverPlan *plan) {
    return plan->base == RECOVER_NOTHING && plan->mark_state == MARK_GOOD;
}

static int adopt_in_transaction(LakeConn *conn, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    bool has_goal = plan->mark_state == MARK_GOOD && !plan->foreign;
    LakeValue identity[] = {is_reborn(plan) ? lake_text(plan->mark.lake_id) : lake_null(), lake_int(has_goal ? plan->mark.generation : 0)};
    if (lake_begin(conn, err) != 0 || run_sql(conn, "recover/identity", identity, 2, err) != 0) return -1;
    if (plan->behind && (seed_partitions(conn, &plan->mark, err) != 0 || store_batch(conn, plan, result, err) != 0)) return -1;
    return lake_commit(conn, err);
}

/* The lake is another generation from here on, unless nothing in it was changed. */
static int adopt(LakeConn *conn, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    if (!plan->behind && plan->base == RECOVER_LAKE) return 0;
    if (adopt_in_transaction(conn, plan, result, err) == 0) return 0;
    lake_rollback(conn);
    return -1;
}

/* ---- the replay ---- */

static int replay(LakeConn *conn, const RecoverOptions *o, Feed *const *feeds, size_t count, RecoverResult *result, Error *err) {
    CLEANUP(ingest_result_done) IngestResult r = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    IngestOptions options = ingest_options(o->settings);
    if (pipeline_load(o->settings, &pipeline, err) != 0) return -1;
    options.pipeline = pipeline;
    if (ingest_run(conn, feeds, count, &options, &r, err) != 0) return -1;
    result->landed += r.counts.landed;
    result->duplicates += r.counts.duplicates;
    result->rejected += r.counts.rejected;
    result->gaps += r.counts.gaps;
    if (ingest_result_check(&r, err) != 0) return -1;
    return r.stopped ? error_set(err, ERR_STOPPED, "stopped before the end; run it again to continue") : 0;
}

static int replay_everything(LakeConn *conn, const RecoverOptions *o, RecoverResult *result, Error *err) {
    CLEANUP(feeds_done) FeedList feeds = {0};
    if (feeds_open_topics(o->settings, o->topics, &feeds, err) != 0) return -1;
    return replay(conn, o, feeds.items, feeds.count, result, err);
}

static int replay_topic(LakeConn *conn, const RecoverOptions *o, const char *topic, RecoverResult *result, Error *err) {
    CLEANUP(feed_freep) Feed *feed = NULL;
    if (feed_open_named(o->settings, topic, &feed, err) != 0) return -1;
    return replay(conn, o, &feed, 1, result, err);
}

/* Does Kafka still have some of what the partition lacks? What it no longer has was recorded, or is gone with a topic that was recreated.
 */
static bool can_be_replayed(const RecoverPlan *plan, const LedgerTopic *topic, const Offsets *p, int64_t is_at) {
    for (size_t i = 0; i < plan->lost_count; i++) {
        const RecoverRange *r = &plan->lost[i];
        bool same = r->partition == p->partition && r->epoch == topic->epoch && strcmp(r->topic, topic->name) == 0;
        if (same && r->reused && r->from <= is_at) return false;
    }
    return true;
}

static bool is_to_be_replayed(const RecoverPlan *plan, const TopicOffsets *list, const CommitMark *at) {
    for (size_t i = 0; i < list->count; i++) {
        const Offsets *p = &list->partitions[i];
        int64_t is_at = commit_mark_next(at, &list->topic, p);
        if (is_at < p->next && can_be_replayed(plan, &list->topic, p, is_at)) return true;
    }
    return false;
}

static int replay_all(LakeConn *conn, const RecoverOptions *o, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    CLEANUP(commit_mark_done) CommitMark at = {0};
    if (plan->base == RECOVER_NOTHING && plan->mark_state != MARK_GOOD) return replay_everything(conn, o, result, err);
    if (!plan->behind) return 0;
    if (commit_mark_of_lake(conn, &at, err) != 0) return -1;
    for (size_t i = 0; i < plan->mark.count; i++) {
        const TopicOffsets *list = &plan->mark.topics[i];
        if (!recover_is_first_behind(&plan->mark, &at, i) || !is_to_be_replayed(plan, list, &at)) continue;
        if (replay_topic(conn, o, list->topic.name, result, err) != 0) return error_prefix(err, "replaying %s", list->topic.name);
    }
    return 0;
}

/* ---- the end ---- */

static int64_t reused_offsets(const RecoverPlan *plan) {
    int64_t n = 0;
    for (size_t i = 0; i < plan->lost_count; i++)
        if (plan->lost[i].reused) n += plan->lost[i].to - plan->lost[i].from;
    return n;
}

static int check_reached(const RecoverPlan *plan, const CommitMark *at, Error *err) {
    CLEANUP(buf_done) Buf where = {0};
    if (!plan->behind || commit_mark_offsets_behind(&plan->mark, at) <= reused_offsets(plan)) return 0;
    commit_mark_describe(&plan->mark, at, &where);
    return error_set(err, ERR_DATA, "after the replay the lake is still behind its commit mark: %s", where.data);
}

static int check_audit(LakeConn *conn, RecoverResult *result, Error *err) {
    CLEANUP(ledger_audit_done) LedgerAudit a = {0};
    if (ledger_audit(conn, &a, err) != 0) return -1;
    result->offsets = a.offsets;
    if (a.ok) return 0;
    return error_set(err, ERR_DATA, "the audit finds %" PRId64 " %s missing and %" PRId64 " repeated: see `smelt audit`", a.missing,
                     counted(a.missing, "offset", "offsets"), a.repeated);
}

/* Only a mark tells what there was. */
static int replay_counted(LakeConn *conn, const RecoverOptions *o, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    const CommitMark *was_at = plan->base == RECOVER_BACKUP ? &plan->backup.mark : &plan->at;
    int64_t *before = NULL;
    if (!plan->behind) return replay_all(conn, o, plan, result, err);
    if (recover_count_gaps(conn, &plan->mark, &before, err) != 0) return -1;
    int rc = replay_all(conn, o, plan, result, err);
    if (rc == 0) rc = recover_note_gone(conn, &plan->mark, was_at, before, result, err);
    free(before);
    return rc;
}

int recover_finish(LakeConn *conn, const RecoverOptions *options, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    CLEANUP(commit_mark_done) CommitMark at = {0};
    if (adopt(conn, plan, result, err) != 0 || replay_counted(conn, options, plan, result, err) != 0) return -1;
    if (check_audit(conn, result, err) != 0 || commit_mark_of_lake(conn, &at, err) != 0 || check_reached(plan, &at, err) != 0) return -1;
    if (lake_checkpoint(conn, err) != 0) return -1;
    return commit_mark_save(options->mark_path, &at, err);
}

void recover_result_done(RecoverResult *result) {
    for (size_t i = 0; i < ARRAY_LEN(result->asides); i++) free(result->asides[i]);
    free(result->gone_at);
    *result = (RecoverResult){0};
}

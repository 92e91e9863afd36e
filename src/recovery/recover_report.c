/* recover_report.c: a plan as sentences and as JSON. */
#include "recovery/recover_internal.h"

#include "base/counted.h"
#include "base/memory.h"
#include <inttypes.h>

void recover_plan_done(RecoverPlan *plan) {
    for (size_t i = 0; i < plan->lost_count; i++) free(plan->lost[i].topic);
    free(plan->lost);
    free(plan->problem);
    free(plan->backup_problem);
    commit_mark_done(&plan->mark);
    commit_mark_done(&plan->at);
    backup_done(&plan->backup);
    *plan = (RecoverPlan){0};
}

bool recover_is_needed(const RecoverPlan *plan) {
    bool nothing_there = !plan->lake_exists && plan->mark_state == MARK_NONE;
    return !nothing_there && (plan->base != RECOVER_LAKE || plan->behind || plan->foreign || plan->mark_state == MARK_DAMAGED);
}

static void PRINTF_LIKE(2, 3) step(json_t *steps, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    json_array_append_new(steps, json_vsprintf(fmt, args));
    va_end(args);
}

static void steps_for_files(const RecoverPlan *plan, json_t *steps) {
    bool without_lake = plan->base == RECOVER_BACKUP || plan->base == RECOVER_NOTHING;
    if (plan->base != RECOVER_LAKE && plan->log_exists) step(steps, "set the write-ahead log aside");
    if (without_lake && plan->lake_exists) step(steps, "set the lake file aside");
    if (plan->foreign) step(steps, "set the commit mark aside: it is of another lake (%s)", plan->mark.lake_id);
    if (plan->mark_state == MARK_DAMAGED) step(steps, "set the commit mark aside: it is damaged");
    if (plan->base == RECOVER_BACKUP)
        step(steps, "restore the backup in %s: %" PRId64 " %s up to commit %" PRId64, plan->backup.dir, plan->backup.mark.landed,
             counted(plan->backup.mark.landed, "event", "events"), plan->backup.mark.commit);
    if (plan->base == RECOVER_NOTHING) step(steps, "begin with an empty lake");
}

json_t *recover_steps(const RecoverPlan *plan) {
    json_t *steps = json_array();
    steps_for_files(plan, steps);
    for (size_t i = 0; i < plan->lost_count; i++) {
        const RecoverRange *r = &plan->lost[i];
        step(steps,
             r->reused ? "give up %s partition %d, offsets [%lld, %lld): Kafka lost them too and will use these numbers again"
                       : "record as lost: %s partition %d, offsets [%lld, %lld), which Kafka no longer has",
             r->topic, (int)r->partition, (long long)r->from, (long long)r->to);
    }
    if (plan->to_replay > 0)
        step(steps, "read %" PRId64 " %s from Kafka again; messages that compaction or retention has removed since are gone",
             plan->to_replay, counted(plan->to_replay, "offset", "offsets"));
    if (plan->base == RECOVER_NOTHING && plan->mark_state != MARK_GOOD)
        step(steps, "read all that Kafka has; without a commit mark it is not known what is missing");
    step(steps, "audit, and write the commit mark again");
    return steps;
}

int64_t recover_lost_offsets(const RecoverPlan *plan) {
    int64_t n = 0;
    for (size_t i = 0; i < plan->lost_count; i++) n += plan->lost[i].to - plan->lost[i].from;
    return n;
}

json_t *recover_lost_json(const RecoverPlan *plan) {
    json_t *all = json_array();
    for (size_t i = 0; i < plan->lost_count; i++) {
        const RecoverRange *r = &plan->lost[i];
        json_array_append_new(all, json_pack("{ss si si sI sI}", "topic", r->topic, "epoch", r->epoch, "partition", (int)r->partition,
                                             "from", (json_int_t)r->from, "to", (json_int_t)r->to));
    }
    return all;
}

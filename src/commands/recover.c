/* recover.c: `smelt recover`: a dry run; with --yes the repair. */
#include "recovery/recover.h"
#include "recovery/backup.h"

#include "base/counted.h"
#include "base/document.h"
#include "commands/all.h"
#include "commands/app.h"
#include "lake/schema.h"
#include <inttypes.h>

enum { OPT_YES = 1, OPT_ACCEPT, OPT_BACKUP };

typedef struct Options {
    bool yes, accept_loss;
    const char *backup;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_YES: o->yes = true; return 0;
    case OPT_ACCEPT: o->accept_loss = true; return 0;
    case OPT_BACKUP: o->backup = arg; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"yes", OPT_YES, NULL, 0, "Do the repair; without this nothing is changed", 0},
                                            {"accept-loss", OPT_ACCEPT, NULL, 0,
                                             "Record offsets that neither Kafka nor a backup has as gaps with the reason 'lost'", 0},
                                            {"backup", OPT_BACKUP, "DIR", 0, "The backup to use if needed (backup.dir)", 0},
                                            {0}},
    .parser = parse,
    .doc =
        "Repairs a lake that does not open, has lost commits or is missing; a dry run unless --yes. "
        "Checks the file, its write-ahead log, the commit mark, the backup and Kafka, and prints what is wrong and what it would do. "
        "With --yes, damaged files are renamed, never deleted; the newest good state is opened; what is missing is read from Kafka again. "
        "Offsets that Kafka no longer has are listed, and nothing is changed until you accept their loss."
        "\vExit codes: 0 nothing to repair, or everything can be (was) recovered; 65 some offsets are lost.\n\nExamples:\n"
        "  smelt recover\n"
        "  smelt recover --yes\n"
        "  smelt recover --yes --accept-loss --json\n",
};

static const char *base_name(RecoverBase base) {
    static const char *const names[] = {
        [RECOVER_LAKE] = "lake", [RECOVER_WITHOUT_LOG] = "lake_without_log", [RECOVER_BACKUP] = "backup", [RECOVER_NOTHING] = "nothing"};
    return names[base];
}

static void summarize_plan(App *app, const RecoverPlan *plan, json_t *steps) {
    app->summary = json_pack("{sb sb ss* sb ss* ss sb sI so sI sO}", "needed", recover_is_needed(plan), "done", false, "problem",
                             plan->problem, "can_be_copied", plan->can_be_copied, "backup_problem", plan->backup_problem, "base",
                             base_name(plan->base), "behind", plan->behind, "to_replay", (json_int_t)plan->to_replay, "lost",
                             recover_lost_json(plan), "lost_offsets", (json_int_t)recover_lost_offsets(plan), "steps", steps);
}

static const char better_way[] = "To keep them without reading Kafka again: `smelt backup DIR`, then `smelt recover --yes --backup DIR`.";

static bool has_better_way(const RecoverPlan *plan) {
    return plan->can_be_copied && plan->base == RECOVER_NOTHING;
}

static void print_findings(const App *app, const RecoverPlan *plan) {
    if (!plan->lake_exists) say(app, "The lake file is missing.\n");
    if (plan->problem != NULL) say(app, "The lake cannot be used: %s\n", plan->problem);
    if (plan->backup_problem != NULL) say(app, "The backup cannot be used: %s\n", plan->backup_problem);
    if (has_better_way(plan)) say(app, "All events can still be read from it. %s\n", better_way);
    if (!plan->behind) return;
    CLEANUP(buf_done) Buf where = {0};
    commit_mark_describe(&plan->mark, plan->base == RECOVER_BACKUP ? &plan->backup.mark : &plan->at, &where);
    say(app, "Behind the commit mark: %s\n", where.data);
}

static void print_steps(const App *app, const json_t *steps, bool yes) {
    size_t i;
    json_t *step;
    say(app, "%s\n", yes ? "Steps:" : "Steps of the repair:");
    json_array_foreach(steps, i, step) say(app, "  %zu. %s\n", i + 1, json_string_value(step));
}

/* "t partition 0, offsets [5, 9); ..." */
static int refuse_loss(const RecoverPlan *plan, Error *err) {
    CLEANUP(buf_done) Buf ranges = {0};
    for (size_t i = 0; i < plan->lost_count; i++) {
        const RecoverRange *r = &plan->lost[i];
        buf_addf(&ranges, "%s%s partition %d, offsets [%" PRId64 ", %" PRId64 "), that is %" PRId64, i > 0 ? "; " : "", r->topic,
                 (int)r->partition, r->from, r->to, r->to - r->from);
    }
    if (has_better_way(plan))
        return error_set(err, ERR_DATA,
                         "Kafka no longer has these offsets: %s; in all %" PRId64 ". Nothing was changed. The damaged "
                         "lake still has them. %s To record them as lost instead, run `smelt recover --yes --accept-loss`",
                         ranges.data, recover_lost_offsets(plan), better_way);
    return error_set(err, ERR_DATA,
                     "neither Kafka nor a backup still has these offsets: %s; in all %" PRId64 ". Nothing was changed. "
                     "To record them as lost, run `smelt recover --yes --accept-loss`",
                     ranges.data, recover_lost_offsets(plan));
}

static int repair(App *app, Writer *w, const RecoverOptions *o, const RecoverPlan *plan, RecoverResult *result, Error *err) {
    if (recover_prepare(o, plan, result, err) != 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(result->asides) && result->asides[i] != NULL; i++) say(app, "Renamed to %s\n", result->asides[i]);
    if (writer_open_file(app->settings, w, err) != 0 || lake_migrate(w->conn, err) != 0) return -1;
    return recover_finish(w->conn, o, plan, result, err);
}

static void print_gone(const App *app, const RecoverResult *r) {
    if (r->gone == 0) return;
    say(app, "Gone: %" PRId64 " %s that the lake had by its commit mark: removed by Kafka since (compaction, retention).\n", r->gone,
        counted(r->gone, "message", "messages"));
    for (size_t i = 0; i < r->gone_count; i++)
        say(app, "  %s partition %d: of %" PRId64 " %s read again, %" PRId64 " %s no message any more\n", r->gone_at[i].topic,
            (int)r->gone_at[i].partition, r->gone_at[i].offsets, counted(r->gone_at[i].offsets, "offset", "offsets"),
            r->gone_at[i].without_message, counted(r->gone_at[i].without_message, "has", "have"));
}

static void print_result(App *app, const RecoverResult *r) {
    json_t *asides = json_array();
    for (size_t i = 0; i < ARRAY_LEN(r->asides) && r->asides[i] != NULL; i++) json_array_append_new(asides, json_string(r->asides[i]));
    CLEANUP(json_freep)
    json_t *more = json_pack("{sb so sI sI sI sI sI sI sI so}", "done", true, "aside", asides, "landed", (json_int_t)r->landed,
                             "duplicates", (json_int_t)r->duplicates, "rejected", (json_int_t)r->rejected, "gaps", (json_int_t)r->gaps,
                             "accepted_loss", (json_int_t)r->accepted, "offsets", (json_int_t)r->offsets, "gone", (json_int_t)r->gone,
                             "gone_partitions", recover_gone_json(r));
    json_object_update(app->summary, more);
    say(app, "Replayed: %" PRId64 " landed, %" PRId64 " %s, %" PRId64 " rejected, %" PRId64 " %s.\n", r->landed, r->duplicates,
        counted(r->duplicates, "duplicate", "duplicates"), r->rejected, r->gaps, counted(r->gaps, "gap", "gaps"));
    if (r->accepted > 0) say(app, "Recorded as lost: %" PRId64 " %s.\n", r->accepted, counted(r->accepted, "offset", "offsets"));
    print_gone(app, r);
    say(app, "The audit finds each of %" PRId64 " %s in one place. Next: `smelt refine`.\n", r->offsets,
        counted(r->offsets, "offset", "offsets"));
}

static int recover(App *app, Writer *w, const RecoverOptions *options, const Options *o, Error *err) {
    CLEANUP(recover_plan_done) RecoverPlan plan = {0};
    CLEANUP(recover_result_done) RecoverResult result = {0};
    CLEANUP(json_freep) json_t *steps = NULL;
    if (recover_diagnose(options, &plan, err) != 0) return -1;
    steps = recover_is_needed(&plan) ? recover_steps(&plan) : json_array();
    summarize_plan(app, &plan, steps);
    if (!recover_is_needed(&plan)) {
        CLEANUP(error_clear) Error missing = {0};
        bool is_there = writer_check_exists(app->settings, &missing) == 0;
        say(app, "Nothing to do: %s.\n", is_there ? "the lake opens, can be read, and has every commit of its mark" : missing.text);
        return 0;
    }
    print_findings(app, &plan);
    print_steps(app, steps, o->yes);
    if (plan.lost_count > 0 && !o->accept_loss) return refuse_loss(&plan, err);
    if (!o->yes) {
        say(app, "Nothing was changed. Run `smelt recover --yes%s` to repair.\n", plan.lost_count > 0 ? " --accept-loss" : "");
        return 0;
    }
    if (repair(app, w, options, &plan, &result, err) != 0) return -1;
    print_result(app, &result);
    return 0;
}

int command_recover(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(writer_done) Writer w = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || command_topics(app, err) != 0) return -1;
    RecoverOptions options = {.settings = app->settings,
                              .lake_path = app->layout.lake_path,
                              .mark_path = app->layout.mark_path,
                              .backup_dir = o.backup != NULL ? o.backup : settings_text(app->settings, "backup.dir"),
                              .topics = &app->topics,
                              .lake = writer_lake_options(app->settings)};
    if (dir_make(app->layout.data_dir, err) != 0 || writer_lock(app->settings, "smelt recover", &w, err) != 0) return -1;
    return recover(app, &w, &options, &o, err);
}

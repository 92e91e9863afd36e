/* run.c: a table of steps, one loop.
 *
 * The last step publishes a snapshot that holds the run history. So the run is stored as done before it: that row is only visible to
 * readers of a snapshot that was published. If publishing fails, the row is corrected.
 *
 * Quick steps are stored together, before publishing or when the run ends. */
#include "flow/run.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "churn/churn.h"
#include "flow/prefetch.h"
#include "flow/run_record.h"
#include "ingest/ingest.h"
#include "lake/layout.h"
#include "refine/refine.h"
#include "snapshot/publish.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { FEW_EVENTS = 20000 };

typedef struct Run {
    LakeConn *conn;
    const RunOptions *options;
    char *id;
    int64_t began_ns;
    json_t *summary, *steps; /* steps: borrowed from summary */
    size_t written;          /* of the steps */
    Refinery *refinery;      /* NULL: not opened yet */
    Prefetch *prefetch;
    PublishScores scores; /* after the step that scored */
    bool has_scored;
    PublishPreparation *prepared; /* NULL: not begun */
    LakeCheckpoint *checkpoint;   /* NULL: not begun */
    SnapshotPruning *pruning;     /* NULL: not begun */
    Error unread;                 /* partitions that could not be read to their end: the steps after ingest go on, and the run fails */
} Run;

const char *step_state_name(StepState state) {
    static const char *const names[] = {
        [STEP_DONE] = "done", [STEP_SKIPPED] = "skipped", [STEP_FAILED] = "failed", [STEP_STOPPED] = "stopped"};
    return names[state];
}

void run_result_done(RunResult *result) {
    json_decref(result->summary);
    *result = (RunResult){0};
}

/* ---- the steps: 0 done, 1 skipped, -1 failed; ret_summary may stay NULL ---- */

static int open_refinery(Run *run, Error *err) {
    return run->refinery != NULL ? 0 : refinery_open(run->options->settings, &run->refinery, err);
}

static int step_ingest(Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(ingest_result_done) IngestResult result = {0};
    IngestOptions options = ingest_options(run->options->settings);
    options.quiet = run->options->quiet;
    options.mark = run->options->mark;
    if (open_refinery(run, err) != 0) return -1;
    options.pipeline = refinery_pipeline(run->refinery);
    const FeedList *feeds = run->options->feeds;
    if (ingest_run(run->conn, feeds->items, feeds->count, &options, &result, err) != 0) return -1;
    *ret_summary = ingest_result_json(&result);
    error_clear(&run->unread);
    if (ingest_result_check(&result, &run->unread) != 0) log_error("run", "going on without them: %s", run->unread.text);
    return result.stopped ? error_set(err, ERR_STOPPED, "stopped before the end; what was read is safe") : 0;
}

static int step_refine(Run *run, json_t **ret_summary, Error *err) {
    RefineOptions options = {.quiet = run->options->quiet, .threads = (int)settings_int(run->options->settings, "refine.threads")};
    RefineStats stats = {0};
    if (run->options->ends_then) prefetch_memory(run->prefetch, run->conn);
    if (open_refinery(run, err) != 0 || refine_run(run->refinery, run->conn, &options, &stats, err) != 0) return -1;
    *ret_summary = refine_stats_json(&stats);
    /* of few events, since both need memory; the steps until publishing write other tables */
    if (run->options->ends_then && stats.silver + stats.quarantined <= FEW_EVENTS) run->prepared = publish_prepare(lake_of(run->conn));
    return 0;
}

static int step_train(Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(churn_options_done) ChurnOptions options = {0};
    CLEANUP(churn_training_done) ChurnTraining training = {0};
    if (churn_options(run->options->settings, &options, err) != 0) return -1;
    int64_t max_age_ms = settings_int(run->options->settings, "model.max_age");
    if ((run->options->force_train ? churn_train(run->conn, &options, &training, err)
                                   : churn_train_when_due(run->conn, &options, max_age_ms, &training, err)) != 0)
        return -1;
    *ret_summary = churn_training_json(&training);
    return training.skipped != NULL ? 1 : 0;
}

static int step_score(Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(layout_done) Layout layout = layout_of(run->options->settings);
    if (churn_score(run->conn, layout.models_dir, false, &scores, err) != 0) return -1;
    *ret_summary = churn_scores_json(&scores);
    run->has_scored = scores.skipped == NULL;
    run->scores = (PublishScores){.count = (int64_t)scores.scored, .newest_us = scores.newest_us};
    return scores.skipped != NULL ? 1 : 0;
}

static int step_publish(Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(layout_done) Layout layout = layout_of(run->options->settings);
    PublishOptions options = {.keep = (int)settings_int(run->options->settings, "snapshots.keep"),
                              .checkpoint_lake = run->options->ends_then,
                              .draft = prefetch_draft(run->prefetch),
                              .scores = run->has_scored ? &run->scores : NULL,
                              .prepared = run->prepared};
    if (publish_run(run->conn, layout.snapshots_dir, &options, &result, err) != 0) return -1;
    run->checkpoint = TAKE(result.snapshot.checkpoint); /* readers do not wait for it */
    run->pruning = TAKE(result.pruning);
    *ret_summary = json_pack("{sI ss sI sf}", "generation", (json_int_t)result.snapshot.generation, "path", result.snapshot.path, "bytes",
                             (json_int_t)result.snapshot.bytes, "seconds", result.seconds);
    return 0;
}

typedef struct Step {
    const char *name;
    int (*run)(Run *run, json_t **ret_summary, Error *err);
} Step;

static const Step steps[] = {
    {"ingest", step_ingest}, {"refine", step_refine}, {"train", step_train}, {"score", step_score}, {"publish", step_publish}};
#define TRAIN_STEP   2
#define PUBLISH_STEP (ARRAY_LEN(steps) - 1)
#define LONG_STEP_S  1.0

/* ---- history ---- */

static int store_run(const Run *run, const char *state, const char *error, bool finished, Error *err) {
    LakeValue values[] = {lake_text(run->id), finished ? lake_time(clock_wall_us()) : lake_null(), lake_text(state), lake_text(error)};
    return lake_exec_values(run->conn, "run/store", lake_sql("run/store"), values, ARRAY_LEN(values), NULL, err);
}

static size_t first_position(const Run *run) {
    return run->options->is_refined ? TRAIN_STEP : 0;
}

/* `rows`: steps, of which the first is at `position`. */
static int store_steps(const Run *run, const json_t *rows, size_t position, Error *err) {
    CLEANUP(free_text) char *text = json_text(rows);
    LakeValue values[] = {lake_text(run->id), lake_int((int64_t)position), lake_text(text)};
    return lake_exec_values(run->conn, "run/store_steps", lake_sql("run/store_steps"), values, ARRAY_LEN(values), NULL, err);
}

/* The steps that ended since the last time, and `announced` (NULL: none), which comes after them. */
static int write_steps(Run *run, json_t *announced, Error *err) {
    CLEANUP(json_freep) json_t *rows = json_array();
    size_t ended = json_array_size(run->steps), position = first_position(run) + run->written;
    for (size_t i = run->written; i < ended; i++) json_array_append(rows, json_array_get(run->steps, i));
    if (announced != NULL) json_array_append(rows, announced);
    if (json_array_size(rows) > 0 && store_steps(run, rows, position, err) != 0) return -1;
    run->written = ended;
    return 0;
}

/* ---- one step ---- */

static json_t *describe_step(const char *name, const char *state, int attempts, int64_t started_us) {
    char time[CLOCK_TEXT_SIZE];
    return json_pack("{ss ss si ss}", "name", name, "state", state, "attempts", attempts, "started_at", clock_format(started_us, time));
}

/* Tries until it is done, failed for good, or out of attempts. */
static int attempt_step(Run *run, const Step *step, int *ret_attempts, json_t **ret_summary, Error *err) {
    int64_t most = settings_int(run->options->settings, "run.attempts");
    int64_t pause_ms = settings_int(run->options->settings, "run.backoff");
    for (int attempt = 1;; attempt++, pause_ms *= 2) {
        *ret_attempts = attempt;
        int rc = step->run(run, ret_summary, err);
        if (rc >= 0) return rc;
        lake_rollback(run->conn);
        if (!error_is_retriable(err) || attempt >= most) return -1;
        log_warn("run", "%s failed (attempt %d of %" PRId64 "): %s; again in %.1f s", step->name, attempt, most, err->text,
                 (double)pause_ms / 1000);
        if (stop_wait_ms((int)pause_ms)) return error_set(err, ERR_STOPPED, "stopped while waiting to try %s again", step->name);
    }
}

static StepState state_of(int rc, const Error *err) {
    if (rc == 0) return STEP_DONE;
    if (rc > 0) return STEP_SKIPPED;
    return err->kind == ERR_STOPPED ? STEP_STOPPED : STEP_FAILED;
}

static int store_end(const Run *run, Error *err) {
    StepState end = run->unread.kind == ERR_NONE ? STEP_DONE : STEP_FAILED;
    return store_run(run, step_state_name(end), run->unread.text, true, err);
}

/* Stores the run as done before it is published: see the head of this file. */
static int announce_publish(Run *run, Error *err) {
    CLEANUP(json_freep) json_t *step = describe_step(steps[PUBLISH_STEP].name, step_state_name(STEP_DONE), 1, clock_wall_us());
    size_t written = run->written;
    if (lake_begin(run->conn, err) != 0) return -1;
    if (write_steps(run, step, err) == 0 && store_end(run, err) == 0 && lake_commit(run->conn, err) == 0) return 0;
    lake_rollback(run->conn);
    run->written = written;
    return -1;
}

/* Replaces the announced step, and when the run ended, by how it was. */
static int replace_announced(Run *run, Error *err) {
    LakeValue key[] = {lake_text(run->id), lake_int(PUBLISH_STEP)};
    if (lake_begin(run->conn, err) != 0) return -1;
    if (lake_exec_values(run->conn, "run/forget_step", lake_sql("run/forget_step"), key, ARRAY_LEN(key), NULL, err) == 0 &&
        write_steps(run, NULL, err) == 0 && store_end(run, err) == 0 && lake_commit(run->conn, err) == 0)
        return 0;
    lake_rollback(run->conn);
    return -1;
}

/* A long step is stored at once, so that the progress of a long run can be seen. */
static int store_step(Run *run, size_t position, bool failed, double seconds, Error *err) {
    if (position == PUBLISH_STEP) return replace_announced(run, err);
    return failed || seconds > LONG_STEP_S ? write_steps(run, NULL, err) : 0;
}

/* Runs a step and writes it down. *ret_state is set; -1 with the step's error, or the history's. */
static int run_step(Run *run, size_t position, StepState *ret_state, Error *err) {
    int64_t started_us = clock_wall_us(), began = clock_mono_ns();
    int attempts = 0;
    json_t *summary = NULL;
    if (position == PUBLISH_STEP && announce_publish(run, err) != 0) return -1;
    int rc = stop_requested() ? error_set(err, ERR_STOPPED, "stopped before %s", steps[position].name)
                              : attempt_step(run, &steps[position], &attempts, &summary, err);
    *ret_state = state_of(rc, err);
    json_t *step = describe_step(steps[position].name, step_state_name(*ret_state), attempts, started_us);
    double seconds = clock_seconds_since(began);
    json_array_append_new(run->steps, step);
    json_object_set_new(step, "seconds", json_real(seconds));
    if (summary != NULL) json_object_set_new(step, "summary", summary);
    if (rc < 0) json_object_set_new(step, "error", json_string(err->text));
    if (run->options->on_step != NULL) run->options->on_step(run->options->user, step);
    Error history = {0};
    if (store_step(run, position, rc < 0, seconds, &history) != 0) log_error("run", "the step could not be stored: %s", history.text);
    error_clear(&history);
    return rc < 0 ? -1 : 0;
}

/* ---- the run ---- */

static char *new_run_id(int64_t wall_us) {
    char time[CLOCK_TEXT_SIZE];
    clock_format(wall_us, time);
    return xasprintf("%.4s%.2s%.2sT%.2s%.2s%.2sZ-%d", time, time + 5, time + 8, time + 11, time + 14, time + 17, (int)getpid());
}

static void run_done(Run *run) {
    lake_checkpoint_waitp(&run->checkpoint);
    snapshot_prune_waitp(&run->pruning);
    publish_preparation_freep(&run->prepared);
    prefetch_freep(&run->prefetch);
    refinery_freep(&run->refinery);
    json_decref(run->summary);
    error_clear(&run->unread);
    free(run->id);
}

static int run_steps(Run *run, StepState *ret_state, Error *err) {
    *ret_state = STEP_DONE;
    for (size_t i = first_position(run); i < ARRAY_LEN(steps); i++) {
        StepState state = STEP_FAILED;
        if (run_step(run, i, &state, err) != 0) {
            *ret_state = state;
            return error_prefix(err, "%s", steps[i].name);
        }
    }
    if (run->unread.kind == ERR_NONE) return 0;
    *ret_state = STEP_FAILED;
    return error_set(err, run->unread.kind, "ingest: %s", run->unread.text);
}

int run_pipeline(LakeConn *conn, const RunOptions *options, RunResult *ret, Error *err) {
    int64_t now_us = clock_wall_us();
    char time[CLOCK_TEXT_SIZE];
    CLEANUP(run_done)
    Run run = {.conn = conn, .options = options, .began_ns = clock_mono_ns(), .summary = json_object(), .steps = json_array()};
    run.id = new_run_id(now_us);
    json_object_set_new(run.summary, "run_id", json_string(run.id));
    json_object_set_new(run.summary, "started_at", json_string(clock_format(now_us, time)));
    json_object_set_new(run.summary, "steps", run.steps);
    LakeValue start[] = {lake_text(run.id), lake_time(now_us)};
    run_record_begin(options->settings, run.summary);
    if (lake_exec_values(conn, "run/start", lake_sql("run/start"), start, 2, NULL, err) != 0) {
        json_object_set_new(run.summary, "state", json_string(step_state_name(STEP_FAILED)));
        run_record_end(options->settings, run.summary, err);
        return -1;
    }
    StepState state;
    run.prefetch = prefetch_start(options->settings);
    int rc = run_steps(&run, &state, err);
    Error history = {0};
    if (rc != 0 && (write_steps(&run, NULL, &history) != 0 || store_run(&run, step_state_name(state), err->text, true, &history) != 0))
        log_error("run", "the end of the run could not be stored: %s", history.text);
    error_clear(&history);
    json_object_set_new(run.summary, "state", json_string(step_state_name(state)));
    json_object_set_new(run.summary, "seconds", json_real(clock_seconds_since(run.began_ns)));
    run_record_end(options->settings, run.summary, err);
    *ret = (RunResult){.state = state, .summary = TAKE(run.summary)};
    return rc;
}

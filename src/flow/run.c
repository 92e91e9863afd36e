/* run.c: a table of steps, one loop.
 *
 * The last step publishes a snapshot that holds the run history. So before it the run is written down as done: whoever can read that row
 * reads a snapshot that was published, and if publishing fails nobody sees it and the row is corrected. */
#include "flow/run.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "contract/pipeline.h"
#include "flow/run_record.h"
#include "medallion/churn.h"
#include "medallion/ingest.h"
#include "medallion/publish.h"
#include "medallion/refine.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
    LakeConn *conn;
    const RunOptions *options;
    char *id;
    int64_t began_ns;
    json_t *summary, *steps; /* steps: borrowed from summary */
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

static int step_ingest(const Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(ingest_result_done) IngestResult result = {0};
    IngestOptions options = ingest_options(run->options->settings);
    options.quiet = run->options->quiet;
    options.watermark = run->options->watermark;
    if (ingest_run(run->conn, run->options->feed, &options, &result, err) != 0) return -1;
    *ret_summary = ingest_result_json(&result, feed_topic(run->options->feed));
    return result.stopped ? error_set(err, ERR_STOPPED, "stopped before the end; what was read is safe") : 0;
}

static int step_refine(const Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    const char *dir = settings_text(run->options->settings, "pipeline.dir");
    RefineOptions options = {.quiet = run->options->quiet};
    RefineStats stats = {0};
    if (pipeline_load(dir[0] != '\0' ? dir : NULL, &pipeline, err) != 0) return -1;
    if (refine_run(run->conn, pipeline, &options, &stats, err) != 0) return -1;
    *ret_summary = refine_stats_json(&stats);
    return 0;
}

static int step_train(const Run *run, json_t **ret_summary, Error *err) {
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

static int step_score(const Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(free_text) char *models = path_join(settings_text(run->options->settings, "data.dir"), "models");
    if (churn_score(run->conn, models, false, &scores, err) != 0) return -1;
    *ret_summary = churn_scores_json(&scores);
    return scores.skipped != NULL ? 1 : 0;
}

static int step_publish(const Run *run, json_t **ret_summary, Error *err) {
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(free_text) char *dir = path_join(settings_text(run->options->settings, "data.dir"), "snapshots");
    PublishOptions options = {.keep = (int)settings_int(run->options->settings, "snapshots.keep"), .settle = run->options->ends_then};
    if (publish_run(run->conn, dir, &options, &result, err) != 0) return -1;
    *ret_summary = json_pack("{sI ss sI sf}", "generation", (json_int_t)result.snapshot.generation, "path", result.snapshot.path, "bytes",
                             (json_int_t)result.snapshot.bytes, "seconds", result.seconds);
    return 0;
}

typedef struct Step {
    const char *name;
    int (*run)(const Run *run, json_t **ret_summary, Error *err);
} Step;

static const Step steps[] = {
    {"ingest", step_ingest}, {"refine", step_refine}, {"train", step_train}, {"score", step_score}, {"publish", step_publish}};
#define PUBLISH_STEP (ARRAY_LEN(steps) - 1)

/* ---- history ---- */

static int store_run(const Run *run, const char *state, const char *error, bool finished, Error *err) {
    LakeValue values[] = {lake_text(run->id), finished ? lake_time(clock_wall_us()) : lake_null(), lake_text(state), lake_text(error)};
    return lake_exec_values(run->conn, "run/store", lake_sql("run/store"), values, ARRAY_LEN(values), NULL, err);
}

static int store_step(const Run *run, size_t position, const json_t *step, Error *err) {
    const json_t *summary = json_object_get(step, "summary"), *seconds = json_object_get(step, "seconds");
    CLEANUP(free_text) char *text = summary != NULL ? json_text(summary) : NULL;
    LakeValue values[] = {lake_text(run->id),
                          lake_int((int64_t)position),
                          lake_text(json_string_value(json_object_get(step, "name"))),
                          lake_text(json_string_value(json_object_get(step, "state"))),
                          lake_int(json_integer_value(json_object_get(step, "attempts"))),
                          lake_text(json_string_value(json_object_get(step, "started_at"))),
                          seconds != NULL ? lake_real(json_number_value(seconds)) : lake_null(),
                          lake_text(text),
                          lake_text(json_string_value(json_object_get(step, "error")))};
    bool announced = position == PUBLISH_STEP;
    if (announced && lake_exec_values(run->conn, "run/forget_step", lake_sql("run/forget_step"), values, 2, NULL, err) != 0) return -1;
    return lake_exec_values(run->conn, "run/store_step", lake_sql("run/store_step"), values, ARRAY_LEN(values), NULL, err);
}

/* ---- one step ---- */

static json_t *describe_step(const char *name, const char *state, int attempts, int64_t started_us) {
    char time[CLOCK_TEXT_SIZE];
    return json_pack("{ss ss si ss}", "name", name, "state", state, "attempts", attempts, "started_at", clock_format(started_us, time));
}

/* Tries until it is done, failed for good, or out of attempts. */
static int attempt_step(const Run *run, const Step *step, int *ret_attempts, json_t **ret_summary, Error *err) {
    int64_t most = settings_int(run->options->settings, "run.attempts");
    int64_t pause_ms = settings_int(run->options->settings, "run.backoff");
    for (int attempt = 1;; attempt++, pause_ms *= 2) {
        *ret_attempts = attempt;
        int rc = step->run(run, ret_summary, err);
        if (rc >= 0) return rc;
        lake_rollback(run->conn);
        if (!error_is_retriable(err) || lake_is_lost(lake_of(run->conn)) || attempt >= most) return -1;
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

/* See the head of this file. */
static int announce_publish(const Run *run, Error *err) {
    CLEANUP(json_freep) json_t *step = describe_step(steps[PUBLISH_STEP].name, step_state_name(STEP_DONE), 1, clock_wall_us());
    if (store_step(run, PUBLISH_STEP, step, err) != 0) return -1;
    return store_run(run, step_state_name(STEP_DONE), NULL, true, err);
}

/* Runs a step and writes it down. *ret_state is set; -1 with the step's error, or the history's. */
static int run_step(const Run *run, size_t position, StepState *ret_state, Error *err) {
    int64_t started_us = clock_wall_us(), began = clock_mono_ns();
    int attempts = 0;
    json_t *summary = NULL;
    if (position == PUBLISH_STEP && announce_publish(run, err) != 0) return -1;
    int rc = stop_requested() ? error_set(err, ERR_STOPPED, "stopped before %s", steps[position].name)
                              : attempt_step(run, &steps[position], &attempts, &summary, err);
    *ret_state = state_of(rc, err);
    json_t *step = describe_step(steps[position].name, step_state_name(*ret_state), attempts, started_us);
    json_array_append_new(run->steps, step);
    json_object_set_new(step, "seconds", json_real(clock_seconds_since(began)));
    if (summary != NULL) json_object_set_new(step, "summary", summary);
    if (rc < 0) json_object_set_new(step, "error", json_string(err->text));
    if (run->options->on_step != NULL) run->options->on_step(run->options->user, step);
    Error history = {0};
    if (store_step(run, position, step, &history) != 0) log_error("run", "the step could not be written down: %s", history.text);
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
    json_decref(run->summary);
    free(run->id);
}

static int run_steps(Run *run, StepState *ret_state, Error *err) {
    *ret_state = STEP_DONE;
    for (size_t i = run->options->without_ingest ? 1 : 0; i < ARRAY_LEN(steps); i++) {
        StepState state = STEP_FAILED;
        if (run_step(run, i, &state, err) != 0) {
            *ret_state = state;
            return error_prefix(err, "%s", steps[i].name);
        }
    }
    return 0;
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
    int rc = run_steps(&run, &state, err);
    Error history = {0};
    if (rc != 0 && store_run(&run, step_state_name(state), err->text, true, &history) != 0)
        log_error("run", "the end of the run could not be written down: %s", history.text);
    error_clear(&history);
    json_object_set_new(run.summary, "state", json_string(step_state_name(state)));
    json_object_set_new(run.summary, "seconds", json_real(clock_seconds_since(run.began_ns)));
    run_record_end(options->settings, run.summary, err);
    *ret = (RunResult){.state = state, .summary = TAKE(run.summary)};
    return rc;
}

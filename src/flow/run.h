/* run.h: the whole pipeline once: ingest, refine, train when due, score, publish; each step retried by the kind of its error, and
 * everything kept in the lake's run history (tables runs, run_steps). One thread: the writer's. */
#pragma once
#include "base/settings.h"
#include "ingest/feed.h"
#include "lake/lake.h"
#include "ledger/commit_mark_keeper.h"

typedef enum StepState { STEP_DONE, STEP_SKIPPED, STEP_FAILED, STEP_STOPPED } StepState;
const char *step_state_name(StepState state);

typedef struct RunOptions {
    const Settings *settings; /* borrowed */
    const FeedList *feeds;    /* what to ingest; borrowed */
    CommitMarkKeeper *mark;   /* of the lake; NULL: none is kept. Borrowed */
    bool is_refined;          /* the caller has ingested and refined: begin with training, without a feed */
    bool force_train;         /* train though the model is not due */
    bool ends_then;           /* the lake is closed after the run: it is checkpointed while the snapshot is written */
    bool quiet;               /* no progress */
    /* After each step, from the calling thread; `step` is the object described at run_pipeline. NULL: none. */
    void (*on_step)(void *user, const json_t *step);
    void *user;
} RunOptions;

typedef struct RunResult {
    StepState state; /* STEP_DONE, STEP_FAILED or STEP_STOPPED */
    json_t *summary; /* owned; see run_pipeline */
} RunResult;
void run_result_done(RunResult *result);

/* Runs the steps in order; a step that fails for good ends the run. Partitions that ingest could not read to their end fail the run too,
 * but only after all its steps. `ret` is set in any case but when the history itself cannot be written. ret->summary: {run_id, state,
 * started_at, seconds, steps: [{name, state, attempts, started_at, seconds, summary, error}]}, state one of done, failed, stopped; of a
 * step also skipped. Returns -1 with the failed step's error, so that the caller's exit code says what to do.
 */
int run_pipeline(LakeConn *conn, const RunOptions *options, RunResult *ret, Error *err) MUST_CHECK;

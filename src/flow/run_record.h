/* run_record.h: the last run, and how many there were, in a small file beside the lake (`<data.dir>/lake.runs`).
 *
 * The run history reaches readers inside the snapshot that a run publishes: of a run that failed before that, nothing does. So each run
 * writes this file when it begins and when it ends, and whoever serves snapshots can tell (`smelt status`, GET /metrics). A run whose
 * process was killed never wrote its end; the next one counts it as lost. It costs the same however many runs there were. Sealed
 * (base/sealed.h).
 *
 *   {counts: {done, failed, stopped, lost}, ended_us: {the same}, failures: {open, ingest, refine, ...},
 *    running: {run_id, started_at} or null, last: {run_id, state, started_at, seconds, error, steps: [{name, state, attempts, seconds,
 * ...}]}}
 *
 * Written under the lake's lock; read by anybody. A file that cannot be written is a warning: the run matters more. */
#pragma once
#include "base/settings.h"
#include <jansson.h>

/* `summary` as run_pipeline has it (flow/run.h), so far. */
void run_record_begin(const Settings *settings, const json_t *summary);
/* `err`: of a run that was not done. */
void run_record_end(const Settings *settings, const json_t *summary, const Error *err);
/* A run that could not even open the lake: failed, in the step "open". Nothing when somebody has the lake: then another one is at work,
 * and the record is its. */
void run_record_refused(const Settings *settings, const Error *err);

/* NULL: there was no run yet, or the file is damaged (the next run makes a new one). The caller's. ERR_IO, ERR_CONFIG as sealed_load. */
int run_record_read(const Settings *settings, json_t **ret, Error *err) MUST_CHECK;

/* run_record.h: the last run, and how many there were, in a small file beside the lake (`<data.dir>/lake.runs`).
 *
 * The run history reaches readers inside the snapshot that a run publishes; a run that failed before that would be invisible. So each run
 * writes this file when it begins and when it ends, and processes that serve snapshots read it (`smelt status`, GET /metrics). A run whose
 * process was killed never wrote its end; the next one counts it as lost. The file does not grow with the number of runs. Sealed
 * (base/sealed.h).
 *
 *   {counts: {done, failed, stopped, lost}, ended_us: {the same}, failures: {open, ingest, refine, ...},
 *    running: {run_id, started_at} or null, last: {run_id, state, started_at, seconds, error, steps: [{name, state, attempts, seconds,
 * ...}]}}
 *
 * Written under the lake's lock; any process may read it. A file that cannot be written is a warning, and the run continues. */
#pragma once
#include "base/settings.h"
#include <jansson.h>

/* `summary` as run_pipeline has it (flow/run.h), so far. */
void run_record_begin(const Settings *settings, const json_t *summary);
/* `err`: of a run that was not done. */
void run_record_end(const Settings *settings, const json_t *summary, const Error *err);
/* A run that could not even open the lake: failed, in the step "open". Writes nothing when another process holds the lake: then the record
 * belongs to the run of that process. */
void run_record_refused(const Settings *settings, const Error *err);

/* NULL: there was no run yet. The caller's. ERR_DATA: the file is damaged (the next run makes a new one); ERR_IO, ERR_CONFIG as
 * sealed_load. */
int run_record_read(const Settings *settings, json_t **ret, Error *err) MUST_CHECK;

/* redact.h: what only operators see: paths, addresses, process ids, and the sentences that have them. Pure; any thread. */
#pragma once
#include <jansson.h>

/* Of GET /api/v1/status: leaves names, states and times. */
void redact_status(json_t *report);
/* Of GET /api/v1/runs: leaves names, states, times and attempts. */
void redact_runs(json_t *runs);

/* silver.h: Bronze -> Silver, quarantine and drift: each event judged once, as it streams by. One thread calls it; with
 * Refine.threads DuckDB judges and writes in as many. */
#pragma once
#include "refine/internal.h"

typedef struct Silver Silver;
/* For one run, which must outlive it. It reads on a connection of its own, and writes on the run's. */
int silver_open(const Refine *r, Silver **ret, Error *err) MUST_CHECK;
void silver_close(Silver *s);
DEFINE_CLEANUP(silver_close, Silver)

typedef struct SilverCounts {
    size_t batches; /* that were judged: all that were asked for, or fewer when their payloads are too large for one transaction */
    int64_t silver, quarantined, drifted, other_unit; /* as JudgingCounts */
} SilverCounts;
/* Judges these batches, at least the first of them, in the open transaction. ERR_BUG: an event would be lost. */
int silver_refine(Silver *s, const Batches *batches, SilverCounts *ret, Error *err) MUST_CHECK;

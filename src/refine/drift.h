/* drift.h: counts what drifted, by event type, field and kind, until it goes to silver_drift. One thread. */
#pragma once
#include "judge/judge.h"
#include "refine/held_rows.h"

typedef struct Drift Drift;
Drift *drift_new(void) MUST_CHECK;
void drift_free(Drift *d);
DEFINE_CLEANUP(drift_free, Drift)
void drift_add(Drift *d, Span event_type, const JudgeVerdict *verdict, int64_t ingested_us);
bool drift_is_empty(const Drift *d);
bool drift_is_full(const Drift *d); /* it takes as much memory as it should */
/* The columns of silver_drift, for held_fill. */
#define DRIFT_COLUMNS 7
extern const LakeColumn drift_columns[DRIFT_COLUMNS];
/* Moves what was counted to `rows`, in the order of type, field and kind. */
void drift_take(Drift *d, HeldRows *rows);

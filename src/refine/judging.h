/* judging.h: a stream of events from Bronze through the judge: the good ones leave as rows of Silver, the others are held back.
 *
 * Several streams can share the slices of Bronze, each in a thread of its own. */
#pragma once
#include "refine/bronze_reader.h"
#include "refine/drift.h"
#include "refine/held_rows.h"

typedef struct Judging Judging;
/* Borrows both. */
int judging_new(const Refine *r, BronzeSlices *slices, Judging **ret, Error *err) MUST_CHECK;
void judging_free(Judging *j);
DEFINE_CLEANUP(judging_free, Judging)
/* Of the rows that leave: columns of silver_clean_events. */
const LakeColumn *judging_columns(const Judging *j, size_t *ret_count);

void judging_begin(Judging *j);   /* counts from zero */
void judging_correct(Judging *j); /* until judging_begin the rows are conflicts that go to Silver after all: they are no new conflicts */
/* A LakeFill. It also ends when what is held back takes as much memory as it should: empty judging_quarantine and judging_drift, and go on.
 */
size_t judging_fill(void *judging, LakeChunk *chunk, size_t capacity);
bool judging_is_reading(const Judging *j); /* it stopped in the middle of a slice */
void judging_end(Judging *j);              /* its reading transaction ends, so that a checkpoint can do its work */

/* ---- what was found ---- */

/* Since judging_begin. */
typedef struct JudgingCounts {
    int64_t quarantined, drifted;
    int64_t other_unit; /* of those that drifted: a number since 1970 looks like another unit than its contract says */
    int64_t conflicts;  /* that are in quarantine */
    int64_t bytes;      /* of large and of bad payloads */
} JudgingCounts;
const JudgingCounts *judging_counts(const Judging *j);
const JudgeCount *judging_measured(const Judging *j); /* one for each of judge_measures */
HeldRows *judging_quarantine(Judging *j);
Drift *judging_drift(Judging *j);
/* Moves the reason why the stream broke to err, instead of what is there. False: it did not. */
bool judging_take_error(Judging *j, Error *err);

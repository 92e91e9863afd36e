/* diff_internal.h: the parts of diff.c. One thread. */
#pragma once
#include "base/attr.h"
#include "contract/declarations.h"
#include <jansson.h>

/* Effects (diff.h). */
extern const char diff_loosens[], diff_tightens[], diff_adds[], diff_rebuild[];

/* What became of a measure of one side. */
typedef struct MeasurePair {
    size_t other; /* the same of the other side: its index + 1; 0: it has none */
    bool decides; /* what it counts decides about each event on the other side */
} MeasurePair;

/* What is being compared. */
typedef struct Diff {
    json_t *changes;
    const char *event_type;
    const Contract *before, *after;
    MeasurePair *before_pairs, *after_pairs; /* owned; by measure */
} Diff;

void diff_add(const Diff *d, const char *effect, const char *field, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* diff_rules.c: the checks of a field, those that decide and those that count. */
void diff_rules(const Diff *d, const char *path, const Field *before, const Field *after);

/* diff_measures.c: pairs the measures of both sides, which diff_rules needs; and after all fields, what changed in them and in what the
 * contract promises in time. */
void diff_measures_begin(Diff *d);
void diff_measures_end(Diff *d);

/* diff_envelope.c: what fills Bronze's columns in the messages of the topic of both, and how they are written. */
void diff_envelope(const Diff *d, const TopicEnvelope *before, const TopicEnvelope *after);

/* state.h: a Judge at work, and what it finds. Internal to the judge; one thread. */
#pragma once
#include "judge/message.h"
#include "judge/program.h"

/* A member that the contract names, as it was found. */
typedef struct Slot {
    yyjson_val *value;
    Place place;
    bool again; /* a second time: the later one is here */
} Slot;

/* From a value up to the payload: each lies on the stack of who judges the value around it. */
typedef struct Path {
    const struct Path *parent; /* NULL: a member of the payload */
    Span name;                 /* a member; at is NULL: an element */
    size_t index;
} Path;

struct Judge {
    const JudgeProgram *program;
    const JudgeVector *columns; /* borrowed until the next judge_begin */
    Arena arena;
    Message message;
    PatternScratch *patterns;
    const ContractProgram *judged; /* of the event that was judged last; NULL: of no contract */
    const ContractProgram *last;   /* most events are of the type of the one before */
    /* of one event */
    const JudgeInput *in;
    size_t row;
    Slot *slots;
    size_t slots_used;
    yyjson_val **keys; /* a stack: the unknown keys of an object and of those around it */
    size_t keys_used, keys_size;
    JudgeViolation *violations;
    JudgeDrift *drift;
    size_t violation_count, drift_count;
    /* of measures: what the event did not pass, and the counts so far */
    size_t *noted; /* owned; indices into the program's measures */
    size_t noted_count;
    JudgeCount *counts; /* owned; one for each measure */
};

/* ---- findings ---- */

/* The first 200 characters of a text. */
Span shown(Span text);
/* "items[3].sku"; or, for drift, "items[].sku". In the arena. */
Span path_text(Judge *j, const Path *path, bool with_index);
Span static_text(const char *text);
void violate(Judge *j, const char *rule, Span field, Span value, Span reason);
void add_drift(Judge *j, const char *kind, Span field, Span value);
/* Counts as drift that a number since 1970 looks like one of another unit than its contract says. */
void add_unit_drift(Judge *j, const char *kind, Span field, Span value);
/* The event does not pass this measure of its contract. */
void note_measure(Judge *j, size_t measure);
/* A value of JSON: what a text says, anything else as it came. */
Span value_text(Judge *j, yyjson_val *value, const Place *place);
/* "a text", "an object", ... */
const char *kind_of(yyjson_val *value);

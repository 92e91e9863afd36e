/* pipeline.h: what the pipeline means, as declared in YAML: data contracts (Open Data Contract Standard v3.1) and features.
 *
 * Loaded once, then read-only: any thread. Every text is owned by the Pipeline and lives as long as it. What was loaded is consistent:
 * columns exist, types agree, rules fit their types, so that the compiler has no error paths.
 *
 * Sizes: contracts, fields, checks and features are plain arrays with their counts; none is NULL-terminated. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- contracts ---- */

typedef enum ValueType {
    VALUE_TEXT,      /* VARCHAR */
    VALUE_INTEGER,   /* TINYINT, SMALLINT, INTEGER, BIGINT */
    VALUE_DECIMAL,   /* DECIMAL(p,s), p <= 18 */
    VALUE_BOOLEAN,   /* BOOLEAN */
    VALUE_DATE,      /* DATE, "2026-11-24" in the message */
    VALUE_TIMESTAMP, /* TIMESTAMP in UTC, ISO 8601 in the message */
    VALUE_JSON,      /* an object or an array, kept as JSON */
} ValueType;

typedef enum CheckKind {
    CHECK_MINIMUM,    /* value >= text */
    CHECK_MAXIMUM,    /* value <= text */
    CHECK_ABOVE,      /* value > text */
    CHECK_BELOW,      /* value < text */
    CHECK_MIN_LENGTH, /* of a text, in characters */
    CHECK_MAX_LENGTH,
    CHECK_PATTERN, /* text: a regular expression (RE2) that matches somewhere in the value: anchor it with ^ and $ */
    CHECK_VALUES,  /* one of values */
    CHECK_AHEAD,   /* a timestamp at most `number` microseconds after the broker's */
} CheckKind;

typedef struct Check {
    CheckKind kind;
    const char *rule; /* its name in quarantine */
    const char *text; /* a number as exact decimal text, a time as written, a pattern */
    int64_t number;   /* a length; a time or a distance in microseconds */
    const char **values;
    size_t value_count;
} Check;

/* One property: of the payload, or of the envelope around it. */
typedef struct Field {
    const char *name;                   /* in the message */
    const char *column;                 /* in Silver */
    const char *sql_type, *description; /* description: "" when there is none */
    ValueType type;
    bool array;           /* VALUE_JSON: an array, not an object */
    int precision, scale; /* VALUE_DECIMAL */
    bool required;
    Check *checks;
    size_t check_count;
    /* Of a VALUE_JSON: the members that an object must have, what each element of an array must be (NULL: anything). They have no columns
     * (column is NULL); where they say no physicalType, sql_type is BIGINT for an integer, and NUMBER (of any size; precision is 0). */
    struct Field *properties, *items;
    size_t property_count;
} Field;

/* What is promised of one event type. */
typedef struct Contract {
    const char *event_type, *file, *id, *version, *description;
    int64_t position;      /* contracts are in this order, then by file name */
    bool upper_subscriber; /* subscriber ids in capitals */
    Field subscriber, timestamp, quality;
    Field *fields; /* of the payload, in contract order */
    size_t field_count;
    const char **unenforced; /* quality rules that are for other tools, as places in the file */
    size_t unenforced_count;
} Contract;

/* ---- features ---- */

typedef enum Aggregate { AGGREGATE_COUNT, AGGREGATE_SUM, AGGREGATE_AVG, AGGREGATE_MIN, AGGREGATE_MAX, AGGREGATE_LAST } Aggregate;

typedef enum Comparison {
    COMPARE_IN,
    COMPARE_NOT_IN,
    COMPARE_EQUAL,
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_GREATER,
    COMPARE_AT_LEAST
} Comparison;

/* A column of Silver that features read. */
typedef struct Column {
    const char *name, *sql_type;
    ValueType type;
    int scale;
} Column;

/* `column comparison values`: several of them hold together. NULL never holds. */
typedef struct Condition {
    Column column;
    Comparison comparison;
    const char **values; /* one, or several for IN and NOT_IN; numbers as exact decimal text */
    size_t value_count;
} Condition;

typedef struct Feature {
    const char *name, *description;
    Aggregate aggregate;
    Column column; /* not for count: name is NULL */
    Condition *where;
    size_t where_count;
    int round;    /* decimals of an avg */
    int *windows; /* days, ascending; beside the whole history */
    size_t window_count;
} Feature;

/* `feature comparison number`, on the feature before rounding. */
typedef struct LabelTerm {
    size_t feature; /* index into features */
    int window;     /* days; 0: the whole history */
    Comparison comparison;
    const char *number;
} LabelTerm;

/* 1 when any (or all) of the terms hold, else 0. */
typedef struct Label {
    const char *name, *description;
    bool all;
    LabelTerm *terms;
    size_t term_count;
} Label;

/* ---- the whole ---- */

typedef struct Pipeline {
    Contract *contracts;
    size_t contract_count;
    Feature *features;
    size_t feature_count;
    Label *labels;
    size_t label_count;
    int64_t minimum_events;
    int *windows; /* all that any feature has, in days, ascending */
    size_t window_count;
    char contracts_sha256[65], features_sha256[65]; /* of the meaning: comments, order of keys and descriptions do not count */
    struct Strings *strings;                        /* owns every text */
} Pipeline;

/* Reads <dir>/contracts/ *.odcs.yaml and <dir>/features.yaml; NULL: those built into the binary. ERR_CONFIG: file, place, value, and what
 * is expected there; ERR_IO. The caller frees. */
int pipeline_load(const char *dir, Pipeline **ret, Error *err) MUST_CHECK;
void pipeline_free(Pipeline *p);
DEFINE_CLEANUP(pipeline_free, Pipeline)

/* The declarations as one JSON object, for people and other programs. The caller owns it. */
json_t *pipeline_explain(const Pipeline *p) MUST_CHECK;

const char *value_type_name(ValueType type); /* "text", "integer", ... */
const char *aggregate_name(Aggregate aggregate);
const char *comparison_name(Comparison comparison); /* as in features.yaml: "less_than", ... */

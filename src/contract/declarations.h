/* declarations.h: the contracts and features after they were read and checked.
 *
 * Read-only once loaded (contract/pipeline.h): any thread. The Pipeline owns every text. A loaded pipeline is consistent: columns exist,
 * types agree, rules fit their types. So the compiler needs no error paths.
 *
 * Sizes: contracts, fields, checks and features are plain arrays with their counts; none is NULL-terminated. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- contracts ---- */

typedef enum ValueType {
    VALUE_TEXT,      /* VARCHAR */
    VALUE_INTEGER,   /* TINYINT, SMALLINT, INTEGER, BIGINT */
    VALUE_DECIMAL,   /* DECIMAL(p,s), p <= 18 */
    VALUE_BOOLEAN,   /* BOOLEAN */
    VALUE_DATE,      /* DATE, "2026-11-24" in the message */
    VALUE_TIMESTAMP, /* TIMESTAMP in UTC, ISO 8601 in the message */
    VALUE_TIME,      /* TIME, "10:15:00" in the message */
    VALUE_JSON,      /* an object or an array, kept as JSON */
} ValueType;

typedef enum CheckKind {
    CHECK_MINIMUM,    /* value >= text */
    CHECK_MAXIMUM,    /* value <= text */
    CHECK_ABOVE,      /* value > text */
    CHECK_BELOW,      /* value < text */
    CHECK_MIN_LENGTH, /* of a text, in characters */
    CHECK_MAX_LENGTH,
    CHECK_PATTERN,    /* text: a regular expression (judge/pattern.h) that matches somewhere in the value: anchor it with ^ and $ */
    CHECK_VALUES,     /* one of values */
    CHECK_NOT_VALUES, /* none of values */
    CHECK_PRESENT,    /* not null; only counted, otherwise the field is required */
    CHECK_AHEAD,      /* a timestamp at most `number` microseconds after the broker's */
} CheckKind;

typedef struct Check {
    CheckKind kind;
    const char *rule; /* the name that quarantine shows */
    const char *text; /* a number as exact decimal text, a time as written, a pattern */
    int64_t number;   /* a length; a time or a distance in microseconds */
    const char **values;
    size_t value_count;
    size_t counted; /* 0: an event that does not pass goes to quarantine; n: it is counted for Contract.measures[n - 1] */
} Check;

/* ---- rules about many events ---- */

typedef enum MeasureMetric { MEASURE_NULLS, MEASURE_MISSING, MEASURE_INVALID, MEASURE_DUPLICATES, MEASURE_ROWS } MeasureMetric;

typedef enum MeasureOperator {
    MUST_BE,
    MUST_NOT_BE,
    MUST_BE_ABOVE,
    MUST_BE_AT_LEAST,
    MUST_BE_BELOW,
    MUST_BE_AT_MOST,
    MUST_BE_BETWEEN,
    MUST_NOT_BE_BETWEEN,
    MEASURE_OPERATORS
} MeasureOperator;

/* What is counted of the events that go to Silver, and how many may be. */
typedef struct QualityMeasure {
    MeasureMetric metric;
    MeasureOperator op;
    double low, high;         /* high: of the two that are `between` */
    bool percent;             /* of the events of its type; otherwise events */
    bool warning;             /* worth knowing, no error */
    const char *rule, *field; /* field: "" of the whole event */
    const char **columns;     /* MEASURE_DUPLICATES: together they are a value */
    size_t column_count;
} QualityMeasure;

/* One property: of the payload, or of the envelope around it. */
typedef struct Field {
    const char *name;                   /* in the message */
    const char *path;                   /* "place.lat", "items[].sku"; NULL: the name */
    const char *column;                 /* in Silver */
    const char *sql_type, *description; /* description: "" when there is none */
    const char *unit;                   /* of the custom property; NULL: none */
    ValueType type;
    bool array;           /* VALUE_JSON: an array, not an object */
    int precision, scale; /* VALUE_DECIMAL */
    bool required;
    bool derived; /* the column's name was made from the property's */
    Check *checks;
    size_t check_count;
    int line; /* of its contract's file */
    /* Of a VALUE_JSON: the members of an object, what each element of an array must be (NULL: anything). They have no columns (`column` is
     * NULL); where they have no physicalType, sql_type is BIGINT for an integer, and NUMBER (of any size; precision is 0) for a number. */
    struct Field *properties, *items;
    size_t property_count;
} Field;

/* A part of a contract that is for other tools: a rule about many events, a text rule, a key without a meaning here. */
typedef struct Unenforced {
    const char *path; /* in the file: "schema[0].quality" */
    int line;
} Unenforced;

typedef enum NoteKind {
    NOTE_READ_AS, /* what the contract leaves open, or says in the words of another system, and how it is read */
    NOTE_WARNING, /* rules that contradict each other */
} NoteKind;

typedef struct Note {
    NoteKind kind;
    const char *path, *text;
    int line;
} Note;

/* The contract of one event type. */
typedef struct Contract {
    const char *event_type, *file, *id, *version, *description;
    const char *owner, *data_product, *domain, *support; /* NULL: it names none; support: where to ask */
    int64_t position;                                    /* contracts are in this order, then by file name */
    const char *entity_name;                             /* what the id in the envelope is the id of: "subscriber" */
    bool upper_entity;                                   /* its ids are in capitals */
    Field entity, timestamp, quality;
    Field *fields; /* of the payload, in contract order */
    size_t field_count;
    Unenforced *unenforced;
    size_t unenforced_count;
    QualityMeasure *measures;
    size_t measure_count;
    Note *notes;
    size_t note_count;
    bool v3_0; /* written in the words of v3.0 of the standard */
    int line;  /* of its file */
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

/* `column comparison values`. All conditions of a feature must be true; for NULL a condition is false. */
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
    int *windows; /* days, ascending; in addition to the whole history */
    size_t window_count;
    int line; /* of features.yaml */
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
    int line; /* of features.yaml */
} Label;

/* ---- the whole ---- */

/* Proves a pattern (judge/pattern.h), and tries it on a value, which may be NULL. 0: it is one, and matches; 1: it does not match; -1 with
 * the error: it is none. */
typedef int (*PatternCheck)(const char *pattern, const char *value, Error *err);

typedef struct Pipeline {
    Contract *contracts;
    size_t contract_count;
    Feature *features;
    size_t feature_count;
    Label *labels;
    size_t label_count;
    int64_t minimum_events;
    int *windows; /* the windows of all features, in days, ascending */
    size_t window_count;
    char contracts_sha256[65], features_sha256[65]; /* of the meaning only: not of comments, descriptions and the order of keys */
    struct Strings *strings;                        /* owns every text */
    /* While it is read, after a mistake: names may be missing, so what refers to one that is not there is no mistake of its own. */
    bool columns_missing, limits_missing, features_missing;
    PatternCheck check_pattern; /* NULL: patterns are not proved while they are read */
} Pipeline;

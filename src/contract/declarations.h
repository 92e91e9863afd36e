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
    CHECK_MULTIPLE,   /* a multiple of text, which is above 0 */
    CHECK_FORMAT,     /* a text of the TextFormat `number` */
    CHECK_MIN_ITEMS,  /* of an array its elements, of an object its members */
    CHECK_MAX_ITEMS,
    CHECK_UNIQUE_ITEMS, /* of an array: no element is there twice */
    CHECK_MEMBER,       /* an object has the member `text`, which is no property of its own */
    CHECK_ZONE,         /* a timestamp's text has an offset from UTC (number 1), or has none (0) */
} CheckKind;

/* What `format` may say of a text (contract/words.h names them). */
typedef enum TextFormat {
    FORMAT_DATE,
    FORMAT_TIME,
    FORMAT_DATE_TIME,
    FORMAT_EMAIL,
    FORMAT_HOSTNAME,
    FORMAT_IPV4,
    FORMAT_IPV6,
    FORMAT_URI,
    FORMAT_UUID,
    TEXT_FORMATS
} TextFormat;

typedef struct Check {
    CheckKind kind;
    const char *rule; /* the name that quarantine shows */
    const char *text; /* a number as exact decimal text, a time as written, a pattern */
    int64_t number;   /* a length, a count; a time or a distance in microseconds; a TextFormat */
    bool of_texts;    /* CHECK_NOT_VALUES: the values are texts */
    bool of_array;    /* CHECK_MIN_ITEMS, CHECK_MAX_ITEMS: elements, not members */
    const char **values;
    size_t value_count;
    size_t counted; /* 0: an event that does not pass goes to quarantine; n: it is counted for Contract.measures[n - 1] */
} Check;

/* How a time is written in a message. */
typedef enum TimeForm { TIME_ISO8601, TIME_EPOCH_S, TIME_EPOCH_MS, TIME_EPOCH_US, TIME_EPOCH_NS } TimeForm;

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
    TimeForm time_form;   /* VALUE_TIMESTAMP */
    int zone_s;           /* VALUE_TIMESTAMP: how far east of UTC a text without an offset is */
    bool required;
    const char *required_rule;   /* the name of the rule that says so; NULL: it has none of its own */
    bool derived;                /* the column's name was made from the property's, or from a physicalName that Silver cannot have */
    bool settled;                /* `column` is its last name (contract/column_names.h) */
    const char *written, *place; /* of a field with a column: what the contract calls it, and where: "schema[0].properties[6]" */
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
    const char *why; /* NULL: it is for other tools */
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
    /* Its slaProperties in seconds; 0: it promises nothing. How old its newest event may be, how long an event may wait until it is in
     * Silver, how old its oldest event may be. */
    int64_t freshness_s, latency_s, retention_s;
    int64_t position;                 /* contracts are in this order, then by file name */
    const char *topic;                /* whose messages it describes; NULL: of any topic */
    const char *entity_name;          /* what the id in the envelope is the id of: "subscriber"; NULL: its events have no such id */
    bool upper_entity;                /* its ids are in capitals */
    Field entity, timestamp, quality; /* name is NULL: the contract does not have it (never of timestamp) */
    const char *const *beside;        /* members of a message that its format has beside what Smelt reads: ends with NULL; NULL: none */
    Field *fields;                    /* of the payload, in contract order */
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

/* ---- envelopes: what of a message fills Bronze's columns ---- */

typedef enum EnvelopeColumn {
    ENVELOPE_ID,
    ENVELOPE_TYPE,
    ENVELOPE_SOURCE,
    ENVELOPE_ENTITY,
    ENVELOPE_TIME,
    ENVELOPE_PAYLOAD,
    ENVELOPE_QUALITY,
    ENVELOPE_COLUMNS
} EnvelopeColumn;

typedef enum OriginKind {
    ORIGIN_PATH,      /* of the message, from its root; without a key: the message itself */
    ORIGIN_CONSTANT,  /* `text` */
    ORIGIN_KEY,       /* the record's key, as text */
    ORIGIN_HEADER,    /* the record's header `text` */
    ORIGIN_TIMESTAMP, /* the record's time */
    ORIGIN_TOPIC,     /* the topic's name */
    ORIGIN_LINEAGE,   /* <topic>-<epoch>:<partition>:<offset> */
    ORIGIN_BODY,      /* as ORIGIN_PATH, of a message that has the header `text`; such a message has nothing else at a path */
    ORIGIN_ROW,       /* of the id of a change in a database: the row that it is of (ingest/row_key.h); the change is at this path */
    ORIGIN_BASE64,    /* of the payload: a text of base64 at this path; it is what the text decodes to, if that is JSON */
} OriginKind;

#define ORIGIN_KEYS_MAX 4
typedef struct ValueOrigin {
    OriginKind kind;
    const char *keys[ORIGIN_KEYS_MAX];
    size_t key_count;
    const char *text;
} ValueOrigin;

/* The first that is there and is not null. */
typedef struct OriginList {
    ValueOrigin *items;
    size_t count;
    bool optional; /* of an id: without it there is an id all the same */
} OriginList;

/* What fills a column. The id may have several parts, which are joined; any other column has one. */
typedef struct ColumnMapping {
    OriginList *parts;
    size_t part_count; /* 0: nothing fills the column */
    TimeForm time_form;
    bool kept;        /* what fills it also stays where it is: an id of properties of the payload */
    const char *name; /* of its property: under this name extra_fields keep what does not fit the column */
    const char *file; /* where it was declared */
    int line;
} ColumnMapping;

/* How the messages of a topic are written. */
typedef enum MessageFormat {
    FORMAT_JSON, /* with or without the prefix of a registry: its schema is not needed, since contracts judge */
    FORMAT_AVRO, /* each with the id of the schema that it was written with */
} MessageFormat;

/* All contracts of a topic share it: it must be known before the event type is. */
typedef struct TopicEnvelope {
    const char *topic; /* NULL: of every topic that has none of its own */
    const char *preset;
    ColumnMapping columns[ENVELOPE_COLUMNS];
    const char *ignored; /* a member of the message that is not kept; NULL: none */
    /* Members, of the message or of its payload's wrapper, that are another when an event is sent again: kept, but no part of what the
     * event says. Ends with NULL; NULL: none. */
    const char *const *transport;
    int transport_level; /* 0: of the message; 1: one level below */
    char sha256[65];     /* of what fills which column */
    MessageFormat format;
    const char *format_file; /* where the format was declared */
    int format_line;         /* 0: no contract says it */
} TopicEnvelope;

/* ---- features ---- */

typedef enum Aggregate {
    AGGREGATE_COUNT,
    AGGREGATE_SUM,
    AGGREGATE_AVG,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
    AGGREGATE_LAST,
    /* Only of a model's features, which are computed as of the beginning of a day: */
    AGGREGATE_RECENCY,     /* days since the newest event */
    AGGREGATE_ACTIVE_DAYS, /* UTC days with an event */
    AGGREGATE_GAP,         /* days between two active days that follow each other, at most; the later one is in the window */
    AGGREGATE_SLOPE,       /* of the straight line through the events of each day, events per day and day */
    AGGREGATE_DISTINCT,    /* different values */
    AGGREGATE_RATIO,       /* of two others */
} Aggregate;

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
    const char *title, *unit; /* for people: "mean bill", "ZMW"; unit: "" when there is none */
    const char *worse;        /* which values are worse: "higher" or "lower"; NULL: neither is */
    Aggregate aggregate;
    Column column; /* not for count: name is NULL */
    Condition *where;
    size_t where_count;
    int round;    /* decimals of an avg; of any other aggregate 2, which means nothing */
    size_t of[2]; /* of a ratio: which features of the model it divides */
    int of_days[2];
    bool per_day; /* of a ratio: each is divided by the days of its window first */
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

/* Where the rows of an entity are, for a map: two of its features, degrees or any other plane. */
typedef struct EntityPlace {
    const char *x, *y; /* names of features; longitude and latitude; NULL: it has no place */
    bool on_earth;     /* in degrees of longitude and latitude */
} EntityPlace;

/* 1 when any (or all) of the terms hold, else 0. */
typedef struct Label {
    const char *name, *title, *description;
    bool all;
    LabelTerm *terms;
    size_t term_count;
    int line; /* of features.yaml */
} Label;

typedef enum OutcomeKind {
    OUTCOME_INACTIVITY, /* the last active day before more than `silence` days without an event */
    OUTCOME_TABLE,      /* a CSV file: the key, left_at, and returned_at for those who came back */
} OutcomeKind;

/* What happens to an entity, or does not, in the days [T + gap, T + gap + horizon) after the day T. All in days. */
typedef struct OutcomeLabel {
    OutcomeKind kind;
    const char *name, *title, *description;
    const char *file; /* of a table; as in the declarations */
    int silence, horizon, gap;
    int line; /* of features.yaml */
} OutcomeLabel;

/* ---- entities ---- */

#define ENTITIES_MAX 16

/* What Gold has a row of: a tower, a bike. */
typedef struct Entity {
    const char *name, *plural;        /* "bike", "bikes": in names of tables, in addresses of the API */
    const char *title, *title_plural; /* for people, as inside a sentence: "cell tower" */
    const char *description;          /* "" when there is none */
    Column key;                       /* of Silver: text or integer. Events where it is NULL are of no entity */
    Feature *features;
    size_t feature_count;
    Label *labels;
    size_t label_count;
    OutcomeLabel *outcomes; /* labels too, but of the future: no columns of Gold */
    size_t outcome_count;
    int64_t minimum_events;
    int *windows; /* the windows of all features, in days, ascending */
    size_t window_count;
    size_t *list; /* the features that lists show, in order: indices */
    size_t list_count;
    EntityPlace place;
    int line;              /* of features.yaml */
    bool features_missing; /* while it is read: a feature could not be read */
} Entity;

/* What was known at a day T: what had arrived by then, or all that had happened, however late it came. */
typedef enum AsOf { AS_OF_KNOWN, AS_OF_EVENT } AsOf;

/* Learning an outcome from days of the past (cuts). All in days. */
typedef struct Forecast {
    const OutcomeLabel *outcome; /* NULL: none is learned */
    AsOf as_of;
    int active_within, events_within; /* of whom: an event in the first, and `events` of them in the second */
    int64_t events;
    int cuts, apart;  /* cuts to train on, at most, and the days between them */
    Entity features;  /* the model's entity with the features that it learns from */
    size_t *segments; /* those of them, all of `last`, by whose values the report is given once more: indices */
    size_t segment_count;
} Forecast;

/* What is learned of an entity. */
typedef struct Prediction {
    size_t entity;     /* index: whose label it is; the first one where nothing is declared */
    const char *label; /* of its labels; NULL: none is declared. With an outcome: the rule that serves until enough is known to learn it */
    const char *title; /* what the label means, as inside a sentence: "risk of leaving" */
    /* What entities at risk are worth: the sum of a feature. NULL: none. */
    const char *value, *value_name, *value_title, *value_unit;
    Forecast forecast;
    /* NULL: a label is chosen, or there is none. Otherwise what to write, and where: of features.yaml. */
    const char *advice, *advice_file;
    int advice_line;
} Prediction;

/* ---- the whole ---- */

/* Proves a pattern (judge/pattern.h), and tries it on a value, which may be NULL. 0: it is one, and matches; 1: it does not match; -1 with
 * the error: it is none. */
typedef int (*PatternCheck)(const char *pattern, const char *value, Error *err);

typedef struct Pipeline {
    Contract *contracts;
    size_t contract_count;
    TopicEnvelope *envelopes; /* each topic once */
    size_t envelope_count;
    Entity *entities; /* the first one's key is the id in the envelope */
    size_t entity_count;
    Prediction prediction;
    char contracts_sha256[65], features_sha256[65]; /* of the meaning only: not of comments, descriptions and the order of keys */
    const char **unread;                            /* what stands beside the contracts and looks like one, but is not read: paths */
    size_t unread_count;
    struct Strings *strings; /* owns every text */
    /* While it is read, after a mistake: names may be missing, so what refers to one that is not there is no mistake of its own. */
    bool columns_missing, limits_missing;
    struct Unplaced *unplaced;  /* schemas that name no topic (contract/topic.h) */
    PatternCheck check_pattern; /* NULL: patterns are not proved while they are read */
} Pipeline;

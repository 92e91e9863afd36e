/* judge.h: an event against its contract: typed values, or everything that it breaks. Evaluated once, exactly, from the text that came.
 *
 * It knows JSON values and types, nothing of Kafka and nothing of a database. Contracts become a program (a table of values with their
 * paths, types, tests and columns); a Judge runs it over one event at a time. A message never makes it fail: what it cannot accept is a
 * violation with a rule, a field, the value as it came, and a reason.
 *
 * VALUES, by the type that the contract says:
 *   string     a JSON text. Lengths are in characters (code points); patterns: judge/pattern.h.
 *   integer    a JSON number that is whole: 100, 1e2 and 100.0 are the same number; 100.5 is none. It must fit the column.
 *   number     a JSON number, by its digits: 1.10 is 1.10. More decimals than the column has: rule `scale`, more digits: `range`; zeros at
 *              the end are no decimals. Nothing is rounded.
 *   integer and number also as a JSON text in plain digits ("12", "-0.50", not "1e2", "+1" or " 1"); that is noted as drift.
 *   boolean    true or false.
 *   date, timestamp   a JSON text of one of the forms of base/clock.h, or (epoch_s, epoch_ms, ...) a number; one
 * that would be a usual time in another of these units only is noted as drift. Of such a form but no moment that there is:
 * `impossible_time`. time       a JSON text as 10:15, 10:15:00 or 10:15:00.123456789. object, array     kept as the text that came, white
 * space and all. `properties` and `items` are judged by the same rules, and their paths are `place.lat`, `items[3].sku`. null       the
 * same as absent: `required`, or no value.
 *
 * LIMITS, whatever the contract says (judge_limits):
 *   too_large, too_deep, too_many_keys, too_many_values   of the payload, and of the unknown fields of the envelope
 *   repeated_field    a key that is there twice, in the payload or in what the contract names in it, is ambiguous
 *   impossible_time   an event more than a year ahead of its message, or not in the years 0001 to 9999
 *   length, characters   an id (of the event, its source, its subscriber) has at most 256 characters, none of which controls a terminal
 *              or the direction of text, and is in Unicode's form NFC
 *
 * Of each field at most one violation is reported, the first in the order of its contract; of an event at most JUDGE_FINDINGS_MAX. Values
 * and names are shown with their first 200 characters. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "contract/pipeline.h"

/* ---- the program ---- */

/* Read-only once made: any thread. */
typedef struct JudgeProgram JudgeProgram;

/* ERR_CONFIG: a pattern that is none, with the file, the event type and the field. The pipeline must outlive the program; the caller frees.
 */
int judge_program_new(const Pipeline *p, JudgeProgram **ret, Error *err) MUST_CHECK;
void judge_program_free(JudgeProgram *p);
DEFINE_CLEANUP(judge_program_free, JudgeProgram)
/* The program for people: the same contracts give the same text, byte for byte. */
void judge_program_print(const JudgeProgram *p, Buf *out);

/* How the values of a column lie in its vector. */
typedef enum JudgeStore {
    JUDGE_INT8,  /* TINYINT */
    JUDGE_INT16, /* SMALLINT, DECIMAL up to 4 digits (a decimal counts units of its last digit) */
    JUDGE_INT32, /* INTEGER, DECIMAL up to 9 digits, DATE (days since 1970-01-01) */
    JUDGE_INT64, /* BIGINT, DECIMAL up to 18 digits, TIMESTAMP (microseconds since 1970-01-01T00:00:00Z), TIME (of the day) */
    JUDGE_BOOL,  /* BOOLEAN: bool */
    JUDGE_TEXT,  /* VARCHAR, JSON: Span */
} JudgeStore;

typedef struct JudgeColumn {
    const char *name, *sql_type; /* of the pipeline */
    JudgeStore store;
} JudgeColumn;

/* The columns that payloads fill: those of all contracts in their order, each once. The list is the program's. */
size_t judge_columns(const JudgeProgram *p, const JudgeColumn **ret);

/* Whether an event type has contracts of several topics, so that JudgeInput.topic decides. */
bool judge_topics_matter(const JudgeProgram *p);

/* A rule about many events that contracts have. The list is the program's. */
typedef struct JudgeMeasure {
    const Contract *contract; /* of the pipeline */
    const QualityMeasure *measure;
} JudgeMeasure;
size_t judge_measures(const JudgeProgram *p, const JudgeMeasure **ret);

/* ---- one event ---- */

#define JUDGE_ROWS         2048 /* rows of a chunk */
#define JUDGE_FINDINGS_MAX 1000 /* violations of an event that are reported, and as many places of drift */

typedef enum JudgeLimit { LIMIT_BYTES, LIMIT_DEPTH, LIMIT_KEYS, LIMIT_VALUES, LIMIT_AHEAD, LIMIT_ID_LENGTH, JUDGE_LIMITS } JudgeLimit;

typedef struct JudgeLimitInfo {
    const char *rule, *reason;
    int64_t most;
} JudgeLimitInfo;
extern const JudgeLimitInfo judge_limits[JUDGE_LIMITS];

/* What Bronze has of an event. Texts are valid UTF-8 and are borrowed: they must stay as they are until the next judge_begin. */
typedef struct JudgeInput {
    Span id, source, type;
    Span topic; /* which contract holds, where topics have different ones for the event type; of a file, that whose messages it has */
    /* As Silver gets it: in capitals where the contract says so (the reader's SQL has Unicode's table). A number that was sent stands here
     * as its digits. */
    Span entity_id;
    bool entity_not_nfc; /* the reader's SQL says so */
    bool has_time, has_quality;
    int64_t time_us;
    int32_t quality;
    /* JSON; absent: it was not there, or null. `payload_bytes` and `extra_bytes` are their whole lengths: what is longer than
     * judge_limits[LIMIT_BYTES] need not be handed over, its first 200 characters will do. */
    Span payload;
    size_t payload_bytes;
    /* A JSON object: the fields of the envelope that have no column, and under its own name what did not fit its column, which is then
     * absent above ("subscriber_id": {...}, "quality_score": 87.5). */
    Span extra;
    size_t extra_bytes;
    int64_t message_us;  /* when the message came, as far as the clocks can be believed (refine/silver.c) */
    int64_t ingested_us; /* when it came into the lake */
} JudgeInput;

typedef struct JudgeViolation {
    const char *rule; /* of the program */
    Span field;       /* as "plan", "place.lat", "items[3].sku" */
    Span value;       /* as it came: of a JSON text what it says, of anything else the JSON. Absent when there is none */
    Span reason;
} JudgeViolation;

typedef struct JudgeDrift {
    /* "unknown_field", "unknown_envelope_field", "number_as_text"; "epoch_s_read_as_epoch_ms" and its like: another unit */
    const char *kind;
    bool is_unit; /* the last of these */
    Span field;   /* as above, but elements of an array are all "items[].sku" */
    Span value;
} JudgeDrift;

/* The lists are valid until the next event, the texts in them until the next judge_begin. */
typedef struct JudgeVerdict {
    const JudgeViolation *violations; /* none: the row is Silver's */
    size_t violation_count;
    const JudgeDrift *drift;
    size_t drift_count;
    bool has_quality; /* the quality, also where it came by `extra` */
    int32_t quality;
} JudgeVerdict;

/* A column of the chunk: JUDGE_ROWS values as its JudgeStore says, and a bit for each, 1: there is a value. */
typedef struct JudgeVector {
    void *data;
    uint64_t *valid;
} JudgeVector;

/* One thread at a time. It keeps its memory from event to event (1 MiB or so; what a larger one took is given back). */
typedef struct Judge Judge;
Judge *judge_new(const JudgeProgram *p) MUST_CHECK;
void judge_free(Judge *j);
DEFINE_CLEANUP(judge_free, Judge)

/* Begins a chunk: `columns` (as many as judge_columns, borrowed) lose all their values, and the texts of the chunk before end. */
void judge_begin(Judge *j, const JudgeVector *columns);
/* Fills row `row` (of JUDGE_ROWS) of the columns; with a violation the row has no values. Texts in it are spans of the input's texts, or of
 * the judge, and are valid until the next judge_begin. True: there was no violation. */
bool judge_event(Judge *j, const JudgeInput *in, size_t row, JudgeVerdict *ret);
/* Takes back the values of the event that was judged last, which was good but does not get its row: the next event does. */
void judge_withdraw(Judge *j);
/* Counts the event that was judged last, which was good and goes to Silver, for the measures of its contract. */
void judge_count(Judge *j);
/* What was counted since judge_clear_counts: one for each of judge_measures. Duplicates are not counted. */
typedef struct JudgeCount {
    int64_t rows, failed; /* events of the type; those of them that do not pass */
} JudgeCount;
const JudgeCount *judge_counts(const Judge *j);
void judge_clear_counts(Judge *j);
/* The violations as a JSON array of {"rule", "field", "value", "reason"}; valid until the next judge_begin. */
Span judge_violations_json(Judge *j, const JudgeVerdict *v);

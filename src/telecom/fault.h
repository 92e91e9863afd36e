/* fault.h: the kinds of faults that real streams have.
 *
 * Reports list the kinds in this order; the names are stable (they are keys in JSON summaries). */
#pragma once

typedef enum FaultKind {
    FAULT_NONE = -1,
    FAULT_REDELIVERY,     /* the same bytes again, some time later */
    FAULT_REUSED_ID,      /* the short id of an earlier event of this source, at another time */
    FAULT_LATE,           /* happened 1 minute to 90 days before it arrives */
    FAULT_LOW_QUALITY,    /* quality_score below 45 */
    FAULT_NO_SUBSCRIBER,  /* subscriber_id is missing */
    FAULT_NO_TIMESTAMP,   /* timestamp is missing */
    FAULT_NO_FIELD,       /* a payload field is missing */
    FAULT_NULL_FIELD,     /* a payload field, subscriber_id or timestamp is null */
    FAULT_WRONG_TYPE,     /* "abc", "", 12.7, true, 99999999999 where the payload has an integer */
    FAULT_WRONG_ENVELOPE, /* a timestamp that cannot be parsed, a payload that is a string, ... */
    FAULT_NUMBER_AS_TEXT, /* a number inside a JSON string: still exact */
    FAULT_UNKNOWN_TYPE,   /* an event type without a contract */
    FAULT_EXTRA_FIELD,    /* a field that no contract has */
    FAULT_NOT_OBJECT,     /* JSON, but not an object */
    FAULT_NOT_JSON,       /* cut off, plain text, broken UTF-8 */
    FAULT_EMPTY,          /* a value of zero bytes */
    FAULT_TOMBSTONE,      /* no value at all (NULL) */
    FAULT_KINDS,
} FaultKind;

/* "redelivery", "reused_id", ... */
const char *fault_name(FaultKind kind);

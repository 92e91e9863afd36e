/* envelope_table.h: a topic's envelope (contract/declarations.h) as it is used for each message: the paths as a tree, so that a message is
 * walked once. Read-only once made: any thread. */
#pragma once
#include "base/span.h"
#include "contract/declarations.h"
#include <stdint.h>

typedef struct EnvelopeNode {
    Span key;
    uint16_t parent, first_child, child_count; /* children follow each other */
    bool ignored;                              /* the member is not kept */
} EnvelopeNode;

/* The members of a change that say which row it is of: what happened, and the names of the table. */
#define ROW_TABLE_NAMES 4
typedef struct EnvelopeRow {
    uint16_t op, table[ROW_TABLE_NAMES];
} EnvelopeRow;

/* Where a value is. */
typedef struct EnvelopeOrigin {
    OriginKind kind;
    uint16_t node; /* ORIGIN_PATH, ORIGIN_BODY, ORIGIN_BASE64 */
    Span text;     /* a constant, the name of a header; the topic */
} EnvelopeOrigin;

typedef struct EnvelopePart {
    EnvelopeOrigin *origins;
    size_t count;
    bool optional;
} EnvelopePart;

typedef struct EnvelopeSource {
    EnvelopePart *parts;
    size_t count; /* 0: the column stays empty */
    int decimals; /* of an epoch: clock_read_epoch; -1: ISO 8601 */
    bool kept;
    Span name;
} EnvelopeSource;

typedef struct EnvelopeTable {
    EnvelopeNode *nodes; /* the first is the message itself */
    size_t node_count;
    EnvelopeSource columns[ENVELOPE_COLUMNS];
    bool is_simple;    /* every path has one key, each column one path: what is left of a message is known while it is walked */
    bool needs_record; /* keys or headers are looked at */
    Span body_header;  /* of ORIGIN_BODY; absent: there is none */
    EnvelopeRow row;   /* of ORIGIN_ROW */
    uint16_t payload, payload_base64; /* nodes that must not both be there; 0: there is one */
    const char *const *transport;     /* as in TopicEnvelope; static */
    int transport_level;
    char *lineage; /* "<topic>-<epoch>:" */
    struct Strings *strings;
} EnvelopeTable;

/* `declared` NULL: Smelt's own envelope. `topic` and `epoch` as in the ledger; everything is copied. The caller frees. */
EnvelopeTable *envelope_table_new(const TopicEnvelope *declared, const char *topic, int epoch) MUST_CHECK;
/* What messages call a column: the property that fills it, else the member or the header. `otherwise`: nothing of a message fills it.
 * Borrowed. */
const char *envelope_table_name(const EnvelopeTable *table, EnvelopeColumn column, const char *otherwise);
void envelope_table_free(EnvelopeTable *table);
DEFINE_CLEANUP(envelope_table_free, EnvelopeTable)

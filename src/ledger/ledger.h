/* ledger.h: what was read of a topic, and the proof that nothing of it is missing or there twice.
 *
 * For each partition every offset in [start_offset, next_offset) is exactly one of: landed in Bronze, duplicate, rejected, gap.
 * The rows are written by bronze.c, in the transaction of the batch. */
#pragma once
#include "lake/lake.h"

typedef struct LedgerTopic {
    const char *name; /* borrowed */
    int epoch;
    const char *topic_id, *cluster_id; /* borrowed; may be NULL */
} LedgerTopic;

/* What became of the offsets of a batch, or of all. */
typedef struct LedgerCounts {
    int64_t landed, duplicates, rejected, gaps;
} LedgerCounts;

typedef struct LedgerPartition {
    int32_t partition;
    int64_t start_offset, next_offset;
} LedgerPartition;

typedef struct Ledger {
    bool known; /* false: nothing of this topic was read yet */
    int epoch;  /* the newest incarnation of the topic name, from 0 */
    char *topic_id, *cluster_id;
    LedgerPartition *partitions;
    size_t count;
} Ledger;

/* The newest epoch of `topic`. The caller ends it with ledger_done. */
int ledger_read(LakeConn *conn, const char *topic, Ledger *ret, Error *err) MUST_CHECK;
void ledger_done(Ledger *ledger);
/* NULL when the partition was not read yet. Borrowed. */
const LedgerPartition *ledger_find(const Ledger *ledger, int32_t partition);

typedef struct LedgerAudit {
    bool ok;
    int64_t offsets; /* that the ledger says it covers */
    int64_t landed, duplicates, rejected, gaps;
    int64_t missing;    /* covered, but in none of the four */
    int64_t repeated;   /* in more than one place, or twice in one, or outside what is covered */
    json_t *partitions; /* the same figures for each partition with missing or repeated offsets; owned */
} LedgerAudit;

/* Reads every lineage column of the lake: seconds for tens of millions of events. */
int ledger_audit(LakeConn *conn, LedgerAudit *ret, Error *err) MUST_CHECK;
void ledger_audit_done(LedgerAudit *audit);

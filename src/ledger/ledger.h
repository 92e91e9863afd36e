/* ledger.h: what was read of a topic, and the proof that nothing of it is missing or there twice.
 *
 * For each partition every offset in [start_offset, next_offset) is exactly one of: landed in Bronze, duplicate, rejected, gap.
 * The rows are written by bronze.c, in the transaction of the batch. */
#pragma once
#include "lake/lake.h"
#include "ledger/topic_offsets.h"

/* What became of the offsets of a batch, or of all. */
typedef struct LedgerCounts {
    int64_t landed, duplicates, rejected, gaps;
    int64_t lost; /* of the gaps: offsets that had messages, which retention removed or nothing can read */
} LedgerCounts;

/* The newest epoch of `topic`, with every partition of it. No partitions: nothing of this topic was read yet. The caller ends it with
 * topic_offsets_done. */
int ledger_read(LakeConn *conn, const char *topic, TopicOffsets *ret, Error *err) MUST_CHECK;

typedef struct LedgerAudit {
    bool ok;
    int64_t offsets; /* that the ledger covers: the sum of next - start */
    int64_t landed, duplicates, rejected, gaps;
    int64_t missing;  /* covered, but in none of the four */
    int64_t repeated; /* in more than one place, or twice in one, or outside what is covered */
    int64_t lost;     /* of the gaps: offsets that had messages, which retention removed or nothing could read */
    json_t *losses;   /* the newest 20 of their ranges: [{topic, epoch, partition, first_offset, next_offset, reason, noticed_at}]; owned */
    json_t *partitions; /* the same figures for each partition with missing or repeated offsets; owned */
} LedgerAudit;

/* Reads every lineage column of the lake: seconds for tens of millions of events. */
int ledger_audit(LakeConn *conn, LedgerAudit *ret, Error *err) MUST_CHECK;
void ledger_audit_done(LedgerAudit *audit);

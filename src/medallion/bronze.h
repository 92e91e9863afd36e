/* bronze.h: landing batches of one topic: rows, rejects, duplicates, gaps and next offsets in one transaction.
 *
 * One thread. After an error nothing of the batch is stored and the ledger is as before: open again and read on from the stored offsets. */
#pragma once
#include "medallion/batch.h"

typedef struct BronzeTopic {
    const char *name; /* borrowed */
    int epoch;
    const char *topic_id, *cluster_id; /* borrowed; may be NULL */
} BronzeTopic;

typedef struct BronzeCounts {
    int64_t landed, duplicates, rejected, gaps;
} BronzeCounts;

typedef struct Bronze Bronze;

/* `conn` and the texts of `topic` are borrowed and must outlive it. */
int bronze_open(LakeConn *conn, const BronzeTopic *topic, Bronze **ret, Error *err) MUST_CHECK;
void bronze_free(Bronze *b);
DEFINE_CLEANUP(bronze_free, Bronze)
/* Lands the batch; durable on return. */
int bronze_land(Bronze *b, Batch *batch, BronzeCounts *ret, Error *err) MUST_CHECK;

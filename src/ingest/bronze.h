/* bronze.h: landing batches, each of one topic: rows, rejects, duplicates, gaps and next offsets in one transaction.
 *
 * Two steps a batch, each on the connection of a slot. Staging parses the messages and needs nothing that was
 * stored; landing is the transaction. So one thread may stage a batch while another lands the one before, on the other slot. Batches land
 * in the order in which they were staged. After an error nothing of the batch is stored and the ledger is as before: open again and read
 * on from the stored offsets. */
#pragma once
#include "ingest/batch.h"
#include "ledger/ledger.h"

typedef struct Bronze Bronze;

enum { BRONZE_STAGING_SLOTS = 2 };

/* `lake` is borrowed and must outlive it. */
int bronze_open(Lake *lake, Bronze **ret, Error *err) MUST_CHECK;
void bronze_free(Bronze *b);
DEFINE_CLEANUP(bronze_free, Bronze)
/* Parses the messages and finds copies among them. Takes the offsets of the batch. The batch, `topic` and its texts are borrowed until the
 * slot was landed. */
int bronze_stage(Bronze *b, int slot, const LedgerTopic *topic, Batch *batch, Error *err) MUST_CHECK;
/* Lands what was staged on the slot; durable on return. */
int bronze_land(Bronze *b, int slot, LedgerCounts *ret, Error *err) MUST_CHECK;
int64_t bronze_batch_id(const Bronze *b); /* of what was landed last */
/* How far the partitions came with what was landed last on the slot. Borrowed until something is staged there again. */
const Offsets *bronze_positions(const Bronze *b, int slot, size_t *ret_count);

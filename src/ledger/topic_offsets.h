/* topic_offsets.h: one incarnation of a topic, and how far each of its partitions was read.
 *
 * A topic that is deleted and created again under its name is another incarnation, with offsets of its own: the next epoch. */
#pragma once
#include "base/offsets.h"

typedef struct LedgerTopic {
    const char *name;                  /* as the ledger knows it: the topic, or "file:<absolute path>" */
    int epoch;                         /* from 0 */
    const char *topic_id, *cluster_id; /* NULL or "": not known */
} LedgerTopic;

/* End it with topic_offsets_done. One thread at a time. */
typedef struct TopicOffsets {
    LedgerTopic topic;   /* owns its texts */
    Offsets *partitions; /* start: where the lake began to read; end: OFFSET_UNKNOWN; last, leader_epoch: by ledger_read only. Owned */
    size_t count;
} TopicOffsets;

/* Without partitions. Copies the texts. */
void topic_offsets_init(TopicOffsets *ret, const LedgerTopic *topic);
void topic_offsets_done(TopicOffsets *list);
/* NULL: the partition was not read yet. Borrowed until the next topic_offsets_put. */
const Offsets *topic_offsets_find(const TopicOffsets *list, int32_t partition);
/* Replaces what the list has for the partition; returns that, borrowed as above. */
Offsets *topic_offsets_put(TopicOffsets *list, int32_t partition, int64_t start, int64_t next);
/* Takes over the ids of `topic` that are known, and differ. */
void topic_offsets_set_ids(TopicOffsets *list, const LedgerTopic *topic);

/* offsets.h: how far one partition of a topic was read, and how far it can be read. A plain value: copied, it owns nothing.
 *
 * In base and not in ledger, because kafka lies below ledger and uses it too. The topic and its epoch belong to the list that holds the
 * values (KafkaTopic in kafka/admin.h, TopicOffsets in ledger/topic_offsets.h), so that no text is copied with them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OFFSET_UNKNOWN       INT64_MIN /* Kafka has no negative offsets */
#define LEADER_EPOCH_UNKNOWN (-1)      /* as in Kafka's protocol */

/* Each member may be OFFSET_UNKNOWN where the list that holds the value says so. */
typedef struct Offsets {
    int32_t partition;
    int32_t leader_epoch; /* of a topic in Kafka: its leader's now; of a lake: under which `last` was written. Or LEADER_EPOCH_UNKNOWN */
    int64_t start;        /* inclusive: the first offset that counts. Of a topic in Kafka the log start, of a lake where it began to read */
    int64_t next;         /* exclusive end of what was read: [start, next) was, and `next` is to be read now */
    int64_t end;          /* exclusive end of what can be read, as last seen. Of a topic in Kafka the last stable offset */
    int64_t last;    /* of a lake: the last message that was read; what is between it and `next` was a gap. OFFSET_UNKNOWN: not known */
    int64_t last_us; /* of a lake: the timestamp of `last`, in microseconds since 1970. 0 or less: not known */
} Offsets;

/* A partition of which nothing is known yet. */
static inline Offsets offsets_unknown(int32_t partition) {
    return (Offsets){.partition = partition,
                     .leader_epoch = LEADER_EPOCH_UNKNOWN,
                     .start = OFFSET_UNKNOWN,
                     .next = OFFSET_UNKNOWN,
                     .end = OFFSET_UNKNOWN,
                     .last = OFFSET_UNKNOWN};
}

/* Of a topic in Kafka: did its leader say what it has? */
static inline bool offsets_are_known(const Offsets *p) {
    return p->start >= 0 && p->end >= 0;
}

/* Where the partition is in the list; `count`: nowhere. Found at once in a list that has all partitions from 0 on, in order. */
static inline size_t offsets_find(const Offsets *list, size_t count, int32_t partition) {
    if (partition >= 0 && (size_t)partition < count && list[partition].partition == partition) return (size_t)partition;
    size_t i = 0;
    while (i < count && list[i].partition != partition) i++;
    return i;
}

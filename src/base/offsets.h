/* offsets.h: how far one partition of a topic was read, and how far it can be read. A plain value: copied, it owns nothing.
 *
 * In base and not in ledger, because kafka lies below ledger and uses it too. The topic and its epoch belong to the list that holds the
 * values (KafkaTopic in kafka/admin.h, TopicOffsets in ledger/topic_offsets.h), so that no text is copied with them. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define OFFSET_UNKNOWN INT64_MIN /* Kafka has no negative offsets */

/* Each member may be OFFSET_UNKNOWN where the list that holds the value says so. */
typedef struct Offsets {
    int32_t partition;
    int64_t start; /* inclusive: the first offset that counts. Of a topic in Kafka the log start, of a lake where it began to read */
    int64_t next;  /* exclusive end of what was read: [start, next) was, and `next` is to be read now */
    int64_t end;   /* exclusive end of what can be read, as last seen. Of a topic in Kafka the last stable offset */
} Offsets;

/* Where the partition is in the list; `count`: nowhere. Found at once in a list that has all partitions from 0 on, in order. */
static inline size_t offsets_find(const Offsets *list, size_t count, int32_t partition) {
    if (partition >= 0 && (size_t)partition < count && list[partition].partition == partition) return (size_t)partition;
    size_t i = 0;
    while (i < count && list[i].partition != partition) i++;
    return i;
}

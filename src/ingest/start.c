/* start.c: where a session starts to read: what the ledger has, compared with what the feed has. */
#include "ingest/ingest_internal.h"

#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

int ingest_check_identity(const Feed *feed, const KafkaTopic *now, const IngestOptions *options, TopicOffsets *ledger, Error *err) {
    const char *was = ledger->topic.topic_id;
    if (was == NULL || was[0] == '\0' || strcmp(was, now->topic_id) == 0) return 0;
    if (!options->new_epoch)
        return error_set(err, ERR_DATA,
                         "%s was deleted and recreated: its id was %s, now it is %s. Nothing was read. If that was meant, run `smelt "
                         "ingest --new-epoch` once: it reads the new one from its beginning and keeps what the old one brought",
                         feed_topic(feed), was, now->topic_id);
    ledger->topic.epoch++;
    ledger->count = 0;
    log_warn("ingest", "%s was recreated (id %s, before %s): reading epoch %d from its beginning", feed_topic(feed), now->topic_id, was,
             ledger->topic.epoch);
    return 0;
}

/* `p` is as the feed describes it; `before`, as the ledger has it: NULL when the partition was never read. */
static int init_partition(Reader *r, Offsets *p, const Offsets *before, Error *err) {
    int64_t start = p->start;
    p->next = start;
    if (before == NULL) return 0;
    p->start = before->start;
    p->next = before->next;
    if (p->next > p->end)
        return error_set(err, ERR_DATA,
                         "%s partition %d ends at offset %" PRId64 ", but %" PRId64 " were read before: it was truncated or replaced",
                         feed_topic(r->feed), (int)p->partition, p->end, p->next);
    if (p->next < start) ingest_skip_to(r, p, start, "retention");
    return 0;
}

int ingest_init_offsets(Reader *r, const TopicOffsets *ledger, Error *err) {
    const KafkaTopic *now = r->topic;
    r->partitions = xcalloc(now->partition_count, sizeof *r->partitions);
    r->handed_over = xcalloc(now->partition_count, sizeof *r->handed_over);
    for (r->count = 0; r->count < now->partition_count; r->count++) {
        Offsets *p = &r->partitions[r->count];
        *p = now->partitions[r->count];
        const Offsets *before = topic_offsets_find(ledger, p->partition);
        r->handed_over[r->count] = before != NULL ? before->next : OFFSET_UNKNOWN; /* so that the ledger gets an empty partition too */
        if (init_partition(r, p, before, err) != 0) return -1;
    }
    return 0;
}

/* start.c: where a session starts to read: what the ledger has, compared with what the feed has. */
#include "ingest/ingest_internal.h"

#include "base/counted.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

int ingest_check_identity(const Feed *feed, const KafkaTopic *now, const IngestOptions *options, TopicOffsets *ledger, Error *err) {
    const char *was = ledger->topic.topic_id;
    if (was == NULL || was[0] == '\0' || strcmp(was, now->topic_id) == 0) return 0;
    if (!options->new_epoch)
        return error_set(err, ERR_DATA,
                         "%s was deleted and recreated: its id was %s, now it is %s. Nothing was read. If that was meant, run `%s` "
                         "once: it reads the new one from its beginning and keeps what the old one brought",
                         feed_topic(feed), was, now->topic_id, feed_new_epoch(feed));
    ledger->topic.epoch++;
    ledger->count = 0;
    log_warn("ingest", "%s was recreated (id %s, before %s): reading epoch %d from its beginning", feed_topic(feed), now->topic_id, was,
             ledger->topic.epoch);
    return 0;
}

/* Of a message of an older version of the lake no leader epoch is known: a log that ends below it was cut off. */
static int check_end(Reader *r, const Offsets *p, Error *err) {
    bool can_be_verified = p->last >= 0 && p->leader_epoch >= 0;
    if (p->next <= p->end || can_be_verified || r->options->new_epoch) return 0;
    return ingest_note_cut(r->feed, r->options, r->epoch, p, OFFSET_UNKNOWN, r->cuts, err) == 0 || ingest_leave(r, p, err) > 0 ? 0 : -1;
}

/* `p` is as the feed describes it; `before`, as the ledger has it: NULL when the partition was never read. */
static void init_partition(Reader *r, Offsets *p, const Offsets *before) {
    int64_t start = p->start;
    int32_t leader_epoch = p->leader_epoch;
    p->next = start;
    p->leader_epoch = LEADER_EPOCH_UNKNOWN;
    if (before == NULL) return;
    p->start = before->start;
    p->next = before->next;
    p->last = before->last;
    p->leader_epoch = before->leader_epoch;
    p->last_us = before->last_us;
    bool can_be_verified = p->last >= 0 && p->leader_epoch >= 0;
    PartitionState *s = ingest_state(r, p);
    s->unverified = can_be_verified && (p->next > p->end || (leader_epoch >= 0 && leader_epoch != p->leader_epoch));
    bool can_be_rechecked = p->last >= start && p->last_us > 0 && p->next <= p->end;
    /* a search for the end of what cannot be read begins at `next`, not before */
    if (can_be_rechecked && !r->options->skip_unreadable) s->recheck = s->unverified ? RECHECK_WANTED : RECHECK_ASKED;
    if (p->next < start) ingest_skip_to(r, p, start, "retention");
}

int ingest_init_offsets(Reader *r, const TopicOffsets *ledger, bool fresh, Error *err) {
    const KafkaTopic *now = r->topic;
    r->epoch = ledger->topic.epoch;
    r->partitions = xcalloc(now->partition_count, sizeof *r->partitions);
    r->states = xcalloc(now->partition_count, sizeof *r->states);
    for (size_t i = 0; i < now->partition_count; i++) {
        if (!offsets_are_known(&now->partitions[i])) {
            r->left_out++;
            continue;
        }
        Offsets *p = &r->partitions[r->count];
        PartitionState *s = &r->states[r->count++];
        *p = now->partitions[i];
        const Offsets *before = topic_offsets_find(ledger, p->partition);
        s->handed_over = before != NULL && !fresh ? before->next : OFFSET_UNKNOWN; /* so that the ledger gets an empty partition too */
        init_partition(r, p, before);
    }
    if (r->left_out > 0)
        log_warn("ingest", "%s: %zu of %zu %s cannot be read now, the others are: %s", feed_topic(r->feed), r->left_out,
                 now->partition_count, counted((int64_t)now->partition_count, "partition", "partitions"),
                 now->unanswered_reason != NULL ? now->unanswered_reason : "the brokers did not name them");
    for (size_t i = 0; i < r->count; i++)
        if (check_end(r, &r->partitions[i], err) != 0) return -1;
    return 0;
}

/* Behind the last message that was read, or where the log begins now: from there on the leader is asked. */
static int64_t verified_from(const Offsets *p, const Offsets *now) {
    return p->last + 1 > now->start ? p->last + 1 : now->start;
}

int ingest_verify(Reader *r, const Offsets *p, const Offsets *now, Error *err) {
    return feed_verify(r->feed, p, verified_from(p, now), err);
}

static const Offsets *described(const Reader *r, const Offsets *p) {
    return &r->topic->partitions[offsets_find(r->topic->partitions, r->topic->partition_count, p->partition)];
}

/* Until the leader has answered, at an offset that is there. */
static Offsets start_at(const Reader *r, size_t i) {
    Offsets p = r->partitions[i];
    const Offsets *now = described(r, &p);
    if (r->states[i].recheck == RECHECK_ASKED) p.next = p.last;
    if (!r->states[i].unverified) return p;
    p.next = verified_from(&p, now);
    if (p.next > now->end) p.next = now->end;
    return p;
}

int ingest_start_feed(Reader *r, Error *err) {
    Offsets *from = xcalloc(r->count + 1, sizeof *from);
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->states[i].replaced == NULL) from[n++] = start_at(r, i);
    int rc = feed_start(r->feed, from, n, err);
    free(from);
    if (rc != 0) return -1;
    for (size_t i = 0; i < r->count; i++) {
        const Offsets *p = &r->partitions[i];
        if (r->states[i].unverified && ingest_verify(r, p, described(r, p), err) != 0) return -1;
    }
    return 0;
}

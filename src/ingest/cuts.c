/* cuts.c: a log that was cut off below what was read of it, and may have grown again: by a power cut of a broker that had not synced, or by
 * an unclean leader election. What was read is kept under the old epoch of the ledger; the next epoch begins where the log was cut off.
 *
 * How it is noticed: the ledger has the last message that was read of a partition, and its leader epoch. When the leader has changed, it is
 * asked where that epoch ends in its log (KIP-320). The answer may lie between the last message and `next`: markers of transactions, under
 * a newer epoch, or a cut that took them alone. Then what follows the last message is read again: a message there is a cut.
 *
 * A broker whose volume was restored from a copy counts its epochs again, so that they agree while the messages do not. Therefore each
 * session begins with the last message itself, and compares its timestamp with the ledger's. */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/ingest_internal.h"
#include <inttypes.h>

void ingest_cuts_done(Cuts *cuts) {
    free(cuts->items);
    *cuts = (Cuts){0};
}

static int refuse(const Feed *feed, const Offsets *p, int64_t offset, Error *err) {
    CLEANUP(free_text)
    char *next = xasprintf("Nothing more of it was read; what the lake has, it keeps. Next: `%s` once: it reads the partition %s "
                           "under a new epoch, and recognises events that the lake has",
                           feed_new_epoch(feed), offset == OFFSET_UNKNOWN ? "from its beginning" : "on from there");
    if (offset == OFFSET_UNKNOWN && p->end >= p->next)
        return error_set(err, ERR_DATA,
                         "%s partition %d has another message at offset %" PRId64
                         " than was read there: its log was replaced, by that of a "
                         "volume that was restored from a copy for instance, and from which offset on is not known. %s",
                         feed_topic(feed), (int)p->partition, p->last, next);
    if (offset == OFFSET_UNKNOWN)
        return error_set(err, ERR_DATA,
                         "%s partition %d ends at offset %" PRId64 ", but %" PRId64
                         " were read before: it was truncated or replaced, and from which offset on is not known. %s",
                         feed_topic(feed), (int)p->partition, p->end, p->next, next);
    return error_set(err, ERR_DATA,
                     "%s partition %d was truncated at offset %" PRId64 ": the messages that were read at offsets %" PRId64 " to %" PRId64
                     " are gone from Kafka, and others are or will be there. %s",
                     feed_topic(feed), (int)p->partition, offset, offset, p->next - 1, next);
}

int ingest_note_cut(const Feed *feed, const IngestOptions *options, int epoch, const Offsets *p, int64_t offset, Cuts *cuts, Error *err) {
    if (!options->new_epoch) return refuse(feed, p, offset, err);
    cuts->items = xgrow(cuts->items, cuts->count, sizeof *cuts->items);
    cuts->items[cuts->count++] = (Cut){.epoch = epoch, .partition = p->partition, .offset = offset};
    return 0;
}

int ingest_find_cuts(const Feed *feed, const IngestOptions *options, const KafkaTopic *now, const TopicOffsets *ledger, Cuts *cuts,
                     Error *err) {
    for (size_t i = 0; i < ledger->count && options->new_epoch; i++) {
        Offsets p = ledger->partitions[i];
        size_t at = offsets_find(now->partitions, now->partition_count, p.partition);
        if (at == now->partition_count || !offsets_are_known(&now->partitions[at])) continue;
        p.end = now->partitions[at].end;
        bool can_be_verified = p.last >= 0 && p.leader_epoch >= 0;
        if (p.next <= p.end || can_be_verified) continue;
        if (ingest_note_cut(feed, options, ledger->topic.epoch, &p, OFFSET_UNKNOWN, cuts, err) != 0) return -1;
    }
    return 0;
}

static bool is_left(const Reader *r) {
    for (size_t i = 0; i < r->count; i++)
        if (r->states[i].replaced == NULL) return true;
    return false;
}

int ingest_leave(Reader *r, const Offsets *p, Error *err) {
    PartitionState *s = ingest_state(r, p);
    free(s->replaced);
    s->replaced = xstrdup(err->text);
    s->given_up = true;
    s->recheck = RECHECK_DONE;
    s->reported_ns = clock_mono_ns();
    if (!is_left(r)) return -1;
    log_error("ingest", "%s. The other partitions are read", err->text);
    if (!r->options->follow && r->problem.kind == ERR_NONE) error_move(&r->problem, err);
    error_clear(err);
    return 1;
}

bool ingest_has_cuts(const Cuts *cuts, const TopicOffsets *ledger) {
    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->items[i].epoch == ledger->topic.epoch) return true;
    return false;
}

static void apply(const Feed *feed, const Cut *cut, const KafkaTopic *now, TopicOffsets *ledger) {
    size_t i = offsets_find(ledger->partitions, ledger->count, cut->partition);
    size_t at = offsets_find(now->partitions, now->partition_count, cut->partition);
    if (i == ledger->count || at == now->partition_count) return;
    int64_t start = now->partitions[at].start, offset = cut->offset > start ? cut->offset : start;
    log_warn("ingest",
             "%s partition %d was truncated: reading it on from offset %" PRId64 " as epoch %d; offsets to %" PRId64 " were read before",
             feed_topic(feed), (int)cut->partition, offset, ledger->topic.epoch + 1, ledger->partitions[i].next - 1);
    ledger->partitions[i] = offsets_unknown(cut->partition);
    ledger->partitions[i].next = offset;
}

void ingest_apply_cuts(const Feed *feed, const Cuts *cuts, const KafkaTopic *now, TopicOffsets *ledger) {
    for (size_t i = 0; i < cuts->count; i++)
        if (cuts->items[i].epoch == ledger->topic.epoch) apply(feed, &cuts->items[i], now, ledger);
    ledger->topic.epoch++;
    for (size_t i = 0; i < ledger->count; i++) ledger->partitions[i].start = ledger->partitions[i].next;
}

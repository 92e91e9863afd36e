/* unreadable.c: passes a batch that cannot be read, on demand (--skip-unreadable). librdkafka tells where such a batch begins, not where it
 * ends: that is searched for by reading at other offsets, first in growing steps until one can be read, then by halving what is between.
 *
 * Invariant: every offset in [p->next, good) is of a batch that was tried and could not be read; whatever is delivered during the search is
 * dropped, and read again once its partition goes on at `good`. */
#include "base/log.h"
#include "ingest/ingest_internal.h"
#include <inttypes.h>

#define TRIES 5 /* a transfer may be damaged once */

static int try_at(Reader *r, const Offsets *p, Search *s, int64_t offset, Error *err) {
    s->probe = offset;
    return feed_seek(r->feed, p->partition, offset, err) == 0 ? 1 : -1;
}

static int end_search(Reader *r, Offsets *p, PartitionState *state, Error *err) {
    log_error("ingest", "%s partition %d: offsets %" PRId64 " to %" PRId64 " are skipped, because they cannot be read: %s",
              feed_topic(r->feed), (int)p->partition, p->next, state->search.good - 1,
              state->reason != NULL ? state->reason : "no reason came");
    ingest_lose(r, p, state->search.good, "unreadable");
    p->last = OFFSET_UNKNOWN; /* nothing was read there that could be compared later */
    p->leader_epoch = LEADER_EPOCH_UNKNOWN;
    state->search = (Search){0};
    state->problems = 0;
    return feed_seek(r->feed, p->partition, p->next, err) == 0 ? 1 : -1;
}

static int search_on(Reader *r, Offsets *p, PartitionState *state, Error *err) {
    Search *s = &state->search;
    if (s->good != OFFSET_UNKNOWN && s->good - s->bad <= 1) return end_search(r, p, state, err);
    if (s->good != OFFSET_UNKNOWN) return try_at(r, p, s, s->bad + (s->good - s->bad) / 2, err);
    int64_t next = s->bad + s->step;
    s->step *= 2;
    return try_at(r, p, s, next, err);
}

static int begin_search(Reader *r, Offsets *p, PartitionState *state, const KafkaEvent *e, Error *err) {
    state->search = (Search){.active = true, .base = e->offset, .bad = p->next, .good = OFFSET_UNKNOWN, .step = 1};
    return search_on(r, p, state, err);
}

/* A batch behind the one that is searched for cannot be read either: the first one ends where it begins, or before. */
static bool is_another_batch(const Search *s, const KafkaEvent *e) {
    return e->offset > s->base && e->offset > s->bad && e->offset <= s->probe;
}

static int take_probe(Reader *r, Offsets *p, PartitionState *state, const KafkaEvent *e, Error *err) {
    Search *s = &state->search;
    if (e->kind != KAFKA_PROBLEM)
        s->good = s->probe;
    else if (is_another_batch(s, e))
        s->good = e->offset;
    else
        s->bad = s->probe;
    return search_on(r, p, state, err);
}

bool ingest_skip_unreadable(Reader *r, Offsets *p, const KafkaEvent *e, int *ret_rc, Error *err) {
    PartitionState *state = ingest_state(r, p);
    if (e->kind == KAFKA_TRUNCATED || (e->kind == KAFKA_PROBLEM && !e->unreadable)) return false;
    if (state->search.active) {
        *ret_rc = take_probe(r, p, state, e, err);
        return true;
    }
    if (e->kind != KAFKA_PROBLEM || state->problems + 1 < TRIES) return false;
    ingest_note_problem(r, e);
    *ret_rc = begin_search(r, p, state, e, err);
    return true;
}

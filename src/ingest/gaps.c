/* gaps.c: offsets that will never be delivered become gaps of the batch. */
#include "base/log.h"
#include "ingest/ingest_internal.h"
#include <inttypes.h>

static void add_gap(Reader *r, Offsets *p, int64_t next, const char *reason, bool lost) {
    batch_add_gap(r->batch, (BatchGap){.partition = p->partition, .first = p->next, .next = next, .reason = reason, .lost = lost});
    p->next = next;
}

void ingest_pass_gap(Reader *r, Offsets *p, int64_t next) {
    if (next > p->next) add_gap(r, p, next, "compacted_or_aborted", false);
}

void ingest_lose(Reader *r, Offsets *p, int64_t next, const char *reason) {
    add_gap(r, p, next, reason, true);
}

void ingest_skip_to(Reader *r, Offsets *p, int64_t start, const char *reason) {
    log_error("ingest", "%s partition %d: offsets %" PRId64 " to %" PRId64 " are lost (%s): Kafka no longer has them", feed_topic(r->feed),
              (int)p->partition, p->next, start - 1, reason);
    ingest_lose(r, p, start, reason);
}

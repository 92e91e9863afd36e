/* ingest_internal.h: the reading half of a session: what start.c, reader.c and session.c share. */
#pragma once
#include "ingest/batch_queue.h"
#include "ingest/ingest.h"

typedef struct Reader {
    Feed *feed;
    const IngestOptions *options;
    const KafkaTopic *topic; /* as it was described at the start */
    Offsets *partitions;     /* next: the only offset that may be added now; end: as last seen, without `follow` reading stops here */
    int64_t *handed_over;    /* the `next` of each partition that was handed over last, or stored before; OFFSET_UNKNOWN: none */
    size_t count;
    Batch *batch; /* being filled */
    BatchQueue *queue;
    int64_t heard_ns; /* when the feed last answered or delivered */
    bool grown;       /* the topic has partitions that are not read yet */
    Error err;        /* why it ended; read after the thread was joined */
} Reader;

/* ---- start.c ---- */

/* ERR_DATA when the feed is not the topic that the ledger has read, unless options->new_epoch accepts that: then `ledger` is the next
 * epoch, of which nothing was read. */
int ingest_check_identity(const Feed *feed, const KafkaTopic *now, const IngestOptions *options, TopicOffsets *ledger,
                          Error *err) MUST_CHECK;
/* Each partition starts where the ledger ends, a new one at its first offset. Needs r->batch, for the gaps that retention left. ERR_DATA
 * when a partition ends before that. */
int ingest_init_offsets(Reader *r, const TopicOffsets *ledger, Error *err) MUST_CHECK;

/* ---- reader.c ---- */

/* What the feed has. While it is away, asks again after growing pauses, until the timeout, a stop, or until `queue` (NULL: none) was given
 * up. */
int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, KafkaTopic *ret, Error *err) MUST_CHECK;
/* Retention removed these offsets before they were read: logs that, and adds them to the batch as a gap. */
void ingest_skip_to(Reader *r, Offsets *p, int64_t start, const char *reason);
/* The reading thread; `arg` is the Reader, which belongs to this thread until it is joined. */
void *ingest_read_feed(void *arg);

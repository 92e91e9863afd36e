/* ingest_internal.h: what the reading and the landing half of ingest share. */
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
    int64_t heard_ns; /* when the feed last said anything */
    bool grown;       /* the topic has partitions that we do not read yet */
    Error err;        /* why it ended; read after the thread was joined */
} Reader;

/* Waits for the feed with growing pauses, saying so, until the timeout; not longer than anybody is there to land (`queue`, NULL: at the
 * start). */
int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, KafkaTopic *ret, Error *err) MUST_CHECK;
/* Kafka's retention was faster than we: these offsets are recorded as a gap and said, never skipped in silence. */
void ingest_skip_to(Reader *r, Offsets *p, int64_t start, const char *reason);
/* The reading thread; `arg` is the Reader, alone until the thread is joined. */
void *ingest_read_feed(void *arg);

/* ingest_internal.h: what the reading and the landing half of ingest share. */
#pragma once
#include "ingest/batch_queue.h"
#include "ingest/ingest.h"

typedef struct Partition {
    int32_t id;
    int64_t start, expected; /* expected: the next offset that may be added */
    int64_t end;             /* as last seen; without `follow` reading stops here */
    bool moved;              /* since the last batch was handed over */
} Partition;

typedef struct Reader {
    Feed *feed;
    const IngestOptions *options;
    const KafkaTopic *topic; /* as it was described at the start */
    Partition *partitions;
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
void ingest_skip_to(Reader *r, Partition *p, int64_t low, const char *reason);
/* The reading thread; `arg` is the Reader, alone until the thread is joined. */
void *ingest_read_feed(void *arg);

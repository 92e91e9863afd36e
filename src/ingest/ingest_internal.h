/* ingest_internal.h: the reading half of a session: what its files share. From top to bottom: session.c, start.c and reader.c use watch.c,
 * describe.c, unreadable.c and cuts.c, and all of them gaps.c. */
#pragma once
#include "ingest/batch_queue.h"
#include "ingest/ingest.h"
#include <stdatomic.h>

/* A partition whose log was cut off: what is at `offset` and above it is other messages than those that were read. */
typedef struct Cut {
    int epoch; /* of the ledger, in which it was noticed */
    int32_t partition;
    int64_t offset; /* OFFSET_UNKNOWN: what is still the same is not known */
} Cut;

typedef struct Cuts {
    Cut *items; /* owned: ingest_cuts_done */
    size_t count;
} Cuts;

/* The search for the first offset behind a batch that cannot be read: `bad` cannot, `good` can (OFFSET_UNKNOWN: not found yet). */
typedef struct Search {
    bool active;
    int64_t base; /* where the batch begins, as far as it is known */
    int64_t bad, good, probe, step;
} Search;

/* Is the last message that was read still the one that is there? RECHECK_WANTED: it is asked for once the leader has answered. */
typedef enum Recheck { RECHECK_DONE, RECHECK_WANTED, RECHECK_ASKED } Recheck;

/* How one partition is being read, beside its Offsets. */
typedef struct PartitionState {
    int64_t handed_over; /* its `next` that was handed over last, or stored before; OFFSET_UNKNOWN: none */
    int64_t seen_next,
        moved_ns;        /* how far it was when it was last seen to move, and when that was; moved_ns also while nothing is to come */
    int64_t reported_ns; /* when it was last logged that it is stuck; 0: it is not */
    bool unverified;     /* its leader has changed since it was read: nothing of it was heard yet */
    Recheck recheck;
    bool unanswered;     /* its leader gave no answer when it was asked last */
    bool given_up;       /* it is not waited for: without `follow`, as it did not move for too long; or it is `replaced` */
    char *replaced;      /* why nothing more of it is read: its log is another one now. NULL: it is not. Owned */
    char *reason;        /* the last problem with it since it moved; NULL: none. Owned */
    int64_t reason_next; /* its `next` then: at another one that is of other messages */
    bool unreadable;     /* ... which is in the messages themselves */
    int problems;        /* so many since it moved */
    Search search;
} PartitionState;

typedef struct Reader {
    Feed *feed;
    const IngestOptions *options;
    const KafkaTopic *topic; /* as it was described at the start */
    int epoch;               /* of the ledger */
    Offsets *partitions;     /* next: the only offset that may be added now; end: as last seen, without `follow` reading stops here */
    PartitionState *states;  /* of each of `partitions` */
    size_t count, left_out;  /* partitions that are read; those that gave no answer at the start, and are not */
    const struct EnvelopeTable *envelope; /* of its messages; of the session */
    bool envelope_changed;
    Batch *batch; /* being filled */
    BatchQueue *queue;
    Schemas *schemas;         /* of what is not JSON; NULL: all is. Owned by the session */
    Cuts *cuts;               /* found by this session and the ones before; borrowed */
    int64_t began_ns;         /* the session */
    int64_t now_ns;           /* of the last event, coarse */
    int64_t handed_ns;        /* when the last batch was handed over, or reading began */
    bool is_over;             /* nothing came when the feed was last polled */
    int64_t heard_ns;         /* when the feed last answered or delivered */
    int64_t check_ns;         /* when it is asked again whether it is there and the same */
    int check_pause_ms;       /* grows while it is away; 0: it is there */
    int64_t outage_logged_ns; /* when that was last logged; 0: it is there */
    int64_t watched_ns;       /* when progress was last looked at */
    int64_t described_ns;     /* when the feed was last asked for the ends of its partitions */
    size_t stuck_count;       /* partitions that did not move then */
    bool grown;               /* there are partitions that are not read yet, or another client may help: another session is needed */
    bool cut;                 /* a log was cut off, and options->new_epoch accepts that: another session is needed */
    Error problem;            /* without `follow`: partitions that could not be read to their end; the others were */
    Error err;                /* why it ended; read, like `problem`, after the thread was joined */
    atomic_bool heard;        /* a message or the end of a partition came: it can be read. For the landing thread */
    _Atomic(json_t *) stuck;  /* news of the partitions that do not move, for the landing thread, which owns what it takes; NULL: none */
} Reader;

static inline PartitionState *ingest_state(Reader *r, const Offsets *p) {
    return &r->states[p - r->partitions];
}

/* ---- gaps.c ---- */

/* The offsets before `next` hold no message: markers of transactions, or what was aborted or compacted away. Nothing when there are none.
 */
void ingest_pass_gap(Reader *r, Offsets *p, int64_t next);
/* The messages before `next` will never be delivered. */
void ingest_lose(Reader *r, Offsets *p, int64_t next, const char *reason);
/* Retention removed these offsets before they were read: logs that, and adds them to the batch as a gap. */
void ingest_skip_to(Reader *r, Offsets *p, int64_t start, const char *reason);

/* ---- cuts.c ---- */

void ingest_cuts_done(Cuts *cuts);
/* The log of `p`, as it was read, was cut off at `offset` (OFFSET_UNKNOWN: it is not known where). 0 when options->new_epoch accepts that:
 * it is in `cuts` then; otherwise ERR_DATA with what was replaced and the next step. */
int ingest_note_cut(const Feed *feed, const IngestOptions *options, int epoch, const Offsets *p, int64_t offset, Cuts *cuts,
                    Error *err) MUST_CHECK;
/* Nothing more of this partition is read, because of `err`, which ingest_note_cut made: others go on. 1, or -1 when there is no other. */
int ingest_leave(Reader *r, const Offsets *p, Error *err) MUST_CHECK;
/* With options->new_epoch, partitions that end before what `ledger` has of them, where no leader epoch can tell more. */
int ingest_find_cuts(const Feed *feed, const IngestOptions *options, const KafkaTopic *now, const TopicOffsets *ledger, Cuts *cuts,
                     Error *err) MUST_CHECK;
/* Are there cuts of the epoch that `ledger` is in? */
bool ingest_has_cuts(const Cuts *cuts, const TopicOffsets *ledger);
/* Makes `ledger` the next epoch, of which nothing was read: a partition that was cut off begins there, the others where they were. */
void ingest_apply_cuts(const Feed *feed, const Cuts *cuts, const KafkaTopic *now, TopicOffsets *ledger);

/* ---- start.c ---- */

/* ERR_DATA when the feed is not the topic that the ledger has read, unless options->new_epoch accepts that: then `ledger` is the next
 * epoch, of which nothing was read. */
int ingest_check_identity(const Feed *feed, const KafkaTopic *now, const IngestOptions *options, TopicOffsets *ledger,
                          Error *err) MUST_CHECK;
/* Each partition that answered starts where the ledger ends, a new one at its first offset. Needs r->batch, for the gaps that retention
 * left. `fresh`: `ledger` is an epoch that is not stored yet. ERR_DATA: the log of every partition was cut off. */
int ingest_init_offsets(Reader *r, const TopicOffsets *ledger, bool fresh, Error *err) MUST_CHECK;
/* The feed reads them. Where the leader has changed since, it is asked whether the log is still the same. */
int ingest_start_feed(Reader *r, Error *err) MUST_CHECK;
/* Asks the leader of `p`, of which the feed has `now`. */
int ingest_verify(Reader *r, const Offsets *p, const Offsets *now, Error *err) MUST_CHECK;

/* ---- describe.c ---- */

/* What the feed has. While it is away, or `all` of its partitions are wanted and one gives no answer, asks again after growing pauses,
 * until the timeout, a stop, or until `queue` (NULL: none) was given up. */
int ingest_describe(Feed *feed, const IngestOptions *o, const BatchQueue *queue, bool all, KafkaTopic *ret, Error *err) MUST_CHECK;
int ingest_longer_pause(int pause_ms); /* 0: the first one */
/* How long a partition without a leader is waited for, which others are waited for so long; 0: for ever. */
int64_t ingest_leaderless_ms(const IngestOptions *o, int64_t otherwise_ms);
/* After another pause, with a limit of `ms` (0: none). */
bool ingest_is_too_long(int64_t since_ns, int pause_ms, int64_t ms);

/* ---- watch.c ---- */

/* Nothing was read for a while, or a batch is complete: is the feed there, and the same one? 1: yes; 0: it is away, which was logged; -1:
 * it is another one, or away for too long. */
int ingest_check_feed(Reader *r, Error *err) MUST_CHECK;
/* When the reading thread begins. */
void ingest_begin_watch(Reader *r);
/* About once a second: which partitions do not move although there is more to read? With `follow` they are reported once a minute,
 * otherwise given up after options->stall_ms. */
void ingest_watch(Reader *r);
/* Without `follow`, at the end: waits until a partition that was left out answers (r->grown), or for too long (r->problem). */
void ingest_wait_for_left_out(Reader *r);
/* A problem with a partition was reported. */
void ingest_note_problem(Reader *r, const KafkaEvent *e);
void ingest_states_done(Reader *r);

/* ---- schemas_wait.c ---- */

/* Finds the schema of each message of the batch, before it is handed over. Waits for a registry that is away, and says so. 1: done; 0: a
 * stop was requested or the queue given up before that; -1: error, ERR_UNAVAILABLE after options->timeout_ms. */
int ingest_find_schemas(Reader *r, Error *err) MUST_CHECK;

/* ---- unreadable.c ---- */

/* options->skip_unreadable: an event of a partition while, or because, it cannot be read. true: it is dealt with. */
bool ingest_skip_unreadable(Reader *r, Offsets *p, const KafkaEvent *e, int *ret_rc, Error *err);

/* ---- reader.c ---- */

/* Polls the feed, fills batches and hands them over, to the end, an error (r->err) or until the queue is given up. */
void ingest_read_feed(Reader *r);

/* session.h: one reading of a feed, from one description of its topic until the end, an error, or until the topic has more partitions.
 *
 * Its thread does everything that waits for the feed: it asks what the feed has, compares that with the ledger, polls the feed and fills
 * batches (reader.c). So a topic that is away holds back no other. Its batches go to the landing that all topics share. */
#pragma once
#include "ingest/ingest_internal.h"
#include "ingest/landing.h"

typedef struct Session Session;

/* Starts the thread, which hands its batches to the topic at `place` of `landing`. `cuts`: what the sessions before found, and this one
 * adds to. Arguments are borrowed. */
int session_open(Lake *lake, Feed *feed, const IngestOptions *options, Cuts *cuts, BatchPool *pool, Landing *landing, size_t place,
                 Session **ret, Error *err) MUST_CHECK;
/* A batch of it landed. */
void session_landed(Session *s, const LandingEvent *event, int64_t batch_id);
/* True once, when it has begun to read. *ret_left: messages between there and the end that it saw. */
bool session_has_begun(Session *s, uint64_t *ret_left);
/* A message, or the end of a partition, came from the feed: that it could be described and started does not mean that it may be read. */
bool session_is_read(const Session *s);
/* News of partitions that stopped moving, or move again: for the status, which reads the mark. */
void session_keep_stuck(Session *s);
/* After LANDING_ENDED: how far each partition was read (ret->partitions, ret->stopped, ret->problem). The thread's error, when it failed.
 * *ret_again: there are partitions that were not read, or are to be read under a new epoch: open another session. */
int session_end(Session *s, LakeConn *conn, IngestTopic *ret, bool *ret_again, Error *err) MUST_CHECK;
/* Ends the thread, at any time; the landing was freed before, or said LANDING_ENDED. */
void session_free(Session *s);
DEFINE_CLEANUP(session_free, Session)

/* session.h: one reading of a feed, from one description of its topic until the end, an error, or until the topic has more partitions.
 *
 * A pipeline of three threads: the reader's polls the feed and fills batches (reader.c), the stager's parses them (landing.h), and the
 * caller's lands them. At most two batches and two staged tables are between them. */
#pragma once
#include "ingest/ingest_internal.h"

typedef struct Session Session;

/* Waits until the feed answers, as `options` say; compares it with the ledger, and starts the threads. `cuts`: what the sessions before
 * found, and this one adds to. Arguments are borrowed. */
int session_open(LakeConn *conn, Feed *feed, const IngestOptions *options, Cuts *cuts, Session **ret, Error *err) MUST_CHECK;
/* As ingest_step; adds what landed to `total`. INGEST_DONE also when the reader has failed: session_end returns its error. */
int session_step(Session *s, LedgerCounts *total, IngestState *ret, Error *err) MUST_CHECK;
/* After INGEST_DONE: how far each partition was read (ret->partitions, ret->stopped, ret->problem). The reader's error, when it failed.
 * *ret_again: there are partitions that were not read, or are to be read under a new epoch: open another session. */
int session_end(Session *s, LakeConn *conn, IngestResult *ret, bool *ret_again, Error *err) MUST_CHECK;
/* Ends the threads, at any time. */
void session_free(Session *s);
DEFINE_CLEANUP(session_free, Session)

/* topic_envelope.h: which envelope the messages of a feed have, and how they are written. */
#pragma once
#include "ingest/envelope_table.h"
#include "ingest/ingest.h"

/* Finds it in options->pipeline, and notes it in the ledger; `read_before`: the ledger has offsets of the topic. *ret_changed: see
 * ledger/topic_envelope.h. ERR_CONFIG: no contract describes the topic. The caller frees the table. */
int ingest_open_envelope(LakeConn *conn, const IngestOptions *options, const LedgerTopic *topic, bool read_before, EnvelopeTable **ret,
                         bool *ret_changed, Error *err) MUST_CHECK;
/* As the contracts of the topic say, or else the options. */
MessageFormat ingest_format_of(const IngestOptions *options, const char *topic);

/* topic_envelope.h: with which envelope the messages of a topic were read. The writer's thread. */
#pragma once
#include "lake/lake.h"

/* An envelope as the ledger keeps it. */
typedef struct LedgerEnvelope {
    const char *sha256, *text; /* sha256: of what fills which column; text: JSON of it, and of a file its topic */
} LedgerEnvelope;

/* Notes that the messages of `topic` are read with `now` from here on. *ret_changed: those before were read with another one; then it is
 * logged with the consequence. `first`: with what they were read when the ledger has no note of it; NULL: nothing was read yet. */
int ledger_note_envelope(LakeConn *conn, const char *topic, const LedgerEnvelope *now, const LedgerEnvelope *first, bool *ret_changed,
                         Error *err) MUST_CHECK;
/* The topic that is noted of a file; NULL: none is. The caller frees. */
int ledger_read_file_topic(LakeConn *conn, const char *file, char **ret, Error *err) MUST_CHECK;

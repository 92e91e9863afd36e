/* parsed.h: what the messages of a batch are: events, or why they are none. It lies between staging and landing.
 *
 * Texts that are in the batch as they are stay there; what was unescaped, put together or decoded is copied. So the bytes of a payload are
 * copied once, from Kafka's into DuckDB's.
 *
 * Its rows are table functions of the connection that it is registered with:
 *
 *   batch_identities()   what identifies each event, and its place in the batch. This parses the messages, by several threads
 *   batch_events()       each event that is no copy, as Bronze has it
 *   batch_copies()       what identifies each event that is a copy
 *   batch_rejects()      each message that is none: the reason, its bytes, key and headers
 *   batch_keys()         the key and headers of the events that keep them
 *
 * One thread at a time, but for the table functions. */
#pragma once
#include "ingest/batch.h"
#include "ingest/envelope.h"

typedef struct ParsedBatch ParsedBatch;

#define PARSED_TEXTS_MOST UINT32_MAX
/* An event whose copied texts would make those of the batch that a thread has parsed longer than `most_texts` bytes becomes a reject
 * (too_large), with the bytes that came: messages in Avro may grow 64 times (avro/avro.h). The connection is borrowed and must outlive it.
 */
int parsed_open(LakeConn *conn, uint32_t most_texts, ParsedBatch **ret, Error *err) MUST_CHECK;
void parsed_free(ParsedBatch *p);
DEFINE_CLEANUP(parsed_free, ParsedBatch)
/* Nothing is parsed yet. The batch is borrowed until parsed_end, its envelope and schemas until batch_identities() was read. */
void parsed_begin(ParsedBatch *p, const Batch *batch);
/* The other functions give their rows again from the first on. */
void parsed_rewind(ParsedBatch *p);
void parsed_end(ParsedBatch *p);
/* Of the event at this place in the batch, once batch_identities() was read. Texts are borrowed until parsed_end. */
Envelope parsed_event(const ParsedBatch *p, size_t place);
const BatchMessage *parsed_message(const ParsedBatch *p, size_t place);
/* What is also known of an event: it is a copy of an earlier one, or has its identity but not its content (conflicts.h). */
void parsed_note_copy(ParsedBatch *p, size_t place);
void parsed_note_conflict(ParsedBatch *p, size_t place);

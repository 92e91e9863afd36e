/* row_key.h: which row a change in a database is of, as the last part of its id. Where its place in the database's log is not its own: all
 * rows of a snapshot have one, and one place may have several rows.
 *
 * It is the record's key, which names the row in its table. A row of a snapshot has the table before it, as other tables have the same
 * place, time and keys; and, where its table has no primary key, so that records have no key, the record's own place in Kafka. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include "ingest/envelope_table.h"
#include <stdbool.h>

typedef struct RowKey {
    bool is_snapshot;
    Span table[ROW_TABLE_NAMES]; /* its names, from the database on; absent: it has no such */
    Span key;                    /* of the record; absent: it has none */
    Span lineage;                /* its place in Kafka; needed of a snapshot without a key alone */
} RowKey;

/* Adds it. One that is no text, has control characters (a key in Avro), or would make an id of more than 256 bytes with the `before` that
 * it has already stands there as its SHA-256. False: there is none, and nothing is added. */
bool row_key_add(const RowKey *k, size_t before, Buf *out);

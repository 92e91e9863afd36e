/* row_key.h: the last part of the id of a change in a database: the row that it changed. The place in the database's log is not enough,
 * since several rows can share one, and all rows of a snapshot do.
 *
 * The row is named by the record's key. For a row of a snapshot the table's name comes before the key, because other tables have the same
 * place, time and keys. Records of a table without a primary key have no key: then the record's place in Kafka stands for a row of a
 * snapshot, and what is in the row for any other, since a COPY of PostgreSQL writes many rows at one place. */
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
    Span content; /* of the row, as it came; needed of a change without a key alone; absent: the place in the log is known to be its own */
} RowKey;

/* Appends it to `out`. `before`: bytes that the id has already. The SHA-256 is appended instead when it is not UTF-8, has control
 * characters (a key in Avro), or would make the id longer than 256 bytes; that of the content always. False: nothing names the row, and
 * nothing was appended. */
bool row_key_add(const RowKey *k, size_t before, Buf *out);

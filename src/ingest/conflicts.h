/* conflicts.h: a copy of an event has its source, id, time and content. What has the same source, id and time and another content is
 * another event: a conflict. */
#pragma once
#include "ingest/content.h"
#include "ingest/copies.h"
#include "ingest/parsed.h"

typedef struct ConflictCounts {
    int64_t copies, conflicts;
} ConflictCounts;

/* Compares the events of the batch that look like others, n of them, and sorts them by place. One whose content Bronze or an earlier one of
 * the batch has is noted as a copy, any other one as a conflict. `transport`: members of extra_fields that are no part of the content. */
int conflicts_find(LakeConn *conn, ParsedBatch *batch, Lookalike *events, size_t n, ContentSkip transport, ConflictCounts *ret,
                   Error *err) MUST_CHECK;

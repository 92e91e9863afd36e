/* conflicts.h: a copy of an event has its source, id, time and content. What has the same source, id and time and another content is
 * another event: a conflict. */
#pragma once
#include "ingest/content.h"
#include "ingest/parsed.h"
#include "lake/lake.h"

/* Looks at the events of the batch that the temporary table `copies` has of `staged`, in the open transaction of the connection that has
 * both. One whose content neither Bronze nor an earlier one of the batch has moves from `copies` to the temporary table `conflicts`.
 * *ret_count: how many did; with 0 there is no such table. `transport`: members of extra_fields that are no part of the content. */
int conflicts_find(LakeConn *conn, const ParsedBatch *batch, ContentSkip transport, int64_t *ret_count, Error *err) MUST_CHECK;

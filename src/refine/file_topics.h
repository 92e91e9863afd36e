/* file_topics.h: whose messages a file has. Its events are Bronze's under the file's name, and judged by the contracts of that topic. One
 * thread. */
#pragma once
#include "base/span.h"
#include "lake/lake.h"

typedef struct FileTopics FileTopics;
int file_topics_read(LakeConn *conn, FileTopics **ret, Error *err) MUST_CHECK;
void file_topics_free(FileTopics *f);
DEFINE_CLEANUP(file_topics_free, FileTopics)
/* The topic whose contracts hold for an event of Bronze's `topic` and batch: of a file the one that it was read as, otherwise `topic`
 * itself. Valid as long as both. */
Span file_topics_resolve(const FileTopics *f, Span topic, int64_t batch_id);

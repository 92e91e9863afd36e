/* recover_internal.h: what diagnosing and repairing share. */
#pragma once
#include "recovery/recover.h"

/* Does `at` lack something of mark->topics[i], and of no earlier incarnation of that topic? So each topic name is found once. */
bool recover_is_first_behind(const CommitMark *mark, const CommitMark *at, size_t i);

/* ---- recover_gone.c ---- */

/* What of the mark the lake has no message for: before the replay in `ret_before`, as many numbers as the mark has partitions (the caller
 * frees); after it, `result` gets what has become of it. */
int recover_count_gaps(LakeConn *conn, const CommitMark *mark, int64_t **ret_before, Error *err) MUST_CHECK;
int recover_note_gone(LakeConn *conn, const CommitMark *mark, const CommitMark *was_at, const int64_t *before, RecoverResult *result,
                      Error *err) MUST_CHECK;

/* seen.h: which late events Bronze may have. One can be months late, so that no zone map prunes, and looking for it reads all of Bronze. So
 * a session that has looked often remembers what Bronze has, by two bytes an event (bloom.h), and looks for those alone that may be there.
 *
 * Only landing adds rows to Bronze, one batch after the other: what is remembered at the start and of each batch since then is all. Of the
 * landing thread; `conn` of each call is one that lands, in the open transaction. */
#pragma once
#include "base/buf.h"
#include "lake/lake.h"

typedef struct Seen Seen;

#define SEEN_MOST (1 << 25) /* 64 MiB */

/* Of more than `most` events, nothing is remembered. */
Seen *seen_new(int64_t most);
void seen_free(Seen *s);
DEFINE_CLEANUP(seen_free, Seen)

/* For each batch, of so many events, some of which are late or not. Reads what Bronze has, over several batches, when it is due. */
int seen_next_batch(Seen *s, LakeConn *conn, int64_t events, bool are_late, Error *err) MUST_CHECK;
/* False: nothing is remembered (yet), and seen_find cannot be asked. */
bool seen_remembers(const Seen *s);
/* Adds to `times` those (int64_t) of the staged events outside of `range` (from, to) that Bronze may have, and remembers the batch. */
int seen_find(Seen *s, LakeConn *conn, const LakeBinding range[2], Buf *times, Error *err) MUST_CHECK;

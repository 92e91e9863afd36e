/* changes.c: whether the lake may have changed, without asking it: all that commits in this process is counted before and after.
 *
 * Invariant: between two equal answers of lake_is_quiet nothing was committed. */
#include "lake/internal.h"

void lake_change_begin(LakeConn *conn) {
    atomic_fetch_add(&conn->lake->changes_begun, 1);
}

void lake_change_end(LakeConn *conn) {
    if (!conn->only_lands) atomic_fetch_add(&conn->lake->changes_derived, 1);
    atomic_fetch_add(&conn->lake->changes_ended, 1);
}

void lake_only_reads(LakeConn *conn) {
    conn->only_reads = true;
}

void lake_only_lands(LakeConn *conn) {
    conn->only_lands = true;
}

uint64_t lake_changes(Lake *lake) {
    return atomic_load(&lake->changes_derived);
}

/* The end is read first: when as many had begun afterwards, none was under way. */
bool lake_is_quiet(Lake *lake, uint64_t *ret_changes) {
    uint64_t ended = atomic_load(&lake->changes_ended), begun = atomic_load(&lake->changes_begun);
    *ret_changes = begun + 1;
    return begun == ended;
}

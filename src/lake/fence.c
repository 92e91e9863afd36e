/* fence.c: a process that may not write any more does not write, not even to close the database.
 *
 * Invariant: when the fence refuses, the lake is lost, and the error says that it is fatal. */
#include "lake/internal.h"

#include "base/memory.h"

typedef struct Abandoned {
    void *handle;
    struct Abandoned *next;
} Abandoned;

/* All of them, until the process ends: so that a leak check finds them. */
static _Atomic(Abandoned *) abandoned;

void lake_set_fence(Lake *lake, LakeFence check, void *user) {
    lake->fence = check;
    lake->fence_user = user;
}

int lake_check_fence(const Lake *lake, Error *err) {
    if (!atomic_load(&lake->refused)) return 0;
    error_set(err, ERR_BUSY, "the lake is not used any more: its file or its lock was removed, replaced or taken over");
    return lake_mark_fatal(lake, err);
}

bool lake_is_lost(const Lake *lake) {
    return atomic_load(&lake->lost);
}

int lake_mark_fatal(const Lake *lake, Error *err) {
    err->fatal = lake_is_lost(lake);
    return -1;
}

static int ask(Lake *lake, Error *err) {
    if (lake->fence == NULL || lake->fence(lake->fence_user, err) == 0) return 0;
    atomic_store(&lake->refused, true);
    atomic_store(&lake->lost, true);
    return lake_mark_fatal(lake, err);
}

int lake_pass_fence(LakeConn *conn, const char *name, Error *err) {
    if (ask(conn->lake, err) == 0) return 0;
    conn->failed = true;
    return error_prefix(err, "%s", name);
}

bool lake_may_close(Lake *lake) {
    Error ignored = {0};
    if (ask(lake, &ignored) != 0) error_clear(&ignored);
    return !lake_is_lost(lake);
}

void lake_abandon(void *handle) {
    Abandoned *a = xmalloc(sizeof *a);
    *a = (Abandoned){.handle = handle, .next = atomic_load(&abandoned)};
    while (!atomic_compare_exchange_weak(&abandoned, &a->next, a)) {
    }
}

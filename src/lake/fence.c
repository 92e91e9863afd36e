/* fence.c: a process that may not write any more does not, not even to close what it has open.
 *
 * Invariant: once the fence fell, `fatal` is set, and no statement reaches the file. */
#include "lake/internal.h"

#include "base/memory.h"

typedef struct Abandoned {
    void *handle;
    struct Abandoned *next;
} Abandoned;

/* Until the process ends: so that they are not taken for lost memory. */
static _Atomic(Abandoned *) abandoned;

void lake_set_fence(Lake *lake, LakeFence check, void *user) {
    lake->fence = check;
    lake->fence_user = user;
}

bool lake_is_lost(const Lake *lake) {
    return atomic_load(&lake->fatal);
}

static int ask(Lake *lake, Error *err) {
    if (lake->fence == NULL || lake->fence(lake->fence_user, err) == 0) return 0;
    atomic_store(&lake->fatal, true);
    return -1;
}

int lake_pass_fence(LakeConn *conn, const char *name, Error *err) {
    if (ask(conn->lake, err) == 0) return 0;
    conn->failed = true;
    return error_prefix(err, "%s", name);
}

bool lake_may_close(Lake *lake) {
    Error ignored = {0};
    if (ask(lake, &ignored) != 0) error_clear(&ignored);
    return !atomic_load(&lake->fatal);
}

void lake_abandon(void *handle) {
    Abandoned *a = xmalloc(sizeof *a);
    *a = (Abandoned){.handle = handle, .next = atomic_load(&abandoned)};
    while (!atomic_compare_exchange_weak(&abandoned, &a->next, a)) {
    }
}

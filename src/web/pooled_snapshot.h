/* pooled_snapshot.h: what leases are of: a generation with its idle connections, the live lake, or a view of it. Who may change what is
 * said by snapshot_pool.c. */
#pragma once
#include "snapshot/snapshot.h"
#include "web/bodies.h"
#include "web/entity_store.h"
#include "web/pooled_conn.h"

enum { POOLED_IDLE_MAX = 32 };

typedef struct PooledSnapshot PooledSnapshot;
struct PooledSnapshot {
    Snapshot *snapshot; /* NULL: live */
    Lake *lake;
    int64_t number;
    char tag[SNAPSHOT_TAG_SIZE];
    uint64_t scope;
    bool is_paged;         /* a cursor into it was given out */
    int64_t kept_until_ns; /* while it is kept */
    int refs;
    PooledConn *idle[POOLED_IDLE_MAX];
    size_t idle_count;
    Bodies *bodies, *rows; /* as in a lease */
    EntityStore *store;    /* NULL: not read. Set once */
    bool store_tried;      /* changed by the thread that follows, under the lock */
    PooledSnapshot *next;  /* of the retired ones */
};

PooledSnapshot *pooled_snapshot_new(void) MUST_CHECK; /* with one reference */
void pooled_snapshot_free(PooledSnapshot *g);

/* Reads the rows of the generation into memory, as far as they fit into `most` bytes; what is the same is taken from `last`, of the
 * generation before, or NULL. NULL: that failed, which the log says. */
EntityStore *pooled_snapshot_rows(const PooledSnapshot *g, const EntityStore *last, int64_t most) MUST_CHECK;

/* snapshot_pool.h: connections for requests: to the newest published snapshot, or to the live lake of this process.
 *
 * Both answer the same queries: a snapshot holds as tables what sql/serving/views.sql defines over the live lake. A lease is one connection
 * for one request; the generation behind it stays open until its last lease is returned, so a switch never breaks a request.
 * SnapshotPool: any thread. Lease: one thread at a time. */
#pragma once
#include "lake/lake.h"
#include "web/pooled_conn.h"

typedef struct SnapshotPool SnapshotPool;
typedef struct PooledSnapshot PooledSnapshot;
typedef struct Lease {
    LakeConn *conn;                  /* NULL: of snapshot_pool_peek */
    int64_t generation;              /* of the snapshot; 0: live */
    char tag[SNAPSHOT_TAG_SIZE];     /* names this content for ever, also when generations are counted from 1 again */
    uint64_t scope;                  /* what a cursor is bound to: the generation; live, all that this process serves */
    const GoldEntities *entities;    /* whose Gold it has, as long as the lease; at least one */
    struct Bodies *bodies;           /* answers of this content, as long as the lease */
    struct Bodies *rows;             /* live: answers of one row, each of one state of the lake */
    uint64_t state;                  /* live: which one this is; 0: it may have changed */
    const struct EntityStore *store; /* its rows in memory; NULL: not there, or live */
    struct LiveRows *live;           /* of a peek, live: the rows in memory; NULL: there are none */
    bool may_wait;                   /* of a peek: on a worker, which may wait some milliseconds */
    int64_t view_ns;                 /* live: how old an answer may be that is given again; 0: of a snapshot, which never changes */
    PooledSnapshot *owner;
    PooledConn *pooled;
} Lease;

/* Follows <dir>/CURRENT. Nothing published yet is no error: leases are refused until there is something. `options` is copied.
 * `rows_memory`: bytes for rows that are held to answer without a query; 0: none are. */
SnapshotPool *snapshot_pool_open(const char *dir, const LakeOptions *options, int64_t rows_memory) MUST_CHECK;
/* Of one generation, for ever. ERR_UNAVAILABLE: it is not kept. */
int snapshot_pool_open_at(const char *dir, const LakeOptions *options, int64_t generation, SnapshotPool **ret, Error *err) MUST_CHECK;
/* `lake` is borrowed and must outlive the pool. `view_ms`: how old an answer may be that is given again, or comes from
 * rows in memory; 0: there are none. `rows_memory`: as above. */
SnapshotPool *snapshot_pool_open_live(Lake *lake, int view_ms, int64_t rows_memory) MUST_CHECK;
void snapshot_pool_free(SnapshotPool *s); /* every lease must have been returned */
DEFINE_CLEANUP(snapshot_pool_free, SnapshotPool)

/* Checks CURRENT and its generation (two stats) and switches to a new one, after all of it was read. To be called a few times a second, by
 * one thread. A generation that is damaged is logged and tried again when it or CURRENT changes; the newest good one is served. */
void snapshot_pool_follow(SnapshotPool *s);
/* ERR_UNAVAILABLE: nothing to read yet, or nothing that can be read, and what to do about it. `scope`: of a lease before, to read on in the
 * same content, as long as it is kept; 0, or when it is not any more: the newest. All that is read through a live lease is one state of the
 * lake. */
int snapshot_pool_lease(SnapshotPool *s, uint64_t scope, Lease *ret, Error *err) MUST_CHECK;
/* A lease without a connection, for answers that need no query. Never waits. False: there is nothing, or nothing that may be given
 * again. */
bool snapshot_pool_peek(SnapshotPool *s, uint64_t scope, bool may_wait, Lease *ret) MUST_CHECK;
/* Keeps the lease's generation for some minutes after the next one has come, for who reads it page by page. */
void snapshot_pool_keep(SnapshotPool *s, const Lease *lease);
/* `broken`: a statement failed on it; the connection is not used again. */
void snapshot_pool_return(SnapshotPool *s, Lease *lease, bool broken);
/* Of a lease taken now; 0 when there is none, or when it is live. */
int64_t snapshot_pool_generation(SnapshotPool *s);
/* The tag of a lease taken now, when it is known without a query: false when live, or when there is nothing to read. */
bool snapshot_pool_tag(SnapshotPool *s, char tag[SNAPSHOT_TAG_SIZE]);
/* The rows of its first generation are not in memory yet: every answer is a query until then. */
bool snapshot_pool_reads_rows(SnapshotPool *s);
bool snapshot_pool_is_live(const SnapshotPool *s);
/* Live: how old an answer may be that is given again; 0: none is, or of snapshots. */
int64_t snapshot_pool_view_ns(const SnapshotPool *s);

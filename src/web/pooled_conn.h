/* pooled_conn.h: a connection to a snapshot, or to the live lake, with the names that the queries of the API use. One thread at a time. */
#pragma once
#include "snapshot/entities.h"

enum { SNAPSHOT_TAG_SIZE = 64 };

typedef struct PooledConn {
    LakeConn *conn;
    GoldEntities entities;
    bool live;
    char *declared; /* live: which declarations the names are of; "": not known */
    uint64_t state; /* live: lake_is_quiet's when `tag` was read; 0: not known */
    char tag[SNAPSHOT_TAG_SIZE];
} PooledConn;

/* ERR_UNAVAILABLE: the live lake has nothing to serve yet. The caller frees. */
int pooled_conn_open(Lake *lake, bool live, PooledConn **ret, Error *err) MUST_CHECK;
void pooled_conn_free(PooledConn *c);
DEFINE_CLEANUP(pooled_conn_free, PooledConn)
/* Begins a transaction on the live lake, so that all that is read until it ends is one state, and names that state: `tag` begins with
 * `prefix`. *ret_state: the lake has this state as long as lake_is_quiet says it; 0: it has another one already. */
int pooled_conn_begin(PooledConn *c, const char *prefix, char tag[SNAPSHOT_TAG_SIZE], uint64_t *ret_state, Error *err) MUST_CHECK;

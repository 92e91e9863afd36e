/* live_state.h: what the live lake says of each row of its entities, at one moment, in memory. It shares with the state before what has not
 * changed. Read-only once made: any thread. */
#pragma once
#include "web/entity_store.h"
#include "web/live_layers.h"
#include "web/pooled_conn.h"

/* What is declared, shared by the states that are of it. */
typedef struct LiveNames {
    GoldEntities entities;
    char *declared;
    _Atomic int refs;
} LiveNames;
/* ERR_UNAVAILABLE: there is no Gold yet. The caller drops it. */
int live_names_read(LakeConn *conn, LiveNames **ret, Error *err) MUST_CHECK;
void live_names_drop(LiveNames *n); /* NULL: nothing */

typedef struct LiveEntity {
    const GoldEntity *entity;
    bool is_read, has_risk;
    char *features_id;
    LiveLayers features, scores, changes; /* the last two: only when a model can be of it */
    int64_t scored_batch, change_count;
    HeldName *names; /* of the columns of its features */
    char *typical;
    int64_t typical_ns; /* when that was read */
} LiveEntity;

typedef struct LiveState {
    LiveNames *names;  /* a reference */
    LiveEntity *items; /* of each of them */
    char tag[SNAPSHOT_TAG_SIZE];
    _Atomic int refs;
} LiveState;

/* In a transaction: the state that the lake is in, of the entities whose bit is in `wanted`, and of no others; the bit of all behind the
 * 63rd is the last. *ret is `last` (NULL: none) with one more reference when nothing changed; NULL when the rows need more than `most`
 * bytes, or when something else is declared now. The caller drops it. It has no tag yet. */
int live_state_read(LakeConn *conn, LiveNames *names, LiveState *last, uint64_t wanted, size_t most, LiveState **ret,
                    Error *err) MUST_CHECK;
LiveState *live_state_share(LiveState *s);
void live_state_drop(LiveState *s); /* NULL: nothing */

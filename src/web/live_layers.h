/* live_layers.h: the rows of one table of the live lake in memory, in layers: the first has all rows, each further one those that changed
 * since. So a commit costs what it changed. Eight layers of a kind become one of the next kind. A row is the one of the last layer that has
 * it. What is read is read-only from then on and shared by copies: any thread may find rows in a copy that nobody changes. */
#pragma once
#include "snapshot/entities.h"
#include "web/held_part.h"

enum { LIVE_LAYERS_MAX = 40 };

typedef struct LiveLayer {
    HeldPart *part; /* a reference */
    int64_t after;  /* has what is newer than this */
    int level;      /* 0: of one change; 1: of eight of those; ... */
} LiveLayer;

typedef struct LiveLayers {
    LiveLayer at[LIVE_LAYERS_MAX];
    size_t count;
    int64_t newest; /* how new what they have is: a batch, or a time */
} LiveLayers;

/* sql/<statement>.sql, whose {{after}} is a batch or, `by_time`, a time, and whose rows have the id in the column `key`. */
typedef struct LiveQuery {
    const GoldEntity *entity;
    const char *statement, *key;
    bool by_time;
} LiveQuery;

void live_layers_copy(LiveLayers *to, const LiveLayers *from);
void live_layers_done(LiveLayers *l); /* has no rows then */
/* Reads what is newer than what is there, up to `newest`; everything when nothing is there. *ret_fits false: the rows need more than `most`
 * bytes, and `l` is not to be used. */
int live_layers_read(LakeConn *conn, LiveLayers *l, const LiveQuery *q, int64_t newest, size_t most, bool *ret_fits, Error *err) MUST_CHECK;
size_t live_layers_bytes(const LiveLayers *l);
/* ret->part is NULL when there is no such row. */
void live_layers_find(const LiveLayers *l, Span id, HeldRow *ret);

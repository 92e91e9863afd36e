/* entity_store.h: the rows of all entities of one generation in memory, so that the answers that are
 * asked most need no query. The base, which seldom changes, is shared with the generation before; the delta is read anew. Read-only once
 * made: any thread. */
#pragma once
#include "snapshot/entities.h"
#include "web/held_part.h"

/* A column of an answer. */
typedef struct HeldName {
    char *key;                                                    /* "\"mean_bill\":" */
    enum { HELD_FEATURE, HELD_SCORE, HELD_ID, HELD_HIDDEN } kind; /* hidden: what lists are sorted by */
} HeldName;

/* Of the columns of a part; the caller frees. */
HeldName *held_names_of(const HeldPart *p, const GoldEntity *e) MUST_CHECK;
void held_names_free(HeldName *names, size_t columns);

typedef struct HeldEntity {
    const GoldEntity *entity;
    bool has_risk;
    HeldPart *base, *delta, *changes; /* of the last change of each score; NULL when it has no risk */
    uint64_t *hidden;                 /* bits: rows of the base that the delta has too */
    size_t total;                     /* rows that there are */
    HeldName *names;                  /* of the columns of base and delta */
    char *typical;                    /* what is typical of its features, as JSON */
} HeldEntity;

typedef struct EntityStore {
    GoldEntities entities;
    HeldEntity *items; /* of each; base is NULL when it is not in memory */
} EntityStore;

/* `last`: of the generation before, or NULL. An entity whose rows do not fit into `most` bytes with those before it is left out. The caller
 * frees. */
int entity_store_read(LakeConn *conn, const EntityStore *last, size_t most, EntityStore **ret, Error *err) MUST_CHECK;
void entity_store_free(EntityStore *s);
DEFINE_CLEANUP(entity_store_free, EntityStore)

/* Of the base or of the delta. */
bool held_entity_find(const HeldEntity *e, Span id, HeldRow *ret) MUST_CHECK;
/* Where a list goes on: positions in the base and in the delta. Begins with zeros. */
typedef struct HeldPlace {
    size_t base, delta;
} HeldPlace;
HeldPlace held_entity_seek(const HeldEntity *e, double rank, Span id); /* behind that row */
bool held_entity_next(const HeldEntity *e, HeldPlace *place, HeldRow *ret) MUST_CHECK;

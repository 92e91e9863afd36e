/* copies.h: which rows of a staged batch have the identity of an earlier event: of the batch itself, or of Bronze.
 *
 * What does not need Bronze is found where the batch is staged, beside the landing of the one before. */
#pragma once
#include "lake/lake.h"

#define NO_ROW INT64_C(-1)

/* An event of the batch that shares its source, id and time with another one. */
typedef struct Lookalike {
    size_t place;       /* of the event in the batch */
    int64_t bronze_row; /* the other one's row in Bronze; NO_ROW: it is in the batch too */
    bool is_later;      /* than the other one; false: it is the first of several in the batch */
} Lookalike;

/* What is looked for of one batch, and what was found. */
typedef struct Lookup Lookup;

/* Of the rows of the temporary table `staged`: finds those that the batch itself repeats, and prepares the search in Bronze by another
 * temporary table of the connection. The caller frees. */
int lookup_new(LakeConn *conn, Lookup **ret, Error *err) MUST_CHECK;
void lookup_free(Lookup *l);
DEFINE_CLEANUP(lookup_free, Lookup)
int64_t lookup_events(const Lookup *l); /* the rows of `staged` */
/* Each event with each one that it looks like, in no order: the caller may sort them. Borrowed until the next call. */
Lookalike *lookup_found(Lookup *l, size_t *ret_count);

/* What is known of Bronze beyond one batch. Of the landing thread; `conn` of each call is one that lands. */
typedef struct Copies Copies;
Copies *copies_new(void);
void copies_free(Copies *c);
DEFINE_CLEANUP(copies_free, Copies)
/* Adds those that Bronze has, in the open transaction that lands `staged`. */
int copies_find(Copies *c, LakeConn *conn, Lookup *lookup, Error *err) MUST_CHECK;

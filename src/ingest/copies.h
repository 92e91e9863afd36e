/* copies.h: which rows of a staged batch have the identity of an event that Bronze has. */
#pragma once
#include "lake/lake.h"

typedef struct Copies Copies;
typedef struct Buckets Buckets;

/* What is known of Bronze beyond one batch. Of the landing thread; `conn` of each call is one that lands. */
Copies *copies_new(void);
void copies_free(Copies *c);
DEFINE_CLEANUP(copies_free, Copies)

/* How the rows of `staged` are spread over time; called where a batch is staged. The caller frees. */
int buckets_read(LakeConn *conn, Buckets **ret, Error *err) MUST_CHECK;
void buckets_free(Buckets *b);
DEFINE_CLEANUP(buckets_free, Buckets)

/* Adds them to the temporary table `copies`, in the open transaction that lands `staged`. */
int copies_find(Copies *c, LakeConn *conn, const Buckets *staged, Error *err) MUST_CHECK;

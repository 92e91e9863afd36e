/* past.h: earlier generations, for who asks for one by its number, as long as its file is kept. Those that were asked for last stay open
 * for a minute, so that they are not removed under a client that asks again. Any thread. */
#pragma once
#include "web/snapshot_pool.h"

typedef struct Past Past;
/* Of the snapshots in `dir`. `options` is copied; its texts are borrowed. */
Past *past_new(const char *dir, const LakeOptions *options) MUST_CHECK;
void past_free(Past *p); /* every lease must have been returned */

/* A lease of one generation. ERR_UNAVAILABLE: it is not kept, or was never published. */
typedef struct PastLease {
    Lease lease;
    struct PastOpen *of;
} PastLease;
int past_lease(Past *p, int64_t generation, PastLease *ret, Error *err) MUST_CHECK;
void past_return(Past *p, PastLease *lease, bool broken);
/* The generations that there are, newest first; a new reference. */
json_t *past_kept(const Past *p) MUST_CHECK;
/* Closes those that nobody has asked for in a minute. Call it periodically. */
void past_sweep(Past *p);

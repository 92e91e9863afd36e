/* histories.h: what the lake keeps between generations, so that readers can say since when, and what is usual: events an hour, what did not
 * pass by the hour, how long events took, what is typical of each feature, and the numbers of each generation. One thread, the writer's. */
#pragma once
#include "snapshot/entities.h"

/* Counts what came since the last publish, and merges and forgets what is old. */
int histories_advance(LakeConn *conn, const GoldEntities *entities, Error *err) MUST_CHECK;
/* The query of the table `history` of a generation: that of the lake with the numbers of this one, for which the table of the entity
 * `scored` and serving_pipeline must have been written. The caller frees. */
char *histories_query(const GoldEntity *scored, int64_t generation) MUST_CHECK;
/* What stores those numbers in the lake (SnapshotOptions.keep). The caller frees. */
char *histories_keep(int64_t generation) MUST_CHECK;

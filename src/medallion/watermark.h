/* watermark.h: keeps the high-water mark (lake/mark.h) of the lake that this process writes, and compares the two when it opens.
 *
 * Order: watermark_check before anything is changed, migrations, watermark_open, then watermark_landed after each commit of Bronze. One
 * thread at a time: the writer's. */
#pragma once
#include "lake/lake.h"
#include "lake/mark.h"
#include "medallion/bronze.h"

typedef struct Watermark Watermark;

/* How far the lake is, from its own tables, whatever its schema version; lake_id stays NULL where it has none. */
int watermark_of_lake(LakeConn *conn, Mark *ret, Error *err) MUST_CHECK;
/* Compares the lake with the mark at `path`; `conn` NULL: there is no lake. `lake` (the caller's, empty) gets where the lake stands when
 * that had to be read. A damaged mark is said and set aside. ERR_DATA when the lake is behind, gone, or another one: says by how much, and
 * the next step. */
int watermark_check(LakeConn *conn, const char *path, Mark *lake, Error *err) MUST_CHECK;
/* Brings the file up to where the migrated lake stands: `lake`, which is taken over; reads that when it is empty. */
int watermark_open(LakeConn *conn, const char *path, Mark *lake, Watermark **ret, Error *err) MUST_CHECK;
void watermark_free(Watermark *w);
DEFINE_CLEANUP(watermark_free, Watermark)
/* A batch landed: it is durable. A mark that cannot be written is said, and tried again with the next batch: a mark that is behind says
 * nothing wrong. `w` NULL: no mark is kept. */
typedef struct WatermarkBatch {
    const BronzeTopic *topic;
    const BatchPosition *positions; /* how far the partitions came */
    size_t position_count;
    int64_t batch_id;
    BronzeCounts counts;
} WatermarkBatch;
void watermark_landed(Watermark *w, const WatermarkBatch *batch);

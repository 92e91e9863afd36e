/* chunks.c: what refine does in one transaction, and what in one statement.
 *
 * DuckDB works on vectors of 2,048 rows, and each JSON function keeps what it parsed of a whole vector: memory grows with the length of
 * payloads, not with their number. So a chunk, which is whole batches because progress is counted in batches, is cut into slices with few
 * large payloads. While the longest payload that Bronze ever had, which DuckDB's statistics tell, is of ordinary length, nothing is
 * measured and a chunk is one slice.
 *
 * Invariant: each row of the batches is in exactly one slice of one chunk. Rows of Bronze are never deleted, so rowid identifies them. */
#include "refine/internal.h"

#include "base/memory.h"

#define LARGE       2048            /* bytes; a vector of shorter payloads needs little memory */
#define SLICE_BYTES (4 * 1048576)   /* of large payloads; a statement needs about 16 times as much memory */
#define CHUNK_BYTES (128 * 1048576) /* of large payloads; quarantine keeps them in memory until the commit */
#define READ_BYTES  (64 * 1048576)  /* that measuring may read at once, as far as batches allow */

void chunks_done(Chunks *chunks) {
    for (size_t i = 0; i < chunks->count; i++) free(chunks->items[i].slices);
    free(chunks->items);
    *chunks = (Chunks){0};
}

/* ---- cutting ---- */

static Chunk *last_chunk(const Chunks *chunks) {
    return chunks->count > 0 ? &chunks->items[chunks->count - 1] : NULL;
}

static Slice *last_slice(const Chunk *chunk) {
    return chunk->slice_count > 0 ? &chunk->slices[chunk->slice_count - 1] : NULL;
}

static void append_slice(Chunk *chunk, const Slice *slice) {
    chunk->slices = xrealloc(chunk->slices, chunk->slice_count + 1, sizeof *chunk->slices);
    chunk->slices[chunk->slice_count++] = *slice;
}

/* The last slice may grow into the batch: its rows follow those of the batch before. */
static void append_slices(Chunk *chunk, const Chunk *batch) {
    Slice *last = last_slice(chunk);
    size_t i = 0;
    if (last != NULL && last->heavy + batch->slices[0].heavy <= SLICE_BYTES) {
        last->last = batch->slices[0].last;
        last->rows += batch->slices[0].rows;
        last->heavy += batch->slices[0].heavy;
        i = 1;
    }
    for (; i < batch->slice_count; i++) append_slice(chunk, &batch->slices[i]);
}

/* Takes over what the batch owns. */
static void append_batch(Chunks *chunks, int64_t after, Chunk *batch, int64_t most) {
    Chunk *last = last_chunk(chunks);
    if (last == NULL || last->rows + batch->rows > most || last->heavy + batch->heavy > CHUNK_BYTES) {
        batch->after = last != NULL ? last->upto : after;
        chunks->items = xrealloc(chunks->items, chunks->count + 1, sizeof *chunks->items); /* `last` is not valid any more */
        chunks->items[chunks->count++] = *batch;
    } else {
        last->upto = batch->upto;
        last->rows += batch->rows;
        last->heavy += batch->heavy;
        append_slices(last, batch);
        free(batch->slices);
    }
    chunks->rows += batch->rows;
    *batch = (Chunk){0};
}

/* ---- measuring ---- */

typedef struct SliceMeasure {
    LakeConn *conn;
    int64_t longest; /* no text of Bronze is longer; bytes */
    int64_t after, most;
    Chunks *chunks;
} SliceMeasure;

static void add_row(Chunk *batch, int64_t row, int64_t bytes) {
    int64_t heavy = bytes > LARGE ? bytes : 0;
    Slice *last = last_slice(batch);
    if (last == NULL || (heavy > 0 && last->heavy + heavy > SLICE_BYTES)) {
        append_slice(batch, &(Slice){.first = row, .last = row, .rows = 1, .heavy = heavy});
    } else {
        last->last = row;
        last->rows++;
        last->heavy += heavy;
    }
    batch->rows++;
    batch->heavy += heavy;
}

/* Reads the sizes of the rows of the batches (after, upto]. */
static int measure_rows(SliceMeasure *m, int64_t after, int64_t upto, Error *err) {
    LakeBinding range[] = {{"after", lake_int(after)}, {"upto", lake_int(upto)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/measure"), range, ARRAY_LEN(range));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(m->conn, "refine/measure", sql, NULL, 0, &rows, err) != 0) return -1;
    Chunk batch = {0};
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        int64_t batch_id = lake_col_int(rows, 0);
        if (batch.rows > 0 && batch_id != batch.upto) append_batch(m->chunks, m->after, &batch, m->most);
        batch.upto = batch_id;
        add_row(&batch, lake_col_int(rows, 1), lake_col_int(rows, 2));
    }
    if (got == 0 && batch.rows > 0)
        append_batch(m->chunks, m->after, &batch, m->most);
    else
        free(batch.slices);
    return got;
}

static void append_whole(SliceMeasure *m, int64_t batch_id, int64_t rows) {
    Chunk batch = {.upto = batch_id, .rows = rows};
    append_slice(&batch, &(Slice){.first = 0, .last = INT64_MAX, .rows = rows});
    append_batch(m->chunks, m->after, &batch, m->most);
}

/* Measures small batches together. */
static int measure_batches(SliceMeasure *m, LakeResult *batches, Error *err) {
    int64_t measured = m->after, upto = m->after, rows = 0;
    int got;
    while ((got = lake_next(batches, err)) > 0) {
        int64_t batch_id = lake_col_int(batches, 0), n = lake_col_int(batches, 1);
        if (m->longest <= LARGE) {
            append_whole(m, batch_id, n);
            continue;
        }
        if (rows > 0 && (rows + n) * m->longest > READ_BYTES) {
            if (measure_rows(m, measured, upto, err) != 0) return -1;
            measured = upto;
            rows = 0;
        }
        upto = batch_id;
        rows += n;
    }
    return got == 0 && rows > 0 ? measure_rows(m, measured, upto, err) : got;
}

int chunks_read(LakeConn *conn, int64_t after, int64_t most, Chunks *ret, Error *err) {
    SliceMeasure m = {.conn = conn, .after = after, .most = most, .chunks = ret};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/batches"), &(LakeBinding){"after", lake_int(after)}, 1);
    CLEANUP(lake_result_freep) LakeResult *batches = NULL;
    if (lake_query(conn, "refine/batches", sql, NULL, 0, &batches, err) != 0 ||
        lake_query_int(conn, "refine/longest", lake_sql("refine/longest"), NULL, 0, &m.longest, err) != 0)
        return -1;
    return measure_batches(&m, batches, err);
}

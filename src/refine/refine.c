/* refine.c: chunks of batches, one transaction each.
 *
 * Each slice of a chunk (chunks.c) takes the fast path first (src/compile/silver.c); only the rows that remain are judged one field at a
 * time (src/compile/suspects.c).
 *
 * Invariant: every event of Bronze up to refine_progress.batch_id is in Silver or in quarantine, once; a chunk whose counts do not add up
 * is rolled back. An incremental run and --full run the same statements on the same batches, so their tables are equal. */
#include "refine/refine.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stop.h"
#include "refine/internal.h"
#include <inttypes.h>
#include <string.h>

#define REBUILD_SUFFIX "_rebuild"

struct Refinery {
    Pipeline *pipeline;
    Compiled *live, *rebuild; /* for the live tables; for those that are written beside them */
};

int refinery_open(const Settings *settings, Refinery **ret, Error *err) {
    Pipeline *pipeline;
    if (pipeline_load(settings, &pipeline, err) != 0) return -1;
    *ret = refinery_new(pipeline);
    return 0;
}

Refinery *refinery_new(Pipeline *pipeline) {
    Refinery *r = xcalloc(1, sizeof *r);
    *r = (Refinery){.pipeline = pipeline, .live = compile_new(pipeline, ""), .rebuild = compile_new(pipeline, REBUILD_SUFFIX)};
    return r;
}

void refinery_free(Refinery *r) {
    compile_free(r->live);
    compile_free(r->rebuild);
    pipeline_free(r->pipeline);
    free(r);
}

/* ---- Silver ---- */

typedef struct Counts {
    int64_t silver, quarantined, drifted;
} Counts;

static int route_suspects(const Refine *r, const LakeBinding *rows, size_t n, Counts *counts, Error *err) {
    Counts more = {0};
    if (refine_exec(r, SQL_SILVER_SUSPECTS, rows, n, NULL, err) != 0 ||
        refine_exec(r, SQL_SILVER_ACCEPT, rows, n, &more.silver, err) != 0 ||
        refine_exec(r, SQL_SILVER_QUARANTINE, rows, n, &more.quarantined, err) != 0 ||
        refine_exec(r, SQL_SILVER_DRIFT, rows, n, NULL, err) != 0 || refine_query_int(r, "silver/drifted", &more.drifted, err) != 0)
        return -1;
    counts->silver += more.silver;
    counts->quarantined += more.quarantined;
    counts->drifted += more.drifted;
    return 0;
}

static int refine_slice(const Refine *r, const Chunk *chunk, const Slice *slice, Counts *counts, Error *err) {
    LakeBinding rows[] = {{"after", lake_int(chunk->after)},
                          {"upto", lake_int(chunk->upto)},
                          {"first", lake_int(slice->first)},
                          {"last", lake_int(slice->last)}};
    int64_t clean;
    if (refine_exec(r, SQL_SILVER_CLEAN, rows, ARRAY_LEN(rows), &clean, err) != 0) return -1;
    counts->silver += clean;
    return clean < slice->rows ? route_suspects(r, rows, ARRAY_LEN(rows), counts, err) : 0;
}

static int refine_silver(const Refine *r, const Chunk *chunk, Counts *counts, Error *err) {
    for (size_t i = 0; i < chunk->slice_count; i++)
        if (refine_slice(r, chunk, &chunk->slices[i], counts, err) != 0) return -1;
    if (counts->silver + counts->quarantined == chunk->rows) return 0;
    return error_set(err, ERR_BUG,
                     "batches %" PRId64 " to %" PRId64 " have %" PRId64 " events, but %" PRId64 " would be in Silver and %" PRId64
                     " in quarantine",
                     chunk->after + 1, chunk->upto, chunk->rows, counts->silver, counts->quarantined);
}

/* ---- one transaction ---- */

static int refine_chunk(const Refine *r, const Chunk *chunk, bool live, Error *err) {
    Counts counts = {0};
    GoldChange gold = {0};
    if (lake_begin(r->conn, err) != 0) return -1;
    if (refine_silver(r, chunk, &counts, err) != 0 || gold_add_batches(r, chunk->after, chunk->upto, &gold, err) != 0 ||
        (live && (gold_update_features(r, &gold, chunk->upto, err) != 0 || refine_store_progress(r, chunk->upto, err) != 0)) ||
        lake_commit(r->conn, err) != 0) {
        lake_rollback(r->conn);
        return -1;
    }
    r->stats->silver += counts.silver;
    r->stats->quarantined += counts.quarantined;
    r->stats->drifted += counts.drifted;
    r->stats->subscribers = gold.subscribers;
    return gold_compact_if_due(r, err);
}

static int refine_chunks(const Refine *r, const Chunks *chunks, bool live, bool quiet, Error *err) {
    Progress progress;
    int64_t done = 0;
    int rc = 0;
    if (!quiet) progress_start(&progress, "refine", "events", (uint64_t)chunks->rows);
    for (size_t i = 0; rc == 0 && i < chunks->count; i++) {
        if (stop_requested())
            rc = error_set(err, ERR_STOPPED, "stopped before the end; what was refined is safe");
        else
            rc = refine_chunk(r, &chunks->items[i], live, err);
        done += chunks->items[i].rows;
        if (rc == 0 && !quiet) progress_update(&progress, (uint64_t)done);
    }
    if (!quiet) progress_end(&progress);
    return rc;
}

/* A subscriber of several chunks counts once. */
static int count_subscribers(const Refine *r, const Chunks *chunks, Error *err) {
    if (chunks->count < 2) return 0;
    CLEANUP(free_text)
    char *sql = lake_sql_bind(lake_sql("refine/subscribers"), &(LakeBinding){"after", lake_int(chunks->items[0].after)}, 1);
    return lake_query_int(r->conn, "refine/subscribers", sql, NULL, 0, &r->stats->subscribers, err);
}

/* ---- incremental and full ---- */

static int64_t most_rows(const RefineOptions *options) {
    return options->chunk_rows > 0 ? options->chunk_rows : REFINE_CHUNK_ROWS;
}

static int run_incremental(const Refine *r, const RefineOptions *options, Error *err) {
    CLEANUP(chunks_done) Chunks chunks = {0};
    RefineProgress progress = {0};
    if (refine_read_progress(r, &progress, err) != 0 || refine_prepare(r, &progress, err) != 0 ||
        chunks_read(r->conn, progress.batch_id, most_rows(options), &chunks, err) != 0)
        return -1;
    if (chunks.count == 0) return refine_store_progress(r, progress.batch_id, err);
    return refine_chunks(r, &chunks, true, options->quiet, err) != 0 ? -1 : count_subscribers(r, &chunks, err);
}

static int run_rebuild(const Refine *r, const RefineOptions *options, Error *err) {
    CLEANUP(chunks_done) Chunks chunks = {0};
    if (chunks_read(r->conn, -1, most_rows(options), &chunks, err) != 0 || refine_begin_rebuild(r, err) != 0 ||
        refine_chunks(r, &chunks, false, options->quiet, err) != 0)
        return -1;
    int64_t upto = chunks.count > 0 ? chunks.items[chunks.count - 1].upto : 0;
    return refine_swap_rebuild(r, upto, err) != 0 ? -1 : count_subscribers(r, &chunks, err);
}

static int run_full(const Refine *r, const RefineOptions *options, Error *err) {
    if (run_rebuild(r, options, err) == 0) return lake_checkpoint(r->conn, err);
    Error ignored = {0};
    if (refine_drop_rebuild(r, &ignored) != 0) error_clear(&ignored); /* the next rebuild drops them */
    return -1;
}

int refine_run(const Refinery *refinery, LakeConn *conn, const RefineOptions *options, RefineStats *ret, Error *err) {
    int64_t began = clock_mono_ns();
    RefineStats stats = {.full = options->full};
    const Refine r = {.conn = conn,
                      .pipeline = refinery->pipeline,
                      .suffix = options->full ? REBUILD_SUFFIX : "",
                      .sql = options->full ? refinery->rebuild : refinery->live,
                      .live = refinery->live,
                      .stats = &stats};
    if ((options->full ? run_full(&r, options, err) : run_incremental(&r, options, err)) != 0) return -1;
    stats.seconds = clock_seconds_since(began);
    *ret = stats;
    return 0;
}

json_t *refine_stats_json(const RefineStats *s) {
    int64_t events = s->silver + s->quarantined;
    return json_pack("{sI sI sI sI sf sf sI sb sb sb}", "silver", (json_int_t)s->silver, "quarantined", (json_int_t)s->quarantined,
                     "subscribers", (json_int_t)s->subscribers, "drifted", (json_int_t)s->drifted, "seconds", s->seconds,
                     "events_per_second", s->seconds > 0 ? (double)events / s->seconds : 0.0, "columns_added", (json_int_t)s->columns_added,
                     "full", s->full, "features_rebuilt", s->features_rebuilt, "contracts_changed", s->contracts_changed);
}

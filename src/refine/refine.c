/* refine.c: chunks of batches, one transaction each.
 *
 * Invariant: every event of Bronze up to refine_progress.batch_id is in Silver or in quarantine, once; a chunk whose counts do not add up
 * is rolled back. An incremental run and --full judge the same events by the same program, so their tables are equal. */
#include "refine/refine.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stop.h"
#include "refine/bronze_slices.h"
#include "refine/internal.h"
#include "refine/silver.h"
#include <inttypes.h>
#include <string.h>

#define REBUILD_SUFFIX "_rebuild"
#define MANY_ROWS      245760 /* two of DuckDB's row groups: so that each of two threads writes a whole one */
#define THREADS_MAX    4      /* each needs memory for a row group of Silver that is not full yet */
#define COMPACT_CHECKS 8      /* batches: refines that follow each other look that often whether Gold's state is to be compacted */

struct Refinery {
    Pipeline *pipeline;
    JudgeProgram *program;
    Compiled *live, *rebuild; /* for the live tables; for those that are written beside them */
};

int refinery_open(const Settings *settings, Refinery **ret, Error *err) {
    Pipeline *pipeline;
    return pipeline_load(settings, &pipeline, err) != 0 ? -1 : refinery_new(pipeline, ret, err);
}

int refinery_new(Pipeline *pipeline, Refinery **ret, Error *err) {
    CLEANUP(refinery_freep) Refinery *r = xcalloc(1, sizeof *r);
    *r = (Refinery){.pipeline = pipeline, .live = compile_new(pipeline, ""), .rebuild = compile_new(pipeline, REBUILD_SUFFIX)};
    if (judge_program_new(pipeline, &r->program, err) != 0) return -1;
    *ret = TAKE(r);
    return 0;
}

const Pipeline *refinery_pipeline(const Refinery *r) {
    return r->pipeline;
}

void refinery_free(Refinery *r) {
    if (r->program != NULL) judge_program_free(r->program);
    compile_free(r->live);
    compile_free(r->rebuild);
    pipeline_free(r->pipeline);
    free(r);
}

static int64_t most_rows(const RefineOptions *options) {
    return options->chunk_rows > 0 ? options->chunk_rows : REFINE_CHUNK_ROWS;
}

/* ---- threads ---- */

static size_t most_threads(const RefineOptions *options) {
    int cores = cpu_count();
    return options->threads > 0 ? (size_t)options->threads : cores < THREADS_MAX ? (size_t)cores : THREADS_MAX;
}

/* Silver is written by several threads where that is worth their start. Gold is not: its sums of many entities take as long with two, and
 * more CPU and memory. */
static int judge_in_threads(const Refine *r, Silver *silver, const Batches *chunk, SilverCounts *ret, Error *err) {
    if (r->threads == 1 || chunk->rows < MANY_ROWS) return silver_refine(silver, chunk, ret, err);
    if (lake_raise_threads(r->conn, (int64_t)r->threads, err) != 0) return -1;
    Error ignored = {0};
    int rc = silver_refine(silver, chunk, ret, err);
    if (lake_lower_threads(r->conn, rc == 0 ? err : &ignored) != 0) rc = -1;
    error_clear(&ignored);
    return rc;
}

/* ---- one transaction ---- */

/* Looking costs several small queries, and a batch adds few rows. */
static int compact_now_and_then(const Refine *r, int64_t after, int64_t upto, Error *err) {
    return r->follows && after / COMPACT_CHECKS == upto / COMPACT_CHECKS ? 0 : compact_if_due(r, err);
}

/* Judges these batches, or the first of them: *ret_batches says how many. */
static int refine_chunk(const Refine *r, Silver *silver, const Batches *chunk, size_t *ret_batches, Error *err) {
    SilverCounts counts = {0};
    bool live = !r->stats->full;
    if (lake_begin(r->conn, err) != 0) return -1;
    if (judge_in_threads(r, silver, chunk, &counts, err) != 0) {
        lake_rollback(r->conn);
        return -1;
    }
    int64_t upto = chunk->items[counts.batches - 1].batch_id;
    if (gold_add_batches(r, chunk->after, upto, err) != 0 || (live && event_times_add(r, chunk->after, upto, err) != 0) ||
        (live && refine_store_progress(r, upto, err) != 0) || lake_commit(r->conn, err) != 0) {
        lake_rollback(r->conn);
        return -1;
    }
    r->stats->silver += counts.silver;
    r->stats->quarantined += counts.quarantined;
    r->stats->drifted += counts.drifted;
    r->stats->other_unit += counts.other_unit;
    *ret_batches = counts.batches;
    return compact_now_and_then(r, chunk->after, upto, err);
}

/* The run for so many rows: what is one slice keeps one thread busy, and each other one would cost a connection. */
static Refine for_rows(const Refine *r, int64_t rows) {
    Refine fitting = *r;
    if (rows < BRONZE_PART_ROWS) fitting.threads = 1;
    return fitting;
}

/* *ret_chunks: how many transactions it took. */
static int refine_in_chunks(const Refine *all_threads, const Batches *all, const RefineOptions *options, size_t *ret_chunks, Error *err) {
    CLEANUP(silver_closep) Silver *silver = NULL;
    Refine run = for_rows(all_threads, all->rows), *r = &run;
    Progress progress;
    size_t n = 0;
    int rc = silver_open(r, &silver, err);
    if (!options->quiet) progress_start(&progress, "refine", "events", (uint64_t)all->rows);
    for (size_t at = 0; rc == 0 && at < all->count; at += n, ++*ret_chunks) {
        Batches chunk = batches_chunk(all, at, most_rows(options));
        if (stop_requested())
            rc = error_set(err, ERR_STOPPED, "stopped before the end; what was refined is safe");
        else
            rc = refine_chunk(r, silver, &chunk, &n, err);
        if (rc != 0) break;
        if (!options->quiet) progress_update(&progress, (uint64_t)(r->stats->silver + r->stats->quarantined));
    }
    if (!options->quiet) progress_end(&progress);
    return rc;
}

static int count_touched_by(const Refine *r, size_t entity, int64_t after, Error *err) {
    static const char name[] = "refine/touched";
    const LakeBinding bindings[] = {{"after", lake_int(after)}, {"key", lake_name(r->pipeline->entities[entity].key.name)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, ARRAY_LEN(bindings));
    return lake_query_int(r->conn, name, sql, NULL, 0, &r->stats->touched[entity], err);
}

/* An entity of several chunks counts once. */
static int count_touched(const Refine *r, const Batches *all, size_t chunks, Error *err) {
    for (size_t i = 0; chunks > 1 && i < r->pipeline->entity_count; i++)
        if (count_touched_by(r, i, all->after, err) != 0) return -1;
    return 0;
}

/* ---- incremental and full ---- */

static int run_incremental(const Refine *r, const RefineOptions *options, Error *err) {
    CLEANUP(batches_done) Batches all = {0};
    RefineProgress progress = {0};
    size_t chunks = 0;
    if (refine_read_progress(r, &progress, err) != 0 || refine_prepare(r, &progress, err) != 0 ||
        batches_read(r->conn, progress.batch_id, &all, err) != 0)
        return -1;
    if (all.count == 0) return refine_store_progress(r, progress.batch_id, err);
    return refine_in_chunks(r, &all, options, &chunks, err) != 0 ? -1 : count_touched(r, &all, chunks, err);
}

static int run_rebuild(const Refine *r, const RefineOptions *options, Error *err) {
    CLEANUP(batches_done) Batches all = {0};
    size_t chunks = 0;
    if (batches_read(r->conn, -1, &all, err) != 0 || refine_begin_rebuild(r, err) != 0 || other_ids_tell(r, -1, err) != 0 ||
        refine_in_chunks(r, &all, options, &chunks, err) != 0)
        return -1;
    int64_t upto = all.count > 0 ? all.items[all.count - 1].batch_id : 0;
    return refine_swap_rebuild(r, upto, err) != 0 ? -1 : count_touched(r, &all, chunks, err);
}

static int run_full(const Refine *r, const RefineOptions *options, Error *err) {
    bool done; /* if not, closing the lake does it */
    if (run_rebuild(r, options, err) == 0) return options->follows ? 0 : lake_checkpoint_if_idle(r->conn, &done, err);
    Error ignored = {0};
    if (refine_drop_rebuild(r, &ignored) != 0) error_clear(&ignored); /* the next rebuild drops them */
    return -1;
}

Refine refine_of(const Refinery *refinery, LakeConn *conn, RefineStats *stats) {
    return (Refine){.conn = conn,
                    .pipeline = refinery->pipeline,
                    .program = refinery->program,
                    .suffix = "",
                    .sql = refinery->live,
                    .live = refinery->live,
                    .stats = stats,
                    .threads = 1};
}

int refine_run(const Refinery *refinery, LakeConn *conn, const RefineOptions *options, RefineStats *ret, Error *err) {
    int64_t began = clock_mono_ns();
    RefineStats stats = {.full = options->full, .entities = refinery->pipeline->entities, .entity_count = refinery->pipeline->entity_count};
    Refine r = refine_of(refinery, conn, &stats);
    r.suffix = options->full ? REBUILD_SUFFIX : "";
    r.sql = options->full ? refinery->rebuild : refinery->live;
    r.follows = options->follows;
    r.threads = most_threads(options);
    if ((options->full ? run_full(&r, options, err) : run_incremental(&r, options, err)) != 0) return -1;
    stats.seconds = clock_seconds_since(began);
    *ret = stats;
    return 0;
}

/* The first entity also by its plural alone, as it was when there was only one. */
static void add_touched(json_t *summary, const RefineStats *s) {
    json_t *entities = json_object();
    json_object_set_new(summary, s->entities[0].plural, json_integer(s->touched[0]));
    for (size_t i = 0; i < s->entity_count; i++) json_object_set_new(entities, s->entities[i].name, json_integer(s->touched[i]));
    json_object_set_new(summary, "entities", entities);
}

json_t *refine_stats_json(const RefineStats *s) {
    int64_t events = s->silver + s->quarantined;
    json_t *summary = json_pack("{sI sI sI sI sI sf sf sI sb sb sb}", "silver", (json_int_t)s->silver, "quarantined",
                                (json_int_t)s->quarantined, "drifted", (json_int_t)s->drifted, "other_unit", (json_int_t)s->other_unit,
                                "other_ids", (json_int_t)s->other_ids, "seconds", s->seconds, "events_per_second",
                                s->seconds > 0 ? (double)events / s->seconds : 0.0, "columns_added", (json_int_t)s->columns_added, "full",
                                s->full, "features_rebuilt", s->features_rebuilt, "contracts_changed", s->contracts_changed);
    add_touched(summary, s);
    return summary;
}

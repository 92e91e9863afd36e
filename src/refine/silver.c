/* silver.c: see silver.h.
 *
 *   readers' connections   SELECT ... FROM bronze_raw_events          streams of chunks
 *   judging.c              judge_event for each row                   one stream a thread of DuckDB
 *   run's connection       INSERT INTO silver_clean_events ... FROM judged()
 *                          INSERT INTO silver_quarantine ... FROM quarantined(), MERGE INTO silver_drift ... FROM drifted()
 *
 * What broke its contract waits in memory until the first INSERT has ended. When that is much, the INSERT ends early: a round. The rounds
 * go on in the same streams and the same transaction. */
#include "refine/silver.h"

#include "base/memory.h"
#include "refine/judging.h"
#include "refine/quality.h"
#include <inttypes.h>

#define CHUNK_BYTES (128 * 1048576) /* of large and of bad payloads: DuckDB has them in memory until the commit */

struct Silver {
    const Refine *run;
    BronzeSlices *slices; /* owned */
    Judging **streams;    /* owned; those that stopped in the middle of a slice first */
    size_t count;
    HeldRows drift_rows;
    /* of silver_refine */
    const Batches *batches;
    SilverCounts counts;
};

/* ---- what the streams found ---- */

static JudgingCounts found(const Silver *s) {
    JudgingCounts all = {0};
    for (size_t i = 0; i < s->count; i++) {
        const JudgingCounts *one = judging_counts(s->streams[i]);
        all.quarantined += one->quarantined;
        all.drifted += one->drifted;
        all.other_unit += one->other_unit;
        all.conflicts += one->conflicts;
        all.bytes += one->bytes;
    }
    return all;
}

/* A LakeFill: what is held back, one stream after the other. */
static size_t fill_quarantined(void *silver, LakeChunk *chunk, size_t capacity) {
    const Silver *s = silver;
    size_t n = 0;
    for (size_t i = 0; i < s->count && n == 0; i++) n = held_fill(judging_quarantine(s->streams[i]), chunk, capacity);
    return n;
}

static int store_quarantine(Silver *s, Error *err) {
    int64_t stored = 0, held = 0;
    for (size_t i = 0; i < s->count; i++) held += (int64_t)judging_quarantine(s->streams[i])->count;
    if (held > 0 && refine_exec(s->run, SQL_SILVER_QUARANTINE, NULL, 0, &stored, err) != 0) return -1;
    if (stored != held) return error_set(err, ERR_BUG, "quarantine has %" PRId64 " of %" PRId64 " events", stored, held);
    for (size_t i = 0; i < s->count; i++) held_clear(judging_quarantine(s->streams[i]));
    return 0;
}

/* One stream after the other: a row of silver_drift can be merged into only once in a statement. */
static int store_drift(Silver *s, Error *err) {
    for (size_t i = 0; i < s->count; i++) {
        Drift *drift = judging_drift(s->streams[i]);
        if (drift_is_empty(drift)) continue;
        drift_take(drift, &s->drift_rows);
        if (refine_exec(s->run, SQL_SILVER_DRIFT, NULL, 0, NULL, err) != 0) return -1;
    }
    return 0;
}

static int store_measures(const Silver *s, Error *err) {
    const JudgeMeasure *measures;
    size_t n = judge_measures(s->run->program, &measures);
    JudgeCount *all = xcalloc(n + 1, sizeof *all);
    for (size_t i = 0; i < s->count; i++)
        for (size_t m = 0; m < n; m++) {
            all[m].rows += judging_measured(s->streams[i])[m].rows;
            all[m].failed += judging_measured(s->streams[i])[m].failed;
        }
    int rc = quality_store(s->run, all, s->batches->after, s->batches->items[s->counts.batches - 1].batch_id, err);
    free(all);
    return rc;
}

/* ---- one transaction ---- */

static void streams_first_that_read(Silver *s) {
    for (size_t i = 0, first = 0; i < s->count; i++) {
        if (!judging_is_reading(s->streams[i])) continue;
        Judging *reading = s->streams[i];
        s->streams[i] = s->streams[first];
        s->streams[first++] = reading;
    }
}

static bool has_ended(const Silver *s) {
    for (size_t i = 0; i < s->count; i++)
        if (judging_is_reading(s->streams[i])) return false;
    return bronze_slices_all_taken(s->slices);
}

/* The streams read Bronze by queries of their own. */
static int store_clean(Silver *s, int64_t *ret_rows, Error *err) {
    lake_keep_threads(s->run->conn);
    int rc = refine_exec(s->run, SQL_SILVER_CLEAN, NULL, 0, ret_rows, err);
    lake_release_threads(s->run->conn);
    return rc;
}

static int run_round(Silver *s, Error *err) {
    int64_t clean = 0;
    streams_first_that_read(s);
    if (store_clean(s, &clean, err) != 0) {
        for (size_t i = 0; i < s->count; i++)
            if (judging_take_error(s->streams[i], err)) break;
        return -1;
    }
    s->counts.silver += clean;
    return store_quarantine(s, err) != 0 ? -1 : store_drift(s, err);
}

static int run_rounds(Silver *s, Error *err) {
    while (!has_ended(s))
        if (run_round(s, err) != 0) return -1;
    return 0;
}

static int check_counts(const Silver *s, Error *err) {
    int64_t rows = 0;
    for (size_t i = 0; i < s->counts.batches; i++) rows += s->batches->items[i].rows;
    if (rows == s->counts.silver + s->counts.quarantined) return 0;
    return error_set(
        err, ERR_BUG,
        "batches %" PRId64 " to %" PRId64 " have %" PRId64 " events, but %" PRId64 " would be in Silver and %" PRId64 " in quarantine",
        s->batches->items[0].batch_id, s->batches->items[s->counts.batches - 1].batch_id, rows, s->counts.silver, s->counts.quarantined);
}

/* Window by window, until what the transaction holds in memory is enough. */
static int refine_windows(Silver *s, Error *err) {
    size_t n;
    while (found(s).bytes < CHUNK_BYTES) {
        if (bronze_slices_window(s->slices, &n, err) != 0) return -1;
        if (n == 0) break;
        s->counts.batches += n;
        if (run_rounds(s, err) != 0) return -1;
    }
    s->counts.quarantined = found(s).quarantined;
    s->counts.drifted = found(s).drifted;
    s->counts.other_unit = found(s).other_unit;
    return 0;
}

/* ---- conflicts ---- */

static int read_corrections(Silver *s, const LakeBinding range[2], Buf *rows, Error *err) {
    const StatementText *corrections = compile_statement(s->run->sql, SQL_SILVER_CORRECTIONS, 0);
    CLEANUP(free_text) char *sql = lake_sql_bind(corrections->sql, range, 2);
    CLEANUP(lake_result_freep) LakeResult *rows_found = NULL;
    if (lake_query(s->run->conn, corrections->name, sql, NULL, 0, &rows_found, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows_found, err)) > 0) buf_add(rows, &(int64_t){lake_col_int(rows_found, 0)}, sizeof(int64_t));
    return got;
}

/* Conflicts whose earlier event is in quarantine take its place: they are judged once more, into Silver. */
static int correct(Silver *s, Error *err) {
    int64_t upto = s->batches->items[s->counts.batches - 1].batch_id, before = s->counts.silver;
    LakeBinding range[] = {{"after", lake_int(s->batches->after)}, {"upto", lake_int(upto)}};
    CLEANUP(buf_done) Buf rows = {0};
    if (found(s).conflicts == 0) return 0;
    if (read_corrections(s, range, &rows, err) != 0) return -1;
    if (rows.len == 0) return 0;
    bronze_slices_rows(s->slices, (const int64_t *)(void *)rows.data, rows.len / sizeof(int64_t));
    for (size_t i = 0; i < s->count; i++) judging_correct(s->streams[i]);
    if (run_rounds(s, err) != 0) return -1;
    s->counts.quarantined -= s->counts.silver - before;
    return refine_exec(s->run, SQL_SILVER_CORRECTED, range, 2, NULL, err);
}

/* ---- a run ---- */

/* Large payloads are read by one thread, as each would need memory for its own. */
static int register_judged(Silver *s, Error *err) {
    size_t width, threads = bronze_slices_are_small(s->slices) ? s->count : 1;
    const LakeColumn *columns = judging_columns(s->streams[0], &width);
    return lake_register_streams(s->run->conn, "judged", columns, width, judging_fill, (void **)s->streams, threads, err);
}

static int begin(Silver *s, const Batches *batches, Error *err) {
    s->batches = batches;
    s->counts = (SilverCounts){0};
    for (size_t i = 0; i < s->count; i++) judging_begin(s->streams[i]);
    return bronze_slices_begin(s->slices, batches, err) != 0 ? -1 : register_judged(s, err);
}

static void end(Silver *s) {
    for (size_t i = 0; i < s->count; i++) judging_end(s->streams[i]);
    bronze_slices_end(s->slices);
}

int silver_refine(Silver *s, const Batches *batches, SilverCounts *ret, Error *err) {
    int rc = begin(s, batches, err) != 0 || refine_windows(s, err) != 0 ? -1 : correct(s, err);
    end(s);
    if (rc != 0 || check_counts(s, err) != 0) return -1;
    if (!s->run->stats->full && store_measures(s, err) != 0) return -1; /* only new events are measured */
    *ret = s->counts;
    return 0;
}

/* ---- opening ---- */

static int register_held(Silver *s, Error *err) {
    LakeConn *conn = s->run->conn;
    const HeldRows *held = judging_quarantine(s->streams[0]);
    if (lake_register_source(conn, "quarantined", held->columns, held->width, 1, fill_quarantined, s, err) != 0) return -1;
    return lake_register_source(conn, "drifted", drift_columns, DRIFT_COLUMNS, 1, held_fill, &s->drift_rows, err);
}

int silver_open(const Refine *r, Silver **ret, Error *err) {
    CLEANUP(silver_closep) Silver *s = xcalloc(1, sizeof *s);
    s->run = r;
    s->drift_rows = (HeldRows){.columns = drift_columns, .width = DRIFT_COLUMNS};
    s->streams = xcalloc(r->threads, sizeof(Judging *));
    if (bronze_slices_new(lake_of(r->conn), r->pipeline, r->threads, &s->slices, err) != 0) return -1;
    for (; s->count < r->threads; s->count++)
        if (judging_new(r, s->slices, &s->streams[s->count], err) != 0) return -1;
    if (register_held(s, err) != 0) return -1;
    *ret = TAKE(s);
    return 0;
}

void silver_close(Silver *s) {
    static const char *const sources[] = {"judged", "quarantined", "drifted"};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) lake_unregister_source(s->run->conn, sources[i]);
    for (size_t i = 0; i < s->count; i++) judging_free(s->streams[i]);
    if (s->slices != NULL) bronze_slices_free(s->slices);
    held_done(&s->drift_rows);
    free(s->streams);
    free(s);
}

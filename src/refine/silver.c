/* silver.c: see silver.h.
 *
 *   reader's connection    SELECT ... FROM bronze_raw_events          a stream of chunks
 *   this file              judge_event for each row                   texts are borrowed from the chunk, nothing is copied
 *   run's connection       INSERT INTO silver_clean_events ... FROM judged()
 *                          INSERT INTO silver_quarantine ... FROM quarantined(), MERGE INTO silver_drift ... FROM drifted()
 *
 * What broke its contract waits in memory until the first INSERT has ended. When that is much, the INSERT ends early: a round. The rounds
 * go on in the same stream and the same transaction. */
#include "refine/silver.h"

#include "base/memory.h"
#include "judge/judge.h"
#include "refine/bronze_reader.h"
#include "refine/drift.h"
#include "refine/file_topics.h"
#include "refine/held_rows.h"
#include "refine/quality.h"
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define HELD_ROWS         4096                      /* in quarantine, of one round */
#define HELD_BYTES        (8 * 1048576)             /* the same */
#define FIRST_CREDIBLE_US INT64_C(1577836800000000) /* 2020-01-01T00:00:00Z */
#define LARGE             4096                      /* bytes of a payload */
#define CHUNK_BYTES       (128 * 1048576)           /* of large and of bad payloads: DuckDB has them in memory until the commit */
#define QUARANTINE_OWN    7                         /* columns that quarantine has beside those of Bronze */

static const char conflict_reason[] = "another event has the same source, id and time";

static_assert(JUDGE_ROWS == LAKE_ROWS, "a chunk of the lake is a chunk of the judge");
static_assert(sizeof(Span) == sizeof(LakeText), "the judge's texts become DuckDB's where they are");

struct Silver {
    const Refine *run;
    BronzeReader *reader; /* owned */
    Judge *judge;         /* owned */
    FileTopics *files;    /* NULL: topics do not matter; owned */
    const JudgeColumn *judge_columns;
    size_t judge_count;
    LakeColumn *columns;  /* of judged(): of Silver; owned */
    JudgeVector *vectors; /* the judge's; owned */
    HeldRows quarantine, drift_rows;
    Drift *drift; /* owned */
    Error error;  /* why the stream broke */

    /* of silver_refine */
    const Batches *batches;
    SilverCounts counts;
    int64_t bytes;     /* of CHUNK_BYTES */
    bool ended;        /* the reader's window */
    int64_t conflicts; /* that are in quarantine */
    bool correcting;   /* the rows are conflicts that go to Silver */
    /* of the current chunk */
    LakeVector in[BRONZE_COLUMNS];
    size_t rows;
    uint16_t kept[LAKE_ROWS]; /* the rows that go to Silver */
    int32_t quality[LAKE_ROWS];
    bool has_quality[LAKE_ROWS];
};

/* ---- columns ---- */

static LakeColumn bronze_column(BronzeColumn i) {
    const SilverColumn *c = compile_bronze_column(i);
    return (LakeColumn){.name = c->name, .sql_type = c->type};
}

/* Bronze's first, then the judge's. */
static void make_silver_columns(Silver *s) {
    s->judge_count = judge_columns(s->run->program, &s->judge_columns);
    s->columns = xcalloc(BRONZE_STORED + s->judge_count, sizeof *s->columns);
    s->vectors = xcalloc(s->judge_count + 1, sizeof *s->vectors);
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) s->columns[i] = bronze_column(i);
    s->columns[BRONZE_ENTITY].name = s->run->pipeline->entities[0].key.name;
    for (size_t i = 0; i < s->judge_count; i++)
        s->columns[BRONZE_STORED + i] = (LakeColumn){.name = s->judge_columns[i].name, .sql_type = s->judge_columns[i].sql_type};
}

static void make_quarantine_columns(HeldRows *quarantine) {
    static const LakeColumn own[QUARANTINE_OWN] = {{.name = "rule", .sql_type = "VARCHAR"},
                                                   {.name = "field", .sql_type = "VARCHAR"},
                                                   {.name = "value", .sql_type = "VARCHAR"},
                                                   {.name = "reason", .sql_type = "VARCHAR"},
                                                   {.name = "violations", .sql_type = "JSON"},
                                                   {.name = "raw_payload", .sql_type = "JSON"},
                                                   {.name = "quarantined_at", .sql_type = "TIMESTAMP"}};
    LakeColumn *columns = xcalloc(BRONZE_STORED + QUARANTINE_OWN, sizeof *columns);
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) columns[i] = bronze_column(i);
    memcpy(columns + BRONZE_STORED, own, sizeof own);
    quarantine->columns = columns;
    quarantine->width = BRONZE_STORED + QUARANTINE_OWN;
}

/* ---- what is in the chunk ---- */

static Span text_in(const Silver *s, BronzeColumn column, size_t row) {
    return lake_has_value(&s->in[column], row) ? lake_text_at(&s->in[column], row) : (Span){0};
}

static int64_t int64_in(const Silver *s, BronzeColumn column, size_t row) {
    return ((const int64_t *)s->in[column].data)[row];
}

/* When the message came: the record's time, which is what the producer says, in any unit and by any clock. So one before there was any
 * Smelt, or more than a year after the message came into the lake, does not count; unless our own clock was before that as well. */
static int64_t message_time(const Silver *s, size_t row, int64_t ingested_us) {
    const LakeVector *record = &s->in[BRONZE_MESSAGE_TIME];
    int64_t record_us = lake_has_value(record, row) ? int64_in(s, BRONZE_MESSAGE_TIME, row) : INT64_MIN;
    if (record_us < FIRST_CREDIBLE_US) return ingested_us;
    bool far_ahead = record_us - ingested_us > judge_limits[LIMIT_AHEAD].most;
    return far_ahead && ingested_us >= FIRST_CREDIBLE_US ? ingested_us : record_us;
}

static JudgeInput input_of(const Silver *s, size_t row) {
    const LakeVector *not_nfc = &s->in[BRONZE_NOT_NFC];
    JudgeInput in = {
        .id = text_in(s, BRONZE_ID, row),
        .source = text_in(s, BRONZE_SOURCE, row),
        .type = text_in(s, BRONZE_TYPE, row),
        .topic = text_in(s, BRONZE_TOPIC, row),
        .entity_id = text_in(s, BRONZE_ENTITY, row),
        .entity_not_nfc = lake_has_value(not_nfc, row) && ((const bool *)not_nfc->data)[row],
        .has_time = lake_has_value(&s->in[BRONZE_TIME], row),
        .has_quality = lake_has_value(&s->in[BRONZE_QUALITY], row),
        .payload = text_in(s, BRONZE_PAYLOAD, row),
        .extra = text_in(s, BRONZE_EXTRA, row),
        .ingested_us = int64_in(s, BRONZE_INGESTED_AT, row),
    };
    if (s->files != NULL) in.topic = file_topics_resolve(s->files, in.topic, int64_in(s, BRONZE_BATCH, row));
    if (in.has_time) in.time_us = int64_in(s, BRONZE_TIME, row);
    if (in.has_quality) in.quality = ((const int32_t *)s->in[BRONZE_QUALITY].data)[row];
    in.message_us = message_time(s, row, in.ingested_us);
    in.payload_bytes = in.payload.len;
    in.extra_bytes = in.extra.len;
    return in;
}

/* ---- quarantine ---- */

static Cell cell_in(Silver *s, BronzeColumn column, size_t row) {
    const char *type = s->columns[column].sql_type;
    if (!lake_has_value(&s->in[column], row)) return (Cell){0};
    if (strcmp(type, "VARCHAR") == 0) return held_text(&s->quarantine, text_in(s, column, row));
    if (strcmp(type, "INTEGER") == 0) return held_number(((const int32_t *)s->in[column].data)[row]);
    return held_number(int64_in(s, column, row));
}

static void quarantine(Silver *s, size_t row, const JudgeInput *in, const JudgeVerdict *verdict) {
    HeldRows *held = &s->quarantine;
    const JudgeViolation *first = &verdict->violations[0];
    Cell *cells = held_add(held), *own = cells + BRONZE_STORED;
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) cells[i] = cell_in(s, i, row);
    cells[BRONZE_QUALITY] = verdict->has_quality ? held_number(verdict->quality) : (Cell){0};
    own[0] = held_text(held, (Span){first->rule, strlen(first->rule)});
    own[1] = held_text(held, first->field);
    own[2] = held_text(held, first->value);
    own[3] = held_text(held, first->reason);
    if (verdict->violation_count > 1) own[4] = held_text(held, judge_violations_json(s->judge, verdict));
    own[5] = held_text(held, in->payload);
    own[6] = held_number(in->ingested_us);
    s->counts.quarantined++;
    s->bytes += (int64_t)in->payload.len;
}

/* ---- judging a chunk ---- */

static bool is_conflict(const Silver *s, size_t row) {
    const LakeVector *v = &s->in[BRONZE_CONFLICT];
    return lake_has_value(v, row) && ((const bool *)v->data)[row];
}

/* A good event, but one that Silver may have in another version: it waits in quarantine until that is known. True. */
static bool add_conflict(Silver *s, JudgeVerdict *verdict) {
    static const JudgeViolation conflict = {
        .rule = "conflict", .field = {"id", 2}, .reason = {conflict_reason, sizeof conflict_reason - 1}};
    verdict->violations = &conflict;
    verdict->violation_count = 1;
    s->conflicts++;
    return true;
}

static bool judge_row(Silver *s, size_t row, size_t kept) {
    JudgeInput in = input_of(s, row);
    JudgeVerdict verdict;
    bool good = judge_event(s->judge, &in, kept, &verdict);
    if (verdict.drift_count > 0 && !s->correcting) {
        drift_add(s->drift, in.type, &verdict, in.ingested_us);
        s->counts.drifted++;
    }
    if (good && !s->correcting && is_conflict(s, row)) good = !add_conflict(s, &verdict);
    if (!good) {
        quarantine(s, row, &in, &verdict);
        return false;
    }
    judge_count(s->judge);
    if (in.payload.len > LARGE) s->bytes += (int64_t)in.payload.len;
    s->kept[kept] = (uint16_t)row;
    s->has_quality[kept] = verdict.has_quality;
    s->quality[kept] = verdict.quality;
    return true;
}

/* ---- into Silver's vectors ---- */

static void put_column(const LakeVector *out, const LakeVector *in, const char *type, const uint16_t *rows, size_t n) {
    if (strcmp(type, "VARCHAR") == 0)
        for (size_t i = 0; i < n; i++) ((LakeText *)out->data)[i] = ((const LakeText *)in->data)[rows[i]];
    else if (strcmp(type, "INTEGER") == 0)
        for (size_t i = 0; i < n; i++) ((int32_t *)out->data)[i] = ((const int32_t *)in->data)[rows[i]];
    else
        for (size_t i = 0; i < n; i++) ((int64_t *)out->data)[i] = ((const int64_t *)in->data)[rows[i]];
    for (size_t i = 0; in->valid != NULL && i < n; i++)
        if (!lake_has_value(in, rows[i])) lake_clear_value(out, i);
}

static void put_quality(const Silver *s, const LakeVector *out, size_t n) {
    memcpy(out->data, s->quality, n * sizeof s->quality[0]);
    for (size_t i = 0; i < n; i++)
        if (!s->has_quality[i]) lake_clear_value(out, i);
}

static void borrow_texts(const JudgeVector *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if ((v->valid[i / 64] >> (i % 64) & 1) == 0) continue;
        Span text;
        char *at = (char *)v->data + i * sizeof text;
        memcpy(&text, at, sizeof text);
        LakeText stored = lake_borrow_text(text);
        memcpy(at, &stored, sizeof stored);
    }
}

static void put_rows(Silver *s, LakeChunk *chunk, size_t n) {
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) {
        LakeVector out = lake_output(chunk, i);
        if (i == BRONZE_QUALITY)
            put_quality(s, &out, n);
        else
            put_column(&out, &s->in[i], s->columns[i].sql_type, s->kept, n);
    }
    for (size_t i = 0; i < s->judge_count; i++)
        if (s->judge_columns[i].store == JUDGE_TEXT) borrow_texts(&s->vectors[i], n);
}

/* ---- judged() ---- */

static bool round_is_full(const Silver *s) {
    return s->quarantine.count >= HELD_ROWS || s->quarantine.bytes >= HELD_BYTES || drift_is_full(s->drift);
}

/* False: there is no other chunk. */
static bool next_chunk(Silver *s, LakeChunk *chunk) {
    int got = bronze_reader_next(s->reader, &s->rows, &s->error);
    s->ended = got <= 0;
    if (got < 0) lake_output_fail(chunk, "Bronze cannot be read");
    for (BronzeColumn i = 0; got > 0 && i < BRONZE_COLUMNS; i++) s->in[i] = bronze_reader_column(s->reader, i);
    return got > 0;
}

static size_t fill_judged(void *silver, LakeChunk *chunk, size_t capacity) {
    Silver *s = silver;
    size_t kept = 0;
    BUG_IF(capacity < LAKE_ROWS);
    while (kept == 0 && !s->ended && !round_is_full(s)) {
        if (!next_chunk(s, chunk)) return 0;
        for (size_t i = 0; i < s->judge_count; i++) {
            LakeVector v = lake_output(chunk, BRONZE_STORED + i);
            s->vectors[i] = (JudgeVector){v.data, v.valid};
        }
        judge_begin(s->judge, s->vectors);
        for (size_t row = 0; row < s->rows; row++) kept += judge_row(s, row, kept);
    }
    if (kept > 0) put_rows(s, chunk, kept);
    return kept;
}

/* ---- one transaction ---- */

static int store_held(Silver *s, Error *err) {
    int64_t stored = 0;
    int64_t held = (int64_t)s->quarantine.count;
    if (held > 0 && refine_exec(s->run, SQL_SILVER_QUARANTINE, NULL, 0, &stored, err) != 0) return -1;
    if (stored != held) return error_set(err, ERR_BUG, "quarantine has %" PRId64 " of %" PRId64 " events", stored, held);
    held_clear(&s->quarantine);
    if (drift_is_empty(s->drift)) return 0;
    drift_take(s->drift, &s->drift_rows);
    return refine_exec(s->run, SQL_SILVER_DRIFT, NULL, 0, NULL, err);
}

static int run_round(Silver *s, Error *err) {
    int64_t clean = 0;
    if (refine_exec(s->run, SQL_SILVER_CLEAN, NULL, 0, &clean, err) != 0) {
        if (s->error.kind == ERR_NONE) return -1;
        error_clear(err);
        error_move(err, &s->error);
        return -1;
    }
    s->counts.silver += clean;
    return store_held(s, err);
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
    while (s->bytes < CHUNK_BYTES) {
        if (bronze_reader_window(s->reader, &n, err) != 0) return -1;
        if (n == 0) return 0;
        s->counts.batches += n;
        for (s->ended = false; !s->ended;)
            if (run_round(s, err) != 0) return -1;
    }
    return 0;
}

/* ---- conflicts ---- */

static int read_corrections(Silver *s, const LakeBinding range[2], Buf *rows, Error *err) {
    const StatementText *corrections = compile_statement(s->run->sql, SQL_SILVER_CORRECTIONS, 0);
    CLEANUP(free_text) char *sql = lake_sql_bind(corrections->sql, range, 2);
    CLEANUP(lake_result_freep) LakeResult *found = NULL;
    if (lake_query(s->run->conn, corrections->name, sql, NULL, 0, &found, err) != 0) return -1;
    int got;
    while ((got = lake_next(found, err)) > 0) buf_add(rows, &(int64_t){lake_col_int(found, 0)}, sizeof(int64_t));
    return got;
}

/* Conflicts whose earlier event is in quarantine take its place: they are judged once more, into Silver. */
static int correct(Silver *s, Error *err) {
    int64_t upto = s->batches->items[s->counts.batches - 1].batch_id, before = s->counts.silver;
    LakeBinding range[] = {{"after", lake_int(s->batches->after)}, {"upto", lake_int(upto)}};
    CLEANUP(buf_done) Buf rows = {0};
    if (s->conflicts == 0) return 0;
    if (read_corrections(s, range, &rows, err) != 0) return -1;
    if (rows.len == 0) return 0;
    bronze_reader_rows(s->reader, (const int64_t *)(void *)rows.data, rows.len / sizeof(int64_t));
    s->correcting = true;
    s->ended = false;
    int rc = run_round(s, err);
    s->correcting = false;
    if (rc != 0) return -1;
    s->counts.quarantined -= s->counts.silver - before;
    return refine_exec(s->run, SQL_SILVER_CORRECTED, range, 2, NULL, err);
}

int silver_refine(Silver *s, const Batches *batches, SilverCounts *ret, Error *err) {
    s->batches = batches;
    s->counts = (SilverCounts){0};
    s->bytes = s->conflicts = 0;
    judge_clear_counts(s->judge);
    if (bronze_reader_begin(s->reader, batches, err) != 0) return -1;
    int rc = refine_windows(s, err) != 0 ? -1 : correct(s, err);
    bronze_reader_end(s->reader);
    if (rc != 0 || check_counts(s, err) != 0) return -1;
    if (!s->run->stats->full && /* only new events are measured */
        quality_store(s->run, s->judge, batches->after, batches->items[s->counts.batches - 1].batch_id, err) != 0)
        return -1;
    *ret = s->counts;
    return 0;
}

/* ---- opening ---- */

static int register_sources(Silver *s, Error *err) {
    LakeConn *conn = s->run->conn;
    if (lake_register_source(conn, "judged", s->columns, BRONZE_STORED + s->judge_count, 1, fill_judged, s, err) != 0) return -1;
    if (lake_register_source(conn, "quarantined", s->quarantine.columns, s->quarantine.width, 1, held_fill, &s->quarantine, err) != 0)
        return -1;
    return lake_register_source(conn, "drifted", drift_columns, DRIFT_COLUMNS, 1, held_fill, &s->drift_rows, err);
}

int silver_open(const Refine *r, Silver **ret, Error *err) {
    CLEANUP(silver_closep) Silver *s = xcalloc(1, sizeof *s);
    s->run = r;
    s->judge = judge_new(r->program);
    s->drift = drift_new();
    s->drift_rows = (HeldRows){.columns = drift_columns, .width = DRIFT_COLUMNS};
    make_silver_columns(s);
    make_quarantine_columns(&s->quarantine);
    if (judge_topics_matter(r->program) && file_topics_read(r->conn, &s->files, err) != 0) return -1;
    if (bronze_reader_new(lake_of(r->conn), r->pipeline, r->sql, &s->reader, err) != 0 || register_sources(s, err) != 0) return -1;
    *ret = TAKE(s);
    return 0;
}

void silver_close(Silver *s) {
    static const char *const sources[] = {"judged", "quarantined", "drifted"};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) lake_unregister_source(s->run->conn, sources[i]);
    if (s->reader != NULL) bronze_reader_free(s->reader);
    judge_free(s->judge);
    if (s->files != NULL) file_topics_free(s->files);
    drift_free(s->drift);
    free((void *)(uintptr_t)s->quarantine.columns);
    held_done(&s->quarantine);
    held_done(&s->drift_rows);
    error_clear(&s->error);
    free(s->columns);
    free(s->vectors);
    free(s);
}

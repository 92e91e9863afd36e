/* judging.c: see judging.h. Texts are borrowed from the chunk of Bronze, nothing is copied but what is held back. */
#include "refine/judging.h"

#include "base/memory.h"
#include "refine/file_topics.h"
#include <assert.h>
#include <string.h>

#define HELD_ROWS         4096
#define HELD_BYTES        (8 * 1048576)             /* the same */
#define FIRST_CREDIBLE_US INT64_C(1577836800000000) /* 2020-01-01T00:00:00Z */
#define LARGE             4096                      /* bytes of a payload */
#define QUARANTINE_OWN    7                         /* columns that quarantine has beside those of Bronze */

static const char conflict_reason[] = "another event has the same source, id and time";

static_assert(JUDGE_ROWS == LAKE_ROWS, "a chunk of the lake is a chunk of the judge");
static_assert(sizeof(Span) == sizeof(LakeText), "the judge's texts become DuckDB's where they are");

struct Judging {
    const Refine *run;
    BronzeReader *reader; /* owned */
    Judge *judge;         /* owned */
    FileTopics *files;    /* NULL: topics do not matter; owned */
    const JudgeColumn *judge_columns;
    size_t judge_count;
    LakeColumn *columns;  /* of Silver; owned */
    JudgeVector *vectors; /* the judge's; owned */
    HeldRows quarantine;
    Drift *drift; /* owned */
    Error error;  /* why the stream broke */
    JudgingCounts counts;
    bool correcting; /* the rows are conflicts that go to Silver */
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
static void make_columns(Judging *j) {
    j->judge_count = judge_columns(j->run->program, &j->judge_columns);
    j->columns = xcalloc(BRONZE_STORED + j->judge_count, sizeof *j->columns);
    j->vectors = xcalloc(j->judge_count + 1, sizeof *j->vectors);
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) j->columns[i] = bronze_column(i);
    j->columns[BRONZE_ENTITY].name = j->run->pipeline->entities[0].key.name;
    for (size_t i = 0; i < j->judge_count; i++)
        j->columns[BRONZE_STORED + i] = (LakeColumn){.name = j->judge_columns[i].name, .sql_type = j->judge_columns[i].sql_type};
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

static Span text_in(const Judging *j, BronzeColumn column, size_t row) {
    return lake_has_value(&j->in[column], row) ? lake_text_at(&j->in[column], row) : (Span){0};
}

static int64_t int64_in(const Judging *j, BronzeColumn column, size_t row) {
    return ((const int64_t *)j->in[column].data)[row];
}

/* When the message came: the record's time, which is what the producer says, in any unit and by any clock. So one before there was any
 * Smelt, or more than a year after the message came into the lake, does not count; unless our own clock was before that as well. */
static int64_t message_time(const Judging *j, size_t row, int64_t ingested_us) {
    const LakeVector *record = &j->in[BRONZE_MESSAGE_TIME];
    int64_t record_us = lake_has_value(record, row) ? int64_in(j, BRONZE_MESSAGE_TIME, row) : INT64_MIN;
    if (record_us < FIRST_CREDIBLE_US) return ingested_us;
    bool far_ahead = record_us - ingested_us > judge_limits[LIMIT_AHEAD].most;
    return far_ahead && ingested_us >= FIRST_CREDIBLE_US ? ingested_us : record_us;
}

static JudgeInput input_of(const Judging *j, size_t row) {
    const LakeVector *not_nfc = &j->in[BRONZE_NOT_NFC];
    JudgeInput in = {
        .id = text_in(j, BRONZE_ID, row),
        .source = text_in(j, BRONZE_SOURCE, row),
        .type = text_in(j, BRONZE_TYPE, row),
        .topic = text_in(j, BRONZE_TOPIC, row),
        .entity_id = text_in(j, BRONZE_ENTITY, row),
        .entity_not_nfc = lake_has_value(not_nfc, row) && ((const bool *)not_nfc->data)[row],
        .has_time = lake_has_value(&j->in[BRONZE_TIME], row),
        .has_quality = lake_has_value(&j->in[BRONZE_QUALITY], row),
        .payload = text_in(j, BRONZE_PAYLOAD, row),
        .extra = text_in(j, BRONZE_EXTRA, row),
        .ingested_us = int64_in(j, BRONZE_INGESTED_AT, row),
    };
    if (j->files != NULL) in.topic = file_topics_resolve(j->files, in.topic, int64_in(j, BRONZE_BATCH, row));
    if (in.has_time) in.time_us = int64_in(j, BRONZE_TIME, row);
    if (in.has_quality) in.quality = ((const int32_t *)j->in[BRONZE_QUALITY].data)[row];
    in.message_us = message_time(j, row, in.ingested_us);
    in.payload_bytes = in.payload.len;
    in.extra_bytes = in.extra.len;
    return in;
}

/* ---- quarantine ---- */

static Cell cell_in(Judging *j, BronzeColumn column, size_t row) {
    const char *type = j->columns[column].sql_type;
    if (!lake_has_value(&j->in[column], row)) return (Cell){0};
    if (strcmp(type, "VARCHAR") == 0) return held_text(&j->quarantine, text_in(j, column, row));
    if (strcmp(type, "INTEGER") == 0) return held_number(((const int32_t *)j->in[column].data)[row]);
    return held_number(int64_in(j, column, row));
}

static void quarantine(Judging *j, size_t row, const JudgeInput *in, const JudgeVerdict *verdict) {
    HeldRows *held = &j->quarantine;
    const JudgeViolation *first = &verdict->violations[0];
    Cell *cells = held_add(held), *own = cells + BRONZE_STORED;
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) cells[i] = cell_in(j, i, row);
    cells[BRONZE_QUALITY] = verdict->has_quality ? held_number(verdict->quality) : (Cell){0};
    own[0] = held_text(held, (Span){first->rule, strlen(first->rule)});
    own[1] = held_text(held, first->field);
    own[2] = held_text(held, first->value);
    own[3] = held_text(held, first->reason);
    if (verdict->violation_count > 1) own[4] = held_text(held, judge_violations_json(j->judge, verdict));
    own[5] = held_text(held, in->payload);
    own[6] = held_number(in->ingested_us);
    j->counts.quarantined++;
    j->counts.bytes += (int64_t)in->payload.len;
}

/* ---- judging a chunk ---- */

static bool is_conflict(const Judging *j, size_t row) {
    const LakeVector *v = &j->in[BRONZE_CONFLICT];
    return lake_has_value(v, row) && ((const bool *)v->data)[row];
}

/* A good event, but one that Silver may have in another version: it waits in quarantine until that is known. True. */
static bool add_conflict(Judging *j, JudgeVerdict *verdict) {
    static const JudgeViolation conflict = {
        .rule = "conflict", .field = {"id", 2}, .reason = {conflict_reason, sizeof conflict_reason - 1}};
    verdict->violations = &conflict;
    verdict->violation_count = 1;
    judge_withdraw(j->judge);
    j->counts.conflicts++;
    return true;
}

static bool has_other_unit(const JudgeVerdict *verdict) {
    for (size_t i = 0; i < verdict->drift_count; i++)
        if (verdict->drift[i].is_unit) return true;
    return false;
}

static bool judge_row(Judging *j, size_t row, size_t kept) {
    JudgeInput in = input_of(j, row);
    JudgeVerdict verdict;
    bool good = judge_event(j->judge, &in, kept, &verdict);
    if (verdict.drift_count > 0 && !j->correcting) {
        drift_add(j->drift, in.type, &verdict, in.ingested_us);
        j->counts.drifted++;
        j->counts.other_unit += has_other_unit(&verdict);
    }
    if (good && !j->correcting && is_conflict(j, row)) good = !add_conflict(j, &verdict);
    if (!good) {
        quarantine(j, row, &in, &verdict);
        return false;
    }
    judge_count(j->judge);
    if (in.payload.len > LARGE) j->counts.bytes += (int64_t)in.payload.len;
    j->kept[kept] = (uint16_t)row;
    j->has_quality[kept] = verdict.has_quality;
    j->quality[kept] = verdict.quality;
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

static void put_quality(const Judging *j, const LakeVector *out, size_t n) {
    memcpy(out->data, j->quality, n * sizeof j->quality[0]);
    for (size_t i = 0; i < n; i++)
        if (!j->has_quality[i]) lake_clear_value(out, i);
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

static void put_rows(Judging *j, LakeChunk *chunk, size_t n) {
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++) {
        LakeVector out = lake_output(chunk, i);
        if (i == BRONZE_QUALITY)
            put_quality(j, &out, n);
        else
            put_column(&out, &j->in[i], j->columns[i].sql_type, j->kept, n);
    }
    for (size_t i = 0; i < j->judge_count; i++)
        if (j->judge_columns[i].store == JUDGE_TEXT) borrow_texts(&j->vectors[i], n);
}

/* ---- the stream ---- */

static bool is_full(const Judging *j) {
    return j->quarantine.count >= HELD_ROWS || j->quarantine.bytes >= HELD_BYTES || drift_is_full(j->drift);
}

/* False: there is no other chunk. */
static bool next_chunk(Judging *j, LakeChunk *chunk) {
    int got = bronze_reader_next(j->reader, &j->rows, &j->error);
    if (got < 0) lake_output_fail(chunk, "Bronze cannot be read");
    for (BronzeColumn i = 0; got > 0 && i < BRONZE_COLUMNS; i++) j->in[i] = bronze_reader_column(j->reader, i);
    return got > 0;
}

size_t judging_fill(void *judging, LakeChunk *chunk, size_t capacity) {
    Judging *j = judging;
    size_t kept = 0;
    BUG_IF(capacity < LAKE_ROWS);
    while (kept == 0 && !is_full(j)) {
        if (!next_chunk(j, chunk)) return 0;
        for (size_t i = 0; i < j->judge_count; i++) {
            LakeVector v = lake_output(chunk, BRONZE_STORED + i);
            j->vectors[i] = (JudgeVector){v.data, v.valid};
        }
        judge_begin(j->judge, j->vectors);
        for (size_t row = 0; row < j->rows; row++) kept += judge_row(j, row, kept);
    }
    if (kept > 0) put_rows(j, chunk, kept);
    return kept;
}

bool judging_is_reading(const Judging *j) {
    return bronze_reader_is_reading(j->reader);
}

/* ---- what was found ---- */

void judging_begin(Judging *j) {
    j->counts = (JudgingCounts){0};
    j->correcting = false;
    judge_clear_counts(j->judge);
}

void judging_end(Judging *j) {
    bronze_reader_end(j->reader);
}

void judging_correct(Judging *j) {
    j->correcting = true;
}

const JudgingCounts *judging_counts(const Judging *j) {
    return &j->counts;
}

const JudgeCount *judging_measured(const Judging *j) {
    return judge_counts(j->judge);
}

HeldRows *judging_quarantine(Judging *j) {
    return &j->quarantine;
}

Drift *judging_drift(Judging *j) {
    return j->drift;
}

bool judging_take_error(Judging *j, Error *err) {
    if (j->error.kind == ERR_NONE) return false;
    error_clear(err);
    error_move(err, &j->error);
    return true;
}

/* ---- opening ---- */

const LakeColumn *judging_columns(const Judging *j, size_t *ret_count) {
    *ret_count = BRONZE_STORED + j->judge_count;
    return j->columns;
}

int judging_new(const Refine *r, BronzeSlices *slices, Judging **ret, Error *err) {
    CLEANUP(judging_freep) Judging *j = xcalloc(1, sizeof *j);
    j->run = r;
    j->judge = judge_new(r->program);
    j->drift = drift_new();
    make_columns(j);
    make_quarantine_columns(&j->quarantine);
    if (judge_topics_matter(r->program) && file_topics_read(r->conn, &j->files, err) != 0) return -1;
    if (bronze_reader_new(lake_of(r->conn), slices, r->sql, &j->reader, err) != 0) return -1;
    *ret = TAKE(j);
    return 0;
}

void judging_free(Judging *j) {
    if (j->reader != NULL) bronze_reader_free(j->reader);
    judge_free(j->judge);
    if (j->files != NULL) file_topics_free(j->files);
    drift_free(j->drift);
    free((void *)(uintptr_t)j->quarantine.columns);
    held_done(&j->quarantine);
    error_clear(&j->error);
    free(j->columns);
    free(j->vectors);
    free(j);
}

/* bronze.c: one batch, one transaction.
 *
 * The batch is parsed once (parsed.h). The temporary table `staged` has what identifies its events, so that those that look like earlier
 * ones are found in the batch itself and in Bronze (copies.h); all else comes from the batch's memory when it lands.
 *
 * An event with the identity of an earlier one is a copy only when its content is the same (conflicts.h).
 *
 * Invariant: what the batch notes of each message decides alone where it goes: exactly one of Bronze, duplicates, rejects. */
#include "ingest/bronze.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/conflicts.h"
#include "ingest/copies.h"
#include "ingest/envelope_table.h"
#include "ingest/parsed.h"
#include <inttypes.h>
#include <string.h>

/* What an event must have: as bronze/rejects binds its name, and as it is called where nothing of a message is it. */
#define REJECT_FIELDS 3
static const struct {
    EnvelopeColumn column;
    const char *bound, *name;
} reject_fields[REJECT_FIELDS] = {
    {ENVELOPE_ID, "id_field", "id"}, {ENVELOPE_SOURCE, "source_field", "source"}, {ENVELOPE_TIME, "time_field", "timestamp"}};

typedef struct StagingSlot {
    LakeConn *conn; /* owned; has the temporary table `staged` */
    const LedgerTopic *topic;
    ParsedBatch *parsed; /* owned */
    size_t count;        /* messages that were staged */
    bool large;          /* ... and they were large */
    bool has_keys;       /* ... and keys of events are kept */
    ContentSkip transport;
    char *fields[REJECT_FIELDS]; /* by reject_fields: what its messages call them; owned, NULL: as there */
    BatchOffsets offsets;
    size_t gaps_scanned; /* of `offsets`: what the source of gaps has given */
    Lookup *lookup;      /* of what is staged; owned, NULL: nothing is */
} StagingSlot;

struct Bronze {
    int64_t batch_id; /* the last that was used */
    Copies *copies;   /* owned */
    StagingSlot slots[BRONZE_STAGING_SLOTS];
};

static void note_fields(StagingSlot *slot, const EnvelopeTable *envelope) {
    for (size_t i = 0; i < REJECT_FIELDS; i++) {
        free(slot->fields[i]);
        slot->fields[i] = envelope != NULL ? xstrdup(envelope_table_name(envelope, reject_fields[i].column, reject_fields[i].name)) : NULL;
    }
}

static const LakeColumn gap_columns[] = {
    {"kafka_partition", LAKE_INT}, {"first_offset", LAKE_INT}, {"next_offset", LAKE_INT}, {"reason", LAKE_TEXT}};

static size_t fill_gaps(void *state, LakeChunk *chunk, size_t capacity) {
    StagingSlot *slot = state;
    size_t row = 0;
    for (; row < capacity && slot->gaps_scanned < slot->offsets.gap_count; row++) {
        const BatchGap *g = &slot->offsets.gaps[slot->gaps_scanned++];
        lake_put_int(chunk, 0, row, g->partition);
        lake_put_int(chunk, 1, row, g->first);
        lake_put_int(chunk, 2, row, g->next);
        lake_put_utf8(chunk, 3, row, g->reason, strlen(g->reason));
    }
    return row;
}

static int open_slot(Lake *lake, StagingSlot *slot, Error *err) {
    if (lake_connect(lake, &slot->conn, err) != 0) return -1;
    lake_only_reads(slot->conn); /* but for what it lands in a transaction */
    lake_only_lands(slot->conn);
    if (lake_register_source(slot->conn, "kafka_gaps", gap_columns, ARRAY_LEN(gap_columns), 1, fill_gaps, slot, err) != 0) return -1;
    return parsed_open(slot->conn, PARSED_TEXTS_MOST, &slot->parsed, err);
}

int bronze_open(Lake *lake, Bronze **ret, Error *err) {
    CLEANUP(bronze_freep) Bronze *b = xcalloc(1, sizeof *b);
    b->copies = copies_new();
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++)
        if (open_slot(lake, &b->slots[i], err) != 0) return -1;
    if (lake_query_int(b->slots[0].conn, "ledger/last_batch", lake_sql("ledger/last_batch"), NULL, 0, &b->batch_id, err) != 0) return -1;
    *ret = TAKE(b);
    return 0;
}

void bronze_free(Bronze *b) {
    for (int i = 0; i < BRONZE_STAGING_SLOTS; i++) {
        StagingSlot *slot = &b->slots[i];
        batch_offsets_done(&slot->offsets);
        lookup_freep(&slot->lookup);
        for (size_t k = 0; k < REJECT_FIELDS; k++) free(slot->fields[k]);
        if (slot->conn != NULL) lake_conn_free(slot->conn);
        parsed_freep(&slot->parsed);
    }
    copies_free(b->copies);
    free(b);
}

/* ---- staging ---- */

static int stage_messages(StagingSlot *slot, Error *err) {
    if (lake_exec(slot->conn, "bronze/stage", lake_sql("bronze/stage"), err) != 0) return -1;
    return lookup_new(slot->conn, &slot->lookup, err);
}

int bronze_stage(Bronze *b, int slot_number, const LedgerTopic *topic, Batch *batch, Error *err) {
    StagingSlot *slot = &b->slots[slot_number];
    slot->topic = topic;
    lookup_freep(&slot->lookup);
    batch_offsets_done(&slot->offsets);
    slot->offsets = batch_take_offsets(batch);
    slot->count = batch->count;
    slot->large = batch_is_large(batch);
    slot->has_keys = batch->event_has_extras;
    note_fields(slot, batch->envelope);
    if (batch->envelope != NULL) slot->transport = (ContentSkip){batch->envelope->transport, batch->envelope->transport_level};
    if (batch->count == 0) return 0;
    parsed_begin(slot->parsed, batch);
    return stage_messages(slot, err) == 0 ? 0 : error_prefix(err, "parsing a batch of %zu messages of %s", batch->count, slot->topic->name);
}

/* ---- the transaction ---- */

static int run_bound(const StagingSlot *slot, const char *name, const LakeBinding *bindings, size_t n, int64_t *ret_changed, Error *err) {
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, n);
    return lake_exec_values(slot->conn, name, sql, NULL, 0, ret_changed, err);
}

static int land_rejects(const StagingSlot *slot, const LakeBinding lineage[4], LedgerCounts *counts, Error *err) {
    LakeBinding all[4 + REJECT_FIELDS];
    memcpy(all, lineage, 4 * sizeof *all);
    for (size_t i = 0; i < REJECT_FIELDS; i++)
        all[4 + i] = (LakeBinding){reject_fields[i].bound, lake_text(slot->fields[i] != NULL ? slot->fields[i] : reject_fields[i].name)};
    return run_bound(slot, "bronze/rejects", all, ARRAY_LEN(all), &counts->rejected, err);
}

static void warn_of_conflicts(int64_t n) {
    log_warn("ingest",
             "%" PRId64 " %s the source, id and time of an earlier event and another content; nothing is lost, and `smelt refine` "
             "says what becomes of them",
             n, counted(n, "message has", "messages have"));
}

/* Which events are copies. */
static int find_copies(const Bronze *b, const StagingSlot *slot, ConflictCounts *ret, Error *err) {
    size_t n;
    if (copies_find(b->copies, slot->conn, slot->lookup, err) != 0) return -1;
    Lookalike *found = lookup_found(slot->lookup, &n);
    if (conflicts_find(slot->conn, slot->parsed, found, n, slot->transport, ret, err) != 0) return -1;
    if (ret->conflicts > 0) warn_of_conflicts(ret->conflicts);
    return 0;
}

/* Most small batches have no copies and no rejects: each statement that is left out is a good part of their time. */
static int land_messages(const Bronze *b, const StagingSlot *slot, int64_t now_us, LedgerCounts *counts, Error *err) {
    LakeBinding lineage[] = {{"topic", lake_text(slot->topic->name)},
                             {"epoch", lake_int(slot->topic->epoch)},
                             {"batch", lake_int(b->batch_id + 1)},
                             {"now", lake_time(now_us)}};
    ConflictCounts alike;
    int64_t events = lookup_events(slot->lookup);
    parsed_rewind(slot->parsed);
    if (find_copies(b, slot, &alike, err) != 0) return -1;
    if (events > alike.copies && run_bound(slot, "bronze/land", lineage, 4, &counts->landed, err) != 0) return -1;
    if (events < (int64_t)slot->count && land_rejects(slot, lineage, counts, err) != 0) return -1;
    if (alike.copies > 0 && run_bound(slot, "bronze/duplicates", lineage, 3, &counts->duplicates, err) != 0) return -1;
    if (slot->has_keys && run_bound(slot, "bronze/keys", lineage, 3, NULL, err) != 0) return -1;
    return lake_exec(slot->conn, "bronze/unstage", lake_sql("bronze/unstage"), err); /* their memory is for the other slot */
}

static int land_gaps(const Bronze *b, StagingSlot *slot, int64_t now_us, LedgerCounts *counts, Error *err) {
    int64_t stored = 0;
    LakeBinding lineage[] = {{"topic", lake_text(slot->topic->name)},
                             {"epoch", lake_int(slot->topic->epoch)},
                             {"batch", lake_int(b->batch_id + 1)},
                             {"now", lake_time(now_us)}};
    if (slot->offsets.gap_count == 0) return 0;
    slot->gaps_scanned = 0;
    if (run_bound(slot, "bronze/gaps", lineage, ARRAY_LEN(lineage), &stored, err) != 0) return -1;
    if (stored != (int64_t)slot->offsets.gap_count)
        return error_set(err, ERR_BUG, "%zu gaps became %lld rows: nothing was stored", slot->offsets.gap_count, (long long)stored);
    for (size_t i = 0; i < slot->offsets.gap_count; i++) {
        const BatchGap *g = &slot->offsets.gaps[i];
        counts->gaps += g->next - g->first;
        counts->lost += g->lost ? g->next - g->first : 0;
    }
    return 0;
}

/* What the audit counts on. A number that is none, like those by which the client library says "not known", never becomes an offset. */
static int check_position(const StagingSlot *slot, const Offsets *p, Error *err) {
    if (p->start >= 0 && p->next >= p->start) return 0;
    return error_set(err, ERR_BUG, "%s partition %d: offsets %lld to %lld cannot be: nothing was stored", slot->topic->name,
                     (int)p->partition, (long long)p->start, (long long)p->next);
}

static LakeValue known(bool is_known, int64_t v) {
    return is_known ? lake_int(v) : lake_null();
}

static char *forget_positions(const StagingSlot *slot) {
    size_t n = slot->offsets.position_count;
    int64_t *partitions = xcalloc(n, sizeof *partitions);
    for (size_t i = 0; i < n; i++) partitions[i] = slot->offsets.positions[i].partition;
    const LakeBinding bindings[] = {
        {"topic", lake_text(slot->topic->name)}, {"epoch", lake_int(slot->topic->epoch)}, {"partitions", lake_ints(partitions, n)}};
    char *sql = lake_sql_bind(lake_sql("ledger/forget_positions"), bindings, ARRAY_LEN(bindings));
    free(partitions);
    return sql;
}

static char *store_position(const StagingSlot *slot, const Offsets *p, int64_t now_us) {
    static const char row[] =
        "({{topic}}, {{epoch}}, {{partition}}, {{start}}, {{next}}, {{last}}, {{leader_epoch}}, {{last_us}}, {{topic_id}}, {{cluster_id}}, {{now}})";
    const LakeBinding values[] = {{"topic", lake_text(slot->topic->name)},
                                  {"epoch", lake_int(slot->topic->epoch)},
                                  {"partition", lake_int(p->partition)},
                                  {"start", lake_int(p->start)},
                                  {"next", lake_int(p->next)},
                                  {"last", known(p->last >= 0, p->last)},
                                  {"leader_epoch", known(p->leader_epoch >= 0, p->leader_epoch)},
                                  {"last_us", p->last_us > 0 ? lake_time(p->last_us) : (LakeValue){.type = LAKE_NULL}},
                                  {"topic_id", lake_text(slot->topic->topic_id)},
                                  {"cluster_id", lake_text(slot->topic->cluster_id)},
                                  {"now", lake_time(now_us)}};
    return lake_sql_bind(row, values, ARRAY_LEN(values));
}

/* All partitions in one script: each statement costs milliseconds, whatever it does. */
static int store_positions(const StagingSlot *slot, int64_t now_us, Error *err) {
    CLEANUP(buf_done) Buf sql = {0};
    if (slot->offsets.position_count == 0) return 0;
    CLEANUP(free_text) char *forget = forget_positions(slot);
    buf_add_str(&sql, forget);
    for (size_t i = 0; i < slot->offsets.position_count; i++) {
        const Offsets *p = &slot->offsets.positions[i];
        if (check_position(slot, p, err) != 0) return -1;
        CLEANUP(free_text) char *row = store_position(slot, p, now_us);
        buf_addf(&sql, "%s %s", i == 0 ? lake_sql("ledger/store_positions") : ",", row);
    }
    return lake_exec(slot->conn, "ledger/store_positions", sql.data, err);
}

static int store_batch(const Bronze *b, const StagingSlot *slot, int64_t now_us, const LedgerCounts *c, Error *err) {
    LakeValue values[] = {lake_int(b->batch_id + 1), lake_time(now_us),     lake_int(c->landed),
                          lake_int(c->duplicates),   lake_int(c->rejected), lake_int(c->gaps)};
    return lake_exec_values(slot->conn, "ledger/batch", lake_sql("ledger/batch"), values, ARRAY_LEN(values), NULL, err);
}

static int check_counts(const StagingSlot *slot, const LedgerCounts *c, Error *err) {
    int64_t sum = c->landed + c->duplicates + c->rejected;
    if (sum == (int64_t)slot->count) return 0;
    return error_set(err, ERR_BUG, "a batch of %zu messages became %lld rows: nothing of it was stored", slot->count, (long long)sum);
}

static int land_in_transaction(const Bronze *b, StagingSlot *slot, LedgerCounts *counts, Error *err) {
    int64_t now_us = clock_wall_us();
    if (lake_begin(slot->conn, err) != 0) return -1;
    if (slot->count > 0 && land_messages(b, slot, now_us, counts, err) != 0) return -1;
    if (check_counts(slot, counts, err) != 0 || land_gaps(b, slot, now_us, counts, err) != 0) return -1;
    if (store_positions(slot, now_us, err) != 0 || store_batch(b, slot, now_us, counts, err) != 0) return -1;
    return lake_commit(slot->conn, err);
}

int bronze_land(Bronze *b, int slot_number, LedgerCounts *ret, Error *err) {
    StagingSlot *slot = &b->slots[slot_number];
    LedgerCounts counts = {0};
    if (slot->large && lake_expect_rows(slot->conn, true, err) != 0) return -1;
    if (land_in_transaction(b, slot, &counts, err) != 0) {
        lake_rollback(slot->conn);
        return error_prefix(err, "landing a batch of %zu messages of %s", slot->count, slot->topic->name);
    }
    parsed_end(slot->parsed);
    b->batch_id++;
    *ret = counts;
    return 0;
}

const Offsets *bronze_positions(const Bronze *b, int slot, size_t *ret_count) {
    *ret_count = b->slots[slot].offsets.position_count;
    return b->slots[slot].offsets.positions;
}

int64_t bronze_batch_id(const Bronze *b) {
    return b->batch_id;
}

/* batch.c: see batch.h. Scanning threads claim ranges of rows with one atomic exchange each. */
#include "ingest/batch.h"

#include "base/clock.h"
#include "base/memory.h"
#include "ingest/envelope.h"
#include <string.h>

#define CHUNK_BYTES   (1 << 20)
#define LARGE_MESSAGE 1024
/* DuckDB holds a batch several times before it is on disk. Ordinary events are compressed meanwhile, since they fill row groups; large ones
 * are not, and would be spilled to temporary files. */
#define LARGE_SHARE 3

enum {
    COL_PARTITION,
    COL_OFFSET,
    COL_TIMESTAMP,
    COL_ID,
    COL_TYPE,
    COL_SOURCE,
    COL_ENTITY,
    COL_EVENT_TIME,
    COL_PAYLOAD,
    COL_QUALITY,
    COL_EXTRA,
    COL_REJECT,
    COL_RAW,
    COL_KEY,
    COL_HEADERS
};
const LakeColumn batch_columns[BATCH_COLUMNS] = {
    [COL_PARTITION] = {"kafka_partition", LAKE_INT},
    [COL_OFFSET] = {"kafka_offset", LAKE_INT},
    [COL_TIMESTAMP] = {"kafka_timestamp", LAKE_TIME},
    [COL_ID] = {"event_id", LAKE_TEXT},
    [COL_TYPE] = {"event_type", LAKE_TEXT},
    [COL_SOURCE] = {"source_system", LAKE_TEXT},
    [COL_ENTITY] = {"subscriber_id", LAKE_TEXT},
    [COL_EVENT_TIME] = {"event_timestamp", LAKE_TIME},
    [COL_PAYLOAD] = {"raw_payload", LAKE_JSON},
    [COL_QUALITY] = {"quality_score", LAKE_INT},
    [COL_EXTRA] = {"extra_fields", LAKE_JSON},
    [COL_REJECT] = {"reject_reason", LAKE_TEXT},
    [COL_RAW] = {"raw_value", LAKE_BLOB},
    [COL_KEY] = {"kafka_key", LAKE_BLOB},
    [COL_HEADERS] = {"kafka_headers", LAKE_JSON},
};

static void reserve(Batch *b, size_t max_rows, size_t max_bytes) {
    b->max_rows = max_rows;
    b->max_bytes = max_bytes;
    b->messages = xcalloc(max_rows, sizeof *b->messages);
    buf_reserve(&b->bytes, max_bytes); /* address space; pages come with use */
}

Batch *batch_new(size_t max_rows, size_t max_bytes) {
    Batch *b = xcalloc(1, sizeof *b);
    reserve(b, max_rows, max_bytes);
    return b;
}

void batch_release(Batch *b, size_t max_rows, size_t max_bytes) {
    free(b->messages);
    buf_done(&b->bytes);
    reserve(b, max_rows, max_bytes);
}

void batch_free(Batch *b) {
    free(b->messages);
    batch_offsets_done(&b->offsets);
    buf_done(&b->bytes);
    free(b);
}

void batch_clear(Batch *b) {
    b->count = b->offsets.gap_count = b->offsets.position_count = 0;
    b->event_has_extras = false;
    buf_clear(&b->bytes);
}

bool batch_is_empty(const Batch *b) {
    return b->count == 0 && b->offsets.gap_count == 0;
}

bool batch_is_large(const Batch *b) {
    return b->bytes.len > b->count * LARGE_MESSAGE;
}

bool batch_is_full_for(const Batch *b, size_t len) {
    if (len > BATCH_MESSAGE_MAX) len = BATCH_MESSAGE_KEPT;
    size_t max_bytes = batch_is_large(b) ? b->max_bytes / LARGE_SHARE : b->max_bytes;
    return b->count == b->max_rows || (b->count > 0 && b->bytes.len + len > max_bytes);
}

void batch_add(Batch *b, int32_t partition, int64_t offset, int64_t timestamp_us, const void *value, size_t len) {
    bool too_large = len > BATCH_MESSAGE_MAX;
    if (too_large) len = BATCH_MESSAGE_KEPT;
    if (b->count == 0) {
        b->started_ns = clock_mono_ns();
        b->started_us = clock_wall_us();
    }
    b->messages[b->count++] = (BatchMessage){.partition = partition,
                                             .tombstone = value == NULL,
                                             .too_large = too_large,
                                             .offset = offset,
                                             .timestamp_us = timestamp_us,
                                             .at = b->bytes.len,
                                             .key_len = -1,
                                             .headers_len = -1,
                                             .len = value == NULL ? 0 : len};
    if (value != NULL) buf_add(&b->bytes, value, len);
}

/* Without what is beyond the limit of a message. */
static int32_t add_extra(Batch *b, const void *bytes, size_t n) {
    if (bytes == NULL || n > BATCH_MESSAGE_MAX) return -1;
    buf_add(&b->bytes, bytes, n);
    return (int32_t)n;
}

void batch_add_extras(Batch *b, bool also_of_event, const void *key, size_t key_len, const char *headers, size_t headers_len) {
    BatchMessage *m = &b->messages[b->count - 1];
    m->event_has_extras = also_of_event;
    b->event_has_extras = b->event_has_extras || also_of_event;
    m->key_len = add_extra(b, key, key_len);
    m->headers_len = add_extra(b, headers, headers_len);
}

void batch_add_gap(Batch *b, BatchGap gap) {
    if (batch_is_empty(b)) b->started_ns = clock_mono_ns();
    BatchOffsets *o = &b->offsets;
    o->gaps = xgrow(o->gaps, o->gap_count, sizeof *o->gaps);
    o->gaps[o->gap_count++] = gap;
}

void batch_add_position(Batch *b, Offsets position) {
    BatchOffsets *o = &b->offsets;
    o->positions = xgrow(o->positions, o->position_count, sizeof *o->positions);
    o->positions[o->position_count++] = position;
}

BatchOffsets batch_take_offsets(Batch *b) {
    BatchOffsets offsets = b->offsets;
    b->offsets = (BatchOffsets){0};
    return offsets;
}

void batch_offsets_done(BatchOffsets *offsets) {
    free(offsets->gaps);
    free(offsets->positions);
    *offsets = (BatchOffsets){0};
}

void batch_rewind(Batch *b) {
    atomic_store(&b->scanned, 0);
}

static void put_span(LakeChunk *chunk, size_t col, size_t row, Span text) {
    if (text.at != NULL)
        lake_put_utf8(chunk, col, row, text.at, text.len);
    else
        lake_put_null(chunk, col, row);
}

static void put_int(LakeChunk *chunk, size_t col, size_t row, bool known, int64_t v) {
    if (known)
        lake_put_int(chunk, col, row, v);
    else
        lake_put_null(chunk, col, row);
}

static void put_envelope(LakeChunk *chunk, size_t row, const Envelope *e) {
    put_span(chunk, COL_ID, row, e->id);
    put_span(chunk, COL_TYPE, row, e->type);
    put_span(chunk, COL_SOURCE, row, e->source);
    put_span(chunk, COL_ENTITY, row, e->entity_id);
    put_int(chunk, COL_EVENT_TIME, row, e->has_time, e->time_us);
    put_span(chunk, COL_PAYLOAD, row, e->payload);
    put_int(chunk, COL_QUALITY, row, e->has_quality, e->quality);
    put_span(chunk, COL_EXTRA, row, e->extra);
    put_span(chunk, COL_REJECT, row, (Span){e->reject, e->reject != NULL ? strlen(e->reject) : 0});
}

static Span key_of(const Batch *b, const BatchMessage *m) {
    if (m->key_len < 0) return (Span){0};
    return (Span){m->key_len > 0 ? b->bytes.data + m->at + m->len : "", (size_t)m->key_len};
}

static Span headers_of(const Batch *b, const BatchMessage *m) {
    size_t key_len = m->key_len > 0 ? (size_t)m->key_len : 0;
    return m->headers_len > 0 ? (Span){b->bytes.data + m->at + m->len + key_len, (size_t)m->headers_len} : (Span){0};
}

static void put_extras(LakeChunk *chunk, size_t row, const Batch *b, const BatchMessage *m, bool is_event) {
    bool kept = !is_event || m->event_has_extras;
    Span key = key_of(b, m);
    if (kept && key.at != NULL)
        lake_put_blob(chunk, COL_KEY, row, key.at, key.len);
    else
        lake_put_null(chunk, COL_KEY, row);
    put_span(chunk, COL_HEADERS, row, kept ? headers_of(b, m) : (Span){0});
}

/* What the threads that parse need, each its own. */
typedef struct Scratch {
    EnvelopeParser *parser;
    Buf json; /* of a message that came in another encoding */
} Scratch;

static void scratch_done(Scratch *s) {
    envelope_parser_freep(&s->parser);
    buf_done(&s->json);
}

static void parse_message(const Batch *b, const BatchMessage *m, Span bytes, Scratch *scratch, Envelope *ret) {
    Span json;
    ret->reject = m->tombstone ? "tombstone" : "too_large";
    if (m->tombstone || m->too_large) return;
    ret->reject = decode_message(m->schema, bytes, &scratch->json, &json);
    if (ret->reject != NULL) return;
    EnvelopeMessage message = {.bytes = json.at,
                               .len = json.len,
                               .partition = m->partition,
                               .offset = m->offset,
                               .timestamp_us = m->timestamp_us,
                               .received_us = b->started_us,
                               .key = key_of(b, m),
                               .headers = headers_of(b, m)};
    envelope_parse_message(scratch->parser, &message, ret);
}

static void put_message(LakeChunk *chunk, size_t row, const Batch *b, const BatchMessage *m, Scratch *scratch) {
    const char *bytes = m->len > 0 ? b->bytes.data + m->at : "";
    Envelope e = {0};
    parse_message(b, m, (Span){bytes, m->len}, scratch, &e);
    lake_put_int(chunk, COL_PARTITION, row, m->partition);
    lake_put_int(chunk, COL_OFFSET, row, m->offset);
    put_int(chunk, COL_TIMESTAMP, row, m->timestamp_us != INT64_MIN, m->timestamp_us);
    put_envelope(chunk, row, &e);
    if (!m->tombstone && (e.reject != NULL || m->schema != NULL))
        lake_put_blob(chunk, COL_RAW, row, bytes, m->len);
    else
        lake_put_null(chunk, COL_RAW, row);
    put_extras(chunk, row, b, m, e.reject == NULL);
}

/* How many messages from `first` on make a chunk: DuckDB holds all of it in memory, more than once. */
static size_t chunk_length(const Batch *b, size_t first, size_t capacity) {
    size_t n = 1;
    while (n < capacity && first + n < b->count &&
           b->messages[first + n].at + b->messages[first + n].len - b->messages[first].at <= CHUNK_BYTES)
        n++;
    return n;
}

/* Takes the next range of messages for the calling thread; 0: there is none. */
static size_t claim(Batch *b, size_t capacity, size_t *ret_first) {
    size_t first = atomic_load(&b->scanned), n;
    do {
        if (first >= b->count) return 0;
        n = chunk_length(b, first, capacity);
    } while (!atomic_compare_exchange_weak(&b->scanned, &first, first + n));
    *ret_first = first;
    return n;
}

size_t batch_fill(void *state, LakeChunk *chunk, size_t capacity) {
    Batch *b = state;
    size_t first, n = claim(b, capacity, &first);
    if (n == 0) return 0;
    CLEANUP(scratch_done) Scratch scratch = {.parser = envelope_parser_new(b->envelope)};
    for (size_t row = 0; row < n; row++) put_message(chunk, row, b, &b->messages[first + row], &scratch);
    return n;
}

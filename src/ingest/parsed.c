/* parsed.c: see parsed.h. Scanning threads claim ranges of messages with one atomic exchange each.
 *
 * Invariant: the texts of an event are in the batch, or in the texts of the thread that parsed it. */
#include "ingest/parsed.h"

#include "base/buf.h"
#include "base/memory.h"
#include "lake/vectors.h"
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define CHUNK_BYTES (1 << 20) /* of messages in a chunk: DuckDB has all of it in memory, more than once */

#define TEXTS_KEPT (1 << 20) /* of a thread: more is given back with the batch */

enum { SCAN_THREADS = 2 };

/* Of a thread. */
typedef struct Scratch {
    ParsedBatch *parsed;
    EnvelopeParser *parser; /* owned; NULL: of no batch yet */
    Buf json;               /* of a message that came in another encoding */
    Buf texts;              /* of events, that are not in the batch as they are */
} Scratch;

enum { TEXT_ID, TEXT_TYPE, TEXT_SOURCE, TEXT_ENTITY, TEXT_PAYLOAD, TEXT_EXTRA, TEXTS };

/* An Envelope in less than half of the memory: there are hundreds of thousands. Texts are places in the bytes of the batch, or, when their
 * bit of `copied` is set, in the texts of the thread that parsed it. */
#define NO_TEXT UINT32_MAX
typedef struct ParsedEvent {
    union {
        int64_t time_us;
        const char *reject; /* static text */
    };
    uint32_t at[TEXTS], len[TEXTS]; /* len NO_TEXT: absent */
    int32_t quality;
    uint8_t copied, thread;
    bool is_event : 1, is_copy : 1, is_conflict : 1, has_time : 1, has_quality : 1;
} ParsedEvent;
_Static_assert(sizeof(ParsedEvent) == 64, "an event takes one cache line");

struct ParsedBatch {
    const Batch *batch;  /* borrowed; NULL: none */
    ParsedEvent *events; /* by message; owned */
    size_t capacity;     /* of `events` */
    size_t most_texts;   /* bytes in the texts of a thread */
    Scratch scratch[SCAN_THREADS];
    void *streams[SCAN_THREADS]; /* the same, for DuckDB */
    /* messages that were claimed, by table function */
    atomic_size_t parsed, events_given, copies_given, rejects_given, keys_given;
};

/* ---- claiming ---- */

static size_t chunk_length(const Batch *b, size_t first, size_t capacity) {
    size_t n = 1;
    while (n < capacity && first + n < b->count &&
           b->messages[first + n].at + b->messages[first + n].len - b->messages[first].at <= CHUNK_BYTES)
        n++;
    return n;
}

/* Takes the next range of messages for the calling thread; 0: there is none. */
static size_t claim(const Batch *b, atomic_size_t *claimed, size_t capacity, size_t *ret_first) {
    size_t first = atomic_load(claimed), n;
    do {
        if (first >= b->count) return 0;
        n = chunk_length(b, first, capacity);
    } while (!atomic_compare_exchange_weak(claimed, &first, first + n));
    *ret_first = first;
    return n;
}

/* False: the message is none of this table function's. */
typedef bool (*PutMessage)(Scratch *s, size_t place, LakeChunk *chunk, size_t row);

/* From the next ranges that have one. */
static size_t fill_from(Scratch *s, atomic_size_t *claimed, PutMessage put, LakeChunk *chunk, size_t capacity) {
    size_t first, n, row = 0;
    while (row == 0 && (n = claim(s->parsed->batch, claimed, capacity, &first)) > 0)
        for (size_t place = first; place < first + n; place++)
            if (put(s, place, chunk, row)) row++;
    return row;
}

/* ---- values ---- */

/* For what stays as it is until the statement has ended: bytes of the batch, and texts once all is parsed. */
static void lend_span(LakeChunk *chunk, size_t col, size_t row, Span text) {
    if (text.at != NULL)
        ((LakeText *)lake_output(chunk, col).data)[row] = lake_borrow_text(text);
    else
        lake_put_null(chunk, col, row);
}

static void put_text(LakeChunk *chunk, size_t col, size_t row, Span text) {
    if (text.at != NULL)
        lake_put_utf8(chunk, col, row, text.at, text.len);
    else
        lake_put_null(chunk, col, row);
}

/* NULL instead of false. */
static void put_true(LakeChunk *chunk, size_t col, size_t row, bool is_true) {
    if (is_true)
        ((bool *)lake_output(chunk, col).data)[row] = true;
    else
        lake_put_null(chunk, col, row);
}

static void put_int(LakeChunk *chunk, size_t col, size_t row, bool known, int64_t v) {
    if (known)
        lake_put_int(chunk, col, row, v);
    else
        lake_put_null(chunk, col, row);
}

/* The first three columns of every table function. */
enum { COL_PARTITION, COL_OFFSET, COL_TIMESTAMP, PLACE_COLUMNS };
#define PLACE                                                                                                                              \
    [COL_PARTITION] = {"kafka_partition", LAKE_INT}, [COL_OFFSET] = {"kafka_offset", LAKE_INT},                                            \
    [COL_TIMESTAMP] = {"kafka_timestamp", LAKE_TIME}

static void put_place(LakeChunk *chunk, size_t row, const BatchMessage *m) {
    lake_put_int(chunk, COL_PARTITION, row, m->partition);
    lake_put_int(chunk, COL_OFFSET, row, m->offset);
    put_int(chunk, COL_TIMESTAMP, row, m->timestamp_us != INT64_MIN, m->timestamp_us);
}

static Span bytes_of(const Batch *b, const BatchMessage *m) {
    return m->tombstone ? (Span){0} : (Span){m->len > 0 ? b->bytes.data + m->at : "", m->len};
}

static Span key_of(const Batch *b, const BatchMessage *m) {
    if (m->key_len < 0) return (Span){0};
    return (Span){m->key_len > 0 ? b->bytes.data + m->at + m->len : "", (size_t)m->key_len};
}

static Span headers_of(const Batch *b, const BatchMessage *m) {
    size_t key_len = m->key_len > 0 ? (size_t)m->key_len : 0;
    return m->headers_len > 0 ? (Span){b->bytes.data + m->at + m->len + key_len, (size_t)m->headers_len} : (Span){0};
}

/* ---- parsing ---- */

static void parse_message(Scratch *s, const BatchMessage *m, Envelope *ret) {
    const Batch *b = s->parsed->batch;
    Span json;
    ret->reject = m->tombstone ? "tombstone" : "too_large";
    if (m->tombstone || m->too_large) return;
    ret->reject = decode_message(m->schema, bytes_of(b, m), &s->json, &json);
    if (ret->reject != NULL) return;
    EnvelopeMessage message = {.bytes = json.at,
                               .len = json.len,
                               .partition = m->partition,
                               .offset = m->offset,
                               .timestamp_us = m->timestamp_us,
                               .received_us = b->started_us,
                               .key = key_of(b, m),
                               .headers = headers_of(b, m)};
    envelope_parse_message(s->parser, &message, ret);
}

/* False: there is no room for it. */
static bool keep(Scratch *s, Span text, ParsedEvent *e, int which) {
    const Buf *bytes = &s->parsed->batch->bytes;
    uintptr_t at = (uintptr_t)text.at, first = (uintptr_t)bytes->data, place = at - first;
    e->len[which] = NO_TEXT;
    if (text.at == NULL) return true;
    bool is_in_batch = at >= first && place < bytes->len;
    if (!is_in_batch) {
        if (text.len > s->parsed->most_texts - s->texts.len) return false;
        e->copied |= (uint8_t)(1 << which);
        place = s->texts.len;
        buf_add(&s->texts, text.at, text.len);
    }
    BUG_IF(place > UINT32_MAX || text.len >= NO_TEXT);
    e->at[which] = (uint32_t)place;
    e->len[which] = (uint32_t)text.len;
    return true;
}

static bool keep_texts(Scratch *s, const Envelope *e, ParsedEvent *ret) {
    return keep(s, e->id, ret, TEXT_ID) && keep(s, e->type, ret, TEXT_TYPE) && keep(s, e->source, ret, TEXT_SOURCE) &&
           keep(s, e->entity_id, ret, TEXT_ENTITY) && keep(s, e->payload, ret, TEXT_PAYLOAD) && keep(s, e->extra, ret, TEXT_EXTRA);
}

static ParsedEvent keep_event(Scratch *s, const Envelope *e) {
    ParsedEvent event = {.is_event = true,
                         .thread = (uint8_t)(s - s->parsed->scratch),
                         .has_time = e->has_time,
                         .time_us = e->time_us,
                         .has_quality = e->has_quality,
                         .quality = e->quality};
    if (e->reject != NULL) return (ParsedEvent){.reject = e->reject};
    return keep_texts(s, e, &event) ? event : (ParsedEvent){.reject = "too_large"};
}

static Span text_of(const ParsedBatch *p, const ParsedEvent *e, int which) {
    if (e->len[which] == NO_TEXT) return (Span){0};
    const Buf *texts = e->copied & 1 << which ? &p->scratch[e->thread].texts : &p->batch->bytes;
    return (Span){texts->data + e->at[which], e->len[which]};
}

enum { ID_PARTITION, ID_OFFSET, ID_SOURCE, ID_ID, ID_TIME, ID_PLACE };
static const LakeColumn identity_columns[] = {[ID_PARTITION] = {"kafka_partition", LAKE_INT}, [ID_OFFSET] = {"kafka_offset", LAKE_INT},
                                              [ID_SOURCE] = {"source_system", LAKE_TEXT},     [ID_ID] = {"event_id", LAKE_TEXT},
                                              [ID_TIME] = {"event_timestamp", LAKE_TIME},     [ID_PLACE] = {"place", LAKE_INT}};

static bool put_identity(Scratch *s, size_t place, LakeChunk *chunk, size_t row) {
    const BatchMessage *m = &s->parsed->batch->messages[place];
    ParsedEvent *event = &s->parsed->events[place];
    Envelope e = {0};
    parse_message(s, m, &e);
    *event = keep_event(s, &e);
    if (!event->is_event) return false;
    lake_put_int(chunk, ID_PARTITION, row, m->partition);
    lake_put_int(chunk, ID_OFFSET, row, m->offset);
    put_text(chunk, ID_SOURCE, row, e.source);
    put_text(chunk, ID_ID, row, e.id);
    put_int(chunk, ID_TIME, row, e.has_time, e.time_us);
    lake_put_int(chunk, ID_PLACE, row, (int64_t)place);
    return true;
}

static size_t fill_identities(void *scratch, LakeChunk *chunk, size_t capacity) {
    Scratch *s = scratch;
    if (s->parser == NULL) s->parser = envelope_parser_new(s->parsed->batch->envelope);
    return fill_from(s, &s->parsed->parsed, put_identity, chunk, capacity);
}

/* ---- events ---- */

enum {
    EVENT_ID = PLACE_COLUMNS,
    EVENT_TYPE,
    EVENT_SOURCE,
    EVENT_ENTITY,
    EVENT_TIME,
    EVENT_PAYLOAD,
    EVENT_QUALITY,
    EVENT_EXTRA,
    EVENT_RAW,
    EVENT_CONFLICT
};
static const LakeColumn event_columns[] = {PLACE,
                                           [EVENT_ID] = {"event_id", LAKE_TEXT},
                                           [EVENT_TYPE] = {"event_type", LAKE_TEXT},
                                           [EVENT_SOURCE] = {"source_system", LAKE_TEXT},
                                           [EVENT_ENTITY] = {"subscriber_id", LAKE_TEXT},
                                           [EVENT_TIME] = {"event_timestamp", LAKE_TIME},
                                           [EVENT_PAYLOAD] = {"raw_payload", LAKE_JSON},
                                           [EVENT_QUALITY] = {"quality_score", LAKE_INT},
                                           [EVENT_EXTRA] = {"extra_fields", LAKE_JSON},
                                           [EVENT_RAW] = {"raw_value", LAKE_BLOB},
                                           [EVENT_CONFLICT] = {"conflict", LAKE_BOOL}};

static bool put_event(Scratch *s, size_t place, LakeChunk *chunk, size_t row) {
    const ParsedBatch *p = s->parsed;
    const BatchMessage *m = &p->batch->messages[place];
    const ParsedEvent *e = &p->events[place];
    if (!e->is_event || e->is_copy) return false;
    put_place(chunk, row, m);
    lend_span(chunk, EVENT_ID, row, text_of(p, e, TEXT_ID));
    lend_span(chunk, EVENT_TYPE, row, text_of(p, e, TEXT_TYPE));
    lend_span(chunk, EVENT_SOURCE, row, text_of(p, e, TEXT_SOURCE));
    lend_span(chunk, EVENT_ENTITY, row, text_of(p, e, TEXT_ENTITY));
    put_int(chunk, EVENT_TIME, row, e->has_time, e->time_us);
    lend_span(chunk, EVENT_PAYLOAD, row, text_of(p, e, TEXT_PAYLOAD));
    put_int(chunk, EVENT_QUALITY, row, e->has_quality, e->quality);
    lend_span(chunk, EVENT_EXTRA, row, text_of(p, e, TEXT_EXTRA));
    lend_span(chunk, EVENT_RAW, row, m->schema != NULL ? bytes_of(p->batch, m) : (Span){0}); /* it did not come as JSON */
    put_true(chunk, EVENT_CONFLICT, row, e->is_conflict);
    return true;
}

static size_t fill_events(void *scratch, LakeChunk *chunk, size_t capacity) {
    Scratch *s = scratch;
    return fill_from(s, &s->parsed->events_given, put_event, chunk, capacity);
}

/* ---- copies, rejects, keys ---- */

enum { COPY_SOURCE = PLACE_COLUMNS, COPY_ID, COPY_TIME };
static const LakeColumn copy_columns[] = {
    PLACE, [COPY_SOURCE] = {"source_system", LAKE_TEXT}, [COPY_ID] = {"event_id", LAKE_TEXT}, [COPY_TIME] = {"event_timestamp", LAKE_TIME}};

static bool put_copy(Scratch *s, size_t place, LakeChunk *chunk, size_t row) {
    const ParsedBatch *p = s->parsed;
    const ParsedEvent *e = &p->events[place];
    if (!e->is_event || !e->is_copy) return false;
    put_place(chunk, row, &p->batch->messages[place]);
    lend_span(chunk, COPY_SOURCE, row, text_of(p, e, TEXT_SOURCE));
    lend_span(chunk, COPY_ID, row, text_of(p, e, TEXT_ID));
    put_int(chunk, COPY_TIME, row, e->has_time, e->time_us);
    return true;
}

static size_t fill_copies(void *scratch, LakeChunk *chunk, size_t capacity) {
    Scratch *s = scratch;
    return fill_from(s, &s->parsed->copies_given, put_copy, chunk, capacity);
}

enum { REJECT_REASON = PLACE_COLUMNS, REJECT_RAW, REJECT_KEY, REJECT_HEADERS };
static const LakeColumn reject_columns[] = {PLACE, [REJECT_REASON] = {"reason", LAKE_TEXT}, [REJECT_RAW] = {"raw_value", LAKE_BLOB},
                                            [REJECT_KEY] = {"kafka_key", LAKE_BLOB}, [REJECT_HEADERS] = {"kafka_headers", LAKE_JSON}};

static bool put_reject(Scratch *s, size_t place, LakeChunk *chunk, size_t row) {
    const ParsedBatch *p = s->parsed;
    const BatchMessage *m = &p->batch->messages[place];
    const ParsedEvent *e = &p->events[place];
    if (e->is_event) return false;
    put_place(chunk, row, m);
    lake_put_utf8(chunk, REJECT_REASON, row, e->reject, strlen(e->reject));
    lend_span(chunk, REJECT_RAW, row, bytes_of(p->batch, m));
    lend_span(chunk, REJECT_KEY, row, key_of(p->batch, m));
    lend_span(chunk, REJECT_HEADERS, row, headers_of(p->batch, m));
    return true;
}

static size_t fill_rejects(void *scratch, LakeChunk *chunk, size_t capacity) {
    Scratch *s = scratch;
    return fill_from(s, &s->parsed->rejects_given, put_reject, chunk, capacity);
}

enum { KEY_KEY = PLACE_COLUMNS, KEY_HEADERS };
static const LakeColumn key_columns[] = {PLACE, [KEY_KEY] = {"kafka_key", LAKE_BLOB}, [KEY_HEADERS] = {"kafka_headers", LAKE_JSON}};

static bool put_key(Scratch *s, size_t place, LakeChunk *chunk, size_t row) {
    const ParsedBatch *p = s->parsed;
    const BatchMessage *m = &p->batch->messages[place];
    Span key = key_of(p->batch, m), headers = headers_of(p->batch, m);
    if (!p->events[place].is_event || !m->event_has_extras || (key.at == NULL && headers.at == NULL)) return false;
    put_place(chunk, row, m);
    lend_span(chunk, KEY_KEY, row, key);
    lend_span(chunk, KEY_HEADERS, row, headers);
    return true;
}

static size_t fill_keys(void *scratch, LakeChunk *chunk, size_t capacity) {
    Scratch *s = scratch;
    return fill_from(s, &s->parsed->keys_given, put_key, chunk, capacity);
}

/* ---- all ---- */

static int register_functions(ParsedBatch *p, LakeConn *conn, Error *err) {
    static const struct {
        const char *name;
        const LakeColumn *columns;
        size_t count, threads;
        LakeFill fill;
    } functions[] = {
        {"batch_identities", identity_columns, ARRAY_LEN(identity_columns), SCAN_THREADS, fill_identities},
        {"batch_events", event_columns, ARRAY_LEN(event_columns), SCAN_THREADS, fill_events},
        {"batch_copies", copy_columns, ARRAY_LEN(copy_columns), 1, fill_copies},
        {"batch_rejects", reject_columns, ARRAY_LEN(reject_columns), 1, fill_rejects},
        {"batch_keys", key_columns, ARRAY_LEN(key_columns), 1, fill_keys},
    };
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (lake_register_streams(conn, functions[i].name, functions[i].columns, functions[i].count, functions[i].fill, p->streams,
                                  functions[i].threads, err) != 0)
            return -1;
    return 0;
}

int parsed_open(LakeConn *conn, uint32_t most_texts, ParsedBatch **ret, Error *err) {
    CLEANUP(parsed_freep) ParsedBatch *p = xcalloc(1, sizeof *p);
    p->most_texts = most_texts;
    for (size_t i = 0; i < SCAN_THREADS; i++) {
        p->scratch[i].parsed = p;
        p->streams[i] = &p->scratch[i];
    }
    if (register_functions(p, conn, err) != 0) return -1;
    *ret = TAKE(p);
    return 0;
}

void parsed_free(ParsedBatch *p) {
    parsed_end(p);
    for (size_t i = 0; i < SCAN_THREADS; i++) {
        buf_done(&p->scratch[i].json);
        buf_done(&p->scratch[i].texts);
    }
    free(p->events);
    free(p);
}

void parsed_begin(ParsedBatch *p, const Batch *batch) {
    parsed_end(p);
    if (batch->count > p->capacity) {
        free(p->events);
        p->events = xcalloc(batch->max_rows, sizeof *p->events); /* address space; pages come with use */
        p->capacity = batch->max_rows;
    }
    p->batch = batch;
    atomic_store(&p->parsed, 0);
    parsed_rewind(p);
}

void parsed_rewind(ParsedBatch *p) {
    atomic_store(&p->events_given, 0);
    atomic_store(&p->copies_given, 0);
    atomic_store(&p->rejects_given, 0);
    atomic_store(&p->keys_given, 0);
}

void parsed_end(ParsedBatch *p) {
    p->batch = NULL;
    for (size_t i = 0; i < SCAN_THREADS; i++) {
        envelope_parser_freep(&p->scratch[i].parser);
        buf_clear(&p->scratch[i].texts);
        if (p->scratch[i].texts.cap > TEXTS_KEPT) buf_done(&p->scratch[i].texts);
    }
}

Envelope parsed_event(const ParsedBatch *p, size_t place) {
    const ParsedEvent *e = &p->events[place];
    return (Envelope){.id = text_of(p, e, TEXT_ID),
                      .type = text_of(p, e, TEXT_TYPE),
                      .source = text_of(p, e, TEXT_SOURCE),
                      .entity_id = text_of(p, e, TEXT_ENTITY),
                      .payload = text_of(p, e, TEXT_PAYLOAD),
                      .extra = text_of(p, e, TEXT_EXTRA),
                      .has_time = e->has_time,
                      .has_quality = e->has_quality,
                      .time_us = e->time_us,
                      .quality = e->quality};
}

const BatchMessage *parsed_message(const ParsedBatch *p, size_t place) {
    return &p->batch->messages[place];
}

void parsed_note_copy(ParsedBatch *p, size_t place) {
    p->events[place].is_copy = true;
}

void parsed_note_conflict(ParsedBatch *p, size_t place) {
    p->events[place].is_conflict = true;
}

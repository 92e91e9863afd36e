/* batch.c: see batch.h. */
#include "ingest/batch.h"

#include "base/clock.h"
#include "base/memory.h"
#include <string.h>

#define LARGE_MESSAGE 1024
/* DuckDB holds a batch several times before it is on disk. Ordinary events are compressed meanwhile, since they fill row groups; large ones
 * are not, and would be spilled to temporary files. */
#define LARGE_SHARE 3

/* DuckDB stores a batch in row groups of 122,880 rows, and the rest in a smaller one. A checkpoint merges four groups when their rows fit
 * into three. Batches of one to one and a half groups would be merged so each time: all rows are written twice, and the file has twice the
 * size. So a batch has whole groups alone, or a rest of more than half a group. LEFT_OVER is a little more than the half, since messages
 * that are rejects or copies are not stored as rows. */
#define ROW_GROUP 122880
#define LEFT_OVER (ROW_GROUP / 16 * 9)

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

/* It has whole row groups, and by the length of its messages so far, few more will fit. */
static bool ends_with_row_group(const Batch *b, size_t max_bytes) {
    if (b->count == 0 || b->count % ROW_GROUP != 0) return false;
    size_t length = b->bytes.len / b->count + 1, fit = max_bytes / length;
    return (fit < b->max_rows ? fit : b->max_rows) < b->count + LEFT_OVER;
}

bool batch_is_full_for(const Batch *b, size_t len) {
    if (len > BATCH_MESSAGE_MAX) len = BATCH_MESSAGE_KEPT;
    size_t max_bytes = batch_is_large(b) ? b->max_bytes / LARGE_SHARE : b->max_bytes;
    return b->count == b->max_rows || (b->count > 0 && b->bytes.len + len > max_bytes) || ends_with_row_group(b, max_bytes);
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

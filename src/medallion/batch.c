/* batch.c: see batch.h. Scanning threads claim ranges of rows with one atomic exchange each. */
#include "medallion/batch.h"

#include "base/clock.h"
#include "base/memory.h"

#define CHUNK_BYTES (1 << 20)

const LakeColumn batch_columns[5] = {
    {"kafka_partition", LAKE_INT}, {"kafka_offset", LAKE_INT}, {"kafka_timestamp", LAKE_TIME}, {"value", LAKE_TEXT}, {"bytes", LAKE_BLOB},
};
enum { COL_PARTITION, COL_OFFSET, COL_TIMESTAMP, COL_VALUE, COL_BYTES };

Batch *batch_new(size_t max_rows, size_t max_bytes) {
    Batch *b = xcalloc(1, sizeof *b);
    b->max_rows = max_rows;
    b->max_bytes = max_bytes;
    b->messages = xcalloc(max_rows, sizeof *b->messages);
    buf_reserve(&b->bytes, max_bytes); /* address space; pages come with use */
    return b;
}

void batch_free(Batch *b) {
    free(b->messages);
    batch_marks_done(&b->marks);
    buf_done(&b->bytes);
    free(b);
}

void batch_clear(Batch *b) {
    b->count = b->marks.gap_count = b->marks.position_count = 0;
    buf_clear(&b->bytes);
}

bool batch_is_empty(const Batch *b) {
    return b->count == 0 && b->marks.gap_count == 0;
}

bool batch_is_full_for(const Batch *b, size_t len) {
    return b->count == b->max_rows || (b->count > 0 && b->bytes.len + len > b->max_bytes);
}

void batch_add(Batch *b, int32_t partition, int64_t offset, int64_t timestamp_us, const void *value, size_t len) {
    if (b->count == 0) b->started_ns = clock_mono_ns();
    b->messages[b->count++] = (BatchMessage){.partition = partition,
                                             .tombstone = value == NULL,
                                             .offset = offset,
                                             .timestamp_us = timestamp_us,
                                             .at = b->bytes.len,
                                             .len = value == NULL ? 0 : len};
    if (value != NULL) buf_add(&b->bytes, value, len);
}

void batch_add_gap(Batch *b, BatchGap gap) {
    if (batch_is_empty(b)) b->started_ns = clock_mono_ns();
    BatchMarks *m = &b->marks;
    m->gaps = xrealloc(m->gaps, m->gap_count + 1, sizeof *m->gaps);
    m->gaps[m->gap_count++] = gap;
}

void batch_set_position(Batch *b, BatchPosition position) {
    BatchMarks *m = &b->marks;
    m->positions = xrealloc(m->positions, m->position_count + 1, sizeof *m->positions);
    m->positions[m->position_count++] = position;
}

BatchMarks batch_take_marks(Batch *b) {
    BatchMarks marks = b->marks;
    b->marks = (BatchMarks){0};
    return marks;
}

void batch_marks_done(BatchMarks *marks) {
    free(marks->gaps);
    free(marks->positions);
    *marks = (BatchMarks){0};
}

void batch_rewind(Batch *b) {
    atomic_store(&b->scanned, 0);
}

static void put_value(LakeChunk *chunk, size_t row, const Batch *b, const BatchMessage *m) {
    const char *bytes = b->bytes.data + m->at;
    if (m->tombstone) lake_put_null(chunk, COL_VALUE, row);
    if (m->tombstone || lake_put_text(chunk, COL_VALUE, row, m->len > 0 ? bytes : "", m->len))
        lake_put_null(chunk, COL_BYTES, row);
    else
        lake_put_blob(chunk, COL_BYTES, row, bytes, m->len);
}

/* How many messages from `first` on make a chunk: DuckDB holds several parsed forms of all JSON in it at once. */
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
    for (size_t row = 0; row < n; row++) {
        const BatchMessage *m = &b->messages[first + row];
        lake_put_int(chunk, COL_PARTITION, row, m->partition);
        lake_put_int(chunk, COL_OFFSET, row, m->offset);
        if (m->timestamp_us == INT64_MIN)
            lake_put_null(chunk, COL_TIMESTAMP, row);
        else
            lake_put_int(chunk, COL_TIMESTAMP, row, m->timestamp_us);
        put_value(chunk, row, b, m);
    }
    return n;
}

/* bronze_slices.c: see bronze_slices.h.
 *
 * DuckDB reads vectors of 2,048 rows: memory grows with the length of payloads, not with their number. The longest text that Bronze ever
 * had, which DuckDB's statistics tell, says how many batches make a window. When it is very long, the rows of a window are measured first
 * and cut into slices of few bytes, and a query reads each.
 *
 * Many rows are read one event type after the other, so that rows of one type are stored together: the columns of the other types are then
 * constant NULL there and cost next to nothing.
 *
 * Invariant: each row of a window is in exactly one slice. Rows of Bronze are never deleted, so rowid identifies them. */
#include "refine/bronze_slices.h"

#include "base/memory.h"
#include <stdatomic.h>
#include <string.h>

#define LARGE         4096           /* bytes; a vector of shorter payloads needs little memory */
#define WINDOW_BYTES  (64 * 1048576) /* of a window with larger ones, as far as batches allow */
#define MEASURE_ABOVE (16 << 10)     /* bytes of the longest text */
#define SLICE_BYTES   (8 * 1048576)  /* of large payloads */
#define TYPES_MAX     16

struct BronzeSlices {
    LakeConn *conn; /* owned */
    const Pipeline *pipeline;
    size_t parts;
    Batches batches; /* borrowed */
    size_t at;       /* how many of them were in windows */
    int64_t longest; /* no text of Bronze is longer; bytes */
    Batches window;
    BronzeSlice *slices; /* owned */
    size_t count;
    atomic_size_t taken; /* may be more than `count` */
};

int bronze_slices_new(Lake *lake, const Pipeline *pipeline, size_t parts, BronzeSlices **ret, Error *err) {
    CLEANUP(bronze_slices_freep) BronzeSlices *s = xcalloc(1, sizeof *s);
    s->pipeline = pipeline;
    s->parts = parts;
    if (lake_connect(lake, &s->conn, err) != 0) return -1;
    lake_only_reads(s->conn);
    *ret = TAKE(s);
    return 0;
}

static void clear(BronzeSlices *s) {
    s->count = 0;
    atomic_store(&s->taken, 0);
}

void bronze_slices_end(BronzeSlices *s) {
    clear(s);
    s->at = 0;
    s->batches = s->window = (Batches){0};
}

void bronze_slices_free(BronzeSlices *s) {
    if (s->conn != NULL) lake_conn_free(s->conn);
    free(s->slices);
    free(s);
}

int bronze_slices_begin(BronzeSlices *s, const Batches *batches, Error *err) {
    bronze_slices_end(s);
    s->batches = *batches;
    return lake_query_int(s->conn, "refine/longest", lake_sql("refine/longest"), NULL, 0, &s->longest, err);
}

/* ---- a window ---- */

static int64_t last_batch(const Batches *b) {
    return b->items[b->count - 1].batch_id;
}

static void append_slice(BronzeSlices *s, BronzeSlice slice) {
    s->slices = xgrow(s->slices, s->count, sizeof *s->slices);
    s->slices[s->count++] = slice;
}

static void append_row(BronzeSlices *s, int64_t row, int64_t bytes) {
    BronzeSlice *last = s->count > 0 ? &s->slices[s->count - 1] : NULL;
    if (bytes <= LARGE) bytes = 0;
    if (last == NULL || (bytes > 0 && last->bytes > 0 && last->bytes + bytes > SLICE_BYTES)) {
        append_slice(s, (BronzeSlice){.after = s->window.after, .upto = last_batch(&s->window), .first = row, .last = row, .bytes = bytes});
    } else {
        last->last = row;
        last->bytes += bytes;
    }
}

static int measure_rows(BronzeSlices *s, Error *err) {
    LakeBinding range[] = {{"after", lake_int(s->window.after)}, {"upto", lake_int(last_batch(&s->window))}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/measure"), range, ARRAY_LEN(range));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(s->conn, "refine/measure", sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) append_row(s, lake_col_int(rows, 0), lake_col_int(rows, 1));
    return got;
}

/* The rows of one type (or of all), in parts of whole batches. */
static void append_parts(BronzeSlices *s, bool by_type, const char *type) {
    size_t parts = s->window.rows >= BRONZE_PART_ROWS ? s->parts : 1;
    int64_t part_rows = (s->window.rows + (int64_t)parts - 1) / (int64_t)parts;
    for (size_t at = 0; at < s->window.count;) {
        Batches part = batches_chunk(&s->window, at, part_rows);
        append_slice(s, (BronzeSlice){.after = part.after, .upto = last_batch(&part), .last = INT64_MAX, .by_type = by_type, .type = type});
        at += part.count;
    }
}

/* Contracts of several topics may be of one event type. */
static bool is_first_of_type(const Pipeline *p, size_t contract) {
    for (size_t i = 0; i < contract; i++)
        if (strcmp(p->contracts[i].event_type, p->contracts[contract].event_type) == 0) return false;
    return true;
}

int bronze_slices_window(BronzeSlices *s, size_t *ret_batches, Error *err) {
    const Pipeline *p = s->pipeline;
    clear(s);
    *ret_batches = 0;
    if (s->at == s->batches.count) return 0;
    s->window = batches_chunk(&s->batches, s->at, s->longest <= LARGE ? INT64_MAX : WINDOW_BYTES / s->longest);
    s->at += *ret_batches = s->window.count;
    if (s->longest > MEASURE_ABOVE) return measure_rows(s, err);
    bool by_type = s->longest <= LARGE && s->window.rows >= BRONZE_PART_ROWS && p->contract_count <= TYPES_MAX;
    for (size_t i = 0; by_type && i < p->contract_count; i++)
        if (is_first_of_type(p, i)) append_parts(s, true, p->contracts[i].event_type);
    append_parts(s, by_type, NULL);
    return 0;
}

void bronze_slices_rows(BronzeSlices *s, const int64_t *rows, size_t n) {
    clear(s);
    s->window = s->batches;
    for (size_t i = 0; i < n; i++)
        append_slice(s, (BronzeSlice){.after = s->window.after, .upto = last_batch(&s->window), .first = rows[i], .last = rows[i]});
}

/* ---- taking ---- */

bool bronze_slices_are_small(const BronzeSlices *s) {
    return s->longest <= LARGE;
}

bool bronze_slices_take(BronzeSlices *s, BronzeSlice *ret) {
    size_t i = atomic_fetch_add(&s->taken, 1);
    if (i < s->count) *ret = s->slices[i];
    return i < s->count;
}

bool bronze_slices_all_taken(const BronzeSlices *s) {
    return atomic_load(&s->taken) >= s->count;
}

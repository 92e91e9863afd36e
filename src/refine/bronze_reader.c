/* bronze_reader.c: see bronze_reader.h.
 *
 * DuckDB reads vectors of 2,048 rows: memory grows with the length of payloads, not with their number. The longest text that Bronze ever
 * had, which DuckDB's statistics tell, says how many batches make a window. When it is very long, the rows of a window are measured first
 * and cut into slices of few bytes, and a query reads each.
 *
 * Many rows are read one event type after the other, so that rows of one type are stored together: the columns of the other types are then
 * constant NULL there and cost next to nothing.
 *
 * Invariant: each row of a window is in exactly one slice. Rows of Bronze are never deleted, so rowid identifies them. */
#include "refine/bronze_reader.h"

#include "base/memory.h"
#include <string.h>

#define LARGE         4096           /* bytes; a vector of shorter payloads needs little memory */
#define WINDOW_BYTES  (64 * 1048576) /* of a window with larger ones, as far as batches allow */
#define MEASURE_ABOVE (16 << 10)     /* bytes of the longest text */
#define SLICE_BYTES   (8 * 1048576)  /* of large payloads */
#define TYPE_ROWS     61440          /* half of one of DuckDB's row groups: worth reading once for each type */
#define TYPES_MAX     16

/* Rows of Bronze that one query reads. */
typedef struct Slice {
    int64_t first, last; /* rowid */
    int64_t bytes;       /* of its large payloads */
    const char *type;    /* NULL: all, or, with `by_type`, those that no contract has */
} Slice;

struct BronzeReader {
    LakeConn *conn; /* owned */
    const Pipeline *pipeline;
    const Compiled *sql;
    Batches batches; /* borrowed */
    size_t at;       /* how many of them were in windows */
    int64_t longest; /* no text of Bronze is longer; bytes */
    Batches window;
    bool by_type;  /* its slices are of one event type each */
    Slice *slices; /* owned */
    size_t slice_count, slice_at;
    LakeResult *rows; /* of a slice; NULL: none is being read */
};

int bronze_reader_new(Lake *lake, const Pipeline *pipeline, const Compiled *sql, BronzeReader **ret, Error *err) {
    CLEANUP(bronze_reader_freep) BronzeReader *b = xcalloc(1, sizeof *b);
    b->pipeline = pipeline;
    b->sql = sql;
    if (lake_connect(lake, &b->conn, err) != 0 || lake_exec(b->conn, "refine/stream", lake_sql("refine/stream"), err) != 0) return -1;
    *ret = TAKE(b);
    return 0;
}

void bronze_reader_end(BronzeReader *b) {
    if (b->rows != NULL) lake_result_free(b->rows);
    b->rows = NULL;
    b->slice_count = b->slice_at = b->at = 0;
    b->batches = b->window = (Batches){0};
}

void bronze_reader_free(BronzeReader *b) {
    bronze_reader_end(b);
    if (b->conn != NULL) lake_conn_free(b->conn);
    free(b->slices);
    free(b);
}

int bronze_reader_begin(BronzeReader *b, const Batches *batches, Error *err) {
    bronze_reader_end(b);
    b->batches = *batches;
    return lake_query_int(b->conn, "refine/longest", lake_sql("refine/longest"), NULL, 0, &b->longest, err);
}

/* ---- a window ---- */

static void append_slice(BronzeReader *b, Slice slice) {
    b->slices = xrealloc(b->slices, b->slice_count + 1, sizeof *b->slices);
    b->slices[b->slice_count++] = slice;
}

static void append_row(BronzeReader *b, int64_t row, int64_t bytes) {
    Slice *last = b->slice_count > 0 ? &b->slices[b->slice_count - 1] : NULL;
    if (bytes <= LARGE) bytes = 0;
    if (last == NULL || (bytes > 0 && last->bytes > 0 && last->bytes + bytes > SLICE_BYTES)) {
        append_slice(b, (Slice){.first = row, .last = row, .bytes = bytes});
    } else {
        last->last = row;
        last->bytes += bytes;
    }
}

static int measure_rows(BronzeReader *b, int64_t upto, Error *err) {
    LakeBinding range[] = {{"after", lake_int(b->window.after)}, {"upto", lake_int(upto)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/measure"), range, ARRAY_LEN(range));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(b->conn, "refine/measure", sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) append_row(b, lake_col_int(rows, 0), lake_col_int(rows, 1));
    return got;
}

static int64_t window_upto(const BronzeReader *b) {
    return b->window.items[b->window.count - 1].batch_id;
}

/* Contracts of several topics may be of one event type. */
static bool is_first_of_type(const Pipeline *p, size_t contract) {
    for (size_t i = 0; i < contract; i++)
        if (strcmp(p->contracts[i].event_type, p->contracts[contract].event_type) == 0) return false;
    return true;
}

int bronze_reader_window(BronzeReader *b, size_t *ret_batches, Error *err) {
    b->slice_count = b->slice_at = 0;
    *ret_batches = 0;
    if (b->at == b->batches.count) return 0;
    b->window = batches_chunk(&b->batches, b->at, b->longest <= LARGE ? INT64_MAX : WINDOW_BYTES / b->longest);
    b->at += *ret_batches = b->window.count;
    b->by_type = b->longest <= LARGE && b->window.rows >= TYPE_ROWS && b->pipeline->contract_count <= TYPES_MAX;
    if (b->longest > MEASURE_ABOVE) return measure_rows(b, window_upto(b), err);
    for (size_t i = 0; b->by_type && i < b->pipeline->contract_count; i++)
        if (is_first_of_type(b->pipeline, i)) append_slice(b, (Slice){.last = INT64_MAX, .type = b->pipeline->contracts[i].event_type});
    append_slice(b, (Slice){.last = INT64_MAX});
    return 0;
}

void bronze_reader_rows(BronzeReader *b, const int64_t *rows, size_t n) {
    b->slice_count = b->slice_at = 0;
    b->by_type = false;
    b->window = b->batches;
    for (size_t i = 0; i < n; i++) append_slice(b, (Slice){.first = rows[i], .last = rows[i]});
}

/* ---- rows ---- */

static int open_slice(BronzeReader *b, const Slice *slice, Error *err) {
    LakeBinding rows[] = {{"after", lake_int(b->window.after)}, {"upto", lake_int(window_upto(b))},
                          {"first", lake_int(slice->first)},    {"last", lake_int(slice->last)},
                          {"all", lake_bool(!b->by_type)},      {"other", lake_bool(b->by_type && slice->type == NULL)},
                          {"type", lake_text(slice->type)}};
    const StatementText *read = compile_statement(b->sql, SQL_SILVER_READ, 0);
    CLEANUP(free_text) char *sql = lake_sql_bind(read->sql, rows, ARRAY_LEN(rows));
    return lake_stream(b->conn, read->name, sql, &b->rows, err);
}

int bronze_reader_next(BronzeReader *b, size_t *ret_rows, Error *err) {
    for (;;) {
        int got = b->rows != NULL ? lake_next_chunk(b->rows, ret_rows, err) : 0;
        if (got != 0) return got;
        if (b->rows != NULL) lake_result_free(b->rows);
        b->rows = NULL;
        if (b->slice_at == b->slice_count) return 0;
        if (open_slice(b, &b->slices[b->slice_at++], err) != 0) return -1;
    }
}

LakeVector bronze_reader_column(const BronzeReader *b, BronzeColumn column) {
    return lake_input(b->rows, column);
}

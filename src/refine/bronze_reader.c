/* bronze_reader.c: see bronze_reader.h.
 *
 * DuckDB reads vectors of 2,048 rows: memory grows with the length of payloads, not with their number. While the longest text that Bronze
 * ever had, which DuckDB's statistics tell, is of ordinary length, one query reads everything. Otherwise the rows are measured first and
 * cut into slices of few bytes, and a query reads each.
 *
 * Invariant: each row of the batches is in exactly one slice. Rows of Bronze are never deleted, so rowid identifies them, and they are in
 * the order of their batches. */
#include "refine/bronze_reader.h"

#include "base/memory.h"

#define LARGE         4096             /* bytes; a vector of shorter payloads needs little memory */
#define MEASURE_ABOVE (16 << 10)       /* bytes of the longest text */
#define SLICE_BYTES   (16 * 1048576)   /* of large payloads */
#define READ_BYTES    (64 * 1048576)   /* that measuring may read at once, as far as batches allow */

/* Rows of Bronze that one query may read. */
typedef struct Slice {
    int64_t first, last; /* rowid */
    int64_t bytes;       /* of its large payloads */
} Slice;

struct BronzeReader {
    LakeConn *conn; /* owned */
    const Compiled *sql;
    Batches batches; /* borrowed */
    int64_t longest; /* no text of Bronze is longer; bytes */
    size_t measured; /* batches whose slices were made */
    int64_t after;   /* ... and the batch before these slices, */
    int64_t upto;    /* and their last one */
    Slice *slices;   /* owned */
    size_t slice_count, slice_at;
    LakeResult *rows; /* of a slice; NULL: none is being read */
};

int bronze_reader_new(Lake *lake, const Compiled *sql, BronzeReader **ret, Error *err) {
    CLEANUP(bronze_reader_freep) BronzeReader *b = xcalloc(1, sizeof *b);
    b->sql = sql;
    if (lake_connect(lake, &b->conn, err) != 0) return -1;
    *ret = TAKE(b);
    return 0;
}

void bronze_reader_end(BronzeReader *b) {
    if (b->rows != NULL) lake_result_free(b->rows);
    b->rows = NULL;
    b->slice_count = b->slice_at = 0;
    b->batches = (Batches){0};
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
    b->measured = 0;
    b->upto = batches->after;
    return lake_query_int(b->conn, "refine/longest", lake_sql("refine/longest"), NULL, 0, &b->longest, err);
}

/* ---- slices ---- */

static void append_slice(BronzeReader *b, Slice slice) {
    b->slices = xrealloc(b->slices, b->slice_count + 1, sizeof *b->slices);
    b->slices[b->slice_count++] = slice;
}

static void append_row(BronzeReader *b, int64_t row, int64_t bytes) {
    Slice *last = b->slice_count > 0 ? &b->slices[b->slice_count - 1] : NULL;
    if (bytes <= LARGE) bytes = 0;
    if (last == NULL || (bytes > 0 && last->bytes > 0 && last->bytes + bytes > SLICE_BYTES)) {
        append_slice(b, (Slice){row, row, bytes});
    } else {
        last->last = row;
        last->bytes += bytes;
    }
}

static int measure_rows(BronzeReader *b, Error *err) {
    LakeBinding range[] = {{"after", lake_int(b->after)}, {"upto", lake_int(b->upto)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/measure"), range, ARRAY_LEN(range));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(b->conn, "refine/measure", sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) append_row(b, lake_col_int(rows, 0), lake_col_int(rows, 1));
    return got;
}

/* The slices of the next batches: all of them, or as many as may be measured at once. */
static int next_slices(BronzeReader *b, Error *err) {
    int64_t rows = 0;
    b->slice_count = b->slice_at = 0;
    b->after = b->upto;
    while (b->measured < b->batches.count) {
        const BatchRows *batch = &b->batches.items[b->measured];
        if (b->longest > MEASURE_ABOVE && rows > 0 && (rows + batch->rows) * b->longest > READ_BYTES) break;
        rows += batch->rows;
        b->upto = batch->batch_id;
        b->measured++;
    }
    if (rows == 0) return 0;
    if (b->longest > MEASURE_ABOVE) return measure_rows(b, err);
    append_slice(b, (Slice){0, INT64_MAX, 0});
    return 0;
}

/* ---- rows ---- */

/* 1: a slice is being read, 0: there is no other one. */
static int next_slice(BronzeReader *b, Error *err) {
    if (b->slice_at == b->slice_count && next_slices(b, err) != 0) return -1;
    if (b->slice_at == b->slice_count) return 0;
    const Slice *slice = &b->slices[b->slice_at++];
    LakeBinding rows[] = {{"after", lake_int(b->after)},
                          {"upto", lake_int(b->upto)},
                          {"first", lake_int(slice->first)},
                          {"last", lake_int(slice->last)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(compile_sql(b->sql, SQL_SILVER_READ), rows, ARRAY_LEN(rows));
    return lake_stream(b->conn, statement_name(SQL_SILVER_READ), sql, &b->rows, err) != 0 ? -1 : 1;
}

int bronze_reader_next(BronzeReader *b, size_t *ret_rows, Error *err) {
    for (;;) {
        int got = b->rows != NULL ? lake_next_chunk(b->rows, ret_rows, err) : 0;
        if (got != 0) return got;
        if (b->rows != NULL) lake_result_free(b->rows);
        b->rows = NULL;
        if ((got = next_slice(b, err)) <= 0) return got;
    }
}

LakeVector bronze_reader_column(const BronzeReader *b, BronzeColumn column) {
    return lake_input(b->rows, column);
}

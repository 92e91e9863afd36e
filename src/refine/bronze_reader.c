/* bronze_reader.c: see bronze_reader.h. */
#include "refine/bronze_reader.h"

#include "base/memory.h"

struct BronzeReader {
    LakeConn *conn; /* owned */
    BronzeSlices *slices;
    const Compiled *sql;
    LakeResult *rows; /* of a slice; NULL: none is being read */
};

int bronze_reader_new(Lake *lake, BronzeSlices *slices, const Compiled *sql, BronzeReader **ret, Error *err) {
    CLEANUP(bronze_reader_freep) BronzeReader *b = xcalloc(1, sizeof *b);
    b->slices = slices;
    b->sql = sql;
    if (lake_connect(lake, &b->conn, err) != 0) return -1;
    lake_only_reads(b->conn);
    if (lake_exec(b->conn, "refine/stream", lake_sql("refine/stream"), err) != 0) return -1;
    *ret = TAKE(b);
    return 0;
}

void bronze_reader_end(BronzeReader *b) {
    if (b->rows != NULL) lake_result_free(b->rows);
    b->rows = NULL;
}

void bronze_reader_free(BronzeReader *b) {
    bronze_reader_end(b);
    if (b->conn != NULL) lake_conn_free(b->conn);
    free(b);
}

bool bronze_reader_is_reading(const BronzeReader *b) {
    return b->rows != NULL;
}

static int open_slice(BronzeReader *b, const BronzeSlice *slice, Error *err) {
    LakeBinding rows[] = {{"after", lake_int(slice->after)},   {"upto", lake_int(slice->upto)},
                          {"first", lake_int(slice->first)},   {"last", lake_int(slice->last)},
                          {"all", lake_bool(!slice->by_type)}, {"other", lake_bool(slice->by_type && slice->type == NULL)},
                          {"type", lake_text(slice->type)}};
    const StatementText *read = compile_statement(b->sql, SQL_SILVER_READ, 0);
    CLEANUP(free_text) char *sql = lake_sql_bind(read->sql, rows, ARRAY_LEN(rows));
    return lake_stream(b->conn, read->name, sql, &b->rows, err);
}

int bronze_reader_next(BronzeReader *b, size_t *ret_rows, Error *err) {
    for (BronzeSlice slice;;) {
        int got = b->rows != NULL ? lake_next_chunk(b->rows, ret_rows, err) : 0;
        if (got != 0) return got;
        bronze_reader_end(b);
        if (!bronze_slices_take(b->slices, &slice)) return 0;
        if (open_slice(b, &slice, err) != 0) return -1;
    }
}

LakeVector bronze_reader_column(const BronzeReader *b, BronzeColumn column) {
    return lake_input(b->rows, column);
}

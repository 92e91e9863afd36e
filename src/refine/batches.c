/* batches.c: the batches of Bronze that a run has before it, and how many of them make one transaction. */
#include "refine/internal.h"

#include "base/memory.h"

void batches_done(Batches *b) {
    free(b->items);
    *b = (Batches){0};
}

int batches_read(LakeConn *conn, int64_t after, Batches *ret, Error *err) {
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("refine/batches"), &(LakeBinding){"after", lake_int(after)}, 1);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "refine/batches", sql, NULL, 0, &rows, err) != 0) return -1;
    ret->after = after;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        ret->items = xgrow(ret->items, ret->count, sizeof *ret->items);
        ret->items[ret->count++] = (BatchRows){lake_col_int(rows, 0), lake_col_int(rows, 1)};
        ret->rows += lake_col_int(rows, 1);
    }
    return got;
}

Batches batches_chunk(const Batches *all, size_t from, int64_t most) {
    Batches chunk = {.items = all->items + from, .after = from > 0 ? all->items[from - 1].batch_id : all->after};
    do chunk.rows += chunk.items[chunk.count++].rows;
    while (from + chunk.count < all->count && chunk.rows + chunk.items[chunk.count].rows <= most);
    return chunk;
}

/* rollup_rows.c: the merged days, as a source of DuckDB. Its threads take rows of the same rollups in turn. */
#include "churn/rollup_internal.h"

#include "base/memory.h"
#include "lake/vectors.h"
#include <pthread.h>
#include <string.h>

/* What is read. */
typedef struct Rows {
    pthread_mutex_t lock; /* of at, and of where each rollup is */
    Rollup *const *rollups;
    size_t count, at;
} Rows;

/* An entity's first records were made at different times: memory is asked for those of the next ones. */
static void prefetch_after(const Rollup *r, size_t at) {
    enum { AHEAD = 8 };
    if (at + 2 * AHEAD >= r->entities.count) return;
    __builtin_prefetch(r->entities.items[at + 2 * AHEAD].records);
    const RollupRecord *next = r->entities.items[at + AHEAD].records;
    if (next != NULL) __builtin_prefetch(next->next);
}

/* The next records of a rollup and their entities; returns how many. */
static size_t next_of(Rollup *r, size_t capacity, const RollupEntity **entities, const RollupRecord **records) {
    size_t n = 0;
    while (n < capacity && r->next < r->entities.count) {
        const RollupEntity *e = &r->entities.items[r->next];
        prefetch_after(r, r->next);
        const RollupRecord *record = r->next_record != NULL ? r->next_record : e->records;
        for (; record != NULL && n < capacity; record = record->next, n++) {
            entities[n] = e;
            records[n] = record;
        }
        r->next_record = record;
        if (record == NULL) r->next++;
    }
    return n;
}

static size_t next_records(Rows *rows, size_t capacity, const RollupEntity **entities, const RollupRecord **records) {
    size_t n = 0;
    pthread_mutex_lock(&rows->lock);
    for (; rows->at < rows->count; rows->at++)
        if ((n = next_of(rows->rollups[rows->at], capacity, entities, records)) > 0) break;
    pthread_mutex_unlock(&rows->lock);
    return n;
}

/* LakeFill */
static size_t fill_days(void *state, LakeChunk *chunk, size_t capacity) {
    enum { AHEAD = 4 };
    Rows *rows = state;
    const RollupPlan *plan = rows->rollups[0]->plan;
    const RollupEntity *entities[LAKE_ROWS];
    const RollupRecord *records[LAKE_ROWS];
    CLEANUP(buf_done) Buf bytes = {0};
    size_t n = next_records(rows, capacity < LAKE_ROWS ? capacity : LAKE_ROWS, entities, records);
    LakeVector entity = lake_output(chunk, 0), day = lake_output(chunk, 1), known = lake_output(chunk, 2), events = lake_output(chunk, 3);
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) rollup_prefetch(plan, records[i + AHEAD]);
        ((LakeText *)entity.data)[i] = entities[i]->key;
        ((int32_t *)day.data)[i] = records[i]->day;
        ((int32_t *)known.data)[i] = records[i]->known;
        ((int64_t *)events.data)[i] = records[i]->words[plan->measures[0].word];
        rollup_pack(plan, records[i], &bytes);
        lake_put_blob(chunk, 4, i, bytes.data, bytes.len);
    }
    return n;
}

static const LakeColumn columns[] = {{.name = "entity", .sql_type = "VARCHAR"},
                                     {.name = "day", .sql_type = "INTEGER"},
                                     {.name = "known", .sql_type = "INTEGER"},
                                     {.name = "events", .sql_type = "BIGINT"},
                                     {.name = "record", .sql_type = "BLOB"}};

int rollup_exec(LakeConn *conn, const char *source, Rollup *const *rollups, size_t n, const char *name, const char *sql, Error *err) {
    Rows rows = {.lock = PTHREAD_MUTEX_INITIALIZER, .rollups = rollups, .count = n};
    int rc = lake_register_source(conn, source, columns, ARRAY_LEN(columns), (int)n, fill_days, &rows, err);
    if (rc == 0) rc = lake_exec(conn, name, sql, err);
    lake_unregister_source(conn, source);
    pthread_mutex_destroy(&rows.lock);
    return rc;
}

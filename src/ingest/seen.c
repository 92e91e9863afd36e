/* seen.c: see seen.h. An event is remembered by its source, id and time, not by its time alone: in a busy hour each millisecond has events.
 *
 * A command that reads what is new and ends would pay for more than it saves. So reading begins after a number of looks for late events of
 * small batches, and takes a slice of Bronze with each further batch.
 *
 * Invariant: while `bloom` is there, it has each event of Bronze but those of the rows in [next_row, end_row). What does not land stays in
 * it: that may make a later look in Bronze, no harm. */
#include "ingest/seen.h"

#include "base/memory.h"
#include "ingest/bloom.h"
#include "lake/vectors.h"

enum { LOOKS_BEFORE = 20, SMALL_BATCH = 20000, SLICE_ROWS = 245760 };

struct Seen {
    int64_t most;
    int looks;
    bool too_many;
    Bloom *bloom; /* NULL: not begun, or there are too many */
    int64_t next_row, end_row;
};

Seen *seen_new(int64_t most) {
    Seen *s = xcalloc(1, sizeof *s);
    s->most = most;
    return s;
}

void seen_free(Seen *s) {
    bloom_freep(&s->bloom);
    free(s);
}

bool seen_remembers(const Seen *s) {
    return s->bloom != NULL;
}

static void give_up(Seen *s) {
    s->too_many = true;
    bloom_freep(&s->bloom);
}

/* Bronze as it is before the batch that is landing: that one is remembered by seen_find. */
static int begin(Seen *s, LakeConn *conn, Error *err) {
    int64_t rows;
    if (lake_query_int(conn, "bronze/end", lake_sql("bronze/end"), NULL, 0, &rows, err) != 0) return -1;
    s->next_row = 0;
    s->end_row = rows;
    s->too_many = rows >= s->most;
    if (!s->too_many) s->bloom = bloom_new(2 * (size_t)rows, (size_t)s->most);
    return 0;
}

static bool add_all(Seen *s, const LakeResult *chunk, size_t n) {
    const int64_t *hashes = lake_input(chunk, 0).data;
    for (size_t i = 0; i < n; i++)
        if (!bloom_add(s->bloom, (uint64_t)hashes[i])) return false;
    return true;
}

static int read_slice(Seen *s, LakeConn *conn, Error *err) {
    static const char name[] = "bronze/identities";
    int64_t end = s->end_row - s->next_row > SLICE_ROWS ? s->next_row + SLICE_ROWS : s->end_row;
    LakeBinding slice[] = {{"from", lake_int(s->next_row)}, {"to", lake_int(end)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), slice, 2);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    size_t n;
    bool fits = true;
    int got = lake_stream(conn, name, sql, &rows, err) == 0 ? 1 : -1;
    while (got > 0 && fits && (got = lake_next_chunk(rows, &n, err)) > 0) fits = add_all(s, rows, n);
    if (got < 0) return -1;
    s->next_row = end;
    if (!fits) give_up(s);
    return 0;
}

int seen_next_batch(Seen *s, LakeConn *conn, int64_t events, bool are_late, Error *err) {
    if (s->too_many) return 0;
    if (are_late && events <= SMALL_BATCH) s->looks++;
    if (s->looks <= LOOKS_BEFORE) return 0;
    if (s->bloom == NULL && begin(s, conn, err) != 0) return -1;
    return s->bloom != NULL && s->next_row < s->end_row ? read_slice(s, conn, err) : 0;
}

/* The columns of sql/bronze/staged_identities.sql. */
enum { COL_HASH, COL_TIME, COL_IS_LATE };

int seen_find(Seen *s, LakeConn *conn, const LakeBinding range[2], Buf *times, Error *err) {
    static const char name[] = "bronze/staged_identities";
    bool is_complete = s->next_row == s->end_row, fits = true;
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), range, 2);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        uint64_t hash = (uint64_t)lake_col_int(rows, COL_HASH);
        bool may_be_there = lake_col_bool(rows, COL_IS_LATE) && (!is_complete || bloom_may_have(s->bloom, hash));
        if (may_be_there) buf_add(times, &(int64_t){lake_col_int(rows, COL_TIME)}, sizeof(int64_t));
        fits = fits && bloom_add(s->bloom, hash);
    }
    if (!fits) give_up(s);
    return got;
}

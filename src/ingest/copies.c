/* copies.c: see copies.h. The cost must follow the batch, not what is in Bronze:
 *
 *   dense        most events of a batch are of the same time: Bronze is asked by literal bounds of it, so that its zone maps prune
 *   outliers     the few outside of it (late ones): Bronze is first asked for rows of exactly these times, and there are hardly any; a
 *                session that has asked often knows most of those that Bronze does not have (seen.h)
 *   timeless     events without a time, for which no zone map prunes: they are remembered by a hash, and Bronze is asked when one is known
 *
 * Of a stream in order of time Bronze has only the beginning of the dense range. So it is first asked what it has of it when the batch is
 * large: otherwise all events of the batch would become a hash table, in which a few are looked for.
 *
 * The bounds are those of hours, and within a few hours those of minutes: a stream of thousands of events a second has millions in an hour.
 * The check is exact whatever the split. */
#include "ingest/copies.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "ingest/hashes.h"
#include "ingest/seen.h"

#define MINUTE_US       (60 * USEC_PER_SEC)
#define HOUR_US         (60 * MINUTE_US)
#define OUTLIERS_SHARE  50    /* at either end up to 1/50 of the batch is outside the dense range */
#define SPARSE_SHARE    8     /* a bucket with less than 1/8 of the typical one's events is sparse */
#define SCATTERED_ROWS  2000  /* so few events, over more than ... */
#define SCATTERED_HOURS 48    /* ... so many hours, are all asked for one by one */
#define NARROW_HOURS    6     /* the bounds of so few hours are narrowed to minutes */
#define MANY_EVENTS     10000 /* in the dense range: one more statement costs less than their hash table */
#define ROWS_MAX        2000  /* of Bronze, that are listed in a query */
#define HASHES_MAX      (INT64_C(1) << 20)

typedef struct Bucket {
    int64_t from_us, events;
} Bucket;

typedef struct Buckets {
    Bucket *items; /* in order */
    size_t count;
    int64_t total; /* events in them */
} Buckets;

typedef struct Range {
    int64_t from_us, to_us; /* equal: empty */
    int64_t events;         /* of the batch, that are in it */
} Range;

struct Lookup {
    Range dense;
    int64_t timed, timeless; /* events with a time, and without */
    Buf timeless_hashes;     /* int64_t, of each of these */
    Buf found;               /* of Lookalike */
};

struct Copies {
    Hashes *timeless; /* of the events in Bronze without a time; NULL: not read yet, or there are too many */
    bool too_many;
    Seen *seen; /* owned */
};

/* ---- reading ---- */

/* The whole numbers of the first column, as int64_t. */
static int read_numbers(LakeConn *conn, const char *name, const char *sql, Buf *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) buf_add(ret, &(int64_t){lake_col_int(rows, 0)}, sizeof(int64_t));
    return got;
}

static const int64_t *numbers(const Buf *list, size_t *ret_count) {
    *ret_count = list->len / sizeof(int64_t);
    return (const int64_t *)(const void *)list->data;
}

static char *bind_range(const char *name, const Range *times) {
    const LakeBinding range[] = {{"from", lake_time(times->from_us)}, {"to", lake_time(times->to_us)}};
    return lake_sql_bind(lake_sql(name), range, ARRAY_LEN(range));
}

/* ---- how a batch is spread over time ---- */

static void buckets_done(Buckets *b) {
    free(b->items);
}

static void append(Buckets *b, int64_t from_us, int64_t events) {
    b->items = xgrow(b->items, b->count, sizeof *b->items);
    b->items[b->count++] = (Bucket){from_us, events};
    b->total += events;
}

static int read_minutes(LakeConn *conn, Buckets *b, Lookup *l, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "bronze/minutes", lake_sql("bronze/minutes"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        int64_t events = lake_col_int(rows, 1);
        bool is_timed = lake_col_bool(rows, 2);
        if (!lake_is_null(rows, 0)) append(b, lake_col_int(rows, 0), events);
        *(is_timed ? &l->timed : &l->timeless) += events;
    }
    return got;
}

static Buckets hours_of(const Buckets *minutes) {
    Buckets hours = {0};
    for (const Bucket *m = minutes->items; m < minutes->items + minutes->count; m++) {
        int64_t hour_us = m->from_us / HOUR_US * HOUR_US;
        bool same = hours.count > 0 && hours.items[hours.count - 1].from_us == hour_us;
        if (!same) append(&hours, hour_us, 0);
        hours.items[hours.count - 1].events += m->events;
        hours.total += m->events;
    }
    return hours;
}

/* How many events share the bucket of a typical event. */
static int64_t typical(const Buckets *b) {
    double squares = 0;
    for (size_t i = 0; i < b->count; i++) squares += (double)b->items[i].events * (double)b->items[i].events;
    return (int64_t)(squares / (double)b->total);
}

/* Without the sparse buckets at either end, as long as that leaves few events out. */
static Range dense(const Buckets *b, int64_t bucket_us) {
    const Bucket *first = b->items, *last = b->items + b->count - 1;
    int64_t sparse = typical(b) / SPARSE_SHARE, allowed = b->total / OUTLIERS_SHARE;
    Range range = {.events = b->total};
    for (int64_t left = allowed; first < last && first->events <= sparse && first->events <= left; first++) {
        left -= first->events;
        range.events -= first->events;
    }
    for (int64_t left = allowed; last > first && last->events <= sparse && last->events <= left; last--) {
        left -= last->events;
        range.events -= last->events;
    }
    range.from_us = first->from_us;
    range.to_us = last->from_us + bucket_us;
    return range;
}

static Range dense_minutes(const Buckets *minutes, const Range *hours) {
    const Bucket *first = minutes->items, *end = minutes->items + minutes->count;
    while (first->from_us < hours->from_us) first++;
    while (end[-1].from_us >= hours->to_us) end--;
    Buckets within = {.items = (Bucket *)(uintptr_t)first, .count = (size_t)(end - first), .total = hours->events};
    return dense(&within, MINUTE_US);
}

static Range dense_range(const Buckets *minutes) {
    if (minutes->count == 0) return (Range){0};
    CLEANUP(buckets_done) Buckets hours = hours_of(minutes);
    Range range = dense(&hours, HOUR_US);
    int64_t width_us = range.to_us - range.from_us;
    if (minutes->total <= SCATTERED_ROWS && width_us > SCATTERED_HOURS * HOUR_US) return (Range){0};
    return width_us <= NARROW_HOURS * HOUR_US ? dense_minutes(minutes, &range) : range;
}

/* ---- what is known before Bronze is asked ---- */

static bool has_outliers(const Lookup *l) {
    return l->dense.events < l->timed;
}

static int read_repeated(LakeConn *conn, Buf *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "bronze/repeated_in_batch", lake_sql("bronze/repeated_in_batch"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        Lookalike event = {.place = (size_t)lake_col_int(rows, 0), .bronze_row = NO_ROW, .is_later = lake_col_int(rows, 1) > 1};
        buf_add(ret, &event, sizeof event);
    }
    return got;
}

static int store_outliers(LakeConn *conn, const Range *dense, Error *err) {
    static const char name[] = "bronze/outliers";
    CLEANUP(free_text) char *sql = bind_range(name, dense);
    return lake_exec(conn, name, sql, err);
}

int lookup_new(LakeConn *conn, Lookup **ret, Error *err) {
    CLEANUP(lookup_freep) Lookup *l = xcalloc(1, sizeof *l);
    CLEANUP(buckets_done) Buckets minutes = {0};
    if (read_repeated(conn, &l->found, err) != 0 || read_minutes(conn, &minutes, l, err) != 0) return -1;
    l->dense = dense_range(&minutes);
    if (has_outliers(l) && store_outliers(conn, &l->dense, err) != 0) return -1;
    const char *timeless = lake_sql("bronze/timeless_staged");
    if (l->timeless > 0 && read_numbers(conn, "bronze/timeless_staged", timeless, &l->timeless_hashes, err) != 0) return -1;
    *ret = TAKE(l);
    return 0;
}

void lookup_free(Lookup *l) {
    buf_done(&l->timeless_hashes);
    buf_done(&l->found);
    free(l);
}

int64_t lookup_events(const Lookup *l) {
    return l->timed + l->timeless;
}

Lookalike *lookup_found(Lookup *l, size_t *ret_count) {
    *ret_count = l->found.len / sizeof(Lookalike);
    return (Lookalike *)(void *)l->found.data;
}

/* ---- looking in Bronze ---- */

/* Of a query for places in the batch and rows of Bronze. */
static int find(LakeConn *conn, const char *name, const char *sql, Buf *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, name, sql, NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        Lookalike event = {.place = (size_t)lake_col_int(rows, 0), .bronze_row = lake_col_int(rows, 1), .is_later = true};
        buf_add(ret, &event, sizeof event);
    }
    return got;
}

/* Makes the range that in which Bronze has events; empty: it has none. */
static int narrow(LakeConn *conn, Range *dense, Error *err) {
    static const char name[] = "bronze/times_in_range";
    CLEANUP(free_text) char *sql = bind_range(name, dense);
    CLEANUP(lake_result_freep) LakeResult *times = NULL;
    if (lake_query(conn, name, sql, NULL, 0, &times, err) != 0 || lake_next(times, err) < 0) return -1;
    dense->to_us = lake_is_null(times, 0) ? dense->from_us : lake_col_int(times, 1) + 1;
    if (!lake_is_null(times, 0)) dense->from_us = lake_col_int(times, 0);
    return 0;
}

static int find_dense(LakeConn *conn, Range dense, Buf *ret, Error *err) {
    static const char name[] = "bronze/repeated_in_bronze";
    if (dense.events >= MANY_EVENTS && narrow(conn, &dense, err) != 0) return -1;
    if (dense.from_us == dense.to_us) return 0;
    CLEANUP(free_text) char *sql = bind_range(name, &dense);
    return find(conn, name, sql, ret, err);
}

/* The rows of Bronze that have the time of an event outside of the dense part. */
static int find_rows(const Copies *c, LakeConn *conn, const Range *dense, Buf *ret, Error *err) {
    static const char of_outliers[] = "bronze/rows_of_outliers", at_times[] = "bronze/rows_at_times";
    const LakeBinding range[] = {{"from", lake_time(dense->from_us)}, {"to", lake_time(dense->to_us)}};
    CLEANUP(buf_done) Buf times = {0};
    size_t n;
    if (!seen_remembers(c->seen)) return read_numbers(conn, of_outliers, lake_sql(of_outliers), ret, err);
    if (seen_find(c->seen, conn, range, &times, err) != 0) return -1;
    const int64_t *time = numbers(&times, &n);
    LakeBinding at = {"times", lake_times(time, n)};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(at_times), &at, 1);
    return n > 0 ? read_numbers(conn, at_times, sql, ret, err) : 0;
}

static int find_outliers(const Copies *c, LakeConn *conn, Lookup *l, Error *err) {
    static const char in_rows[] = "bronze/repeated_in_rows", in_all[] = "bronze/repeated_outliers";
    CLEANUP(buf_done) Buf rows = {0};
    size_t n;
    if (find_rows(c, conn, &l->dense, &rows, err) != 0) return -1;
    const int64_t *row = numbers(&rows, &n);
    if (n == 0) return 0;
    if (n > ROWS_MAX) return find(conn, in_all, lake_sql(in_all), &l->found, err);
    LakeBinding there = {"rows", lake_ints(row, n)};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(in_rows), &there, 1);
    return find(conn, in_rows, sql, &l->found, err);
}

/* ---- events without a time ---- */

static int read_timeless(Copies *c, LakeConn *conn, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(hashes_freep) Hashes *found = hashes_new();
    if (c->timeless != NULL || c->too_many) return 0;
    if (lake_stream(conn, "bronze/timeless", lake_sql("bronze/timeless"), &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0 && hashes_count(found) < HASHES_MAX) (void)hashes_add(found, (uint64_t)lake_col_int(rows, 0));
    if (got < 0) return -1;
    c->too_many = got > 0;
    if (!c->too_many) c->timeless = TAKE(found);
    return 0;
}

/* Those of a batch that does not land in the end stay: they make a later look in Bronze, no harm. */
static bool are_known(Copies *c, const Lookup *l) {
    size_t n;
    const int64_t *hash = numbers(&l->timeless_hashes, &n);
    bool known = false;
    if (c->too_many) return true;
    for (size_t i = 0; i < n; i++)
        if (!hashes_add(c->timeless, (uint64_t)hash[i])) known = true;
    if (hashes_count(c->timeless) < HASHES_MAX) return known;
    c->too_many = true;
    hashes_free(TAKE(c->timeless));
    return known;
}

static int find_timeless(Copies *c, LakeConn *conn, Lookup *l, Error *err) {
    static const char name[] = "bronze/repeated_without_time";
    if (read_timeless(c, conn, err) != 0) return -1;
    return are_known(c, l) ? find(conn, name, lake_sql(name), &l->found, err) : 0;
}

/* ---- all ---- */

Copies *copies_new(void) {
    Copies *c = xcalloc(1, sizeof *c);
    c->seen = seen_new(SEEN_MOST);
    return c;
}

void copies_free(Copies *c) {
    hashes_freep(&c->timeless);
    seen_free(c->seen);
    free(c);
}

int copies_find(Copies *c, LakeConn *conn, Lookup *l, Error *err) {
    if (l->timeless > 0 && find_timeless(c, conn, l, err) != 0) return -1;
    if (find_dense(conn, l->dense, &l->found, err) != 0) return -1;
    if (seen_next_batch(c->seen, conn, l->timed, has_outliers(l), err) != 0) return -1;
    return has_outliers(l) || seen_remembers(c->seen) ? find_outliers(c, conn, l, err) : 0;
}

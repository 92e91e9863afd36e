/* training_set.c: the rows of the cuts in memory, in one order: by cut, then by id.
 *
 * Invariant: the same declarations, last batch, cuts and seed give the same bytes, whatever has come since: every value is of rows of
 * model_days up to that batch, and known at the cut; every label is known by the day when it can be. */
#include "churn/forecast.h"

#include "base/buf.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "model/split.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

void churn_part_done(ChurnPart *p) {
    churn_data_done(&p->data);
    free(p->cuts);
    *p = (ChurnPart){0};
}

void churn_set_done(ChurnSet *s) {
    rollup_history_freep(&s->history);
    churn_part_done(&s->training);
    churn_part_done(&s->calibration);
    churn_part_done(&s->test);
    churn_segments_done(&s->segments);
}

/* ---- rows ---- */

static void reserve(ChurnPart *p, size_t cols) {
    size_t n = p->data.rows;
    if (n < p->data.capacity) return;
    size_t capacity = n > 0 ? 2 * n : 1024;
    p->data.ids = xrealloc(p->data.ids, capacity, sizeof *p->data.ids);
    p->data.values = xrealloc(p->data.values, capacity, (cols + 1) * sizeof *p->data.values);
    p->data.labels = xrealloc(p->data.labels, capacity, sizeof *p->data.labels);
    p->data.rules = xrealloc(p->data.rules, capacity, sizeof *p->data.rules);
    p->cuts = xrealloc(p->cuts, capacity, sizeof *p->cuts);
    p->data.capacity = capacity;
}

/* Takes the id from `from`. */
static void take_row(ChurnPart *p, ChurnData *from, size_t row, int64_t cut) {
    size_t cols = from->cols;
    p->data.cols = cols;
    reserve(p, cols);
    memcpy(p->data.values + p->data.rows * cols, from->values + row * cols, cols * sizeof *from->values);
    p->data.labels[p->data.rows] = from->labels[row];
    p->data.rules[p->data.rows] = from->rules[row];
    p->data.ids[p->data.rows] = TAKE(from->ids[row]);
    p->cuts[p->data.rows++] = cut;
    p->positives += from->labels[row] > 0.5f;
}

/* An id, and the row that it is of. Most differ in their first bytes, which are compared as two numbers: an id itself is in no cache. */
typedef struct IdOfRow {
    uint64_t head[2];
    const char *id;
    size_t row;
} IdOfRow;

static IdOfRow id_of_row(const char *id, size_t row) {
    IdOfRow of = {.id = id, .row = row};
    unsigned char bytes[sizeof of.head] = {0};
    memcpy(bytes, id, strnlen(id, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) of.head[i / 8] = of.head[i / 8] << 8 | bytes[i];
    return of;
}

/* As strcmp. */
static int by_id(const void *a, const void *b) {
    const IdOfRow *x = a, *y = b;
    for (size_t i = 0; i < ARRAY_LEN(x->head); i++)
        if (x->head[i] != y->head[i]) return x->head[i] < y->head[i] ? -1 : 1;
    return strcmp(x->id, y->id);
}

/* The rows in the order of their ids. The caller frees. */
static IdOfRow *in_order(const ChurnData *d) {
    IdOfRow *order = xcalloc(d->rows + 1, sizeof *order);
    for (size_t i = 0; i < d->rows; i++) order[i] = id_of_row(d->ids[i], i);
    qsort(order, d->rows, sizeof *order, by_id);
    return order;
}

/* ---- a cut ---- */

/* The rows of a cut are taken on a thread of their own, while the next cut is queried. */
typedef struct Taking {
    const ChurnGold *gold;
    const ChurnDeclared *declared;
    int64_t cut, seed;
    ChurnPart *kept, *other; /* other: gets the entities that the seed sets aside; NULL: none are */
    LakeResult *rows;        /* owned; NULL: there is nothing to be taken */
    pthread_t thread;
    bool started;
    int rc;
    Error err;
} Taking;

static void take_in_order(const Taking *t, ChurnData *data) {
    IdOfRow *order = in_order(data);
    for (size_t i = 0; i < data->rows; i++) {
        size_t row = order[i].row;
        if (data->labels[row] < 0)
            t->kept->already_left++;
        else if (t->other == NULL || split_hash(data->ids[row], t->seed) % 5 != 0)
            take_row(t->kept, data, row, t->cut);
        else
            take_row(t->other, data, row, t->cut);
    }
    free(order);
}

static void *take_cut(void *state) {
    Taking *t = state;
    CLEANUP(churn_data_done) ChurnData data = {0};
    t->rc = churn_take_labelled_rows(t->rows, t->gold, &t->declared->columns, &data, &t->err);
    lake_result_freep(&t->rows);
    if (t->rc == 0) take_in_order(t, &data);
    return NULL;
}

/* Waits for the thread. */
static int end_taking(Taking *t, Error *err) {
    if (t->started) pthread_join(t->thread, NULL);
    t->started = false;
    return t->rc == 0 ? 0 : error_move(err, &t->err);
}

static void taking_done(Taking *t) {
    Error ignored = {0};
    if (end_taking(t, &ignored) != 0) error_clear(&ignored);
    lake_result_freep(&t->rows);
}

/* `taking`: of the cut before, and afterwards of this one. */
static int add_cut(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const RollupHistory *history,
                   int64_t cut, int64_t seed, ChurnPart *kept, ChurnPart *other, Taking *taking, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (churn_make_outcomes(conn, g, d, cut, days->upto, err) != 0 ||
        churn_query_cut(conn, g, d, history, cut, days->first, days->upto, &rows, err) != 0 || end_taking(taking, err) != 0)
        return -1;
    *taking = (Taking){.gold = g, .declared = d, .cut = cut, .seed = seed, .kept = kept, .other = other, .rows = TAKE(rows)};
    taking->started = pthread_create(&taking->thread, NULL, take_cut, taking) == 0;
    if (!taking->started) take_cut(taking);
    return 0;
}

/* Of the calibration without a cut of its own only the newest rows are kept: those of the others were held out, too, of the training. */
static void keep_newest(ChurnPart *p, int64_t cut) {
    size_t kept = 0, cols = p->data.cols;
    p->positives = 0;
    for (size_t i = 0; i < p->data.rows; i++) {
        if (p->cuts[i] != cut) {
            free(p->data.ids[i]);
            continue;
        }
        memmove(p->data.values + kept * cols, p->data.values + i * cols, cols * sizeof *p->data.values);
        p->data.labels[kept] = p->data.labels[i];
        p->data.rules[kept] = p->data.rules[i];
        p->data.ids[kept] = p->data.ids[i];
        p->positives += p->data.labels[i] > 0.5f;
        p->cuts[kept++] = cut;
    }
    p->data.rows = kept;
}

/* ---- its name ---- */

static void add_part(Sha256 *out, const char *name, const ChurnPart *p) {
    CLEANUP(buf_done) Buf text = {0};
    buf_addf(&text, "%s %zu\n", name, p->data.rows);
    for (size_t i = 0; i < p->data.rows; i++) {
        buf_addf(&text, "%" PRId64 " %s %d ", p->cuts[i], p->data.ids[i], p->data.labels[i] > 0.5f);
        sha256_add(out, text.data, text.len);
        sha256_add(out, p->data.values + i * p->data.cols, p->data.cols * sizeof *p->data.values);
        buf_clear(&text);
    }
    sha256_add(out, text.data, text.len);
}

static void fingerprint(ChurnSet *s, const ChurnDeclared *d) {
    CLEANUP(buf_done) Buf columns = {0};
    Sha256 *all = sha256_new();
    for (size_t i = 0; i < d->columns.count; i++) buf_addf(&columns, "%s ", d->columns.at[i]);
    sha256_add(all, columns.data, columns.len);
    add_part(all, "training", &s->training);
    add_part(all, "calibration", &s->calibration);
    add_part(all, "test", &s->test);
    sha256_end(all, s->sha256);
}

int churn_read_training(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const ChurnCuts *cuts,
                        int64_t seed, ChurnSet *ret, Error *err) {
    CLEANUP(churn_set_done) ChurnSet s = {.cuts = *cuts};
    CLEANUP(taking_done) Taking taking = {0};
    if (churn_read_history(conn, d, cuts->training[0], cuts->test, days->first, days->upto, &s.history, err) != 0) return -1;
    for (size_t i = 0; i < cuts->count; i++)
        if (add_cut(conn, g, d, days, s.history, cuts->training[i], seed, &s.training, cuts->own_calibration ? NULL : &s.calibration,
                    &taking, err) != 0)
            return -1;
    if (end_taking(&taking, err) != 0) return -1;
    if (!cuts->own_calibration) keep_newest(&s.calibration, cuts->calibration);
    *ret = s;
    s = (ChurnSet){0};
    return 0;
}

int churn_read_measured(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, int64_t seed, ChurnSet *s,
                        Error *err) {
    const ChurnCuts *cuts = &s->cuts;
    CLEANUP(taking_done) Taking taking = {0};
    if (cuts->own_calibration && add_cut(conn, g, d, days, s->history, cuts->calibration, seed, &s->calibration, NULL, &taking, err) != 0)
        return -1;
    if (add_cut(conn, g, d, days, s->history, cuts->test, seed, &s->test, NULL, &taking, err) != 0 || end_taking(&taking, err) != 0 ||
        churn_read_segments(conn, g, d, days, s->history, cuts->test, &s->test.data, &s->segments, err) != 0)
        return -1;
    rollup_history_freep(&s->history);
    fingerprint(s, d);
    return 0;
}

int churn_read_set(LakeConn *conn, const ChurnGold *g, const ChurnDeclared *d, const ChurnDays *days, const ChurnCuts *cuts, int64_t seed,
                   ChurnSet *ret, Error *err) {
    CLEANUP(churn_set_done) ChurnSet s = {0};
    if (churn_read_training(conn, g, d, days, cuts, seed, &s, err) != 0 || churn_read_measured(conn, g, d, days, seed, &s, err) != 0)
        return -1;
    *ret = s;
    s = (ChurnSet){0};
    return 0;
}

json_t *churn_set_json(const ChurnSet *s, const ChurnDeclared *d, const ChurnDays *days, int64_t seed) {
    json_t *training = json_array();
    for (size_t i = 0; i < s->cuts.count; i++) json_array_append_new(training, json_integer((json_int_t)s->cuts.training[i]));
    return json_pack("{s:o, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s}", "training", training, "calibration",
                     (json_int_t)s->cuts.calibration, "test", (json_int_t)s->cuts.test, "own_calibration", (int)s->cuts.own_calibration,
                     "upto_batch", (json_int_t)days->upto, "first_day", (json_int_t)days->first, "end_day", (json_int_t)days->end, "seed",
                     (json_int_t)seed, "days_sha256", d->days_sha256, "features_sha256", d->features_sha256, "as_of", d->as_of, "sha256",
                     s->sha256);
}

bool churn_set_from_json(const json_t *json, ChurnCuts *ret_cuts, ChurnDays *ret_days) {
    const json_t *training = json_object_get(json, "training");
    if (json_array_size(training) == 0 || json_array_size(training) > CUTS_MAX) return false;
    *ret_cuts = (ChurnCuts){.count = json_array_size(training),
                            .calibration = json_integer_value(json_object_get(json, "calibration")),
                            .test = json_integer_value(json_object_get(json, "test")),
                            .own_calibration = json_is_true(json_object_get(json, "own_calibration"))};
    for (size_t i = 0; i < ret_cuts->count; i++) ret_cuts->training[i] = json_integer_value(json_array_get(training, i));
    *ret_days = (ChurnDays){.upto = json_integer_value(json_object_get(json, "upto_batch")),
                            .first = json_integer_value(json_object_get(json, "first_day")),
                            .end = json_integer_value(json_object_get(json, "end_day"))};
    return true;
}

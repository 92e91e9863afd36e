/* quality.c: see quality.h. The cost follows the new events: the judge counts while it judges, and duplicates are looked for among them. */
#include "refine/quality.h"

#include "base/log.h"
#include "base/memory.h"
#include "contract/words.h"
#include <inttypes.h>

/* What was measured of one rule. */
typedef struct Measured {
    const Contract *contract;
    const QualityMeasure *measure;
    int64_t after, upto, events, failed;
    double value;
    bool holds;
} Measured;

static int count_rows(const Refine *r, Measured *m, Error *err) {
    const LakeValue values[] = {lake_text(m->contract->event_type), lake_text(m->measure->rule), lake_int(m->events)};
    return lake_query_int(r->conn, "quality/rows", lake_sql("quality/rows"), values, ARRAY_LEN(values), &m->failed, err);
}

/* Of values that are there: those that came before. */
static int count_duplicates(const Refine *r, Measured *m, Error *err) {
    const LakeValue values[] = {lake_int(m->after), lake_int(m->upto), lake_text(m->contract->event_type)};
    CLEANUP(buf_done) Buf columns = {0};
    CLEANUP(buf_done) Buf present = {0};
    for (size_t i = 0; i < m->measure->column_count; i++) {
        buf_addf(&columns, "%s\"%s\"", i > 0 ? ", " : "", m->measure->columns[i]);
        buf_addf(&present, " AND \"%s\" IS NOT NULL", m->measure->columns[i]);
    }
    CLEANUP(free_text)
    char *sql = xasprintf("SELECT count(*) - count(DISTINCT row(%s)) FROM silver_clean_events"
                          " WHERE batch_id > $1 AND batch_id <= $2 AND event_type = $3%s",
                          columns.data, present.data);
    return lake_query_int(r->conn, "quality/duplicates", sql, values, ARRAY_LEN(values), &m->failed, err);
}

static int store(const Refine *r, const Measured *m, Error *err) {
    CLEANUP(buf_done) Buf must = {0};
    const QualityMeasure *q = m->measure;
    measure_words(q, &must);
    const LakeValue values[] = {lake_int(m->after),   lake_int(m->upto),   lake_text(m->contract->event_type),
                                lake_text(q->rule),   lake_text(q->field), lake_text(measure_metric_names[q->metric]),
                                lake_int(m->events),  lake_int(m->failed), lake_real(m->value),
                                lake_text(must.data), lake_bool(m->holds), lake_text(q->warning ? "warning" : "error")};
    if (!m->holds) log_warn("refine", "%s, rule %s: %s, and is %g", m->contract->event_type, q->rule, must.data, m->value);
    if (lake_exec_values(r->conn, "quality/forget", lake_sql("quality/forget"), values + 2, 4, NULL, err) != 0) return -1;
    static const char *const names[] = {"quality/store", "quality/remember"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (lake_exec_values(r->conn, names[i], lake_sql(names[i]), values, ARRAY_LEN(values), NULL, err) != 0) return -1;
    return 0;
}

static int measure(const Refine *r, Measured *m, Error *err) {
    const QualityMeasure *q = m->measure;
    if (q->metric == MEASURE_ROWS && count_rows(r, m, err) != 0) return -1;
    if (q->metric == MEASURE_DUPLICATES && count_duplicates(r, m, err) != 0) return -1;
    m->value = q->percent ? 100.0 * (double)m->failed / (double)m->events : (double)m->failed;
    m->holds = measure_holds(q, m->value);
    return store(r, m, err);
}

/* What each refine adds must not grow for ever. */
static int prune(const Refine *r, Error *err) {
    int64_t rows = 0;
    LakeValue kept = lake_int(QUALITY_HISTORY_MAX / 2);
    if (lake_query_int(r->conn, "quality/count", lake_sql("quality/count"), NULL, 0, &rows, err) != 0) return -1;
    if (rows <= QUALITY_HISTORY_MAX) return 0;
    return lake_exec_values(r->conn, "quality/prune", lake_sql("quality/prune"), &kept, 1, NULL, err);
}

int quality_store(const Refine *r, const JudgeCount *counts, int64_t after, int64_t upto, Error *err) {
    const JudgeMeasure *measures;
    size_t n = judge_measures(r->program, &measures);
    for (size_t i = 0; i < n; i++) {
        Measured m = {.contract = measures[i].contract,
                      .measure = measures[i].measure,
                      .after = after,
                      .upto = upto,
                      .events = counts[i].rows,
                      .failed = counts[i].failed};
        if (m.events > 0 && measure(r, &m, err) != 0) return -1;
    }
    return n > 0 ? prune(r, err) : 0;
}

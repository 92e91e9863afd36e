/* gold.c: Gold's state, and how it is updated from Silver.
 *
 *   gold_state_sums      partial sums per subscriber, appended by each refine; a subscriber's sum is the sum of its rows. By band: with
 *                        windows of 7 and 30 days an event of the last 7 days is in band 2, one of the 23 days before in band 1, an older
 *                        one in band 0. A window is the sum of its band and those above, all bands are the whole history.
 *   gold_state_extreme   a minimum or maximum cannot be subtracted, so for windows they are kept by day
 *   gold_state           one row: the day of the newest event, where all windows end
 *
 * When the newest day advances, the windows slide and days expire from bands: the sums of their events, read from Silver by day (zone maps
 * prune), are subtracted from one band and added to the one below. So an event costs one addition when it arrives and later at most one
 * move per window, and a bulk load makes no row per day. All sums are BIGINT or DECIMAL(18): exact, so that the order of additions and
 * subtractions does not matter; never HUGEINT, which makes updates of tables slow. */
#include "compile/internal.h"

#include "base/memory.h"
#include <string.h>

typedef struct GoldParts {
    Measures measures;
    FeatureMeasures *features;
} GoldParts;

static GoldParts gold_parts(const Compiled *c) {
    GoldParts parts;
    parts.measures = measures_of(c->pipeline, &parts.features);
    return parts;
}

static void gold_parts_done(GoldParts *parts) {
    measures_done(&parts->measures);
    free(parts->features);
}

typedef bool (*Chosen)(const Measure *m);

static bool is_any(const Measure *m) {
    (void)m;
    return true;
}

static bool is_window(const Measure *m) {
    return m->windowed && measure_adds(m);
}

static bool is_extreme(const Measure *m) {
    return m->windowed && measure_is_extreme(m);
}

/* ---- tables ---- */

static void add_table(Buf *out, const Compiled *c, const char *name, const char *second, const Measures *m, Chosen chosen) {
    buf_addf(out, "CREATE TABLE IF NOT EXISTS %s%s (\n    subscriber_id VARCHAR%s", name, c->suffix, second);
    for (size_t i = 0; i < m->count; i++)
        if (chosen(&m->items[i])) buf_addf(out, ",\n    %s %s", m->items[i].name, m->items[i].type);
    buf_add_str(out, "\n);\n");
}

void gold_tables(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    add_table(out, c, "gold_state_sums", ",\n    band TINYINT", &parts.measures, is_any);
    add_table(out, c, "gold_state_extreme", ",\n    day DATE", &parts.measures, is_extreme);
    buf_addf(out,
             "CREATE TABLE IF NOT EXISTS gold_state%s (\n    newest DATE,\n    compacted_sums BIGINT,\n    compacted_extremes BIGINT\n);\n"
             "INSERT INTO gold_state%s SELECT NULL, 0, 0 WHERE NOT EXISTS (FROM gold_state%s);\n",
             c->suffix, c->suffix, c->suffix);
}

void gold_newest(Buf *out, const Compiled *c) {
    buf_addf(out,
             "SELECT epoch_us(max(event_timestamp)) // 86400000000 FROM silver_clean_events%s\n"
             "WHERE batch_id > {{after}} AND batch_id <= {{upto}}\n"
             "HAVING count(*) > 0\n",
             c->suffix);
}

/* ---- new events ---- */

static void add_band(Buf *out, const Pipeline *p) {
    if (p->window_count == 0) {
        buf_add_str(out, "0::TINYINT AS band");
        return;
    }
    buf_add_str(out, "(CASE");
    for (size_t i = 0; i < p->window_count; i++)
        buf_addf(out, " WHEN event_timestamp >= TIMESTAMP {{from_%dd}} THEN %zu", p->windows[i], p->window_count - i);
    buf_add_str(out, " ELSE 0 END)::TINYINT AS band");
}

static void add_over_events(Buf *out, const Measures *m, Chosen chosen) {
    for (size_t i = 0; i < m->count; i++)
        if (chosen(&m->items[i])) buf_addf(out, ",\n    %s AS %s", m->items[i].over_events, m->items[i].name);
}

static void add_new_events(Buf *out, const Compiled *c) {
    buf_addf(out, "\nFROM silver_clean_events%s\nWHERE batch_id > {{after}} AND batch_id <= {{upto}}", c->suffix);
}

void gold_partials(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE refine_partials AS\nSELECT subscriber_id, ");
    add_band(out, c->pipeline);
    add_over_events(out, &parts.measures, is_any);
    add_new_events(out, c);
    buf_add_str(out, "\nGROUP BY ALL\n");
}

static void add_names(Buf *out, const Measures *m, Chosen chosen) {
    for (size_t i = 0; i < m->count; i++)
        if (chosen(&m->items[i])) buf_addf(out, ", %s", m->items[i].name);
}

static void add_merges(Buf *out, const Measures *m, Chosen chosen) {
    for (size_t i = 0; i < m->count; i++) {
        if (!chosen(&m->items[i])) continue;
        buf_add_str(out, ",\n    ");
        measure_add_merge(out, &m->items[i], NULL);
        buf_addf(out, " AS %s", m->items[i].name);
    }
}

void gold_sums(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO gold_state_sums%s BY NAME FROM refine_partials\n", c->suffix);
}

static void add_any_present(Buf *out, const Measures *m) {
    bool first = true;
    buf_add_str(out, " AND (");
    for (size_t i = 0; i < m->count; i++) {
        if (!is_extreme(&m->items[i])) continue;
        sql_separate(out, &first, " OR ");
        sql_name(out, m->items[i].column);
        buf_add_str(out, " IS NOT NULL");
        if (m->items[i].where != NULL) buf_addf(out, " AND %s", m->items[i].where);
    }
    buf_add_char(out, ')');
}

void gold_extreme(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    const Pipeline *p = c->pipeline;
    if (!measures_have_extreme(&parts.measures)) return;
    buf_addf(out, "INSERT INTO gold_state_extreme%s (subscriber_id, day", c->suffix);
    add_names(out, &parts.measures, is_extreme);
    buf_add_str(out, ")\nSELECT subscriber_id, event_timestamp::DATE AS day");
    add_over_events(out, &parts.measures, is_extreme);
    add_new_events(out, c);
    buf_addf(out, "\n    AND event_timestamp >= TIMESTAMP {{from_%dd}}", p->windows[p->window_count - 1]);
    add_any_present(out, &parts.measures);
    buf_add_str(out, "\nGROUP BY ALL\n");
}

/* ---- events that a window no longer covers ---- */

void gold_expire_days(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    const Measures *m = &parts.measures;
    if (!measures_have_window(m)) return;
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE refine_leaving AS\nSELECT subscriber_id");
    add_over_events(out, m, is_window);
    buf_addf(out,
             "\nFROM silver_clean_events%s\n"
             "WHERE batch_id <= {{after}} AND event_timestamp >= TIMESTAMP {{from}} AND event_timestamp < TIMESTAMP {{to}}\n"
             "GROUP BY ALL;\n",
             c->suffix);
    for (int below = 0; below < 2; below++) {
        buf_addf(out, "INSERT INTO gold_state_sums%s (subscriber_id, band", c->suffix);
        add_names(out, m, is_window);
        buf_addf(out, ")\nSELECT subscriber_id, {{band}}%s", below ? " - 1" : "");
        for (size_t i = 0; i < m->count; i++)
            if (is_window(&m->items[i])) buf_addf(out, ", %s%s", below ? "" : "-", m->items[i].name);
        buf_add_str(out, "\nFROM refine_leaving;\n");
    }
}

/* ---- compaction ---- */

/* Windows all end at the newest day, so a day whose extreme is not better than that of a later day never matters again. */
static void add_compact_extremes(Buf *out, const Compiled *c, const Measures *m) {
    bool first = true;
    buf_addf(out, "CREATE OR REPLACE TABLE gold_state_extreme%s AS\nSELECT * FROM (\n    SELECT subscriber_id, day", c->suffix);
    for (size_t i = 0; i < m->count; i++) {
        const char *name = m->items[i].name;
        if (is_extreme(&m->items[i]))
            buf_addf(out, ",\n        CASE WHEN later_%s IS NULL OR %s %s later_%s THEN %s END AS %s", name, name,
                     m->items[i].kind == MEASURE_MAX ? ">" : "<", name, name, name);
    }
    buf_add_str(out, "\n    FROM (SELECT subscriber_id, day");
    for (size_t i = 0; i < m->count; i++)
        if (is_extreme(&m->items[i])) buf_addf(out, ", %s", m->items[i].name);
    for (size_t i = 0; i < m->count; i++)
        if (is_extreme(&m->items[i]))
            buf_addf(out, ",\n        %s(%s) OVER later AS later_%s", m->items[i].kind == MEASURE_MAX ? "max" : "min", m->items[i].name,
                     m->items[i].name);
    buf_add_str(out, "\n        FROM (SELECT subscriber_id, day");
    add_merges(out, m, is_extreme);
    buf_addf(out,
             " FROM gold_state_extreme%s WHERE day >= DATE {{from}} GROUP BY ALL)\n"
             "        WINDOW later AS (PARTITION BY subscriber_id ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))\nWHERE ",
             c->suffix);
    for (size_t i = 0; i < m->count; i++) {
        if (!is_extreme(&m->items[i])) continue;
        sql_separate(out, &first, " OR ");
        buf_addf(out, "%s IS NOT NULL", m->items[i].name);
    }
    buf_add_str(out, ";\n");
}

void gold_compact_sums(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    buf_addf(out, "CREATE OR REPLACE TABLE gold_state_sums%s AS\nSELECT subscriber_id, band", c->suffix);
    add_merges(out, &parts.measures, is_any);
    buf_addf(out, "\nFROM gold_state_sums%s GROUP BY subscriber_id, band;\n", c->suffix);
}

void gold_compact_extremes(Buf *out, const Compiled *c) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(c);
    if (measures_have_extreme(&parts.measures)) add_compact_extremes(out, c, &parts.measures);
}

/* gold.c: Gold's state, and how it is updated from Silver. Each entity has its own tables: the first one those named here, a tower
 * gold_tower_state_sums and so on.
 *
 *   gold_state_sums      partial sums per entity, appended by each refine; an entity's sum is the sum of its rows. By band: with
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

/* ---- names ---- */

static bool is_in_all_contracts(const Pipeline *p) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->entity_name == NULL || !c->entity.required) return false;
    return true;
}

void gold_init(Gold *g, const Pipeline *p, size_t entity, const char *suffix) {
    static const char *const tables[GOLD_TABLES] = {[GOLD_STATE_SUMS] = "state_sums",
                                                    [GOLD_STATE_EXTREME] = "state_extreme",
                                                    [GOLD_STATE] = "state",
                                                    [GOLD_STATE_SUMS_NEXT] = "state_sums_next",
                                                    [GOLD_STATE_EXTREME_NEXT] = "state_extreme_next",
                                                    [GOLD_FEATURES_BASE] = "features_base",
                                                    [GOLD_FEATURES_DELTA] = "features_fresh",
                                                    [GOLD_FEATURES_NEXT] = "features_next",
                                                    [GOLD_BASE] = "base",
                                                    [GOLD_FEATURES] = "features",
                                                    [GOLD_LABELS] = "labels"};
    Buf key = {0};
    g->entity = &p->entities[entity];
    g->suffix = suffix;
    g->first = entity == 0;
    g->everywhere = g->first && is_in_all_contracts(p);
    sql_name(&key, g->entity->key.name);
    g->key = buf_take(&key);
    for (size_t i = 0; i < GOLD_TABLES; i++)
        g->tables[i] =
            g->first && i != GOLD_FEATURES ? xasprintf("gold_%s", tables[i]) : xasprintf("gold_%s_%s", g->entity->name, tables[i]);
}

void gold_done(Gold *g) {
    for (size_t i = 0; i < GOLD_TABLES; i++) free(g->tables[i]);
    free(g->key);
}

/* ---- measures ---- */

typedef struct GoldParts {
    Measures measures;
    FeatureMeasures *features;
} GoldParts;

static GoldParts gold_parts(const Gold *g) {
    GoldParts parts;
    parts.measures = measures_of(g->entity, &parts.features);
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

static void add_table(Buf *out, const Gold *g, GoldTable table, const char *second, const Measures *m, Chosen chosen) {
    buf_addf(out, "CREATE TABLE IF NOT EXISTS %s%s (\n    %s %s%s", g->tables[table], g->suffix, g->key, g->entity->key.sql_type, second);
    for (size_t i = 0; i < m->count; i++)
        if (chosen(&m->items[i])) buf_addf(out, ",\n    %s %s", m->items[i].name, m->items[i].type);
    buf_add_str(out, "\n);\n");
}

void gold_tables(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    add_table(out, g, GOLD_STATE_SUMS, ",\n    band TINYINT", &parts.measures, is_any);
    add_table(out, g, GOLD_STATE_EXTREME, ",\n    day DATE", &parts.measures, is_extreme);
    buf_addf(out,
             "CREATE TABLE IF NOT EXISTS %s%s (\n    newest DATE,\n    compacted_sums BIGINT,\n    compacted_extremes BIGINT\n);\n"
             "INSERT INTO %s%s SELECT NULL, 0, 0 WHERE NOT EXISTS (FROM %s%s);\n",
             g->tables[GOLD_STATE], g->suffix, g->tables[GOLD_STATE], g->suffix, g->tables[GOLD_STATE], g->suffix);
}

/* Events of other kinds have no tower. */
static void add_has_key(Buf *out, const Gold *g) {
    if (!g->everywhere) buf_addf(out, " AND %s IS NOT NULL", g->key);
}

void gold_newest(Buf *out, const Gold *g) {
    buf_addf(out,
             "SELECT epoch_us(max(event_timestamp)) // 86400000000 FROM silver_clean_events%s\n"
             "WHERE batch_id > {{after}} AND batch_id <= {{upto}}",
             g->suffix);
    add_has_key(out, g);
    buf_add_str(out, "\nHAVING count(*) > 0\n");
}

/* ---- new events ---- */

static void add_band(Buf *out, const Entity *e) {
    if (e->window_count == 0) {
        buf_add_str(out, "0::TINYINT AS band");
        return;
    }
    buf_add_str(out, "(CASE");
    for (size_t i = 0; i < e->window_count; i++)
        buf_addf(out, " WHEN event_timestamp >= TIMESTAMP {{from_%dd}} THEN %zu", e->windows[i], e->window_count - i);
    buf_add_str(out, " ELSE 0 END)::TINYINT AS band");
}

static void add_over_events(Buf *out, const Measures *m, Chosen chosen) {
    for (size_t i = 0; i < m->count; i++)
        if (chosen(&m->items[i])) buf_addf(out, ",\n    %s AS %s", m->items[i].over_events, m->items[i].name);
}

static void add_new_events(Buf *out, const Gold *g) {
    buf_addf(out, "\nFROM silver_clean_events%s\nWHERE batch_id > {{after}} AND batch_id <= {{upto}}", g->suffix);
    add_has_key(out, g);
}

void gold_partials(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    buf_addf(out, "CREATE OR REPLACE TEMP TABLE refine_partials AS\nSELECT %s, ", g->key);
    add_band(out, g->entity);
    add_over_events(out, &parts.measures, is_any);
    add_new_events(out, g);
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

void gold_sums(Buf *out, const Gold *g) {
    buf_addf(out, "INSERT INTO %s%s BY NAME FROM refine_partials\n", g->tables[GOLD_STATE_SUMS], g->suffix);
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

void gold_extreme(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    const Entity *e = g->entity;
    if (!measures_have_extreme(&parts.measures)) return;
    buf_addf(out, "INSERT INTO %s%s (%s, day", g->tables[GOLD_STATE_EXTREME], g->suffix, g->key);
    add_names(out, &parts.measures, is_extreme);
    buf_addf(out, ")\nSELECT %s, event_timestamp::DATE AS day", g->key);
    add_over_events(out, &parts.measures, is_extreme);
    add_new_events(out, g);
    buf_addf(out, "\n    AND event_timestamp >= TIMESTAMP {{from_%dd}}", e->windows[e->window_count - 1]);
    add_any_present(out, &parts.measures);
    buf_add_str(out, "\nGROUP BY ALL\n");
}

/* ---- events that a window no longer covers ---- */

void gold_expire_days(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    const Measures *m = &parts.measures;
    if (!measures_have_window(m)) return;
    buf_addf(out, "CREATE OR REPLACE TEMP TABLE refine_leaving AS\nSELECT %s", g->key);
    add_over_events(out, m, is_window);
    buf_addf(out,
             "\nFROM silver_clean_events%s\n"
             "WHERE batch_id <= {{after}} AND event_timestamp >= TIMESTAMP {{from}} AND event_timestamp < TIMESTAMP {{to}}",
             g->suffix);
    add_has_key(out, g);
    buf_add_str(out, "\nGROUP BY ALL;\n");
    for (int below = 0; below < 2; below++) {
        buf_addf(out, "INSERT INTO %s%s (%s, band", g->tables[GOLD_STATE_SUMS], g->suffix, g->key);
        add_names(out, m, is_window);
        buf_addf(out, ")\nSELECT %s, {{band}}%s", g->key, below ? " - 1" : "");
        for (size_t i = 0; i < m->count; i++)
            if (is_window(&m->items[i])) buf_addf(out, ", %s%s", below ? "" : "-", m->items[i].name);
        buf_add_str(out, "\nFROM refine_leaving;\n");
    }
}

/* ---- compaction ---- */

/* Windows all end at the newest day, so a day whose extreme is not better than that of a later day never matters again. */
static void add_compacted_extremes(Buf *out, const Gold *g, const Measures *m, const char *rows) {
    bool first = true;
    buf_addf(out, "SELECT * FROM (\n    SELECT %s, day", g->key);
    for (size_t i = 0; i < m->count; i++) {
        const char *name = m->items[i].name;
        if (is_extreme(&m->items[i]))
            buf_addf(out, ",\n        CASE WHEN later_%s IS NULL OR %s %s later_%s THEN %s END AS %s", name, name,
                     m->items[i].kind == MEASURE_MAX ? ">" : "<", name, name, name);
    }
    buf_addf(out, "\n    FROM (SELECT %s, day", g->key);
    for (size_t i = 0; i < m->count; i++)
        if (is_extreme(&m->items[i])) buf_addf(out, ", %s", m->items[i].name);
    for (size_t i = 0; i < m->count; i++)
        if (is_extreme(&m->items[i]))
            buf_addf(out, ",\n        %s(%s) OVER later AS later_%s", m->items[i].kind == MEASURE_MAX ? "max" : "min", m->items[i].name,
                     m->items[i].name);
    buf_addf(out, "\n        FROM (SELECT %s, day", g->key);
    add_merges(out, m, is_extreme);
    buf_addf(out,
             " FROM %s%s WHERE day >= DATE {{from}}%s GROUP BY ALL)\n"
             "        WINDOW later AS (PARTITION BY %s ORDER BY day ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)))\nWHERE ",
             g->tables[GOLD_STATE_EXTREME], g->suffix, rows, g->key);
    for (size_t i = 0; i < m->count; i++) {
        if (!is_extreme(&m->items[i])) continue;
        sql_separate(out, &first, " OR ");
        buf_addf(out, "%s IS NOT NULL", m->items[i].name);
    }
    buf_add_str(out, ";\n");
}

static void add_compacted_sums(Buf *out, const Gold *g, const Measures *m, const char *rows) {
    buf_addf(out, "SELECT %s, band", g->key);
    add_merges(out, m, is_any);
    buf_addf(out, "\nFROM %s%s%s GROUP BY %s, band;\n", g->tables[GOLD_STATE_SUMS], g->suffix, rows, g->key);
}

void gold_compact_sums(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    buf_addf(out, "CREATE OR REPLACE TABLE %s%s AS\n", g->tables[GOLD_STATE_SUMS], g->suffix);
    add_compacted_sums(out, g, &parts.measures, "");
}

void gold_compact_extremes(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    if (!measures_have_extreme(&parts.measures)) return;
    buf_addf(out, "CREATE OR REPLACE TABLE %s%s AS\n", g->tables[GOLD_STATE_EXTREME], g->suffix);
    add_compacted_extremes(out, g, &parts.measures, "");
}

/* ---- the same beside refines (refine/compact.c) ---- */

void gold_compacted_sums(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE refine_compacted AS\n");
    add_compacted_sums(out, g, &parts.measures, " WHERE rowid < {{end}}");
}

void gold_compacted_extremes(Buf *out, const Gold *g) {
    CLEANUP(gold_parts_done) GoldParts parts = gold_parts(g);
    if (!measures_have_extreme(&parts.measures)) return;
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE refine_compacted AS\n");
    add_compacted_extremes(out, g, &parts.measures, " AND rowid < {{end}}");
}

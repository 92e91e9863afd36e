/* compile.c: the one table of what is compiled. A statement is a row here and its name in compile.h; each is written once, those of Gold
 * once for each entity, by compile_new. */
#include "compile/compile.h"

#include "base/memory.h"
#include "compile/internal.h"
#include <string.h>

#define NO_TABLE GOLD_TABLES

typedef struct StatementRow {
    Statement statement;
    const char *name;
    void (*write)(Buf *out, const Compiled *c);
    const char *tables[STATEMENT_TABLES_MAX + 1]; /* that it creates, without suffix */
} StatementRow;

static const StatementRow rows[] = {
    {SQL_SILVER_TABLES, "silver/tables", silver_tables, {"silver_clean_events", "silver_quarantine", "silver_drift"}},
    {SQL_SILVER_READ, "silver/read", silver_read, {0}},
    {SQL_SILVER_CLEAN, "silver/clean", silver_clean, {0}},
    {SQL_SILVER_QUARANTINE, "silver/quarantine", silver_quarantine, {0}},
    {SQL_SILVER_DRIFT, "silver/drift", silver_drift, {0}},
    {SQL_SILVER_CORRECTIONS, "silver/corrections", silver_corrections, {0}},
    {SQL_SILVER_CORRECTED, "silver/corrected", silver_corrected, {0}},
    {SQL_GOLD_DECLARED, "gold/declared", gold_declared, {"gold_entities", "gold_columns", "silver_contracts"}},
    {SQL_MODEL_DECLARED, "model/declared", model_declared, {"model_declared"}},
};

typedef struct GoldRow {
    Statement statement;
    const char *name;
    void (*write)(Buf *out, const Gold *g);
    GoldTable tables[STATEMENT_TABLES_MAX + 1]; /* that it creates; ends with NO_TABLE */
} GoldRow;

/* The order of these rows is part of the fingerprint: insert no row between them, append. */
static const GoldRow gold_rows[] = {
    {SQL_GOLD_TABLES, "tables", gold_tables, {GOLD_STATE_SUMS, GOLD_STATE_EXTREME, GOLD_STATE, NO_TABLE}},
    {SQL_GOLD_NEWEST, "newest", gold_newest, {NO_TABLE}},
    {SQL_GOLD_PARTIALS, "partials", gold_partials, {NO_TABLE}},
    {SQL_GOLD_SUMS, "sums", gold_sums, {NO_TABLE}},
    {SQL_GOLD_EXTREME, "extreme", gold_extreme, {NO_TABLE}},
    {SQL_GOLD_EXPIRE_DAYS, "leave", gold_expire_days, {NO_TABLE}},
    {SQL_GOLD_COMPACT_SUMS, "compact_sums", gold_compact_sums, {GOLD_STATE_SUMS, NO_TABLE}},
    {SQL_GOLD_COMPACT_EXTREMES, "compact_extremes", gold_compact_extremes, {GOLD_STATE_EXTREME, NO_TABLE}},
    {SQL_GOLD_FEATURES,
     "features",
     gold_features,
     {GOLD_FEATURES_BASE, GOLD_FEATURES_DELTA, GOLD_BASE, GOLD_FEATURES, GOLD_LABELS, NO_TABLE}},
    {SQL_GOLD_UPDATE_DELTA, "freshen", gold_update_delta, {NO_TABLE}},
    {SQL_GOLD_MERGE_DELTA, "settle", gold_merge_delta, {GOLD_FEATURES_BASE, NO_TABLE}},
};

/* These move rows without changing them: no part of the fingerprint. */
static const GoldRow moving_rows[] = {
    {SQL_GOLD_NEXT_BASE, "next_base", gold_next_base, {GOLD_FEATURES_NEXT, NO_TABLE}},
    {SQL_GOLD_NEXT_KEPT, "next_kept", gold_next_kept, {NO_TABLE}},
    {SQL_GOLD_NEXT_CHANGED, "next_changed", gold_next_changed, {NO_TABLE}},
    {SQL_GOLD_SWAP_BASE, "swap_base", gold_swap_base, {GOLD_FEATURES_DELTA, NO_TABLE}},
    {SQL_GOLD_COMPACTED_SUMS, "compacted_sums", gold_compacted_sums, {NO_TABLE}},
    {SQL_GOLD_COMPACTED_EXTREMES, "compacted_extremes", gold_compacted_extremes, {NO_TABLE}},
};

bool statement_is_of_entity(Statement statement) {
    return statement >= SQL_GOLD_TABLES;
}

static Written *place_of(const Compiled *c, Statement statement, size_t entity) {
    return &c->written[entity * STATEMENT_COUNT + statement];
}

static void keep(Written *w, char *name, Buf *sql) {
    w->text.name = w->name = name;
    w->text.sql = w->sql = buf_take(sql);
}

static void write_row(Compiled *c, const StatementRow *row) {
    Written *w = place_of(c, row->statement, 0);
    Buf sql = {0};
    row->write(&sql, c);
    keep(w, xstrdup(row->name), &sql);
    for (size_t i = 0; row->tables[i] != NULL; i++) w->text.tables[i] = row->tables[i];
}

static void write_gold_row(Compiled *c, size_t entity, const GoldRow *row) {
    const Gold *g = &c->golds[entity];
    Written *w = place_of(c, row->statement, entity);
    Buf sql = {0};
    row->write(&sql, g);
    keep(w, g->first ? xasprintf("gold/%s", row->name) : xasprintf("gold/%s/%s", g->entity->name, row->name), &sql);
    for (size_t i = 0; row->tables[i] != NO_TABLE; i++) w->text.tables[i] = g->tables[row->tables[i]];
}

static void write_fingerprints(Compiled *c) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(buf_done) Buf declared = {0};
    buf_add_str(&declared, place_of(c, SQL_GOLD_DECLARED, 0)->sql);
    buf_add_str(&declared, place_of(c, SQL_MODEL_DECLARED, 0)->sql);
    buf_add_str(&text, c->pipeline->features_sha256);
    for (size_t e = 0; e < c->pipeline->entity_count; e++)
        for (size_t i = 0; i < ARRAY_LEN(gold_rows); i++) buf_add_str(&text, place_of(c, gold_rows[i].statement, e)->sql);
    sha256_hex(text.data, text.len, c->features_sha256);
    sha256_hex(declared.data, declared.len, c->declared_sha256);
}

Compiled *compile_new(const Pipeline *p, const char *suffix) {
    Compiled *c = xcalloc(1, sizeof *c);
    c->pipeline = p;
    c->suffix = suffix;
    c->golds = xcalloc(p->entity_count, sizeof *c->golds);
    c->written = xcalloc(p->entity_count * STATEMENT_COUNT, sizeof *c->written);
    for (size_t e = 0; e < p->entity_count; e++) gold_init(&c->golds[e], p, e, suffix);
    silver_columns(c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) write_row(c, &rows[i]);
    for (size_t e = 0; e < p->entity_count; e++) {
        for (size_t i = 0; i < ARRAY_LEN(gold_rows); i++) write_gold_row(c, e, &gold_rows[i]);
        for (size_t i = 0; i < ARRAY_LEN(moving_rows); i++) write_gold_row(c, e, &moving_rows[i]);
    }
    write_fingerprints(c);
    return c;
}

void compile_free(Compiled *c) {
    size_t entities = c->pipeline->entity_count;
    for (size_t i = 0; i < entities * STATEMENT_COUNT; i++) {
        free(c->written[i].name);
        free(c->written[i].sql);
    }
    for (size_t e = 0; e < entities; e++) gold_done(&c->golds[e]);
    free(c->written);
    free(c->golds);
    free(c->columns);
    free(c->entity_description);
    free(c);
}

const StatementText *compile_statement(const Compiled *c, Statement statement, size_t entity) {
    const Written *w = place_of(c, statement, statement_is_of_entity(statement) ? entity : 0);
    BUG_IF(w->sql == NULL);
    return &w->text;
}

const char *compile_gold_table(const Compiled *c, size_t entity, GoldTable table) {
    return c->golds[entity].tables[table];
}

const char *compile_features_sha256(const Compiled *c) {
    return c->features_sha256;
}

const char *compile_declared_sha256(const Compiled *c) {
    return c->declared_sha256;
}

size_t compile_silver_columns(const Compiled *c, const SilverColumn **ret) {
    *ret = c->columns;
    return c->column_count;
}

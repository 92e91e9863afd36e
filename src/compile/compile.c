/* compile.c: the one table of what is compiled. A statement is a row here and its name in compile.h; each is written once, by
 * compile_new. */
#include "compile/compile.h"

#include "base/memory.h"
#include "compile/internal.h"

/* Which declarations decide the text of a statement. */
typedef enum Origin { FROM_CONTRACTS, FROM_FEATURES } Origin;

typedef struct StatementRow {
    Statement statement;
    const char *name;
    Origin origin;
    void (*write)(Buf *out, const Compiled *c);
    const char *tables[STATEMENT_TABLES_MAX + 1]; /* that it creates, without suffix */
} StatementRow;

/* The order of the rows from features is part of the fingerprint: insert no row between them, append. */
static const StatementRow rows[] = {
    {SQL_SILVER_TABLES, "silver/tables", FROM_CONTRACTS, silver_tables, {"silver_clean_events", "silver_quarantine", "silver_drift"}},
    {SQL_SILVER_READ, "silver/read", FROM_CONTRACTS, silver_read, {0}},
    {SQL_SILVER_CLEAN, "silver/clean", FROM_CONTRACTS, silver_clean, {0}},
    {SQL_SILVER_QUARANTINE, "silver/quarantine", FROM_CONTRACTS, silver_quarantine, {0}},
    {SQL_SILVER_DRIFT, "silver/drift", FROM_CONTRACTS, silver_drift, {0}},
    {SQL_SILVER_CORRECTIONS, "silver/corrections", FROM_CONTRACTS, silver_corrections, {0}},
    {SQL_SILVER_CORRECTED, "silver/corrected", FROM_CONTRACTS, silver_corrected, {0}},
    {SQL_GOLD_TABLES, "gold/tables", FROM_FEATURES, gold_tables, {"gold_state_sums", "gold_state_extreme", "gold_state"}},
    {SQL_GOLD_NEWEST, "gold/newest", FROM_FEATURES, gold_newest, {0}},
    {SQL_GOLD_PARTIALS, "gold/partials", FROM_FEATURES, gold_partials, {0}},
    {SQL_GOLD_SUMS, "gold/sums", FROM_FEATURES, gold_sums, {0}},
    {SQL_GOLD_EXTREME, "gold/extreme", FROM_FEATURES, gold_extreme, {0}},
    {SQL_GOLD_EXPIRE_DAYS, "gold/leave", FROM_FEATURES, gold_expire_days, {0}},
    {SQL_GOLD_COMPACT_SUMS, "gold/compact_sums", FROM_FEATURES, gold_compact_sums, {"gold_state_sums"}},
    {SQL_GOLD_COMPACT_EXTREMES, "gold/compact_extremes", FROM_FEATURES, gold_compact_extremes, {"gold_state_extreme"}},
    {SQL_GOLD_FEATURES,
     "gold/features",
     FROM_FEATURES,
     gold_features,
     {"gold_features_base", "gold_features_fresh", "gold_base", "gold_subscriber_features", "gold_labels"}},
    {SQL_GOLD_UPDATE_DELTA, "gold/freshen", FROM_FEATURES, gold_update_delta, {0}},
    {SQL_GOLD_MERGE_DELTA, "gold/settle", FROM_FEATURES, gold_merge_delta, {"gold_features_base"}},
};

static const StatementRow *row_of(Statement statement) {
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].statement == statement) return &rows[i];
    BUG("a statement without a row");
}

const char *statement_name(Statement statement) {
    return row_of(statement)->name;
}

const char *const *statement_tables(Statement statement) {
    return row_of(statement)->tables;
}

static void write_fingerprint(Compiled *c) {
    CLEANUP(buf_done) Buf text = {0};
    buf_add_str(&text, c->pipeline->features_sha256);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].origin == FROM_FEATURES) buf_add_str(&text, c->texts[rows[i].statement]);
    sha256_hex(text.data, text.len, c->features_sha256);
}

Compiled *compile_new(const Pipeline *p, const char *suffix) {
    Compiled *c = xcalloc(1, sizeof *c);
    c->pipeline = p;
    c->suffix = suffix;
    silver_columns(c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Buf text = {0};
        rows[i].write(&text, c);
        c->texts[rows[i].statement] = buf_take(&text);
    }
    write_fingerprint(c);
    return c;
}

void compile_free(Compiled *c) {
    for (size_t i = 0; i < STATEMENT_COUNT; i++) free(c->texts[i]);
    free(c->columns);
    free(c);
}

const char *compile_sql(const Compiled *c, Statement statement) {
    return c->texts[statement];
}

const char *compile_features_sha256(const Compiled *c) {
    return c->features_sha256;
}

size_t compile_silver_columns(const Compiled *c, const SilverColumn **ret) {
    *ret = c->columns;
    return c->column_count;
}

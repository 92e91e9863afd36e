/* compile.c: the table of statements. Each is written once, when the pipeline is compiled; adding one is a line here and its name in
 * compile.h. */
#include "compile/compile.h"

#include "base/memory.h"
#include "compile/internal.h"

static const struct {
    const char *name;
    void (*write)(Buf *out, const Compiled *c);
} statements[STATEMENT_COUNT] = {
    [SQL_SILVER_TABLES] = {"silver/tables", silver_tables},
    [SQL_SILVER_CLEAN] = {"silver/clean", silver_clean},
    [SQL_SILVER_SUSPECTS] = {"silver/suspects", silver_suspects},
    [SQL_SILVER_ACCEPT] = {"silver/accept", silver_accept},
    [SQL_SILVER_QUARANTINE] = {"silver/quarantine", silver_quarantine},
    [SQL_SILVER_DRIFT] = {"silver/drift", silver_drift},
    [SQL_GOLD_TABLES] = {"gold/tables", gold_tables},
    [SQL_GOLD_NEWEST] = {"gold/newest", gold_newest},
    [SQL_GOLD_PARTIALS] = {"gold/partials", gold_partials},
    [SQL_GOLD_SUMS] = {"gold/sums", gold_sums},
    [SQL_GOLD_EXTREME] = {"gold/extreme", gold_extreme},
    [SQL_GOLD_LEAVE] = {"gold/leave", gold_leave},
    [SQL_GOLD_COMPACT_SUMS] = {"gold/compact_sums", gold_compact_sums},
    [SQL_GOLD_COMPACT_EXTREMES] = {"gold/compact_extremes", gold_compact_extremes},
    [SQL_GOLD_FEATURES] = {"gold/features", gold_features},
    [SQL_GOLD_FRESHEN] = {"gold/freshen", gold_freshen},
    [SQL_GOLD_SETTLE] = {"gold/settle", merge_delta},
};

const char *const compile_tables[] = {
    "silver_clean_events", "silver_quarantine", "silver_drift", "gold_state_sums", "gold_state_extreme", "gold_state", NULL};

const char *statement_name(Statement statement) {
    return statements[statement].name;
}

Compiled *compile_new(const Pipeline *p, const char *suffix) {
    Compiled *c = xcalloc(1, sizeof *c);
    c->pipeline = p;
    c->suffix = suffix;
    silver_columns(c);
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        Buf text = {0};
        statements[i].write(&text, c);
        c->texts[i] = buf_take(&text);
    }
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

size_t compile_silver_columns(const Compiled *c, const SilverColumn **ret) {
    *ret = c->columns;
    return c->column_count;
}

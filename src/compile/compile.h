/* compile.h: declarations in, SQL out. Pure: no database, no clock; the same declarations give the same text, byte for byte.
 *
 * The statements work on batches {{after}} < batch_id <= {{upto}} of Bronze, those that read Bronze itself (clean, suspects) on its rows
 * {{first}} to {{last}} among them; the other placeholders are named below. One Compiled, any thread once made. All texts are valid as
 * long as it. */
#pragma once
#include "contract/pipeline.h"

typedef struct Compiled Compiled;

typedef enum Statement {
    SQL_SILVER_TABLES,     /* makes silver_clean_events, silver_quarantine, silver_drift when they are not there */
    SQL_SILVER_CLEAN,      /* Bronze -> Silver: every row that is proved to fit by cheap comparisons */
    SQL_SILVER_SUSPECTS,   /* the other rows, judged field by field, into the temporary table refine_suspects */
    SQL_SILVER_ACCEPT,     /* suspects -> Silver: those that fit after all */
    SQL_SILVER_QUARANTINE, /* suspects -> quarantine */
    SQL_SILVER_DRIFT,      /* suspects -> drift report */
    SQL_GOLD_TABLES,       /* makes the tables of Gold's state when they are not there */
    SQL_GOLD_NEWEST,       /* the UTC day of the newest event in these batches, days since 1970; no row: no event */
    SQL_GOLD_PARTIALS,     /* Silver -> temporary table refine_partials; {{from_Nd}}: first day of each window */
    SQL_GOLD_SUMS,         /* partials -> gold_state_sums */
    SQL_GOLD_EXTREME,      /* Silver -> gold_state_extreme; "" when there is no such state */
    SQL_GOLD_LEAVE,        /* events up to {{after}} of the days [{{from}}, {{to}}) leave band {{band}} for the one below; "" as above */
    SQL_GOLD_COMPACT_SUMS, /* partial rows of a subscriber and band become one */
    SQL_GOLD_COMPACT_EXTREMES, /* of a subscriber the days that can still matter; {{from}}: first day of the longest window; "" as above */
    SQL_GOLD_FEATURES,         /* state -> gold_subscriber_features, base and view made anew */
    SQL_GOLD_FRESHEN, /* the same into gold_features_fresh, for the subscribers of refine_partials: right while no window has moved */
    SQL_GOLD_SETTLE,  /* gold_features_fresh becomes part of a new base */
    STATEMENT_COUNT,
} Statement;

/* `suffix` is put behind the name of every table that is written ("" for the live ones, "_rebuild" beside them). The pipeline must outlive
 * the result. The caller frees. */
Compiled *compile_new(const Pipeline *p, const char *suffix) MUST_CHECK;
void compile_free(Compiled *c);
DEFINE_CLEANUP(compile_free, Compiled)
const char *compile_sql(const Compiled *c, Statement statement);
const char *statement_name(Statement statement); /* "silver/clean": for errors, golden files, people */

/* A column of silver_clean_events, in order. */
typedef struct SilverColumn {
    const char *name, *type, *description;
} SilverColumn;
size_t compile_silver_columns(const Compiled *c, const SilverColumn **ret);

/* The tables that refine owns, without suffix; ends with NULL. */
extern const char *const compile_tables[];

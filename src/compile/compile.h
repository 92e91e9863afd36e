/* compile.h: declarations in, SQL out. Pure: no database, no clock; the same declarations give the same text, byte for byte.
 *
 * The statements work on the batches {{after}} < batch_id <= {{upto}}; the one that reads Bronze on the rows {{first}} to {{last}} of them.
 * The other placeholders are named below. Each entity has a Gold of its own: the statements of Gold are written once for each.
 * A Compiled does not change: any thread may read it. */
#pragma once
#include "contract/pipeline.h"

typedef struct Compiled Compiled;

typedef enum Statement {
    SQL_SILVER_TABLES,      /* makes the tables of Silver where they are missing */
    SQL_SILVER_READ,        /* Bronze, as it is judged: the columns of BronzeColumn */
    SQL_SILVER_CLEAN,       /* judged() -> Silver; it has Silver's columns */
    SQL_SILVER_QUARANTINE,  /* quarantined() -> quarantine; it has its columns */
    SQL_SILVER_DRIFT,       /* drifted() -> drift report; it has its columns, and each field once */
    SQL_SILVER_CORRECTIONS, /* the rowids in Bronze of conflicts that take the place of an event in quarantine, in order */
    SQL_SILVER_CORRECTED,   /* when they are in Silver: out of quarantine, and named in the row of the event that they correct */

    SQL_GOLD_DECLARED, /* views gold_entities and gold_columns: what the declarations say, for those who read Gold without them */

    SQL_MODEL_DECLARED, /* view model_declared: what a model of the future learns, and the statements that it needs; empty without one */

    SQL_GOLD_TABLES,      /* makes the tables of Gold's state where they are missing */
    SQL_GOLD_NEWEST,      /* the UTC day of the newest event in these batches, days since 1970; no row: no event */
    SQL_GOLD_PARTIALS,    /* Silver -> temporary table refine_partials; {{from_Nd}}: first day of each window */
    SQL_GOLD_SUMS,        /* partials -> the state's sums */
    SQL_GOLD_EXTREME,     /* Silver -> the state's extremes; "" when no feature needs that table */
    SQL_GOLD_EXPIRE_DAYS, /* moves events up to {{after}} of the days [{{from}}, {{to}}) from band {{band}} to the one below; "" as above */
    SQL_GOLD_COMPACT_SUMS,       /* the partial rows of each entity and band become one */
    SQL_GOLD_COMPACT_EXTREMES,   /* keeps the days that can still matter; {{from}}: first day of the longest window; "" as above */
    SQL_GOLD_FEATURES,           /* state -> gold_<entity>_features: a new base, an empty delta, the view over both */
    SQL_GOLD_UPDATE_DELTA,       /* the same into the delta, for those in refine_partials: right while no window has moved */
    SQL_GOLD_MERGE_DELTA,        /* the delta becomes part of a new base */
    SQL_GOLD_NEXT_BASE,          /* makes the next base, empty */
    SQL_GOLD_NEXT_KEPT,          /* the rows [{{from}}, {{to}}) of the base that the delta does not replace -> the next base */
    SQL_GOLD_NEXT_CHANGED,       /* the rows [{{from}}, {{to}}) of the delta up to the batch {{upto}} -> the next base */
    SQL_GOLD_SWAP_BASE,          /* the next base becomes the base; the delta keeps what is newer than the batch {{upto}} */
    SQL_GOLD_COMPACTED_SUMS,     /* as SQL_GOLD_COMPACT_SUMS, of the rows below {{end}} -> temporary table refine_compacted */
    SQL_GOLD_COMPACTED_EXTREMES, /* as SQL_GOLD_COMPACT_EXTREMES, likewise; "" as above */
    STATEMENT_COUNT,
} Statement;

/* `suffix` is appended to the name of every table that is written: "" for the live ones, "_rebuild" beside them. Pipeline and suffix must
 * outlive the result, whose texts are valid as long as it is. The caller frees. */
Compiled *compile_new(const Pipeline *p, const char *suffix) MUST_CHECK;
void compile_free(Compiled *c);
DEFINE_CLEANUP(compile_free, Compiled)
#define STATEMENT_TABLES_MAX 5
typedef struct StatementText {
    const char *name; /* "silver/clean", "gold/tower/sums": for errors, golden files, people */
    const char *sql;  /* "": the declarations need no such statement */
    /* The tables and views that it creates or replaces, without suffix; ends with NULL. Temporary ones are not among them. */
    const char *tables[STATEMENT_TABLES_MAX + 1];
} StatementText;
/* `entity`: index into the pipeline's; of a statement that is not of an entity, 0. */
const StatementText *compile_statement(const Compiled *c, Statement statement, size_t entity);
/* True for those that are written for each entity. */
bool statement_is_of_entity(Statement statement);

/* The tables of an entity's Gold. */
typedef enum GoldTable {
    GOLD_STATE_SUMS,
    GOLD_STATE_EXTREME,
    GOLD_STATE,
    GOLD_STATE_SUMS_NEXT, /* these two while they are compacted beside refines */
    GOLD_STATE_EXTREME_NEXT,
    GOLD_FEATURES_BASE,
    GOLD_FEATURES_DELTA,
    GOLD_FEATURES_NEXT, /* the base that is being made; else it is not there */
    GOLD_BASE,          /* names the base */
    GOLD_FEATURES,      /* the view that users know: gold_<entity>_features */
    GOLD_LABELS,
    GOLD_TABLES
} GoldTable;
const char *compile_gold_table(const Compiled *c, size_t entity, GoldTable table); /* without suffix */

/* Of the features' meaning and of the SQL compiled from them, hex: Gold made under another one is computed again. For the suffix "". */
const char *compile_features_sha256(const Compiled *c);
/* Of what is for people and models, SQL_GOLD_DECLARED and SQL_MODEL_DECLARED. */
const char *compile_declared_sha256(const Compiled *c);

/* A column of silver_clean_events, in order. */
typedef struct SilverColumn {
    const char *name, *type, *description;
    const char *compression; /* of DuckDB, where it is known which one is best, so that it need not try them all; NULL: it tries */
} SilverColumn;
size_t compile_silver_columns(const Compiled *c, const SilverColumn **ret);

/* Bronze and quarantine keep the id of the first entity under the name that it had when there was only one: a lake of any version has it.
 * Silver and all behind it have the name that the declarations give it. */
#define BRONZE_ENTITY_COLUMN "subscriber_id"

/* What SQL_SILVER_READ returns. The first ones are also columns of Silver and of quarantine. */
typedef enum BronzeColumn {
    BRONZE_ID,
    BRONZE_TYPE,
    BRONZE_SOURCE,
    BRONZE_ENTITY, /* in capitals where the contract says so */
    BRONZE_TIME,
    BRONZE_QUALITY,
    BRONZE_INGESTED_AT,
    BRONZE_TOPIC,
    BRONZE_EPOCH,
    BRONZE_PARTITION,
    BRONZE_OFFSET,
    BRONZE_MESSAGE_TIME,
    BRONZE_BATCH,
    BRONZE_PAYLOAD,
    BRONZE_EXTRA,
    BRONZE_NOT_NFC,  /* the entity's id is not in Unicode's form NFC */
    BRONZE_CONFLICT, /* an earlier event has the same identity */
    BRONZE_COLUMNS,
    BRONZE_STORED = BRONZE_PAYLOAD /* so many are stored as they are */
} BronzeColumn;
/* Name, type and description of a column in quarantine, and, but for the name of BRONZE_ENTITY, in Silver; `column` is below
 * BRONZE_STORED. */
const SilverColumn *compile_bronze_column(BronzeColumn column);

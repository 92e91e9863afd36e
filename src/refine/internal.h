/* internal.h: the parts of refine. */
#pragma once
#include "base/clock.h"
#include "compile/compile.h"
#include "judge/judge.h"
#include "refine/refine.h"

/* One run over one set of tables. Borrows everything. */
typedef struct Refine {
    LakeConn *conn;
    const Pipeline *pipeline;
    const JudgeProgram *program;
    size_t threads;       /* that judge and write Silver; at least 1 */
    size_t entity;        /* index: whose Gold is written; that of Silver's statements does not matter */
    const char *suffix;   /* of the tables that are written */
    const Compiled *sql;  /* for that suffix */
    const Compiled *live; /* for the live tables */
    bool follows;         /* of RefineOptions */
    RefineStats *stats;
} Refine;

/* ---- statement.c ---- */
/* Runs a compiled statement; one that is "" does nothing. `ret_changed`: the rows that it wrote; NULL for a script of several. */
int refine_exec(const Refine *r, Statement statement, const LakeBinding *bindings, size_t n, int64_t *ret_changed, Error *err) MUST_CHECK;
/* The number that sql/<name>.sql returns; {{table}}: that of the entity's Gold, {{key}}: the column of its id. */
int refine_query_int(const Refine *r, const char *name, GoldTable table, int64_t *ret, Error *err) MUST_CHECK;
/* Drops the tables that the statement `made_by` creates; `name` stands in errors. */
int refine_drop_tables(const Refine *r, const char *name, Statement made_by, Error *err) MUST_CHECK;

/* ---- batches.c ---- */
typedef struct BatchRows {
    int64_t batch_id, rows;
} BatchRows;
/* Batches of Bronze in order, each with at least one row. */
typedef struct Batches {
    BatchRows *items;
    size_t count;
    int64_t after; /* the batch before the first */
    int64_t rows;  /* of all */
} Batches;
/* Those above `after`. The caller ends them. */
int batches_read(LakeConn *conn, int64_t after, Batches *ret, Error *err) MUST_CHECK;
void batches_done(Batches *b);
/* The batches from the index `from` on, up to `most` rows but at least one. Borrowed from `all`. */
Batches batches_chunk(const Batches *all, size_t from, int64_t most);

/* ---- gold.c: of every entity ---- */
/* Adds the Silver events of the batches (after, upto] to Gold's state, in the open transaction, and updates the features; not those of a
 * rebuild, which are computed in the end. RefineStats.touched gets how many entities these events are of. */
int gold_add_batches(const Refine *r, int64_t after, int64_t upto, Error *err) MUST_CHECK;
/* Recomputes the features of every entity; `upto` is the last batch that the state contains. */
int gold_recompute_features(const Refine *r, int64_t upto, Error *err) MUST_CHECK;
/* Whether an entity's delta, of a base of so many rows, is to become part of a new one. */
int gold_delta_is_large(const Refine *r, int64_t base_rows, bool *ret, Error *err) MUST_CHECK;
/* Computes the state again from the batches of Silver up to `upto`, in the open transaction. */
int gold_rebuild(const Refine *r, int64_t upto, Error *err) MUST_CHECK;

/* A day since 1970 as "2026-11-24", in `text`. */
typedef struct GoldDayText {
    char text[CLOCK_TEXT_SIZE];
} GoldDayText;
LakeValue gold_day(int64_t day, GoldDayText *text);

/* ---- compact.c: of every entity ---- */
/* Merges partial rows of Gold's state when there are many: in a transaction of its own, because readers see no difference. When refines
 * follow each other, it only says that it is due (RefineStats.settle_due). */
int compact_if_due(const Refine *r, Error *err) MUST_CHECK;
/* The same beside refines, of the entity of `r`. */
int compact_beside_if_due(const Refine *r, const RefinePause *pause, Error *err) MUST_CHECK;

/* ---- refine.c ---- */
/* The live tables, for what no run does. */
Refine refine_of(const Refinery *refinery, LakeConn *conn, RefineStats *stats);

/* ---- other_ids.c ---- */
/* Logs, and counts in the stats, the events behind the batch `after` whose id of the first entity was read from another place of the
 * message than the contracts have it now. */
int other_ids_tell(const Refine *r, int64_t after, Error *err) MUST_CHECK;

/* ---- event_times.c ---- */
/* Adds the Silver events of the batches (after, upto] to the times of their types, in the open transaction. */
int event_times_add(const Refine *r, int64_t after, int64_t upto, Error *err) MUST_CHECK;
/* The times of all of the live Silver, in the open transaction. */
int event_times_rebuild(const Refine *r, Error *err) MUST_CHECK;

/* ---- column_owners.c: which property of which event type Silver's columns are of, in the open transaction ---- */
/* ERR_CONFIG: a column would be of another property than it is in Silver. */
int column_owners_check(const Refine *r, Error *err) MUST_CHECK;
/* Stores the properties that are new; those that no contract has any more keep their columns. */
int column_owners_add(const Refine *r, Error *err) MUST_CHECK;
/* Of Silver that was made again: only what the contracts have now. */
int column_owners_replace(const Refine *r, Error *err) MUST_CHECK;

/* ---- tables.c ---- */
/* What the last run left. */
typedef struct RefineProgress {
    int64_t batch_id;
    bool has_contracts, same_contracts, same_features, same_declared;
    bool has_owners; /* false: it was an older version, which did not know whose the columns are */
} RefineProgress;
int refine_read_progress(const Refine *r, RefineProgress *ret, Error *err) MUST_CHECK;
int refine_store_progress(const Refine *r, int64_t batch_id, Error *err) MUST_CHECK;
/* Changes the live tables to what the declarations ask for, in one transaction; does nothing when they are already. */
int refine_prepare(const Refine *r, const RefineProgress *progress, Error *err) MUST_CHECK;
/* The tables of a rebuild: created empty; dropped; put in the place of the live ones. */
int refine_begin_rebuild(const Refine *r, Error *err) MUST_CHECK;
int refine_drop_rebuild(const Refine *r, Error *err) MUST_CHECK;
int refine_swap_rebuild(const Refine *r, int64_t upto, Error *err) MUST_CHECK;

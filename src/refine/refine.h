/* refine.h: Bronze -> Silver -> Gold, as the declarations say.
 *
 * A run reads the batches of Bronze above refine_progress.batch_id in chunks; each chunk is one transaction: Silver rows, quarantine,
 * drift, Gold's state, features and progress. Killed at any point, the next run continues after the last commit. One connection, one
 * thread. */
#pragma once
#include "contract/pipeline.h"
#include "lake/lake.h"

/* The declarations and what is made of them, the SQL and the judge's program, once for any number of runs. It does not change: any thread
 * may use it. */
typedef struct Refinery Refinery;
/* Takes over the pipeline, also when it fails. ERR_CONFIG: a pattern of a contract is none; the text names its place. */
int refinery_new(Pipeline *pipeline, Refinery **ret, Error *err) MUST_CHECK;
/* Of the declarations in the setting pipeline.dir. Errors also as pipeline_load. */
int refinery_open(const Settings *settings, Refinery **ret, Error *err) MUST_CHECK;
const Pipeline *refinery_pipeline(const Refinery *r); /* borrowed */
void refinery_free(Refinery *r);
DEFINE_CLEANUP(refinery_free, Refinery)

typedef struct RefineOptions {
    bool full;          /* rebuild everything from Bronze, beside the live tables; they change in one last transaction */
    bool quiet;         /* no progress line */
    int threads;        /* that refine many events; 0: one per core. Few take one */
    int64_t chunk_rows; /* events of one transaction, as far as batches allow; 0: REFINE_CHUNK_ROWS */
    /* Another run follows within seconds: Gold's delta may grow to half of its base, and its state by half; then the caller settles it
     * (refine_settle). After a full one it checkpoints, beside its other connections. */
    bool follows;
} RefineOptions;
#define REFINE_CHUNK_ROWS 2000000

/* Valid as long as the refinery. */
typedef struct RefineStats {
    int64_t silver, quarantined; /* events of this run that went there */
    const Entity *entities;      /* borrowed */
    size_t entity_count;
    int64_t touched[ENTITIES_MAX]; /* by this run, of each entity */
    int64_t drifted;               /* events of this run with fields that no contract has, or with numbers as text, or those: */
    int64_t other_unit;            /* with a number since 1970 that looks like another unit than its contract says */
    int64_t other_ids; /* events that are read with other contracts than before, and whose entity's id is of the place that those had */
    int64_t columns_added;
    bool full;
    bool features_rebuilt;  /* the features had changed: Gold's state was computed again from Silver */
    bool contracts_changed; /* they hold for this run's events; `refine --full` applies them to history */
    bool settle_due;        /* with `follows`: refine_settle has something to do */
    double seconds;
} RefineStats;

/* ERR_CONFIG: the declarations do not fit the existing tables (the text names the next step); ERR_STOPPED: asked to stop between two
 * chunks, what was refined is safe. */
int refine_run(const Refinery *refinery, LakeConn *conn, const RefineOptions *options, RefineStats *ret, Error *err) MUST_CHECK;
/* How a settling keeps refines off for a moment: from the return of `pause` until `go_on` none runs. */
typedef struct RefinePause {
    void (*pause)(void *arg);
    void (*go_on)(void *arg);
    void *arg;
} RefinePause;
/* Of each entity: compacts Gold's state when it has grown, and makes a large delta part of a new base. Refines on another connection go on
 * beside it but for moments. One that makes all anew in that time leaves it as it made it. ERR_STOPPED: asked to stop; Gold is as it was.
 */
int refine_settle(const Refinery *refinery, LakeConn *conn, const RefinePause *pause, Error *err) MUST_CHECK;
/* The summary. The caller owns it. */
json_t *refine_stats_json(const RefineStats *stats) MUST_CHECK;

/* publish.c: which tables a snapshot has.
 *
 * Gold is published as the lake keeps it: a base that seldom changes, and a delta of the rows computed since
 * (src/compile/gold_features.c). So a refresh of a few events copies the last generation and writes a small delta.
 *
 * The views of sql/serving/views.sql define what readers see; write_snapshot has the name under which each becomes a table of the snapshot.
 * The names that users know (gold_<entity>_features, runs, models, ...) stay, so that SQL written for the lake works on a snapshot.
 *
 * Only the entity of the model has scores. The others have a base and a delta too, and their bases are kept by themselves.
 *
 * Invariant: all tables of a generation come from one state of the lake (snapshot.h). */
#include "snapshot/publish.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "snapshot/histories.h"
#include "snapshot/internal.h"
#include <pthread.h>
#include <unistd.h>

enum { ENTITIES = 16 }; /* at most: contract/declarations.h */

void publish_result_done(PublishResult *result) {
    snapshot_info_done(&result->snapshot);
    snapshot_prune_waitp(&result->pruning);
    free(result->parquet_path);
    *result = (PublishResult){0};
}

/* The views need the tables of Silver and Gold, which the first refine makes. */
static int make_views(LakeConn *conn, const GoldEntities *entities, Error *err) {
    CLEANUP(free_text) char *views = entities->count > 0 ? gold_entity_sql(gold_entities_scored(entities), "serving/views") : NULL;
    Error ignored = {0};
    int64_t missing = 1;
    if (views != NULL && lake_exec(conn, "serving/views", views, err) == 0) return 0;
    if (views != NULL && lake_query_int(conn, "serving/missing", lake_sql("serving/missing"), NULL, 0, &missing, &ignored) != 0)
        error_clear(&ignored);
    if (missing == 0) return -1;
    return error_set(err, ERR_UNAVAILABLE, "there is no Gold to publish yet: run `smelt refine` first");
}

/* Names the content of the base: its features and scores, and the columns that it has in snapshots of this binary. NULL when the
 * lake does not name it. The caller frees. */
static int read_base(LakeConn *conn, const void *scored, char **ret, Error *err) {
    CLEANUP(free_text) char *sql = gold_entity_sql(scored, "publish/base");
    LakeValue views = lake_text(lake_sql("serving/views"));
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "publish/base", sql, &views, 1, &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got < 0) return -1;
    *ret = got > 0 ? xstrdup(lake_col_text(rows, 0, NULL)) : NULL;
    return 0;
}

/* COPY does not fsync; file_publish does. `rows`: the view of an entity's rows. */
static int write_parquet(LakeConn *conn, const char *dir, const GoldEntity *e, const char *rows, char **ret_path, Error *err) {
    CLEANUP(free_text) char *file = xasprintf("%s.parquet", e->view);
    CLEANUP(free_text) char *path = path_join(dir, file);
    if (lake_check_path(path, err) != 0) return -1;
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", path);
    const LakeBinding bindings[] = {{"rows", lake_name(rows)}, {"key", lake_name(e->key)}, {"path", lake_text(tmp)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("serving/parquet"), bindings, ARRAY_LEN(bindings));
    if (lake_exec(conn, "serving/parquet", sql, err) != 0 || file_publish(tmp, path, err) != 0) {
        unlink(tmp);
        return -1;
    }
    *ret_path = TAKE(path);
    return 0;
}

/* The view that counts them gives way to what is known. */
static int use_scores(LakeConn *conn, const PublishScores *known, Error *err) {
    static const char name[] = "publish/scores";
    if (known == NULL) return 0;
    const LakeBinding bindings[] = {{"scores", lake_int(known->count)},
                                    {"scored_at", known->count > 0 ? lake_time(known->newest_us) : lake_null()}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, ARRAY_LEN(bindings));
    return lake_exec(conn, name, sql, err);
}

/* Whether something is, or was, learned: labels may also come from a file. */
static int has_scores(LakeConn *conn, const GoldEntities *entities, bool *ret, Error *err) {
    int64_t models = 0;
    if (lake_query_int(conn, "publish/models", lake_sql("publish/models"), NULL, 0, &models, err) != 0) return -1;
    *ret = gold_entities_scored(entities)->label != NULL || models > 0;
    return 0;
}

/* *ret_path: that of the model's entity; the others are beside it. */
static int write_parquets(LakeConn *conn, const char *dir, const GoldEntities *entities, bool scores, char **ret_path, Error *err) {
    if (dir_make(dir, err) != 0) return -1;
    for (const GoldEntity *e = entities->items; e < entities->items + entities->count; e++) {
        CLEANUP(free_text) char *path = NULL;
        if (write_parquet(conn, dir, e, e->scored && scores ? "serving_entities" : e->view, &path, err) != 0) return -1;
        if (e == gold_entities_scored(entities)) *ret_path = TAKE(path);
    }
    return 0;
}

/* ---- the tables ---- */

/* What the tables of one entity borrow. */
typedef struct EntityTexts {
    char *rows, *delta, *view, *base;
} EntityTexts;

typedef struct EntityTextList {
    EntityTexts items[ENTITIES];
} EntityTextList;

static void entity_texts_done(EntityTextList *list) {
    for (size_t i = 0; i < ENTITIES; i++) {
        free(list->items[i].rows);
        free(list->items[i].delta);
        free(list->items[i].view);
        free(list->items[i].base);
    }
}

/* Base, delta, and the view over both, of an entity without scores. */
static void add_entity(const GoldEntity *e, EntityTexts *texts, SnapshotTable *tables, size_t *count) {
    texts->base = gold_entity_sql(e, "publish/entity_base");
    texts->rows = gold_entity_sql(e, "publish/entity_rows");
    texts->delta = gold_entity_sql(e, "publish/entity_delta");
    texts->view = gold_entity_sql(e, "publish/features");
    tables[(*count)++] =
        (SnapshotTable){.name = e->base, .query = texts->rows, .key = e->key, .kind = SNAPSHOT_BASE, .base_query = texts->base};
    tables[(*count)++] = (SnapshotTable){.name = e->delta, .query = texts->delta};
    tables[(*count)++] = (SnapshotTable){.name = e->view, .query = texts->view, .kind = SNAPSHOT_VIEW};
}

static int write_snapshot(LakeConn *conn, const char *dir, const GoldEntities *entities, bool scores, const SnapshotOptions *options,
                          SnapshotInfo *ret, Error *err) {
    enum { OF_ENTITY = 3, OF_ALL = 24 };
    const GoldEntity *scored = gold_entities_scored(entities);
    SnapshotOptions how = *options;
    static const char newest[] = "publish/newest_generation";
    if (lake_query_int(conn, newest, lake_sql(newest), NULL, 0, &how.after, err) != 0) return -1;
    int64_t generation = generation_next(dir, how.after);
    CLEANUP(entity_texts_done) EntityTextList texts = {0};
    CLEANUP(free_text) char *features = gold_entity_sql(scored, scores ? "publish/features" : "publish/features_without_scores");
    CLEANUP(free_text) char *history = histories_query(scored, generation);
    CLEANUP(free_text) char *keep = histories_keep(generation);
    how.keep = keep;
    SnapshotTable tables[OF_ALL + OF_ENTITY * ENTITIES] = {
        {.name = scored->base, .source = "serving_entities_base", .key = scored->key, .kind = SNAPSHOT_BASE},
        {.name = scored->delta, .source = "serving_entities_fresh"},
        {.name = scored->view, .query = features, .kind = SNAPSHOT_VIEW},
        {.name = "gold_entities", .source = "gold_entities", .kind = SNAPSHOT_BASE},
        {.name = "gold_columns", .source = "gold_columns", .kind = SNAPSHOT_BASE},
        {.name = "serving_pipeline", .source = "serving_pipeline"},
        {.name = "serving_hours", .source = "serving_hours"},
        {.name = "serving_quarantine", .source = "serving_quarantine"},
        {.name = "serving_contracts", .source = "serving_contracts"},
        {.name = "serving_losses", .source = "serving_losses"},
        {.name = "silver_drift", .source = "silver_drift"},
        {.name = "quality_state", .source = "quality_state"},
        {.name = "ledger_partitions", .source = "ledger_partitions"},
        {.name = "runs", .source = "serving_runs"},
        {.name = "run_steps", .source = "serving_run_steps"},
        {.name = "models", .source = "serving_models"},
        {.name = "inflow_bands", .source = "inflow_bands", .kind = SNAPSHOT_SLOW, .since = "hour"},
        {.name = "quality_hours", .source = "serving_quality_hours"},
        {.name = "feature_stats", .source = "feature_stats", .kind = SNAPSHOT_SLOW, .since = "computed_at"},
        {.name = "score_changes", .source = "score_changes", .kind = SNAPSHOT_LOG, .since = "scored_at"},
        {.name = "quality_history", .source = "serving_quality_history", .kind = SNAPSHOT_LOG, .since = "measured_at"},
        {.name = "ledger_batches", .source = "serving_batches", .kind = SNAPSHOT_LOG, .since = "batch_id"},
        {.name = "history", .query = history}, /* reads what was written before it */
    };
    size_t n = 0;
    while (tables[n].name != NULL) n++;
    BUG_IF(n > OF_ALL || entities->count > ENTITIES);
    for (size_t i = 0; i < entities->count; i++)
        if (i != entities->scored) add_entity(&entities->items[i], &texts.items[i], tables, &n);
    return snapshot_publish(conn, dir, tables, n, &how, ret, err);
}

/* Of the connection that it is done on. */
static int prepare(LakeConn *conn, GoldEntities *entities, Error *err) {
    if (gold_entities_read(conn, entities, err) != 0 || make_views(conn, entities, err) != 0) return -1;
    return histories_advance(conn, entities, err);
}

/* ---- prepared while the caller scores ---- */

struct PublishPreparation {
    Lake *lake; /* borrowed */
    pthread_t thread;
    bool running;   /* `thread` is to be joined; it has all below until then */
    LakeConn *conn; /* has the temporary views */
    GoldEntities entities;
    Error err;
};

static void *prepare_early(void *arg) {
    static const char name[] = "publish/early";
    PublishPreparation *p = arg;
    if (lake_connect(p->lake, &p->conn, &p->err) == 0 && prepare(p->conn, &p->entities, &p->err) == 0 &&
        lake_exec(p->conn, name, lake_sql(name), &p->err) == 0)
        return NULL;
    log_debug("publish", "%s", p->err.text);
    return NULL;
}

PublishPreparation *publish_prepare(Lake *lake) {
    PublishPreparation *p = xcalloc(1, sizeof *p);
    p->lake = lake;
    p->running = pthread_create(&p->thread, NULL, prepare_early, p) == 0;
    if (p->running) return p;
    publish_preparation_free(p);
    return NULL;
}

static void join(PublishPreparation *p) {
    if (p->running) pthread_join(p->thread, NULL);
    p->running = false;
}

void publish_preparation_free(PublishPreparation *p) {
    join(p);
    if (p->conn != NULL) lake_conn_free(p->conn);
    gold_entities_done(&p->entities);
    error_clear(&p->err);
    free(p);
}

/* The connection to publish on, which is prepared; it stays the preparation's. NULL: there is none, it failed, or it was used before: the
 * caller prepares its own, and that may fail with a reason. */
static LakeConn *take_prepared(PublishPreparation *p, GoldEntities *ret) {
    if (p == NULL) return NULL;
    bool unused = p->running;
    join(p);
    if (!unused || p->err.kind != ERR_NONE) return NULL;
    *ret = p->entities;
    p->entities = (GoldEntities){0};
    return p->conn;
}

/* ---- all ---- */

int publish_run(LakeConn *conn, const char *snapshots_dir, const PublishOptions *options, PublishResult *ret, Error *err) {
    int64_t started_ns = clock_mono_ns();
    CLEANUP(publish_result_done) PublishResult result = {0};
    CLEANUP(gold_entities_done) GoldEntities entities = {0};
    CLEANUP(free_text) char *base = NULL;
    LakeConn *prepared = take_prepared(options->prepared, &entities);
    bool scores;
    if (prepared == NULL && prepare(conn, &entities, err) != 0) return -1;
    if (prepared != NULL) conn = prepared;
    if (use_scores(conn, options->scores, err) != 0 || read_base(conn, gold_entities_scored(&entities), &base, err) != 0 ||
        has_scores(conn, &entities, &scores, err) != 0)
        return -1;
    if (options->parquet_dir != NULL && write_parquets(conn, options->parquet_dir, &entities, scores, &result.parquet_path, err) != 0)
        return -1;
    SnapshotOptions how = {.base = base,
                           .name_base = read_base,
                           .name_base_arg = gold_entities_scored(&entities),
                           .full = options->full,
                           .checkpoint_lake = options->checkpoint_lake,
                           .draft = options->draft};
    if (write_snapshot(conn, snapshots_dir, &entities, scores, &how, &result.snapshot, err) != 0) return -1;
    result.pruning = snapshot_prune_async(snapshots_dir, options->keep);
    result.seconds = clock_seconds_since(started_ns);
    *ret = result;
    result = (PublishResult){0};
    return 0;
}

/* live.c: the paths of `smelt up`. Landing is the caller's thread and waits for no other path; each of the others has a thread and a
 * connection of its own (path.h), and one job at a time.
 *
 *   path        begins                            writes
 *   landing     with each batch                   Bronze, ledger, schemas, the commit mark
 *   refining    when something landed; without    Silver, quarantine, Gold, refine_progress
 *               requests for data at most once
 *               each up.refine_interval
 *   publishing  each up.publish_interval, when    models, scores, what serving_* keeps, run history; a snapshot
 *               something was refined
 *   (backup)    each backup.interval, on the path of publishing: both attach a file to the lake
 *   checkpoint  when DuckDB's log is long, or     the database file; Gold's base and state, while refining
 *               Gold's delta or state             pauses for a moment
 *
 * What the API asks for (live_write) is done by the path that writes those tables: a promotion and a run by that of publishing, a replay by
 * that of refining. Its failure is that of the request, and ends no path.
 *
 * Publishing is a run (flow/run.h) that begins with training, so that it is in the run history.
 *
 * Invariants: no table is written by two paths at a time. `unrefined` is true from the commit of a batch until a refine that saw it has
 * succeeded, `unpublished` from then until a snapshot has it. At the start it is not known what the last process left: `unrefined` begins
 * as true. */
#include "flow/live.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "churn/churn.h"
#include "flow/orders.h"
#include "flow/path.h"
#include "flow/run.h"
#include "flow/topics.h"
#include "ingest/ingest.h"
#include "lake/layout.h"
#include "recovery/backup.h"
#include "refine/refine.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    TICK_MS = 1000,
    REFINE_PAUSE_MAX_MS = 500,
    STEP_TOO_LONG_S = 20,
    ASKED_FOR_MS = 10 * 1000, /* after a request for data, more are expected for so long */
    USUAL_EVERY = 8,          /* checkpoints: then one that others wait for, and that gives back what was deleted */
    MERGE_EVERY = 64,         /* checkpoints: then one that also merges row groups, for half a second or a whole one */
    IDLE_MS = 10 * 1000,      /* nothing has landed for so long */
    IDLE_MERGES = 2,
    IDLE_MERGED = 2 * IDLE_MERGES, /* small row groups that are gone then, at least */
    CHECKPOINT_TRIES = 40,         /* while refining goes on, and as many while it pauses: DuckDB refuses while another connection writes */
    CHECKPOINT_PAUSE_MS = 3,       /* between them */
};
#define BACKUP_CHECK_NS (10 * NSEC_PER_SEC)

/* Each uses only those before it: they begin in this order, and end in the other one. */
typedef enum LivePath { PATH_PUBLISH, PATH_REFINE, PATH_CHECKPOINT, PATHS } LivePath;

struct Live {
    LakeConn *conn; /* of landing */
    const Settings *settings;
    CommitMarkKeeper *mark; /* borrowed */
    Refinery *refinery;     /* of landing and refining, which only read it */
    PathGroup *group;
    Path *paths[PATHS];
    Orders *orders;
    atomic_bool unrefined;    /* Bronze may have batches that Silver and Gold lack */
    atomic_bool refine_waits; /* nothing is to be refined, and somebody asks for data: the next batch need not be a full one */
    atomic_bool unpublished;  /* Gold has changed since the last snapshot */
    atomic_bool unsettled;    /* Gold's delta is large, or its state */
    atomic_llong landed_ns;   /* when the last batch did; at first, when this began */
    atomic_llong asked_ns;    /* when the API was last asked for data; 0: not yet */
    atomic_llong step_ns;     /* when the step of landing that goes on began; 0: none does */
    atomic_bool step_is_told; /* that it takes too long was logged */
    /* of landing */
    TopicList topics;
    FeedList feeds; /* of `ingest` */
    Ingest *ingest; /* NULL: the next step opens it, and the feeds */
    /* of refining */
    int64_t refined_ns; /* when the last one began; 0: none did */
    /* of publishing */
    int64_t published_ns, backup_checked_ns;
    /* of the checkpoint */
    Layout layout;
    int checkpoints, unmerged; /* unmerged: so many left small row groups */
    int64_t log_bytes;         /* that DuckDB's log may have before the next one is tried */
    pthread_mutex_t mutex;     /* of what is below */
    char *blocked;             /* why nothing lands: none of the topics can be read, or no batch can be stored; NULL: it does */
};

static void close_ingest(Live *live) {
    ingest_closep(&live->ingest);
    feeds_done(&live->feeds);
}

Live *live_new(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark) {
    Live *live = xcalloc(1, sizeof *live);
    *live = (Live){.conn = conn, .settings = settings, .mark = mark, .unrefined = true, .layout = layout_of(settings)};
    live->orders = orders_new();
    live->landed_ns = clock_mono_ns();
    live->backup_checked_ns = clock_mono_ns() - BACKUP_CHECK_NS;
    live->published_ns = clock_mono_ns() - settings_int(settings, "up.publish_interval") * 1000000; /* publish at once */
    pthread_mutex_init(&live->mutex, NULL);
    return live;
}

/* After the paths have ended. */
void live_free(Live *live) {
    close_ingest(live);
    topic_list_done(&live->topics);
    path_group_freep(&live->group);
    refinery_freep(&live->refinery);
    layout_done(&live->layout);
    orders_free(live->orders);
    pthread_mutex_destroy(&live->mutex);
    free(live->blocked);
    free(live);
}

/* ---- what others may ask ---- */

/* Of the step that has ended. */
static void note_blocked(Live *live, bool failed) {
    const char *unstored = failed ? NULL : ingest_unstored(live->ingest), *unread = failed ? NULL : ingest_blocked(live->ingest);
    pthread_mutex_lock(&live->mutex);
    free(live->blocked);
    live->blocked = unstored != NULL ? xasprintf("nothing is stored: %s", unstored)
                    : unread != NULL ? xasprintf("nothing is read: %s", unread)
                                     : NULL;
    pthread_mutex_unlock(&live->mutex);
}

/* A disk that hangs gives no error. A step waits a second for messages, and stores what came. */
static int check_step(Live *live, Error *err) {
    int64_t began_ns = atomic_load(&live->step_ns);
    double seconds = began_ns == 0 ? 0 : clock_seconds_since(began_ns);
    if (seconds < STEP_TOO_LONG_S) return 0;
    error_set(err, ERR_UNAVAILABLE, "storing a batch has not ended for %.0f s: does the disk of %s answer?", seconds,
              live->layout.data_dir);
    if (!atomic_exchange(&live->step_is_told, true)) log_error("up", "%s", err->text);
    return -1;
}

int live_check(Live *live, Error *err) {
    if (check_step(live, err) != 0) return -1;
    pthread_mutex_lock(&live->mutex);
    int rc = live->blocked == NULL ? 0 : error_set(err, ERR_UNAVAILABLE, "%s", live->blocked);
    pthread_mutex_unlock(&live->mutex);
    return rc;
}

int live_write(Live *live, const char *kind, const json_t *args, json_t **ret, Error *err) {
    return orders_do(live->orders, kind, args, ret, err);
}

void live_refuse_writes(Live *live) {
    orders_close(live->orders);
}

/* Does what was ordered of this kind, if there is something. -1 only for what ends the path, too: a lake that is lost. */
static int do_order(Live *live, LakeConn *conn, const char *kind,
                    int (*run)(Live *live, LakeConn *conn, const json_t *args, json_t **ret, Error *err), Error *err) {
    const json_t *args;
    json_t *result = NULL;
    Error why = {0};
    if (!orders_take(live->orders, kind, &args)) return 0;
    int rc = run(live, conn, args, &result, &why);
    bool is_lost = rc != 0 && why.fatal;
    if (rc != 0) lake_rollback(conn);
    if (is_lost) error_set(err, why.kind, "%s", why.text);
    if (is_lost) err->fatal = true;
    orders_finish(live->orders, rc, result, &why);
    return is_lost ? -1 : 0;
}

/* ---- refining ---- */

/* Publishing reads the tables that change: it pauses. */
static int replay(Live *live, LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    RefineOptions options = {.full = true, .quiet = true, .follows = true, .threads = (int)settings_int(live->settings, "refine.threads")};
    RefineStats stats;
    (void)args;
    path_hold(live->paths[PATH_PUBLISH]);
    int rc = refine_run(live->refinery, conn, &options, &stats, err);
    path_release(live->paths[PATH_PUBLISH]);
    if (rc != 0) return -1;
    atomic_store(&live->unpublished, true);
    *ret = refine_stats_json(&stats);
    return 0;
}

void live_asked(Live *live) {
    atomic_store(&live->asked_ns, clock_mono_ns());
}

static bool is_asked(Live *live) {
    int64_t asked_ns = atomic_load(&live->asked_ns);
    return asked_ns != 0 && (clock_mono_ns() - asked_ns) / 1000000 < ASKED_FOR_MS;
}

/* A refine of few events costs nearly as much as one of many. So without requests for data, all that lands within up.refine_interval is
 * refined together. When it is not due, the path of refining checks again after the next batch, and at least once a second (TICK_MS). */
static bool refine_is_due(Live *live) {
    int64_t interval_ms = settings_int(live->settings, "up.refine_interval");
    return is_asked(live) || live->refined_ns == 0 || (clock_mono_ns() - live->refined_ns) / 1000000 >= interval_ms;
}

/* What a refine costs follows the number of entities more than that of the events: with many of both it would take a core for itself. So it
 * pauses for half as long as it took; what lands meanwhile is one refine. */
static void pause_after_refine(const RefineStats *stats) {
    int pause_ms = (int)(stats->seconds * 1e3 / 2);
    (void)stop_wait_ms(pause_ms < REFINE_PAUSE_MAX_MS ? pause_ms : REFINE_PAUSE_MAX_MS);
}

static void note_waiting(Live *live) {
    atomic_store(&live->refine_waits, is_asked(live) && !atomic_load(&live->unrefined));
}

static int refine_what_landed(Live *live, LakeConn *conn, Error *err) {
    RefineOptions options = {.quiet = true, .follows = true, .threads = (int)settings_int(live->settings, "refine.threads")};
    RefineStats stats;
    if (!refine_is_due(live) || !atomic_exchange(&live->unrefined, false)) return 0;
    live->refined_ns = clock_mono_ns();
    atomic_store(&live->refine_waits, false);
    if (refine_run(live->refinery, conn, &options, &stats, err) != 0) {
        atomic_store(&live->unrefined, true);
        return -1;
    }
    if (!atomic_exchange(&live->unpublished, true)) path_wake(live->paths[PATH_PUBLISH]);
    if (stats.settle_due) atomic_store(&live->unsettled, true); /* seen within a second: that path ends before this one, and is not woken */
    note_waiting(live);                                         /* a batch that ends now lands within the pause */
    pause_after_refine(&stats);
    return 0;
}

static int refine(void *arg, LakeConn *conn, Error *err) {
    Live *live = arg;
    if (do_order(live, conn, "replay", replay, err) != 0) return -1;
    if (!stop_requested() && refine_what_landed(live, conn, err) != 0) return -1;
    note_waiting(live);
    return 0;
}

/* ---- publishing, backup ---- */

/* `ret` (NULL: not wanted) gets the summary. */
static int publish(Live *live, LakeConn *conn, bool force_train, json_t **ret, Error *err) {
    RunOptions options = {.settings = live->settings, .is_refined = true, .force_train = force_train, .quiet = true};
    CLEANUP(run_result_done) RunResult result = {0};
    atomic_store(&live->unpublished, false);
    int rc = run_pipeline(conn, &options, &result, err);
    if (rc == 0 && ret != NULL) *ret = json_incref(result.summary);
    if (rc != 0) atomic_store(&live->unpublished, true);
    live->published_ns = clock_mono_ns(); /* one that failed is tried again after the interval */
    return rc;
}

static bool can_be_written(const char *dir) {
    return access(dir, W_OK | X_OK) == 0 || errno == ENOENT; /* it is made when it is needed */
}

/* Files that are not the lake's. */
static bool is_elsewhere(const Live *live, const Error *err) {
    return err->kind == ERR_IO && !err->fatal && can_be_written(live->layout.data_dir);
}

/* Snapshots and models may be on another volume, which is read-only or not there: what is live goes on without them. */
static bool waits_for_folder(const Live *live, const Error *err) {
    return is_elsewhere(live, err) && !(can_be_written(live->layout.snapshots_dir) && can_be_written(live->layout.models_dir));
}

/* The folder may have been mended since the error: once more. */
static int publish_twice(Live *live, LakeConn *conn, Error *err) {
    if (publish(live, conn, false, NULL, err) == 0) return 0;
    if (!is_elsewhere(live, err) || waits_for_folder(live, err)) return -1;
    log_warn("up", "%s. Its folder can be written now: once more", err->text);
    error_clear(err);
    lake_rollback(conn);
    return publish(live, conn, false, NULL, err);
}

static int publish_when_due(Live *live, LakeConn *conn, Error *err) {
    int64_t interval_ms = settings_int(live->settings, "up.publish_interval");
    bool due = atomic_load(&live->unpublished) && (clock_mono_ns() - live->published_ns) / 1000000 >= interval_ms;
    if (!due || stop_requested() || publish_twice(live, conn, err) == 0) return 0;
    if (!waits_for_folder(live, err)) return -1;
    log_error("up", "%s. The live lake goes on without it; again in %.0f s", err->text, (double)interval_ms / 1e3);
    error_clear(err);
    lake_rollback(conn);
    return 0;
}

static int run_now(Live *live, LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    return publish(live, conn, json_is_true(json_object_get(args, "train")), ret, err);
}

/* The next publication scores with it. */
static int promote(Live *live, LakeConn *conn, const json_t *args, json_t **ret, Error *err) {
    const char *id = json_string_value(json_object_get(args, "id"));
    if (churn_promote(conn, live->layout.models_dir, id, json_is_true(json_object_get(args, "force")), err) != 0) return -1;
    atomic_store(&live->unpublished, true);
    *ret = json_pack("{s:s}", "promoted", id);
    return 0;
}

/* A file says when the last backup was made: it need not be read each second. */
static void back_up_when_due(Live *live, LakeConn *conn) {
    if (stop_requested() || clock_mono_ns() - live->backup_checked_ns < BACKUP_CHECK_NS) return;
    live->backup_checked_ns = clock_mono_ns();
    backup_when_due(conn, live->settings);
}

static int publish_and_back_up(void *arg, LakeConn *conn, Error *err) {
    if (do_order(arg, conn, "promote", promote, err) != 0 || do_order(arg, conn, "run", run_now, err) != 0 ||
        publish_when_due(arg, conn, err) != 0)
        return -1;
    back_up_when_due(arg, conn);
    return 0;
}

/* ---- Gold's next base and state ---- */

static void pause_refining(void *arg) {
    Live *live = arg;
    path_hold(live->paths[PATH_REFINE]);
}

static void resume_refining(void *arg) {
    Live *live = arg;
    path_release(live->paths[PATH_REFINE]);
}

static int settle_when_due(Live *live, LakeConn *conn, Error *err) {
    const RefinePause pause = {pause_refining, resume_refining, live};
    if (!atomic_exchange(&live->unsettled, false) || refine_settle(live->refinery, conn, &pause, err) == 0) return 0;
    atomic_store(&live->unsettled, true);
    return -1;
}

/* ---- checkpoint ---- */

static int try_checkpoints(LakeConn *conn, bool usual, bool *ret_done, Error *err) {
    for (int tries = 0; tries < CHECKPOINT_TRIES && !*ret_done && !stop_wait_ms(CHECKPOINT_PAUSE_MS); tries++)
        if (lake_checkpoint_beside(conn, usual, ret_done, err) != 0) return -1;
    return 0;
}

static int make_checkpoint(Live *live, LakeConn *conn, bool usual, bool *ret_done, Error *err) {
    if (try_checkpoints(conn, usual, ret_done, err) != 0) return -1;
    if (*ret_done || stop_requested()) return 0;
    path_hold(live->paths[PATH_REFINE]); /* it may write all the time */
    int rc = try_checkpoints(conn, usual, ret_done, err);
    path_release(live->paths[PATH_REFINE]);
    return rc;
}

/* The merge is one in each table: that is all of a small one, of which some get ten rows with each checkpoint, and little of Bronze and
 * Silver. Where another connection writes just then, it is left for the next time. */
static int make_next_checkpoint(Live *live, LakeConn *conn, bool *ret_done, Error *err) {
    int number = live->checkpoints + 1;
    bool merges = number % MERGE_EVERY == 0, merged;
    if (make_checkpoint(live, conn, number % USUAL_EVERY == 0 && !merges, ret_done, err) != 0) return -1;
    return merges && *ret_done ? lake_merge_now(conn, 1, &merged, err) : 0;
}

/* One that failed is tried again when the log has grown once more: refining pauses for it. */
static int checkpoint_when_due(Live *live, LakeConn *conn, Error *err) {
    bool done = false;
    int64_t log_bytes = file_stamp(live->layout.wal_path).bytes, step = settings_int(live->settings, "up.checkpoint_log");
    if (log_bytes < (live->log_bytes > step ? live->log_bytes : step)) return 0;
    int64_t began = clock_mono_ns();
    if (make_next_checkpoint(live, conn, &done, err) != 0) return -1;
    live->log_bytes = done ? step : log_bytes + step;
    log_debug("up", "a log of %" PRId64 " bytes, %s after %.3f s", log_bytes, done ? "checkpointed" : "no checkpoint since others wrote",
              clock_seconds_since(began));
    live->checkpoints += done ? 1 : 0;
    live->unmerged += done ? 1 : 0;
    return 0;
}

static bool has_room(const Live *live) {
    Error why = {0};
    bool has = disk_space_check(live->layout.data_dir, settings_int(live->settings, "disk.reserve"), &why) == 0;
    error_clear(&why);
    return has;
}

static bool is_idle(Live *live) {
    return clock_mono_ns() - atomic_load(&live->landed_ns) > IDLE_MS * INT64_C(1000000);
}

/* Each checkpoint beside leaves a row group of its own in Bronze and Silver. To merge those of 200,000 events takes a second, and all wait
 * for it: so that is done when nothing lands, some in each turn. */
static int merge_when_idle(Live *live, LakeConn *conn, Error *err) {
    bool done;
    if (live->unmerged == 0 || !is_idle(live) || !has_room(live)) return 0;
    if (lake_merge_now(conn, IDLE_MERGES, &done, err) != 0) return -1;
    if (done) live->unmerged = live->unmerged > IDLE_MERGED ? live->unmerged - IDLE_MERGED : 0;
    if (done && live->unmerged == 0) log_debug("up", "nothing lands: small row groups are merged");
    return 0;
}

static int look_after_storage(void *arg, LakeConn *conn, Error *err) {
    return settle_when_due(arg, conn, err) != 0 || checkpoint_when_due(arg, conn, err) != 0 ? -1 : merge_when_idle(arg, conn, err);
}

/* ---- landing ---- */

static int open_ingest(Live *live, Error *err) {
    IngestOptions options = ingest_options(live->settings);
    options.follow = options.keeps_trying = true;
    options.quiet = true;
    options.timeout_ms = 0;
    options.mark = live->mark;
    options.hurry = &live->refine_waits;
    options.hurried_interval_ms = options.commit_interval_ms / 2;
    options.pipeline = refinery_pipeline(live->refinery);
    if (feeds_open_topics(live->settings, &live->topics, &live->feeds, err) != 0) return -1;
    live->ingest = ingest_open(live->conn, live->feeds.items, live->feeds.count, &options);
    return 0;
}

static int land(Live *live, bool *ret_done, Error *err) {
    IngestState state = INGEST_IDLE;
    if (live->ingest == NULL && open_ingest(live, err) != 0) return -1;
    atomic_store(&live->step_is_told, false);
    atomic_store(&live->step_ns, clock_mono_ns());
    int rc = ingest_step(live->ingest, &state, err);
    atomic_store(&live->step_ns, 0);
    note_blocked(live, rc != 0);
    if (state == INGEST_COMMITTED) atomic_store(&live->landed_ns, clock_mono_ns());
    if (rc != 0 || state == INGEST_COMMITTED) { /* a step may land a batch and fail with the next one */
        atomic_store(&live->unrefined, true);
        atomic_store(&live->refine_waits, false);
        path_wake(live->paths[PATH_REFINE]);
    }
    if (rc != 0) return -1;
    *ret_done = state == INGEST_DONE;
    return 0;
}

static bool a_path_has_failed(const Live *live) {
    for (size_t i = 0; i < PATHS; i++)
        if (path_has_failed(live->paths[i])) return true;
    return false;
}

static int land_until_stopped(Live *live, Error *err) {
    bool done = false;
    while (!done && !a_path_has_failed(live)) {
        if (lake_check_fence(lake_of(live->conn), err) != 0) return -1; /* a reader has met it: nothing would land any more */
        if (land(live, &done, err) == 0) continue;
        if (error_is_retriable(err)) close_ingest(live);
        if (path_wait_after_error(live->settings, err) == 0) continue;
        if (err->kind != ERR_STOPPED) return -1;
        done = true;
    }
    error_clear(err);
    return 0;
}

/* ---- all ---- */

/* Refining and publishing may each need what a command alone is given. */
static int make_room(Live *live, Error *err) {
    return settings_is_set(live->settings, "lake.memory_limit") ? 0 : lake_double_memory(live->conn, err);
}

static int start_paths(Live *live, Error *err) {
    static const PathTurn turns[PATHS] = {
        [PATH_CHECKPOINT] = look_after_storage, [PATH_PUBLISH] = publish_and_back_up, [PATH_REFINE] = refine};
    if (make_room(live, err) != 0 || lake_checkpoint_by_hand(live->conn, err) != 0 || lake_merge_at_most(live->conn, 0, err) != 0)
        return -1;
    live->group = path_group_new(lake_of(live->conn), live->settings);
    for (size_t i = 0; i < PATHS; i++)
        if (path_start(live->group, TICK_MS, turns[i], live, &live->paths[i], err) != 0) return -1;
    return 0;
}

/* An earlier error (`rc`) is the one to report. */
static int end_paths(Live *live, int rc, Error *err) {
    for (size_t i = PATHS; i-- > 0;) {
        Error why = {0};
        if (live->paths[i] != NULL && path_end(live->paths[i], rc == 0 ? err : &why) != 0) rc = -1;
        error_clear(&why);
    }
    return rc;
}

static int run_paths(Live *live, Error *err) {
    if (topics_to_read(live->settings, &live->topics, err) != 0 || refinery_open(live->settings, &live->refinery, err) != 0) return -1;
    int rc = start_paths(live, err);
    if (rc == 0) rc = land_until_stopped(live, err);
    close_ingest(live); /* what was read and did not land need not wait for the paths */
    return end_paths(live, rc, err);
}

int live_run(Live *live, Error *err) {
    int rc = run_paths(live, err);
    orders_close(live->orders);
    return rc;
}

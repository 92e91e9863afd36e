/* live.c: a loop: refine what was committed, publish and back up when due, one step of ingest. All on the writer's connection. Publishing
 * is a run (flow/run.h) that begins with training, so that it is in the run history.
 *
 * Invariant: `unrefined` is true from the commit of a batch until refine has succeeded. At the start it is not known what the last process
 * left: it begins as true. */
#include "flow/live.h"

#include "base/clock.h"
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "flow/run.h"
#include "flow/topics.h"
#include "ingest/ingest.h"
#include "recovery/backup.h"
#include "refine/refine.h"
#include <pthread.h>

#define PAUSE_MS        5000
#define FULL_PAUSE_MS   1000
#define BACKUP_CHECK_NS (10 * NSEC_PER_SEC)

struct Live {
    LakeConn *conn;
    const Settings *settings;
    CommitMarkKeeper *mark; /* borrowed */
    Refinery *refinery;
    TopicList topics;
    FeedList feeds;   /* of `ingest` */
    Ingest *ingest;   /* NULL: the next step opens it, and the feeds */
    bool unrefined;   /* Bronze may have batches that Silver and Gold lack */
    bool unpublished; /* Gold has changed since the last snapshot */
    int64_t published_ns, backup_checked_ns;
    pthread_mutex_t mutex; /* of what is below */
    char *blocked;         /* why none of the topics can be read; NULL: one can */
};

static void close_ingest(Live *live) {
    ingest_closep(&live->ingest);
    feeds_done(&live->feeds);
}

Live *live_new(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark) {
    Live *live = xcalloc(1, sizeof *live);
    *live = (Live){.conn = conn, .settings = settings, .mark = mark, .unrefined = true};
    live->backup_checked_ns = clock_mono_ns() - BACKUP_CHECK_NS;
    live->published_ns = clock_mono_ns() - settings_int(settings, "up.publish_interval") * 1000000; /* publish at once */
    pthread_mutex_init(&live->mutex, NULL);
    return live;
}

void live_free(Live *live) {
    close_ingest(live);
    topic_list_done(&live->topics);
    refinery_freep(&live->refinery);
    pthread_mutex_destroy(&live->mutex);
    free(live->blocked);
    free(live);
}

/* ---- what others may ask ---- */

static void note_blocked(Live *live, const char *why) {
    pthread_mutex_lock(&live->mutex);
    free(live->blocked);
    live->blocked = why != NULL ? xstrdup(why) : NULL;
    pthread_mutex_unlock(&live->mutex);
}

int live_check(Live *live, Error *err) {
    pthread_mutex_lock(&live->mutex);
    int rc = live->blocked == NULL ? 0 : error_set(err, ERR_UNAVAILABLE, "nothing is read: %s", live->blocked);
    pthread_mutex_unlock(&live->mutex);
    return rc;
}

/* ---- one step ---- */

static int refine(Live *live, Error *err) {
    RefineOptions options = {.quiet = true, .threads = (int)settings_int(live->settings, "refine.threads")};
    RefineStats stats;
    if (!live->unrefined) return 0;
    if (refine_run(live->refinery, live->conn, &options, &stats, err) != 0) return -1;
    live->unrefined = false;
    live->unpublished = true;
    return 0;
}

static int publish(Live *live, Error *err) {
    RunOptions options = {.settings = live->settings, .is_refined = true, .quiet = true};
    RunResult result = {0};
    int rc = run_pipeline(live->conn, &options, &result, err);
    run_result_done(&result);
    live->unpublished = rc != 0;
    live->published_ns = clock_mono_ns(); /* one that failed is tried again after the interval */
    return rc;
}

static int publish_when_due(Live *live, Error *err) {
    int64_t interval_ms = settings_int(live->settings, "up.publish_interval");
    bool due = live->unpublished && (clock_mono_ns() - live->published_ns) / 1000000 >= interval_ms;
    return due && !stop_requested() ? publish(live, err) : 0;
}

/* A file says when the last backup was made: it need not be read each second. */
static void back_up_when_due(Live *live) {
    if (stop_requested() || clock_mono_ns() - live->backup_checked_ns < BACKUP_CHECK_NS) return;
    live->backup_checked_ns = clock_mono_ns();
    backup_when_due(live->conn, live->settings);
}

static int open_ingest(Live *live, Error *err) {
    IngestOptions options = ingest_options(live->settings);
    options.follow = options.keeps_trying = true;
    options.quiet = true;
    options.timeout_ms = 0;
    options.mark = live->mark;
    options.pipeline = refinery_pipeline(live->refinery);
    if (feeds_open_topics(live->settings, &live->topics, &live->feeds, err) != 0) return -1;
    live->ingest = ingest_open(live->conn, live->feeds.items, live->feeds.count, &options);
    return 0;
}

static int ingest(Live *live, bool *ret_done, Error *err) {
    IngestState state;
    if (live->ingest == NULL && open_ingest(live, err) != 0) return -1;
    int rc = ingest_step(live->ingest, &state, err);
    note_blocked(live, rc == 0 ? ingest_blocked(live->ingest) : NULL);
    if (rc != 0 || state == INGEST_COMMITTED) live->unrefined = true; /* a step may land a batch and fail with the next one */
    if (rc != 0) return -1;
    *ret_done = state == INGEST_DONE;
    return 0;
}

static int step(Live *live, bool *ret_done, Error *err) {
    if (refine(live, err) != 0 || publish_when_due(live, err) != 0) return -1;
    back_up_when_due(live);
    return ingest(live, ret_done, err);
}

/* ---- the loop ---- */

static int wait_for_disk_space(const Live *live, Error *err) {
    log_error("up", "%s", err->text);
    error_clear(err);
    if (stop_wait_ms(FULL_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while the disk was full");
    return disk_space_wait(settings_text(live->settings, "data.dir"), settings_int(live->settings, "disk.reserve"), err);
}

/* 0: the next step may succeed. -1 with the error: waiting cannot resolve it, or a stop was requested. */
static int wait_after_error(Live *live, Error *err) {
    if (error_can_wait_for_space(err)) return wait_for_disk_space(live, err);
    if (!error_is_retriable(err)) return -1;
    log_warn("up", "%s; again in %d s", err->text, PAUSE_MS / 1000);
    error_clear(err);
    close_ingest(live);
    return stop_wait_ms(PAUSE_MS) ? error_set(err, ERR_STOPPED, "stopped while waiting to try again") : 0;
}

int live_run(Live *live, Error *err) {
    if (topics_to_read(live->settings, &live->topics, err) != 0 || refinery_open(live->settings, &live->refinery, err) != 0) return -1;
    bool done = false;
    while (!done) {
        if (step(live, &done, err) == 0 || wait_after_error(live, err) == 0) continue;
        if (err->kind != ERR_STOPPED) return -1;
        done = true;
    }
    error_clear(err);
    return 0;
}

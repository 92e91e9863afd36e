/* live.c: follows the topic; each commit of Bronze is refined at once, on the same connection. Publishing is a run like any other
 * (flow/run.h), so that it stands in the run history. */
#include "flow/live.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "contract/pipeline.h"
#include "flow/run.h"
#include "ingest/ingest.h"
#include "recovery/backup.h"
#include "refine/refine.h"

#define PAUSE_MS       5000
#define BACKUP_LOOK_NS (10 * NSEC_PER_SEC)

typedef struct Live {
    LakeConn *conn;
    const Settings *settings;
    CommitMarkKeeper *mark; /* borrowed */
    Refinery *refinery;
    bool unpublished;
    int64_t published_ns, backup_looked_ns;
} Live;

static void live_done(Live *live) {
    refinery_freep(&live->refinery);
}

static int publish(Live *live, Error *err) {
    RunOptions options = {.settings = live->settings, .refinery = live->refinery, .without_ingest = true, .quiet = true};
    RunResult result = {0};
    int rc = run_pipeline(live->conn, &options, &result, err);
    run_result_done(&result);
    live->unpublished = false;
    live->published_ns = clock_mono_ns();
    return rc;
}

/* Whether a backup is due stands in a file: it need not be read each second. */
static void look_for_backup(Live *live) {
    if (clock_mono_ns() - live->backup_looked_ns < BACKUP_LOOK_NS) return;
    live->backup_looked_ns = clock_mono_ns();
    backup_when_due(live->conn, live->settings);
}

static int after_step(void *user, bool committed, Error *err) {
    Live *live = user;
    RefineOptions options = {.quiet = true};
    RefineStats stats = {0};
    if (committed) {
        if (refine_run(live->refinery, live->conn, &options, &stats, err) != 0) return -1;
        live->unpublished = true;
    }
    int64_t interval_ms = settings_int(live->settings, "up.publish_interval");
    bool due = live->unpublished && (clock_mono_ns() - live->published_ns) / 1000000 >= interval_ms;
    if (due && !stop_requested() && publish(live, err) != 0) return -1;
    if (!stop_requested()) look_for_backup(live);
    return 0;
}

/* One connection to the feed, as long as it lasts. */
static int follow(Live *live, Error *err) {
    CLEANUP(feed_freep) Feed *feed = NULL;
    CLEANUP(ingest_result_done) IngestResult result = {0};
    IngestOptions options = ingest_options(live->settings);
    options.follow = true;
    options.quiet = true;
    options.timeout_ms = 0;
    options.after_step = after_step;
    options.user = live;
    options.mark = live->mark;
    if (feed_open_kafka(live->settings, &feed, err) != 0) return -1;
    return ingest_run(live->conn, feed, &options, &result, err);
}

/* What was committed but not refined or published when the last process ended. */
static int catch_up(Live *live, Error *err) {
    if (after_step(live, true, err) == 0) return 0;
    if (!error_is_retriable(err) && !error_can_wait_for_space(err)) return -1;
    log_warn("up", "%s; going on", err->text);
    error_clear(err);
    return 0;
}

int live_run(LakeConn *conn, const Settings *settings, CommitMarkKeeper *mark, Error *err) {
    CLEANUP(live_done) Live live = {.conn = conn, .settings = settings, .mark = mark};
    const char *dir = settings_text(settings, "pipeline.dir");
    live.backup_looked_ns = clock_mono_ns() - BACKUP_LOOK_NS;
    live.published_ns = clock_mono_ns() - settings_int(settings, "up.publish_interval") * 1000000; /* publish at once */
    Pipeline *pipeline;
    if (pipeline_load(dir[0] != '\0' ? dir : NULL, &pipeline, err) != 0) return -1;
    live.refinery = refinery_new(pipeline);
    if (catch_up(&live, err) != 0) return -1;
    while (!stop_requested()) {
        if (follow(&live, err) == 0) continue;
        if (err->kind == ERR_STOPPED) break;
        if (!error_is_retriable(err)) return -1;
        log_warn("up", "%s; again in %d s", err->text, PAUSE_MS / 1000);
        error_clear(err);
        stop_wait_ms(PAUSE_MS);
    }
    error_clear(err);
    return 0;
}

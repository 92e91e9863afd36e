/* up.c: `smelt up`: the writer and the server in one process, over one database handle.
 *
 * Invariant: once the settings are read, something is served for as long as it runs: the live lake, or the newest snapshot with the reason
 * why the lake is not in use. Then the process is not ready, and goes on by itself when the reason is gone. */
#include "base/disk_space.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/restart.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "commands/serving.h"
#include "flow/lake_watch.h"
#include "flow/live.h"
#include "recovery/backup.h"
#include <errno.h>
#include <unistd.h>

enum { REPAIR_PAUSE_MS = 1000, SPACE_PAUSE_MS = 500 };

static const struct argp argp = {
    .doc =
        "Runs everything in one process: follows the topics, refines as events arrive, "
        "trains, scores and publishes every up.publish_interval, "
        "and serves the dashboards and the API from the live lake: events are visible within about a second. "
        "A lake that has to be repaired first, or whose disk is full, is not used: then the newest snapshot is served with the reason, "
        "/readyz answers 503, and after `smelt recover`, or with space on the disk, it goes on by itself. "
        "/readyz also answers 503 within seconds when the lake's file is gone, data.dir cannot be written or a batch could not be stored. "
        "Ends cleanly on SIGTERM or Ctrl-C."
        "\vExamples:\n"
        "  smelt up\n"
        "  smelt up --set kafka.bootstrap=broker:9092 --set http.listen=0.0.0.0:8080\n",
};

static int has_disk_space(const App *app, Error *err) {
    return disk_space_check(app->layout.data_dir, settings_int(app->settings, "disk.reserve"), err);
}

typedef struct Working {
    const App *app;
    Live *live;
    LakeWatch *watch;
} Working;

/* Not ready while nothing can be stored: the lake's file is gone, the disk is full, or there is no topic that can be read. */
static int is_working(void *arg, Error *err) {
    const Working *working = arg;
    if (lake_watch_check(working->watch, err) != 0 || has_disk_space(working->app, err) != 0) return -1;
    return live_check(working->live, err);
}

static void note_question(void *live) {
    live_asked(live);
}

static int write_live(void *live, const char *kind, const json_t *args, json_t **ret, Error *err) {
    return live_write(live, kind, args, ret, err);
}

static int serve_and_run(App *app, Writer *w, AuditLog *audit_log, Error *err) {
    CLEANUP(lake_watch_stopp) LakeWatch *watch = NULL;
    CLEANUP(live_freep) Live *live = live_new(w->conn, app->settings, w->mark);
    CLEANUP(health_freep) Health *health = NULL;
    CLEANUP(web_stopp) Web *web = NULL;
    if (lake_watch_start(w, app->layout.data_dir, &watch, err) != 0) return -1;
    Working working = {.app = app, .live = live, .watch = watch};
    if (health_new(&(HealthOptions){.settings = app->settings,
                                    .topics = &app->topics,
                                    .live = w->lake,
                                    .check_tokens = serving_check_tokens,
                                    .check_audit_log = audit_log_check,
                                    .audit_log = audit_log,
                                    .history_path = app->layout.status_history_path,
                                    .disk_history_path = app->layout.disk_history_path,
                                    .by = "up"},
                   &health, err) != 0)
        return -1;
    WebOptions options = serving_options(app, health, audit_log);
    options.live = w->lake;
    options.rows_memory = settings_int(app->settings, "up.rows_memory");
    options.ready = is_working;
    options.ready_arg = &working;
    options.asked = note_question;
    options.asked_arg = live;
    options.write = write_live;
    options.write_arg = live;
    if (serving_start(app, "up", &options, health, &web, err) != 0) {
        live_refuse_writes(live);
        return -1;
    }
    return live_run(live, err) == 0 ? 0 : writer_reexec_if_it_helps(err);
}

/* ---- a lake that cannot be used ---- */

/* There is no space, or there is a lake, or was one, that needs a repair: it is damaged, gone, behind its mark, another one, or on a volume
 * that is not mounted. */
static bool is_blocked(const Layout *layout, const Error *err) {
    if (err->kind == ERR_FULL || err->kind == ERR_DATA) return true;
    return err->kind == ERR_IO && (file_exists(layout->lake_path) || file_exists(layout->mark_path));
}

static int is_not_ready(void *why, Error *err) {
    return error_set(err, ERR_UNAVAILABLE, "the lake is not in use: %s", (const char *)why);
}

static int refuse_write(void *why, const char *kind, const json_t *args, json_t **ret, Error *err) {
    (void)kind, (void)args, (void)ret;
    return is_not_ready(why, err);
}

static bool was_touched(const Layout *layout, const FileStamp before[3]) {
    FileStamp now[] = {file_stamp(layout->lake_path), file_stamp(layout->wal_path), file_stamp(layout->mark_path)};
    for (size_t i = 0; i < ARRAY_LEN(now); i++)
        if (!file_stamp_same(&now[i], &before[i])) return true;
    return false;
}

/* A volume that is mounted for writing again, or rights that are given, touch no file. */
static bool can_be_written(const Layout *layout) {
    const char *files[] = {layout->lake_path, layout->wal_path, layout->mark_path, layout->lock_path};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (access(files[i], R_OK | W_OK) != 0 && errno != ENOENT) return false;
    return access(layout->data_dir, W_OK | X_OK) == 0;
}

/* A repair touches the files; it has ended when no process holds the lock. */
static int wait_for_repair(const Layout *layout, Error *err) {
    FileStamp before[] = {file_stamp(layout->lake_path), file_stamp(layout->wal_path), file_stamp(layout->mark_path)};
    bool could_be_written = can_be_written(layout);
    while (!stop_wait_ms(REPAIR_PAUSE_MS)) {
        CLEANUP(free_text) char *holder = file_lock_holder(layout->lock_path);
        bool is_given = !could_be_written && can_be_written(layout);
        if (holder != NULL || !(is_given || was_touched(layout, before))) continue;
        log_info("up", "the lake was changed; trying again");
        return restart_process(err);
    }
    return 0;
}

static int open_lake(const App *app, Writer *w, Error *err) {
    if (dir_make(app->layout.data_dir, err) != 0 || has_disk_space(app, err) != 0) return -1;
    return writer_open(app->settings, "smelt up", w, err);
}

/* A lake may need more space to be opened than is to be free: it is opened for a try. */
static int wait_for_space(const App *app, Error *err) {
    while (!stop_wait_ms(SPACE_PAUSE_MS)) {
        CLEANUP(writer_done) Writer w = {0};
        CLEANUP(error_clear) Error again = {0};
        if (open_lake(app, &w, &again) != 0 && again.kind == ERR_FULL) continue;
        log_info("up", "there is space again; trying again");
        writer_done(&w);
        w = (Writer){0};
        return restart_process(err);
    }
    return 0;
}

/* Serves the newest good snapshot and the reason, so that who is called at night finds a page with the next step. */
static int serve_blocked(App *app, const Error *why, AuditLog *audit_log, Error *err) {
    CLEANUP(health_freep) Health *health = NULL;
    CLEANUP(web_stopp) Web *web = NULL;
    if (health_new(&(HealthOptions){.settings = app->settings,
                                    .topics = &app->topics,
                                    .refused = why->text,
                                    .check_tokens = serving_check_tokens,
                                    .check_audit_log = audit_log_check,
                                    .audit_log = audit_log,
                                    .history_path = app->layout.status_history_path,
                                    .disk_history_path = app->layout.disk_history_path,
                                    .by = "up"},
                   &health, err) != 0)
        return -1;
    WebOptions options = serving_options(app, health, audit_log);
    options.ready = is_not_ready;
    options.ready_arg = options.write_arg = why->text;
    options.write = refuse_write;
    log_error("up", "%s. Until then the newest snapshot is served", why->text);
    if (serving_start(app, "up", &options, health, &web, err) != 0) return -1;
    return why->kind == ERR_FULL ? wait_for_space(app, err) : wait_for_repair(&app->layout, err);
}

int command_up(App *app, int argc, char **argv, Error *err) {
    CLEANUP(audit_log_freep) AuditLog *audit_log = NULL;
    CLEANUP(writer_done) Writer w = {0};
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0 || command_topics(app, err) != 0 ||
        backup_check_setting(app->settings, err) != 0 ||
        audit_log_open(settings_text(app->settings, "http.audit_log"), &audit_log, err) != 0)
        return -1;
    if (open_lake(app, &w, err) == 0) return serve_and_run(app, &w, audit_log, err);
    if (!is_blocked(&app->layout, err)) return -1;
    if (err->kind == ERR_FULL) error_set(err, ERR_FULL, "%s. Next: make space there, or lower disk.reserve", err->text);
    Error why = *err;
    *err = (Error){0};
    int rc = serve_blocked(app, &why, audit_log, err);
    error_clear(&why);
    return rc;
}

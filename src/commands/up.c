/* up.c: `smelt up`: the writer and the server in one process, over one database handle. */
#include "base/disk_space.h"
#include "base/log.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "flow/live.h"
#include "health/health.h"
#include "web/web.h"

static const struct argp argp = {
    .doc = "Runs everything in one process: follows the topic, refines as events arrive, "
           "trains, scores and publishes every up.publish_interval, "
           "and serves the dashboards and the API from the live lake: events are visible within about a second. "
           "Ends cleanly on SIGTERM or Ctrl-C."
           "\vExamples:\n"
           "  smelt up\n"
           "  smelt up --set kafka.bootstrap=broker:9092 --set http.listen=0.0.0.0:8080\n",
};

static json_t *report(void *health) {
    return health_report(health);
}

static json_t *samples(void *health) {
    return health_samples(health);
}

/* Not ready while the disk is full: ingest is paused. */
static int has_disk_space(void *arg, Error *err) {
    const App *app = arg;
    return disk_space_check(app->layout.data_dir, settings_int(app->settings, "disk.reserve"), err);
}

static int serve_and_run(App *app, Writer *w, Health *health, Error *err) {
    CLEANUP(web_stopp) Web *web = NULL;
    WebOptions options = {.listen = settings_text(app->settings, "http.listen"),
                          .hosts = settings_text(app->settings, "http.hosts"),
                          .snapshots_dir = app->layout.snapshots_dir,
                          .live = w->lake,
                          .lake = writer_lake_options(app->settings),
                          .status = report,
                          .status_arg = health,
                          .samples = samples,
                          .samples_arg = health,
                          .ready = has_disk_space,
                          .ready_arg = app};
    if (web_start(&options, &web, err) != 0) return -1;
    if (health_start(health, (int)settings_int(app->settings, "status.interval"), err) != 0) return -1;
    say(app, "Dashboards and API: %s\n", web_url(web));
    if (app->json) log_info("up", "listening at %s", web_url(web));
    app->summary = json_pack("{s:s}", "url", web_url(web));
    return live_run(w->conn, app->settings, w->mark, err) == 0 ? 0 : writer_reexec_if_disk_full(err);
}

int command_up(App *app, int argc, char **argv, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(health_freep) Health *health = NULL;
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0 || writer_open_wait_for_space(app->settings, "smelt up", &w, err) != 0)
        return -1;
    if (health_new(&(HealthOptions){.settings = app->settings, .live = w.lake}, &health, err) != 0) return -1;
    return serve_and_run(app, &w, health, err);
}

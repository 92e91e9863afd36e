/* serve.c: `smelt serve`: the API and the dashboards over published snapshots, until a signal. */
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "flow/reader.h"
#include "health/health.h"
#include "web/web.h"

enum { OPT_METRICS = 1 };

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)arg;
    bool *metrics = state->input;
    if (key != OPT_METRICS) return ARGP_ERR_UNKNOWN;
    *metrics = true;
    return 0;
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"metrics", OPT_METRICS, NULL, 0, "Only print the list of metrics, as Markdown", 0}, {0}},
    .parser = parse,
    .doc = "Serves the dashboards, the API, the probes (/livez, /readyz) and Prometheus metrics (/metrics) over the published snapshots. "
           "New snapshots are opened without a restart. "
           "Ends cleanly on SIGTERM or Ctrl-C."
           "\vExamples:\n"
           "  smelt serve\n"
           "  smelt --set http.listen=0.0.0.0:8080 serve\n"
           "  smelt --set http.listen=127.0.0.1:0 serve     (a free port; the address is printed)\n",
};

static json_t *report(void *health) {
    return health_report(health);
}

static json_t *samples(void *health) {
    return health_samples(health);
}

static int serve(App *app, Health *health, Error *err) {
    CLEANUP(web_stopp) Web *web = NULL;
    WebOptions options = {.listen = settings_text(app->settings, "http.listen"),
                          .hosts = settings_text(app->settings, "http.hosts"),
                          .snapshots_dir = app->layout.snapshots_dir,
                          .lake = writer_lake_options(app->settings),
                          .status = report,
                          .status_arg = health,
                          .samples = samples,
                          .samples_arg = health};
    if (web_start(&options, &web, err) != 0) return -1;
    if (health_start(health, (int)settings_int(app->settings, "status.interval"), err) != 0) return -1;
    say(app, "Dashboards and API: %s\n", web_url(web));
    if (app->json) log_info("serve", "listening at %s", web_url(web));
    while (!stop_wait_ms(60000)) {
    }
    app->summary = json_pack("{s:s}", "url", web_url(web));
    return 0;
}

static int print_metrics(App *app) {
    CLEANUP(free_text) char *document = web_metrics_document();
    say(app, "%s", document);
    app->summary = json_pack("{s:o}", "metrics", web_metrics_list());
    return 0;
}

int command_serve(App *app, int argc, char **argv, Error *err) {
    CLEANUP(health_freep) Health *health = NULL;
    bool metrics = false;
    if (command_parse(app, &argp, argc, argv, &metrics, err) != 0) return -1;
    if (metrics) return print_metrics(app);
    if (health_new(&(HealthOptions){.settings = app->settings, .check_writer = reader_check_writer}, &health, err) != 0) return -1;
    return serve(app, health, err);
}

/* serve.c: `smelt serve`: the API and the dashboards over published snapshots, until a signal. */
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include "commands/serving.h"
#include "commands/serving_writes.h"
#include "flow/reader.h"
#include "flow/topics.h"

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

static int serve(App *app, Health *health, AuditLog *audit_log, Error *err) {
    CLEANUP(web_stopp) Web *web = NULL;
    WebOptions options = serving_options(app, health, audit_log);
    options.write = serving_write;
    options.write_arg = app;
    if (serving_start(app, "serve", &options, health, &web, err) != 0) return -1;
    while (!stop_wait_ms(60000)) {
    }
    return 0;
}

static int print_metrics(App *app) {
    CLEANUP(free_text) char *document = web_metrics_document();
    say(app, "%s", document);
    app->summary = json_pack("{s:o}", "metrics", web_metrics_list());
    return 0;
}

int command_serve(App *app, int argc, char **argv, Error *err) {
    CLEANUP(audit_log_freep) AuditLog *audit_log = NULL;
    CLEANUP(health_freep) Health *health = NULL;
    bool metrics = false;
    if (command_parse(app, &argp, argc, argv, &metrics, err) != 0) return -1;
    if (metrics) return print_metrics(app);
    if (topics_to_watch(app->settings, &app->topics, err) != 0 ||
        audit_log_open(settings_text(app->settings, "http.audit_log"), &audit_log, err) != 0)
        return -1;
    if (health_new(&(HealthOptions){.settings = app->settings,
                                    .topics = &app->topics,
                                    .check_writer = reader_check_writer,
                                    .check_tokens = serving_check_tokens,
                                    .check_audit_log = audit_log_check,
                                    .audit_log = audit_log,
                                    .history_path = app->layout.status_history_path,
                                    .disk_history_path = app->layout.disk_history_path,
                                    .by = "serve"},
                   &health, err) != 0)
        return -1;
    return serve(app, health, audit_log, err);
}

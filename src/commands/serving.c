/* serving.c: see serving.h. */
#include "commands/serving.h"

#include "base/log.h"
#include "commands/app.h"
#include "commands/serving_sources.h"
#include "flow/writer.h"
#include "web/tokens.h"

static json_t *report(void *health) {
    return health_report(health);
}

static json_t *samples(void *health) {
    return health_samples(health);
}

int serving_check_tokens(const Settings *settings, Error *err) {
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    CLEANUP(tokens_done) Tokens tokens = {0};
    return tokens_load(layout.tokens_path, &tokens, err);
}

WebOptions serving_options(App *app, Health *health, AuditLog *audit_log) {
    return (WebOptions){.listen = settings_text(app->settings, "http.listen"),
                        .hosts = settings_text(app->settings, "http.hosts"),
                        .tls_certificate = settings_text(app->settings, "http.tls.certificate"),
                        .tls_key = settings_text(app->settings, "http.tls.key"),
                        .trusted_proxies = settings_text(app->settings, "http.trusted_proxies"),
                        .tokens_path = app->layout.tokens_path,
                        .uses_path = app->layout.token_uses_path,
                        .access_log = settings_bool(app->settings, "http.access_log"),
                        .audit_log = audit_log,
                        .token_rate = (int)settings_int(app->settings, "http.token_rate"),
                        .open = settings_bool(app->settings, "http.open"),
                        .rows_memory = settings_int(app->settings, "http.rows_memory"),
                        .query = settings_bool(app->settings, "http.query"),
                        .query_memory = settings_int(app->settings, "http.query_memory"),
                        .snapshots_dir = app->layout.snapshots_dir,
                        .lake = writer_lake_options(app->settings),
                        .models_dir = app->layout.models_dir,
                        .audit_path = app->layout.audit_path,
                        .notes_path = app->layout.notes_path,
                        .operations_path = app->layout.operations_path,
                        .status_history_path = app->layout.status_history_path,
                        .ask = serving_ask,
                        .ask_arg = app,
                        .contracts = serving_contracts,
                        .contracts_arg = app,
                        .system = serving_system,
                        .system_arg = app,
                        .status = report,
                        .status_arg = health,
                        .samples = samples,
                        .samples_arg = health};
}

int serving_start(App *app, const char *command, const WebOptions *options, Health *health, Web **ret, Error *err) {
    if (web_start(options, ret, err) != 0) return -1;
    if (health_start(health, (int)settings_int(app->settings, "status.interval"), err) != 0) return -1;
    say(app, "Dashboards and API: %s\n", web_url(*ret));
    if (app->json) log_info(command, "listening at %s", web_url(*ret));
    app->summary = json_pack("{s:s}", "url", web_url(*ret));
    return 0;
}

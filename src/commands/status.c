/* status.c: `smelt status`. Exit codes: 0 every part is ok, 1 a part is degraded, 69 a part is down or unknown. */
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/serving.h"
#include "flow/reader.h"
#include "flow/topics.h"
#include "health/health.h"
#include <string.h>
#include <unistd.h>

enum { OPT_IGNORE = 1, OPT_ALLOW_DEGRADED, IGNORED_MAX = 16, EXIT_DEGRADED = 1 };

typedef struct Options {
    const char *ignored[IGNORED_MAX];
    size_t ignored_count;
    bool allow_degraded;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    if (key == OPT_ALLOW_DEGRADED) return o->allow_degraded = true, 0;
    if (key != OPT_IGNORE) return ARGP_ERR_UNKNOWN;
    if (o->ignored_count == IGNORED_MAX) argp_error(state, "too many --ignore");
    o->ignored[o->ignored_count++] = arg;
    return 0;
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"ignore", OPT_IGNORE, "PART", 0,
                                             "Ignore this part for the exit code, for example api. May be repeated", 0},
                                            {"allow-degraded", OPT_ALLOW_DEGRADED, NULL, 0,
                                             "End with 0 also when a part is degraded: for health checks that restart the process", 0},
                                            {0}},
    .parser = parse,
    .doc = "Checks each part and prints its state: "
           "Kafka (by a metadata request), the lake, each layer, the model, the last run, the snapshot, the API, the disk. "
           "Reads the newest snapshot, so it also works while another process writes the lake."
           "\vExit codes: 0 every part is ok, 1 a part is degraded, 69 a part is down or unknown.\n\nExamples:\n"
           "  smelt status\n"
           "  smelt status --ignore api --json\n"
           "  smelt status --allow-degraded\n",
};

static bool is_ignored(const Options *o, const char *name) {
    for (size_t i = 0; i < o->ignored_count; i++)
        if (strcmp(o->ignored[i], name) == 0) return true;
    return false;
}

static int exit_code_of(const char *state) {
    if (strcmp(state, "ok") == 0) return 0;
    return strcmp(state, "degraded") == 0 ? EXIT_DEGRADED : error_exit_code(ERR_UNAVAILABLE);
}

/* On a terminal, until the next call. "0": none. */
static void use_color(const App *app, const char *color) {
    if (!app->json && isatty(STDOUT_FILENO)) printf("\033[%sm", color);
}

static void print_part(const App *app, const json_t *part, bool ignored) {
    static const struct { const char *state, *color; } colors[] = {{"ok", "32"}, {"degraded", "33"}, {"down", "31"}, {"unknown", "31"}};
    const char *state = json_string_value(json_object_get(part, "state"));
    CLEANUP(free_text) char *detail = terminal_value(json_string_value(json_object_get(part, "detail")));
    say(app, "%-9s ", json_string_value(json_object_get(part, "title")));
    for (size_t i = 0; i < ARRAY_LEN(colors); i++)
        if (strcmp(colors[i].state, state) == 0) use_color(app, colors[i].color);
    say(app, "%-8s", state);
    use_color(app, "0");
    say(app, "  %s%s\n", detail, ignored ? " (ignored)" : "");
}

/* Prints the parts; returns the exit code of the worst one that is not ignored. */
static int print_report(const App *app, const json_t *report, const Options *o) {
    size_t i;
    json_t *part;
    int worst = 0;
    json_array_foreach(json_object_get(report, "components"), i, part) {
        bool ignored = is_ignored(o, json_string_value(json_object_get(part, "name")));
        int code = exit_code_of(json_string_value(json_object_get(part, "state")));
        print_part(app, part, ignored);
        if (!ignored && code > worst) worst = code;
    }
    return worst;
}

int command_status(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(health_freep) Health *health = NULL;
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || topics_to_watch(app->settings, &app->topics, err) != 0) return -1;
    HealthOptions options = {.settings = app->settings,
                             .topics = &app->topics,
                             .check_writer = reader_check_writer,
                             .check_tokens = serving_check_tokens,
                             .disk_history_path = app->layout.disk_history_path,
                             .ask_api = true};
    if (health_new(&options, &health, err) != 0) return -1;
    health_refresh(health);
    app->summary = health_report(health);
    int worst = print_report(app, app->summary, &o);
    return worst == EXIT_DEGRADED && o.allow_degraded ? 0 : worst;
}

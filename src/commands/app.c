/* app.c: the common options, the settings and the output of every command. */
#include "commands/app.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/settings_table.h"
#include "flow/topics.h"
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { OPT_SET = 0x1000, OPT_JSON };

static const struct argp_option common_options[] = {
    {"config", 'c', "FILE", 0, "Settings file (default: smelt.yaml when it is there)", 90},
    {"set", OPT_SET, "KEY=VALUE", 0, "Override one setting; `smelt config` lists them. May be repeated", 90},
    {"json", OPT_JSON, NULL, 0, "One JSON object on stdout at the end", 90},
    {0},
};

static error_t parse_common(int key, char *arg, struct argp_state *state) {
    App *app = state->input;
    switch (key) {
    case 'c': app->config_file = arg; return 0;
    case OPT_JSON: app->json = true; return 0;
    case OPT_SET:
        app->sets = xrealloc(app->sets, app->set_count + 1, sizeof *app->sets);
        app->sets[app->set_count++] = arg;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp common_argp = {.options = common_options, .parser = parse_common};

/* The command's parser gets `input`; the common options get the App. In argp only a parent can pass an input to its children (in
 * ARGP_KEY_INIT), so the command's argp and the common options are children of this frame. */
typedef struct Frame {
    App *app;
    void *input;
} Frame;

static error_t parse_frame(int key, char *arg, struct argp_state *state) {
    (void)arg;
    if (key != ARGP_KEY_INIT) return ARGP_ERR_UNKNOWN;
    Frame *frame = state->input;
    state->child_inputs[0] = frame->input;
    state->child_inputs[1] = frame->app;
    return 0;
}

int command_parse(App *app, const struct argp *argp, int argc, char **argv, void *input, Error *err) {
    struct argp_child children[] = {{argp, 0, NULL, 0}, {&common_argp, 0, "Common options:", 90}, {0}};
    Frame frame = {.app = app, .input = input};
    struct argp whole = {.parser = parse_frame, .args_doc = argp->args_doc, .doc = argp->doc, .children = children};
    struct argp inner = *argp; /* the frame prints its documentation */
    inner.doc = NULL;
    inner.args_doc = NULL;
    children[0].argp = &inner;
    CLEANUP(free_text) char *name = xasprintf("smelt %s", argv[0]);
    argv[0] = name; /* how argp prints the usage */
    argp_parse(&whole, argc, argv, 0, NULL, &frame);
    if (settings_load(&settings_table, app->config_file, app->sets, app->set_count, &app->settings, err) != 0) return -1;
    app->layout = layout_of(app->settings);
    log_setup((LogLevel)settings_choice(app->settings, "log.level"), (LogFormat)settings_choice(app->settings, "log.format"));
    return 0;
}

void option_keep_one(struct argp_state *state, const char *option, const char **slot, const char *value) {
    if (*slot != NULL) argp_error(state, "%s was given twice (%s and %s); run the command once for each", option, *slot, value);
    *slot = value;
}

int command_topics(App *app, Error *err) {
    return topics_to_read(app->settings, &app->topics, err);
}

/* A pipe whose reader had enough, as in `smelt quarantine list | head`. */
static bool reader_left(void) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

bool output_is_lost(void) {
    fflush(stdout);
    return ferror(stdout) && !reader_left();
}

void say(const App *app, const char *fmt, ...) {
    if (app->json) return;
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) BUG("vasprintf");
    CLEANUP(free_text) char *shown = terminal_lines(text);
    free(text);
    fputs(shown, stdout);
    fflush(stdout);
}

void app_done(App *app) {
    settings_freep(&app->settings);
    layout_done(&app->layout);
    topic_list_done(&app->topics);
    json_decref(app->summary);
    free(app->sets);
}

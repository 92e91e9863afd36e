/* run.c: `smelt run`. */
#include "flow/run.h"

#include "commands/all.h"
#include "commands/app.h"
#include "flow/run_record.h"
#include "recovery/backup.h"
#include <string.h>

enum { OPT_FROM = 1, OPT_TRAIN };

typedef struct Options {
    const char *from;
    bool train;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FROM: o->from = arg; return 0;
    case OPT_TRAIN: o->train = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"from", OPT_FROM, "FILE.jsonl", 0, "Ingest a file instead of Kafka", 0},
                                            {"train", OPT_TRAIN, NULL, 0, "Train even when the model is not due (model.max_age)", 0},
                                            {0}},
    .parser = parse,
    .doc = "Runs the pipeline once: ingest, refine, train when due, score, publish. "
           "A step that fails for a temporary reason is retried (run.attempts). "
           "The lake keeps a history of runs and their steps. "
           "Meant for a CronJob or another scheduler, for example every 30 minutes. "
           "A second run at the same time ends with exit code 75 and changes nothing."
           "\vExamples:\n"
           "  smelt run\n"
           "  smelt run --json --set ingest.timeout=60s\n",
};

static void print_step(void *user, const json_t *step) {
    const App *app = user;
    const json_t *summary = json_object_get(step, "summary");
    say(app, "%-8s %-8s %6.2f s ", json_string_value(json_object_get(step, "name")), json_string_value(json_object_get(step, "state")),
        json_number_value(json_object_get(step, "seconds")));
    const char *key, *text;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)summary, key, value) {
        if (strcmp(key, "seconds") == 0 || strcmp(key, "events_per_second") == 0) continue;
        if (json_is_integer(value))
            say(app, " %s %lld", key, (long long)json_integer_value(value));
        else if ((text = json_string_value(value)) != NULL && strcmp(key, "skipped") == 0)
            say(app, " %s", text); /* why, however long it is */
        else if (text != NULL && strlen(text) < 60)
            say(app, " %s %s", key, text);
    }
    say(app, "\n");
}

/* A run that cannot begin has failed too, and no snapshot will show it. */
static int open_both(App *app, const char *from, Writer *w, FeedList *ret, Error *err) {
    int rc = from != NULL ? feeds_open_file(from, false, ret, err) : command_topics(app, err);
    if (rc == 0 && from == NULL) rc = feeds_open_topics(app->settings, &app->topics, ret, err);
    if (rc == 0) rc = backup_check_setting(app->settings, err);
    if (rc == 0) rc = writer_open(app->settings, "smelt run", w, err);
    if (rc != 0) run_record_refused(app->settings, err);
    return rc;
}

int command_run(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(writer_done) Writer w = {0}; /* before the feeds, so that it is closed after them */
    CLEANUP(feeds_done) FeedList feeds = {0};
    CLEANUP(run_result_done) RunResult result = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    if (open_both(app, o.from, &w, &feeds, err) != 0) return -1;
    RunOptions options = {.settings = app->settings,
                          .feeds = &feeds,
                          .mark = w.mark,
                          .force_train = o.train,
                          .ends_then = true,
                          .on_step = print_step,
                          .user = app};
    int rc = run_pipeline(w.conn, &options, &result, err);
    if (result.summary != NULL) app->summary = json_incref(result.summary);
    if (rc != 0) return -1;
    backup_when_due(w.conn, app->settings);
    say(app, "Run %s %s in %.2f s.\n", json_string_value(json_object_get(result.summary, "run_id")), step_state_name(result.state),
        json_number_value(json_object_get(result.summary, "seconds")));
    return 0;
}

/* contract.c: `smelt contract check`: all mistakes of contracts and features at once, and what of them is not enforced. */
#include "base/document.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/explain.h"
#include "contract/pipeline.h"
#include "judge/pattern.h"
#include "refine/refine.h"
#include <string.h>

enum { OPT_PIPELINE = 1 };

typedef struct Options {
    const char *action, *pipeline;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_PIPELINE: o->pipeline = arg; return 0;
    case ARGP_KEY_ARG:
        if (o->action != NULL) return ARGP_ERR_UNKNOWN;
        o->action = arg;
        return 0;
    case ARGP_KEY_END:
        if (o->action == NULL) argp_error(state, "expected check");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"pipeline", OPT_PIPELINE, "DIR", 0, "Contracts and features to check instead of the setting pipeline.dir", 0}, {0}},
    .parser = parse,
    .args_doc = "check",
    .doc = "Reads all contracts and features, prints every mistake with its file and line, how it reads what they leave open, what of them "
           "Smelt does not enforce, and warns of rules that contradict each other. "
           "Needs no lake and no Kafka."
           "\vExit codes: 0 there is no mistake, 78 there are some.\n\nExamples:\n"
           "  smelt contract check\n"
           "  smelt contract check --pipeline my --json\n",
};

static int check_pattern(const char *text, const char *value, Error *err) {
    CLEANUP(pattern_freep) Pattern *pattern = NULL;
    if (pattern_new(text, &pattern, err) != 0) return -1;
    if (value == NULL) return 0;
    CLEANUP(pattern_scratch_freep) PatternScratch *scratch = pattern_scratch_new();
    return pattern_match(pattern, scratch, (Span){value, strlen(value)}) == PATTERN_MATCHES ? 0 : 1;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static void print_mistakes(const App *app, const json_t *mistakes) {
    size_t i;
    json_t *mistake;
    json_array_foreach((json_t *)(uintptr_t)mistakes, i, mistake) {
        CLEANUP(free_text) char *message = terminal_value(text_of(mistake, "message"));
        say(app, "%s\n", message);
    }
    say(app, "%zu mistake%s\n", json_array_size(mistakes), json_array_size(mistakes) == 1 ? "" : "s");
}

static void print_unenforced(const App *app, const json_t *unenforced) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)unenforced, i, one) {
        CLEANUP(free_text) char *file = terminal_value(text_of(one, "file"));
        CLEANUP(free_text) char *path = terminal_value(text_of(one, "path"));
        say(app, "%s:%d: %s is not enforced\n", file, (int)json_integer_value(json_object_get(one, "line")), path);
    }
}

static void print_notes(const App *app, const json_t *notes, const char *kind) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)notes, i, one) {
        CLEANUP(free_text) char *file = terminal_value(text_of(one, "file"));
        CLEANUP(free_text) char *path = terminal_value(text_of(one, "path"));
        CLEANUP(free_text) char *text = terminal_value(text_of(one, "text"));
        say(app, "%s:%d: %s: %s%s\n", file, (int)json_integer_value(json_object_get(one, "line")), path, kind, text);
    }
}

static void print_envelopes(const App *app, const json_t *envelopes) {
    size_t i;
    json_t *one, *origin;
    const char *column;
    json_array_foreach((json_t *)(uintptr_t)envelopes, i, one) {
        const char *topic = text_of(one, "topic");
        CLEANUP(free_text) char *shown = terminal_value(topic != NULL ? topic : "any");
        say(app, "topic %s:\n", shown);
        json_object_foreach(json_object_get(one, "columns"), column, origin) {
            CLEANUP(free_text) char *from = terminal_value(json_string_value(origin));
            say(app, "  %-16s from %s\n", column, from);
        }
        if (json_is_true(json_object_get(one, "identity_by_lineage")))
            say(app, "  an event is known by its offset alone: one that a producer sends again is another event (declare a primaryKey)\n");
    }
}

/* What does not end in SQL and a program for the judge is a mistake too. */
static int make_all(Pipeline *pipeline, json_t *mistakes, Error *err) {
    CLEANUP(refinery_freep) Refinery *refinery = NULL;
    if (refinery_new(pipeline, &refinery, err) == 0) return 0;
    json_array_append_new(mistakes, json_pack("{ss si ss}", "file", "", "line", 0, "message", err->text));
    return -1;
}

static int check(App *app, const char *dir, Error *err) {
    Pipeline *pipeline = NULL;
    json_t *mistakes = NULL;
    CLEANUP(json_freep) json_t *unenforced = NULL, *envelopes = NULL;
    int rc = pipeline_check_dir(dir, check_pattern, &pipeline, &mistakes, err);
    size_t contracts = rc == 0 ? pipeline->contract_count : 0, features = rc == 0 ? pipeline->feature_count : 0;
    unenforced = rc == 0 ? pipeline_unenforced(pipeline) : json_array();
    json_t *notes = rc == 0 ? pipeline_notes(pipeline, NOTE_READ_AS) : json_array();
    json_t *warnings = rc == 0 ? pipeline_notes(pipeline, NOTE_WARNING) : json_array();
    if (rc == 0) rc = make_all(pipeline, mistakes, err);
    envelopes = rc == 0 ? pipeline_envelopes(pipeline) : json_array();
    app->summary = json_pack("{sb so sO so so sO}", "ok", rc == 0, "mistakes", mistakes, "unenforced", unenforced, "notes", notes,
                             "warnings", warnings, "envelopes", envelopes);
    print_envelopes(app, envelopes);
    print_notes(app, notes, "");
    print_unenforced(app, unenforced);
    print_notes(app, warnings, "warning: ");
    if (rc == 0)
        say(app, "%zu event types and %zu features, no mistake\n", contracts, features);
    else
        print_mistakes(app, mistakes);
    error_clear(err); /* it is among the mistakes */
    return rc == 0 ? 0 : error_exit_code(ERR_CONFIG);
}

int command_contract(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    if (strcmp(o.action, "check") != 0) return error_set(err, ERR_USAGE, "expected check, not \"%s\"", o.action);
    return check(app, o.pipeline != NULL ? o.pipeline : pipeline_dir(app->settings), err);
}

/* contract.c: `smelt contract`, and its action check: all mistakes of contracts and features at once, and what of them is not enforced. */
#include "commands/contract.h"
#include "base/counted.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/explain.h"
#include "contract/names.h"
#include "contract/pipeline.h"
#include "refine/refine.h"
#include <string.h>

enum { OPT_PIPELINE = 1, OPT_TOPIC, OPT_FILE, OPT_SAMPLE, OPT_OUT };

static int read_sample(const char *text, int64_t *ret) {
    char *end;
    long v = strtol(text, &end, 10);
    if (*end != '\0' || end == text || v < 1 || v > 1000000) return -1;
    *ret = v;
    return 0;
}

static int add_argument(ContractOptions *o, const char *arg) {
    if (o->action == NULL)
        o->action = arg;
    else if (o->arg_count < ARRAY_LEN(o->args))
        o->args[o->arg_count++] = arg;
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    ContractOptions *o = state->input;
    switch (key) {
    case OPT_PIPELINE: o->pipeline = arg; return 0;
    case OPT_TOPIC: option_keep_one(state, "--topic", &o->topic, arg); return 0;
    case OPT_FILE: option_keep_one(state, "--file", &o->file, arg); return 0;
    case OPT_OUT: o->out = arg; return 0;
    case OPT_SAMPLE:
        if (read_sample(arg, &o->sample) != 0) argp_error(state, "--sample expects a number from 1 to 1000000, not %s", arg);
        return 0;
    case ARGP_KEY_ARG: return add_argument(o, arg);
    case ARGP_KEY_END:
        if (o->action == NULL) argp_error(state, "expected check, infer, diff or docs");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){{"pipeline", OPT_PIPELINE, "DIR", 0,
                                      "Contracts and features to work with instead of the setting pipeline.dir; infer: where to write them",
                                      0},
                                     {"topic", OPT_TOPIC, "TOPIC", 0, "infer: from the newest messages of this topic", 0},
                                     {"file", OPT_FILE, "FILE", 0, "infer: from a file with a JSON message per line", 0},
                                     {"sample", OPT_SAMPLE, "N", 0, "infer: from so many messages (1000)", 0},
                                     {"out", OPT_OUT, "FILE", 0, "infer, docs: write to this file instead of stdout", 0},
                                     {0}},
    .parser = parse,
    .args_doc = "check|infer|diff A B|docs",
    .doc =
        "check reads all contracts and features, prints every mistake with its file and line, how it reads what they leave open, what of them "
        "Smelt does not enforce, and warns of rules that contradict each other. infer makes a contract from messages of a topic or a file; "
        "examples of personal data are masked. diff compares two contracts, or folders of them: what loosens, what tightens, what needs "
        "`smelt refine --full`. docs writes the contracts as a page of tables. They need no lake; only infer --topic needs Kafka."
        "\vExit codes: 0 done, 78 there are mistakes. diff: 0 nothing is refused that passed before, 1 something is, 2 the new contracts need "
        "`smelt refine --full`.\n\nExamples:\n"
        "  smelt contract check\n"
        "  smelt contract check --pipeline my --json\n"
        "  smelt contract infer --topic bike-events --pipeline my\n"
        "  smelt contract diff old/contracts my/contracts\n"
        "  smelt contract docs --out contracts.md\n",
};

/* ---- check ---- */

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
        CLEANUP(free_text) char *text = terminal_value(text_of(one, "text"));
        say(app, "%s:%d: %s %s\n", file, (int)json_integer_value(json_object_get(one, "line")), path, text);
    }
}

static void print_notes(const App *app, const json_t *notes, const char *kind) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)notes, i, one) {
        CLEANUP(free_text) char *file = terminal_value(text_of(one, "file"));
        CLEANUP(free_text) char *path = terminal_value(text_of(one, "path"));
        CLEANUP(free_text) char *text = terminal_value(text_of(one, "text"));
        int line = (int)json_integer_value(json_object_get(one, "line"));
        if (line > 0)
            say(app, "%s:%d: %s: %s%s\n", file, line, path, kind, text);
        else
            say(app, "%s: %s%s\n", file, kind, text);
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

static int check(App *app, const ContractOptions *o, Error *err) {
    Pipeline *pipeline = NULL;
    json_t *mistakes = NULL;
    CLEANUP(json_freep) json_t *unenforced = NULL, *envelopes = NULL;
    int rc = pipeline_check_dir(contract_dir(app, o), contract_check_pattern, &pipeline, &mistakes, err);
    size_t contracts = rc == 0 ? pipeline->contract_count : 0, features = 0;
    for (size_t i = 0; rc == 0 && i < pipeline->entity_count; i++) features += pipeline->entities[i].feature_count;
    bool unnamed = rc == 0 && strcmp(pipeline->entities[0].name, UNNAMED_ENTITY) == 0;
    unenforced = rc == 0 ? pipeline_unenforced(pipeline) : json_array();
    json_t *notes = rc == 0 ? pipeline_notes(pipeline, NOTE_READ_AS) : json_array();
    json_t *warnings = rc == 0 ? pipeline_notes(pipeline, NOTE_WARNING) : json_array();
    envelopes = rc == 0 ? pipeline_envelopes(pipeline) : json_array();
    if (rc == 0) rc = make_all(pipeline, mistakes, err); /* which frees the pipeline */
    app->summary = json_pack("{sb so sO so so sO}", "ok", rc == 0, "mistakes", mistakes, "unenforced", unenforced, "notes", notes,
                             "warnings", warnings, "envelopes", envelopes);
    print_envelopes(app, envelopes);
    print_notes(app, notes, "");
    print_unenforced(app, unenforced);
    print_notes(app, warnings, "warning: ");
    if (unnamed) say(app, "%s\n", UNNAMED_HINT);
    if (rc == 0)
        say(app, "%zu %s and %zu %s, no mistake\n", contracts, counted((int64_t)contracts, "event type", "event types"), features,
            counted((int64_t)features, "feature", "features"));
    else
        print_mistakes(app, mistakes);
    error_clear(err); /* it is among the mistakes */
    return rc == 0 ? 0 : error_exit_code(ERR_CONFIG);
}

/* ---- the actions ---- */

typedef struct Action {
    const char *name;
    size_t arg_count;
    int (*run)(App *app, const ContractOptions *o, Error *err);
} Action;

static const Action actions[] = {{"check", 0, check}, {"infer", 0, contract_infer}, {"diff", 2, contract_diff}, {"docs", 0, contract_docs}};

int command_contract(App *app, int argc, char **argv, Error *err) {
    ContractOptions o = {.sample = 1000};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    for (const Action *a = actions; a < actions + ARRAY_LEN(actions); a++) {
        if (strcmp(a->name, o.action) != 0) continue;
        if (a->arg_count == o.arg_count) return a->run(app, &o, err);
        return error_set(err, ERR_USAGE, "%s expects %zu %s, not %zu", a->name, a->arg_count,
                         counted((int64_t)a->arg_count, "argument", "arguments"), o.arg_count);
    }
    return error_set(err, ERR_USAGE, "expected check, infer, diff or docs, not \"%s\"", o.action);
}

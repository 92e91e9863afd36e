/* quarantine.c: `smelt quarantine list|show|replay`: which events broke their contract, and why. */
#include "base/counted.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/pipeline.h"
#include "flow/reader.h"
#include <inttypes.h>
#include <string.h>

enum { OPT_RULE = 1, OPT_FIELD, OPT_LIMIT };

typedef struct Options {
    const char *action, *rule, *field;
    int64_t limit;
} Options;

static int read_limit(const char *text, int64_t *ret) {
    char *end;
    long v = strtol(text, &end, 10);
    if (*end != '\0' || end == text || v < 1 || v > 1000000) return -1;
    *ret = v;
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_RULE: o->rule = arg; return 0;
    case OPT_FIELD: o->field = arg; return 0;
    case OPT_LIMIT:
        if (read_limit(arg, &o->limit) != 0) argp_error(state, "--limit expects a number from 1 to 1000000, not %s", arg);
        return 0;
    case ARGP_KEY_ARG:
        if (o->action != NULL) return ARGP_ERR_UNKNOWN;
        o->action = arg;
        return 0;
    case ARGP_KEY_END:
        if (o->action == NULL) argp_error(state, "expected list, show or replay");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"rule", OPT_RULE, "RULE", 0, "show: only what broke this rule first", 0},
                                            {"field", OPT_FIELD, "FIELD", 0, "show: only what broke its first rule on this field", 0},
                                            {"limit", OPT_LIMIT, "N", 0, "show: at most N events, the newest first (20)", 0},
                                            {0}},
    .parser = parse,
    .args_doc = "list|show|replay",
    .doc = "list counts by rule and field, with an example; "
           "show prints events and messages that are no events, one JSON object per line; "
           "replay explains how events leave quarantine. "
           "Works beside a running smelt, and on a read-only volume."
           "\vExamples:\n"
           "  smelt quarantine list\n"
           "  smelt quarantine show --rule type --field data_used_mb --limit 5\n",
};

enum { EXAMPLE = 20, CELL = 100, REASON = 500 }; /* bytes that are shown */

/* As a terminal may show it, cut between two characters. The caller frees. */
static char *value_of(const json_t *row, const char *key, size_t most) {
    const char *text = json_string_value(json_object_get(row, key));
    char *shown = terminal_value(text != NULL ? text : "");
    size_t n = strlen(shown);
    if (n <= most) return shown;
    while (most > 0 && ((unsigned char)shown[most] & 0xC0) == 0x80) most--;
    shown[most] = '\0';
    return shown;
}

/* Those who answer for the event types of a row, each once; of types that no contract has, nobody. A new reference. */
static json_t *owners_of(const Pipeline *p, const json_t *row) {
    json_t *owners = json_object(), *type;
    size_t i;
    json_array_foreach(json_object_get(row, "types"), i, type) {
        const char *name = json_string_value(type);
        for (const Contract *c = p->contracts; name != NULL && c < p->contracts + p->contract_count; c++)
            if (c->owner != NULL && strcmp(c->event_type, name) == 0)
                json_object_set_new(owners, c->owner, c->support != NULL ? json_string(c->support) : json_null());
    }
    return owners;
}

/* Into the rows, as `owners`: {name: where to ask, or null}. Contracts that cannot be read are told by other commands. */
static void add_owners(const App *app, json_t *rows) {
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    CLEANUP(error_clear) Error ignored = {0};
    size_t i;
    json_t *row;
    if (pipeline_load(app->settings, &p, &ignored) != 0) return;
    json_array_foreach(rows, i, row) json_object_set_new(row, "owners", owners_of(p, row));
}

static void print_owners(const App *app, const json_t *row) {
    const char *owner;
    json_t *support, *owners = json_object_get(row, "owners");
    CLEANUP(buf_done) Buf line = {0};
    json_object_foreach(owners, owner, support) {
        CLEANUP(free_text) char *name = terminal_value(owner);
        CLEANUP(free_text) char *where = terminal_value(json_is_string(support) ? json_string_value(support) : "");
        buf_addf(&line, "%s%s%s%s", line.len > 0 ? "; " : "", name, where[0] != '\0' ? ", " : "", where);
    }
    if (line.len > 0) say(app, "%10s  %s: %s\n", "", counted((int64_t)json_object_size(owners), "owner", "owners"), line.data);
}

static int list(App *app, const Options *o, Error *err) {
    json_t *rows = NULL, *row;
    size_t i;
    int64_t events = 0;
    (void)o;
    if (reader_ask(app->settings, "quarantine/list", NULL, &rows, err) != 0) return -1;
    add_owners(app, rows);
    if (json_array_size(rows) > 0) say(app, "%10s  %-18s %-18s %-20s %s\n", "events", "rule", "field", "example", "reason");
    json_array_foreach(rows, i, row) {
        int64_t n = json_integer_value(json_object_get(row, "events"));
        events += n;
        CLEANUP(free_text) char *rule = value_of(row, "rule", CELL);
        CLEANUP(free_text) char *field = value_of(row, "field", CELL);
        CLEANUP(free_text) char *example = value_of(row, "example", EXAMPLE);
        CLEANUP(free_text) char *reason = value_of(row, "reason", REASON);
        say(app, "%10" PRId64 "  %-18s %-18s %-20s %s\n", n, rule, field, example, reason);
        print_owners(app, row);
    }
    say(app, "%" PRId64 " %s in quarantine\n", events, counted(events, "event", "events"));
    app->summary = json_pack("{sI so}", "events", (json_int_t)events, "rules", rows);
    return 0;
}

/* Of the columns that only the other layer has. */
static void drop_nulls(json_t *row) {
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(row, next, key, value) if (json_is_null(value)) json_object_del(row, key);
}

static void say_nothing_found(App *app, const Options *o) {
    CLEANUP(free_text) char *rule = terminal_value(o->rule != NULL ? o->rule : "");
    CLEANUP(free_text) char *field = terminal_value(o->field != NULL ? o->field : "");
    say(app, "Nothing in quarantine%s%s%s%s. `smelt quarantine list` has the rules that were broken.\n",
        o->rule != NULL ? " by the rule " : "", rule, o->field != NULL ? " of the field " : "", field);
}

static int show(App *app, const Options *o, Error *err) {
    CLEANUP(json_freep) json_t *args = json_pack("{ss? ss? sI}", "rule", o->rule, "field", o->field, "limit", (json_int_t)o->limit);
    json_t *rows = NULL, *row;
    size_t i;
    if (args == NULL) return error_set(err, ERR_USAGE, "--rule and --field expect UTF-8 text");
    if (reader_ask(app->settings, "quarantine/show", args, &rows, err) != 0) return -1;
    json_array_foreach(rows, i, row) {
        drop_nulls(row);
        CLEANUP(free_text) char *text = json_text(row);
        say(app, "%s\n", text);
    }
    if (json_array_size(rows) == 0) say_nothing_found(app, o);
    app->summary = json_pack("{so}", "rows", rows);
    return 0;
}

/* Silver depends only on Bronze and the contracts, so a rebuild replays all events that pass the corrected contracts. */
static int replay(App *app, const Options *o, Error *err) {
    static const char how[] =
        "correct the contract (or the sender), then run `smelt refine --full`: "
        "it checks every event of Bronze against the contracts again and moves those that pass from quarantine to Silver";
    (void)o, (void)err;
    say(app, "To replay the quarantine, %s.\n", how);
    app->summary = json_pack("{ss}", "next", how);
    return 0;
}

typedef struct Action {
    const char *name;
    int (*run)(App *app, const Options *o, Error *err);
} Action;

static const Action actions[] = {{"list", list}, {"show", show}, {"replay", replay}};

static const Action *find_action(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0) return &actions[i];
    return NULL;
}

int command_quarantine(App *app, int argc, char **argv, Error *err) {
    Options o = {.limit = 20};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    const Action *action = find_action(o.action);
    if (action == NULL) return error_set(err, ERR_USAGE, "expected list, show or replay, not \"%s\"", o.action);
    return action->run(app, &o, err);
}

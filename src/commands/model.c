/* model.c: `smelt model list|show|promote|rollback|compare|set|card`: the models that were trained, and which one is used. */
#include "churn/churn.h"

#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "commands/all.h"
#include "commands/app.h"
#include "evaluate/report.h"
#include "flow/reader.h"
#include "flow/writer.h"
#include <string.h>

enum { OPT_FORCE = 1, OPT_OUT };

typedef struct Options {
    const char *action, *names[2], *out;
    size_t name_count;
    bool force;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FORCE: o->force = true; return 0;
    case OPT_OUT: o->out = arg; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num == 0)
            o->action = arg;
        else if (o->name_count < ARRAY_LEN(o->names))
            o->names[o->name_count++] = arg;
        else
            return ARGP_ERR_UNKNOWN;
        return 0;
    case ARGP_KEY_END:
        if (o->action == NULL) argp_error(state, "expected list, show, promote, rollback, compare, set or card");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"force", OPT_FORCE, NULL, 0, "promote: also when its figures are too good to be true", 0},
                                            {"out", OPT_OUT, "FILE", 0, "set, card: where to write it", 0},
                                            {0}},
    .parser = parse,
    .args_doc = "list|show|promote|rollback|compare|set|card [MODEL [MODEL]]",
    .doc =
        "The models that were trained. One is in use: the one that was promoted last and whose files are whole. `smelt train` promotes a new one "
        "when it ranks the newest cut not worse than the one in use (model.margin); otherwise it stays a candidate. "
        "rollback goes back to the one that was in use before. "
        "set makes the training set of a model again, byte for byte, and writes it as CSV. "
        "card writes what is known of a model as Markdown. Without MODEL it is the one in use."
        "\vExamples:\n"
        "  smelt model list\n"
        "  smelt model show churn-20261124T101500123Z --json\n"
        "  smelt model promote churn-20261124T101500123Z\n"
        "  smelt model compare churn-20261124T101500123Z churn-20261201T101500456Z\n"
        "  smelt model set --out set.csv\n",
};

typedef struct Models {
    LakeConn *conn; /* NULL: the action only reads, also while another process writes */
    ChurnOptions options;
} Models;

/* ---- list ---- */

static int list_models(App *app, const Options *o, const Models *m, Error *err) {
    (void)o, (void)m;
    json_t *rows, *row;
    size_t i;
    if (reader_ask(app->settings, "model/list", NULL, &rows, err) != 0) return -1;
    if (json_array_size(rows) == 0) say(app, "There is no model yet: run `smelt train`.\n");
    json_array_foreach(rows, i, row) {
        const char *note = json_string_value(json_object_get(row, "note"));
        say(app, "%-28s %-10s %-12s AUC %.4f  PR-AUC %.4f%s%s\n", json_string_value(json_object_get(row, "model_id")),
            json_string_value(json_object_get(row, "state")), json_string_value(json_object_get(row, "label_source")),
            json_number_value(json_object_get(row, "auc")), json_number_value(json_object_get(row, "pr_auc")), note != NULL ? "  " : "",
            note != NULL ? note : "");
    }
    app->summary = json_pack("{s:o}", "models", rows);
    return 0;
}

/* ---- one ---- */

static int find_one(App *app, const Models *m, const char *name, json_t **ret, Error *err) {
    if (m->conn != NULL) return churn_find_model(m->conn, name, ret, err);
    CLEANUP(json_freep) json_t *args = json_pack("{ss?}", "id", name);
    if (args == NULL) return error_set(err, ERR_USAGE, "the name of a model is UTF-8 text");
    return reader_ask(app->settings, "model/find", args, ret, err);
}

static int read_one(App *app, const Models *m, const char *name, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *found = NULL;
    if (find_one(app, m, name, &found, err) != 0) return -1;
    return churn_describe_model(m->options.models_dir, found, ret, err);
}

static int show_model(App *app, const Options *o, const Models *m, Error *err) {
    CLEANUP(buf_done) Buf card = {0};
    if (read_one(app, m, o->names[0], &app->summary, err) != 0) return -1;
    churn_model_card(app->summary, &card);
    say(app, "%s", card.data);
    return 0;
}

static int write_card(App *app, const Options *o, const Models *m, Error *err) {
    CLEANUP(buf_done) Buf card = {0};
    CLEANUP(json_freep) json_t *model = NULL;
    if (o->out == NULL) return error_set(err, ERR_USAGE, "card needs --out FILE");
    if (read_one(app, m, o->names[0], &model, err) != 0) return -1;
    churn_model_card(model, &card);
    if (file_write_atomic(o->out, card.data, card.len, err) != 0) return -1;
    say(app, "%s\n", o->out);
    app->summary = json_pack("{s:s}", "file", o->out);
    return 0;
}

static int export_set(App *app, const Options *o, const Models *m, Error *err) {
    CLEANUP(json_freep) json_t *model = NULL;
    if (o->out == NULL) return error_set(err, ERR_USAGE, "set needs --out FILE");
    if (read_one(app, m, o->names[0], &model, err) != 0) return -1;
    const char *id = json_string_value(json_object_get(model, "model_id"));
    if (churn_export_set(m->conn, m->options.models_dir, id, o->out, &app->summary, err) != 0) return -1;
    say(app, "%s: the training set of %s, as it was\n", o->out, id);
    return 0;
}

/* ---- two ---- */

static void say_difference(App *app, const json_t *a, const json_t *b, const char *key) {
    double x = json_number_value(json_object_get(a, key)), y = json_number_value(json_object_get(b, key));
    say(app, "  %-10s %.4f  %.4f  %+.4f\n", key, x, y, y - x);
}

static int compare_models(App *app, const Options *o, const Models *m, Error *err) {
    static const char *const keys[] = {"auc", "pr_auc", "log_loss"};
    json_t *a, *b;
    if (read_one(app, m, o->names[0], &a, err) != 0) return -1;
    app->summary = json_pack("{s:o}", "first", a);
    if (read_one(app, m, o->names[1], &b, err) != 0) return -1;
    json_object_set_new(app->summary, "second", b);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) say_difference(app, a, b, keys[i]);
    say(app, "Each was measured on its own newest cut. `smelt train` compares on the same one; what it found is `compared_with`.\n");
    return 0;
}

/* ---- which one is used ---- */

static int promote_model(App *app, const Options *o, const Models *m, Error *err) {
    if (churn_promote(m->conn, m->options.models_dir, o->names[0], o->force, err) != 0) return -1;
    say(app, "%s is in use; the next `smelt score` scores with it.\n", o->names[0]);
    app->summary = json_pack("{s:s}", "promoted", o->names[0]);
    return 0;
}

static int roll_back(App *app, const Options *o, const Models *m, Error *err) {
    (void)o;
    CLEANUP(free_text) char *withdrawn = NULL;
    CLEANUP(free_text) char *current = NULL;
    if (churn_rollback(m->conn, m->options.models_dir, &withdrawn, &current, err) != 0) return -1;
    say(app, "%s is in use again, %s is withdrawn.\n", current, withdrawn);
    app->summary = json_pack("{s:s, s:s}", "promoted", current, "withdrawn", withdrawn);
    return 0;
}

static const struct Action {
    const char *name;
    size_t least, most; /* models that it names */
    bool needs_writer;
    int (*run)(App *app, const Options *o, const Models *m, Error *err);
} actions[] = {{"list", 0, 0, false, list_models},  {"show", 0, 1, false, show_model},        {"promote", 1, 1, true, promote_model},
               {"rollback", 0, 0, true, roll_back}, {"compare", 2, 2, false, compare_models}, {"set", 0, 1, true, export_set},
               {"card", 0, 1, false, write_card}};

static int run_action(App *app, const struct Action *action, const Options *o, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    Models m = {0};
    if (o->name_count < action->least || o->name_count > action->most)
        return error_set(err, ERR_USAGE, "%s takes %zu to %zu models, not %zu", action->name, action->least, action->most, o->name_count);
    CLEANUP(churn_options_done) ChurnOptions options = {0};
    if (churn_options(app->settings, &options, err) != 0) return -1;
    if (action->needs_writer && writer_open_existing(app->settings, "smelt model", &w, err) != 0) return -1;
    m = (Models){.conn = w.conn, .options = options};
    return action->run(app, o, &m, err);
}

int command_model(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, o.action) == 0) return run_action(app, &actions[i], &o, err);
    return error_set(err, ERR_USAGE, "expected list, show, promote, rollback, compare, set or card, not \"%s\"", o.action);
}

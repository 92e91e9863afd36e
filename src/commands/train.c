/* train.c: `smelt train`. Too little data is an error here, because the user asked for a model; `smelt run` only skips the step. A
 * scheduler that calls single steps uses --scheduled, which works as in `smelt run`. */
#include "churn/churn.h"

#include "base/counted.h"
#include "base/memory.h"
#include "commands/all.h"
#include "commands/app.h"
#include "evaluate/report.h"

enum { OPT_SEED = 1, OPT_LABEL, OPT_ROUNDS, OPT_SCHEDULED, OPT_FORCE };

/* Each option is another name of a setting. It is passed on like `--set`, so that one place checks the values. */
static const struct {
    int option;
    const char *key;
} option_settings[] = {{OPT_SEED, "model.seed"}, {OPT_LABEL, "model.label"}, {OPT_ROUNDS, "model.rounds"}};

typedef struct Options {
    App *app;
    bool scheduled, force;
    char *texts[ARRAY_LEN(option_settings)]; /* "key=value"; owned */
} Options;

static void options_done(Options *o) {
    for (size_t i = 0; i < ARRAY_LEN(o->texts); i++) free(o->texts[i]);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    size_t i = 0;
    if (key == OPT_SCHEDULED) {
        o->scheduled = true;
        return 0;
    }
    if (key == OPT_FORCE) {
        o->force = true;
        return 0;
    }
    while (i < ARRAY_LEN(option_settings) && option_settings[i].option != key) i++;
    if (i == ARRAY_LEN(option_settings)) return ARGP_ERR_UNKNOWN;
    if (o->texts[i] != NULL) argp_error(state, "%s was given twice", option_settings[i].key);
    o->texts[i] = xasprintf("%s=%s", option_settings[i].key, arg);
    o->app->sets = xrealloc(o->app->sets, o->app->set_count + 1, sizeof *o->app->sets);
    o->app->sets[o->app->set_count++] = o->texts[i];
    return 0;
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"label", OPT_LABEL, "declared|rule|FILE.csv", 0,
             "Label to train on: declared (that of `model` in features.yaml), rule, or a CSV file with the column of the id and left_at or churned "
             "(model.label)",
             0},
            {"force", OPT_FORCE, NULL, 0, "Use the new model whatever its figures are", 0},
            {"seed", OPT_SEED, "N", 0, "Seed of the split and of the training (model.seed)", 0},
            {"rounds", OPT_ROUNDS, "N", 0, "Boosting rounds (model.rounds)", 0},
            {"scheduled", OPT_SCHEDULED, NULL, 0,
             "As in `smelt run`: train only when due (model.max_age); with too little data, end with 0", 0},
            {0}},
    .parser = parse,
    .doc =
        "Trains the churn model. With a label of the future it learns from days of the past (cuts) by what was known then, is measured on a "
        "later one, and is used when it is not worse than the model in use; while the history is too short, the declared rule serves. "
        "With a rule, or a file with who has churned, it learns from Gold as it is and is measured on a fifth of the rows. "
        "The same data, label, seed and rounds give the same model."
        "\vExamples:\n"
        "  smelt train\n"
        "  smelt train --label departures.csv\n"
        "  smelt train --seed 7 --rounds 300 --json\n"
        "\nThe label `rule` is computed from the features of the model, so the metrics look perfect and say nothing about real churn. "
        "For a real label, declare one of the future, or use a CSV file that says what really happened, for example:\n"
        "  bike_id,left_at\n"
        "  B-00017,2026-06-01T09:30:00Z\n",
};

static void print_metrics(const App *app, const Metrics *m) {
    say(app, "  AUC       %.4f   probability that one that churned is ranked above one that stayed (0.5: guessing, 1: perfect)\n", m->auc);
    say(app, "  PR-AUC    %.4f   average precision over all recalls (%.4f: guessing, 1: perfect)\n", m->pr_auc, m->base_rate);
    say(app, "  log loss  %.4f   error of the probabilities, lower is better (%.4f: always predicting %.1f%%)\n", m->log_loss,
        m->log_loss_base, m->base_rate * 100);
}

static void print_report(const App *app, const json_t *report) {
    CLEANUP(buf_done) Buf words = {0};
    report_words(report, &words);
    say(app, "%s", words.data);
}

static void print_training(const App *app, const ChurnTraining *t) {
    if (t->skipped != NULL) {
        say(app, "No model was trained: %s.\n", t->skipped);
        return;
    }
    say(app, "%s: trained on %zu %s with %zu %s, measured on %zu others; %.1f%% of all churned; %.2f s\n", t->model_id, t->training_rows,
        t->title_plural, t->features, counted((int64_t)t->features, "feature", "features"), t->holdout_rows,
        100 * (double)t->positives / (double)t->rows, t->seconds);
    print_metrics(app, &t->metrics);
    print_report(app, t->report);
    for (size_t i = 0; i < t->top_count; i++)
        say(app, "%s %s %.0f%%%s", i == 0 ? "  most important features:" : ",", t->top[i].name, t->top[i].gain * 100,
            i + 1 == t->top_count ? "\n" : "");
    if (t->labels_unused.count > 0)
        say(app, "%zu %s ignored: Gold does not have %s%s%s.\n", t->labels_unused.count,
            counted((int64_t)t->labels_unused.count, "label was", "labels were"),
            counted((int64_t)t->labels_unused.count, "its id", "their ids"), t->labels_unused.example != NULL ? ", for example " : "",
            t->labels_unused.example != NULL ? t->labels_unused.example : "");
    if (t->until != NULL) say(app, "This is the rule, not a forecast: %s.\n", t->until);
    if (t->note != NULL) say(app, "NOT IN USE, a candidate: %s.\n", t->note);
    if (t->warning != NULL) say(app, "Warning: %s\n", t->warning);
}

int command_train(App *app, int argc, char **argv, Error *err) {
    CLEANUP(options_done) Options o = {.app = app};
    CLEANUP(churn_options_done) ChurnOptions options = {0};
    CLEANUP(churn_training_done) ChurnTraining training = {0};
    CLEANUP(writer_done) Writer w = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || churn_options(app->settings, &options, err) != 0) return -1;
    if (writer_open_existing(app->settings, "smelt train", &w, err) != 0) return -1;
    int64_t max_age_ms = settings_int(app->settings, "model.max_age");
    options.force = o.force;
    if ((o.scheduled ? churn_train_when_due(w.conn, &options, max_age_ms, &training, err)
                     : churn_train(w.conn, &options, &training, err)) != 0)
        return -1;
    if (training.skipped != NULL && !o.scheduled) return error_set(err, ERR_DATA, "no model was trained: %s", training.skipped);
    print_training(app, &training);
    app->summary = churn_training_json(&training);
    return 0;
}

/* score.c: `smelt score`. */
#include "churn/churn.h"

#include "commands/all.h"
#include "commands/app.h"

enum { OPT_FULL = 1, OPT_SCHEDULED };

typedef struct Options {
    bool full, scheduled;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)arg;
    Options *o = state->input;
    switch (key) {
    case OPT_FULL: o->full = true; return 0;
    case OPT_SCHEDULED: o->scheduled = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"full", OPT_FULL, NULL, 0, "Score all again, also where nothing has changed", 0},
                                            {"scheduled", OPT_SCHEDULED, NULL, 0, "As in `smelt run`: without a model, end with 0", 0},
                                            {0}},
    .parser = parse,
    .doc = "Scores those whose features or model have changed since their last score, with the current churn model: "
           "probability, risk band and the three features that influenced it most. "
           "A forecast is scored once a day, for everybody of its population."
           "\vExamples:\n"
           "  smelt score\n"
           "  smelt score --full --json\n",
};

static void print_scores(const App *app, const ChurnScores *s) {
    if (s->skipped != NULL) {
        say(app, "Nothing was scored: %s.\n", s->skipped);
        return;
    }
    say(app, "%zu %s scored with %s in %.2f s. Of %zu with a score:", s->rows, s->title_plural, s->model_id, s->seconds, s->scored);
    for (size_t i = 0; i < CHURN_BANDS; i++) say(app, "%s %zu %s", i > 0 ? "," : "", s->by_band[i], churn_bands[i].name);
    say(app, " risk\n");
    if (s->advice != NULL) say(app, "Warning: %s\n", s->advice);
}

int command_score(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(churn_options_done) ChurnOptions options = {0};
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(writer_done) Writer w = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || churn_options(app->settings, &options, err) != 0) return -1;
    if (writer_open_existing(app->settings, "smelt score", &w, err) != 0) return -1;
    if (churn_score(w.conn, options.models_dir, o.full, &scores, err) != 0) return -1;
    if (scores.skipped != NULL && !o.scheduled) return error_set(err, ERR_DATA, "nothing was scored: %s", scores.skipped);
    print_scores(app, &scores);
    app->summary = churn_scores_json(&scores);
    return 0;
}

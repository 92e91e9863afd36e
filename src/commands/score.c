/* score.c: `smelt score`. */
#include "medallion/churn.h"

#include "commands/all.h"
#include "commands/app.h"

static const struct argp argp = {
    .doc = "Scores every subscriber in Gold with the current churn model and replaces the scores: probability, risk band (high from 0.5, "
           "medium from "
           "0.2) and the three features that moved the answer most."
           "\vExamples:\n"
           "  smelt score\n"
           "  smelt score --json\n",
};

static void tell(const App *app, const ChurnScores *s) {
    say(app, "%zu subscribers scored with %s in %.2f s:", s->rows, s->model_id, s->seconds);
    for (size_t i = 0; i < CHURN_BANDS; i++) say(app, "%s %zu %s", i > 0 ? "," : "", s->by_band[i], churn_bands[i].name);
    say(app, " risk\n");
    if (s->advice != NULL) say(app, "Warning: %s\n", s->advice);
}

int command_score(App *app, int argc, char **argv, Error *err) {
    CLEANUP(churn_options_done) ChurnOptions options = {0};
    CLEANUP(churn_scores_done) ChurnScores scores = {0};
    CLEANUP(writer_done) Writer w = {0};
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0 || churn_options(app->settings, &options, err) != 0) return -1;
    if (app_open_existing_lake(app, "smelt score", &w, err) != 0) return -1;
    if (churn_score(w.conn, options.models_dir, &scores, err) != 0) return -1;
    if (scores.skipped != NULL) return error_set(err, ERR_DATA, "nothing was scored: %s", scores.skipped);
    tell(app, &scores);
    app->summary = churn_scores_json(&scores);
    return 0;
}

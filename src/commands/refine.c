/* refine.c: `smelt refine`. */
#include "refine/refine.h"

#include "base/counted.h"
#include "base/document.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/explain.h"
#include "contract/names.h"
#include <inttypes.h>
#include <string.h>

enum { OPT_FULL = 1, OPT_PIPELINE };

typedef struct Options {
    bool full;
    const char *pipeline;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FULL: o->full = true; return 0;
    case OPT_PIPELINE: o->pipeline = arg; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"full", OPT_FULL, NULL, 0,
             "Rebuild Silver and Gold from all of Bronze; readers see the old tables until the new ones are complete", 0},
            {"pipeline", OPT_PIPELINE, "DIR", 0, "Contracts and features to use instead of the setting pipeline.dir", 0},
            {0}},
    .parser = parse,
    .doc = "Checks the events that landed in Bronze since the last refine against their contracts. "
           "Those that pass go to Silver, the others to quarantine; then Gold is updated."
           "\vExamples:\n"
           "  smelt refine\n"
           "  smelt refine --full          after a contract was changed, to apply it to the history\n"
           "  smelt refine --pipeline my   with your own contracts and features (`smelt init` writes them)\n",
};

/* What is in Bronze keeps the event time that ingest read; the payload is read again by `refine --full`. */
static int print_other_units(const App *app, LakeConn *conn, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *found = NULL;
    LakeValue since = lake_text("-infinity");
    int got;
    if (lake_query(conn, "serving/other_units", lake_sql("serving/other_units"), &since, 1, &found, err) != 0) return -1;
    while ((got = lake_next(found, err)) > 0) {
        CLEANUP(free_text) char *words = terminal_value(lake_col_text(found, 0, NULL));
        say(app, "Warning: %s\n", words);
    }
    if (got == 0)
        say(app,
            "Correct transformLogic in the contract, then run `smelt refine --full`. The event's own time was read by `smelt ingest` and stays: "
            "read the topic again into a new data.dir.\n");
    return got;
}

static void print_notes(const App *app, const RefineStats *s) {
    if (s->entity_count > 0 && strcmp(s->entities[0].name, UNNAMED_ENTITY) == 0) say(app, "%s\n", UNNAMED_HINT);
    if (s->columns_added > 0)
        say(app, "Silver has %" PRId64 " new %s NULL in older rows.\n", s->columns_added,
            counted(s->columns_added, "column, which is", "columns, which are"));
    if (s->features_rebuilt) say(app, "The features have changed: Gold was rebuilt from Silver.\n");
    if (s->contracts_changed)
        say(app, "The contracts have changed and apply to new events. `smelt refine --full` applies them to the history.\n");
    int64_t drifted = s->drifted - s->other_unit;
    if (drifted > 0)
        say(app, "%" PRId64 " %s fields that are in no contract, or numbers as text: see the table silver_drift.\n", drifted,
            counted(drifted, "event has", "events have"));
    if (s->quarantined > 0) say(app, "`smelt quarantine list` shows the events in quarantine by rule.\n");
}

int command_refine(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(refinery_freep) Refinery *refinery = NULL;
    RefineStats stats = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    if ((o.pipeline != NULL ? pipeline_load_dir(o.pipeline, &pipeline, err) : pipeline_load(app->settings, &pipeline, err)) != 0) return -1;
    CLEANUP(json_freep) json_t *unenforced = pipeline_unenforced(pipeline);
    if (refinery_new(TAKE(pipeline), &refinery, err) != 0) return -1;
    if (writer_open_existing(app->settings, "smelt refine", &w, err) != 0) return -1;
    RefineOptions options = {.full = o.full, .threads = (int)settings_int(app->settings, "refine.threads")};
    if (refine_run(refinery, w.conn, &options, &stats, err) != 0) return -1;
    say(app, "%" PRId64 " %s into Silver, %" PRId64 " into quarantine", stats.silver, counted(stats.silver, "event", "events"),
        stats.quarantined);
    for (size_t i = 0; i < stats.entity_count; i++)
        if (strcmp(stats.entities[i].name, UNNAMED_ENTITY) != 0)
            say(app, ", %" PRId64 " %s", stats.touched[i],
                counted(stats.touched[i], stats.entities[i].title, stats.entities[i].title_plural));
    say(app, ", %.2f s\n", stats.seconds);
    print_notes(app, &stats);
    if (stats.other_unit > 0 && print_other_units(app, w.conn, err) != 0) return -1;
    app->summary = refine_stats_json(&stats);
    json_object_set(app->summary, "unenforced", unenforced);
    return 0;
}

/* publish.c: `smelt publish`. */
#include "snapshot/publish.h"

#include "commands/all.h"
#include "commands/app.h"
#include <inttypes.h>

enum { OPT_PARQUET = 1, OPT_FULL };

typedef struct Options {
    bool full;
    const char *parquet_dir;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FULL: o->full = true; return 0;
    case OPT_PARQUET: o->parquet_dir = arg; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){{"parquet", OPT_PARQUET, "DIR", 0, "Also write Gold with its scores to DIR as Parquet", 0},
                                     {"full", OPT_FULL, NULL, 0, "Write all of Gold, not only the changes since the last generation", 0},
                                     {0}},
    .parser = parse,
    .doc = "Durably writes Gold, the scores and the data of the dashboards as a new immutable snapshot, and makes it the current one. "
           "Readers use their open generation until they next check for a new one."
           "\vExamples:\n"
           "  smelt publish\n"
           "  smelt publish --parquet /data/open --json\n",
};

static json_t *summarize(const PublishResult *r) {
    return json_pack("{s:I, s:s, s:I, s:b, s:f, s:s*}", "generation", (json_int_t)r->snapshot.generation, "path", r->snapshot.path, "bytes",
                     (json_int_t)r->snapshot.bytes, "incremental", r->snapshot.incremental, "seconds", r->seconds, "parquet",
                     r->parquet_path);
}

int command_publish(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(publish_result_done) PublishResult result = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    if (o.parquet_dir != NULL && o.parquet_dir[0] == '\0') return error_set(err, ERR_USAGE, "--parquet is empty: expected a folder");
    if (writer_open_existing(app->settings, "smelt publish", &w, err) != 0) return -1;
    PublishOptions options = {
        .keep = (int)settings_int(app->settings, "snapshots.keep"), .full = o.full, .checkpoint_lake = true, .parquet_dir = o.parquet_dir};
    if (publish_run(w.conn, app->layout.snapshots_dir, &options, &result, err) != 0) return -1;
    say(app, "Generation %" PRId64 " is published: %s (%.1f MB) in %.0f ms\n", result.snapshot.generation, result.snapshot.path,
        (double)result.snapshot.bytes / 1e6, result.seconds * 1e3);
    if (result.parquet_path != NULL) say(app, "Gold as Parquet: %s\n", result.parquet_path);
    app->summary = summarize(&result);
    return 0;
}

/* ingest.c: `smelt ingest`. */
#include "ingest/ingest.h"

#include "base/clock.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/pipeline.h"
#include <inttypes.h>

enum { OPT_FROM = 1, OPT_FOLLOW, OPT_TIMEOUT, OPT_NEW_EPOCH, OPT_SKIP_UNREADABLE };

typedef struct Options {
    const char *from, *timeout;
    bool follow, new_epoch, skip_unreadable;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FROM: o->from = arg; return 0;
    case OPT_FOLLOW: o->follow = true; return 0;
    case OPT_TIMEOUT: o->timeout = arg; return 0;
    case OPT_NEW_EPOCH: o->new_epoch = true; return 0;
    case OPT_SKIP_UNREADABLE: o->skip_unreadable = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"from", OPT_FROM, "FILE.jsonl", 0, "Read a file (one message per line) instead of Kafka", 0},
            {"follow", OPT_FOLLOW, NULL, 0, "Continue after the end, until SIGTERM or Ctrl-C", 0},
            {"timeout", OPT_TIMEOUT, "DURATION", 0,
             "End with exit code 69 when Kafka was unreachable this long (ingest.timeout; with --follow: never); a partition that does not "
             "move this long is given up, and the others are read",
             0},
            {"new-epoch", OPT_NEW_EPOCH, NULL, 0,
             "Accept that the topic was deleted and recreated, or a partition truncated: also read what is there now", 0},
            {"skip-unreadable", OPT_SKIP_UNREADABLE, NULL, 0,
             "Record a batch of messages that cannot be read (wrong checksum, too large) as a gap, and go on behind it", 0},
            {0}},
    .parser = parse,
    .doc = "Reads every partition from the offset stored in the lake up to its end at the start of the command, "
           "and stores each message exactly once: "
           "an event in Bronze, a copy among the duplicates, anything else among the rejects. "
           "If it is killed and run again, nothing is lost and nothing is stored twice; `smelt audit` proves it."
           "\vExamples:\n"
           "  smelt ingest\n"
           "  smelt --set kafka.bootstrap=broker:9092 ingest --follow\n"
           "  smelt ingest --from history.jsonl --json\n",
};

static int set_options(const App *app, const Options *o, IngestOptions *ret, Error *err) {
    *ret = ingest_options(app->settings);
    ret->follow = o->follow;
    ret->new_epoch = o->new_epoch;
    ret->skip_unreadable = o->skip_unreadable;
    if (o->follow) ret->timeout_ms = 0;
    if (o->timeout == NULL) return 0;
    if (duration_parse_ms(o->timeout, &ret->timeout_ms, err) != 0) return -1;
    ret->stall_ms = ret->timeout_ms;
    return 0;
}

static void print_result(const App *app, const char *topic, const IngestResult *r) {
    const LedgerCounts *c = &r->counts;
    double events = (double)(c->landed + c->duplicates + c->rejected);
    say(app, "%s: %" PRId64 " landed, %" PRId64 " duplicates, %" PRId64 " rejected, %" PRId64 " gaps in %.2f s (%.0f events/s)\n", topic,
        c->landed, c->duplicates, c->rejected, c->gaps, r->seconds, r->seconds > 0 ? events / r->seconds : 0);
    if (c->gaps > c->lost)
        say(app, "  %" PRId64 " of the gaps hold no message: markers of transactions, aborted or compacted messages\n", c->gaps - c->lost);
    if (c->lost > 0) say(app, "  %" PRId64 " messages are lost: the log has the offsets and the reason\n", c->lost);
    if (r->envelope_changed) say(app, "  the envelope has changed since the last time: the log has both, and what that means\n");
    for (size_t i = 0; i < r->partition_count; i++)
        say(app, "  partition %d: next offset %" PRId64 " of %" PRId64 "\n", (int)r->partitions[i].partition, r->partitions[i].next,
            r->partitions[i].end);
    if (r->stopped) say(app, "Stopped before the end; run it again to continue.\n");
}

int command_ingest(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    IngestOptions options;
    CLEANUP(writer_done) Writer w = {0}; /* before the feed, so that it is closed after it */
    CLEANUP(feed_freep) Feed *feed = NULL;
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(ingest_result_done) IngestResult result = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || set_options(app, &o, &options, err) != 0) return -1;
    if (pipeline_load(app->settings, &pipeline, err) != 0) return -1;
    options.pipeline = pipeline;
    int (*open_lake)(const Settings *, const char *, Writer *, Error *) = o.follow ? writer_open_wait_for_space : writer_open;
    if ((o.from != NULL ? feed_open_file(o.from, o.follow, &feed, err) : feed_open_kafka(app->settings, &feed, err)) != 0) return -1;
    if (open_lake(app->settings, "smelt ingest", &w, err) != 0) return -1;
    options.mark = w.mark;
    if (ingest_run(w.conn, feed, &options, &result, err) != 0) return o.follow ? writer_reexec_if_disk_full(err) : -1;
    print_result(app, feed_topic(feed), &result);
    app->summary = ingest_result_json(&result, feed_topic(feed));
    if (ingest_result_check(&result, err) != 0) return -1;
    return result.stopped ? error_exit_code(ERR_STOPPED) : 0;
}

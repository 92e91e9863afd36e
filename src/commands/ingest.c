/* ingest.c: `smelt ingest`. */
#include "ingest/ingest.h"

#include "base/clock.h"
#include "base/counted.h"
#include "commands/all.h"
#include "commands/app.h"
#include "contract/pipeline.h"
#include <inttypes.h>

enum { OPT_FROM = 1, OPT_TOPIC, OPT_FOLLOW, OPT_TIMEOUT, OPT_NEW_EPOCH, OPT_SKIP_UNREADABLE };

typedef struct Options {
    const char *from, *topic, *timeout;
    bool follow, new_epoch, skip_unreadable;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_FROM: option_keep_one(state, "--from", &o->from, arg); return 0;
    case OPT_TOPIC: option_keep_one(state, "--topic", &o->topic, arg); return 0;
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
            {"topic", OPT_TOPIC, "NAME", 0, "Read only this one of the topics (kafka.topics); with --from: whose messages the file has", 0},
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
           "If it is killed and run again, nothing is lost and nothing is stored twice; `smelt audit` proves it. "
           "Of several topics (kafka.topics) one that cannot be read holds no other back."
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
    if (o->topic != NULL) ret->topic = o->topic;
    if (o->timeout == NULL) return 0;
    if (duration_parse_ms(o->timeout, &ret->timeout_ms, err) != 0) return -1;
    ret->stall_ms = ret->timeout_ms;
    return 0;
}

static void print_topic(const App *app, const IngestTopic *t, double seconds) {
    const LedgerCounts *c = &t->counts;
    double events = (double)(c->landed + c->duplicates + c->rejected);
    say(app, "%s: %" PRId64 " landed, %" PRId64 " %s, %" PRId64 " rejected, %" PRId64 " %s in %.2f s (%.0f events/s)\n", t->name, c->landed,
        c->duplicates, counted(c->duplicates, "duplicate", "duplicates"), c->rejected, c->gaps, counted(c->gaps, "gap", "gaps"), seconds,
        seconds > 0 ? events / seconds : 0);
    if (c->gaps > c->lost)
        say(app, "  %" PRId64 " of the gaps %s no message: markers of transactions, aborted or compacted messages\n", c->gaps - c->lost,
            counted(c->gaps - c->lost, "holds", "hold"));
    if (c->lost > 0)
        say(app, "  %" PRId64 " %s lost for good: `smelt audit` says which, and the reason\n", c->lost,
            counted(c->lost, "offset is", "offsets are"));
    if (t->envelope_changed) say(app, "  the envelope has changed since the last time: the log has both, and what that means\n");
    for (size_t i = 0; i < t->partition_count; i++)
        say(app, "  partition %d: next offset %" PRId64 " of %" PRId64 "\n", (int)t->partitions[i].partition, t->partitions[i].next,
            t->partitions[i].end);
}

static void print_result(const App *app, const IngestResult *r) {
    for (size_t i = 0; i < r->topic_count; i++) print_topic(app, &r->topics[i], r->seconds);
    if (r->stopped) say(app, "Stopped before the end; run it again to continue.\n");
}

static int open_feeds(App *app, const Options *o, FeedList *ret, Error *err) {
    if (o->from != NULL) return feeds_open_file(o->from, o->follow, ret, err);
    if (command_topics(app, err) != 0) return -1;
    if (o->topic != NULL && topic_list_pick(&app->topics, o->topic, err) != 0) return -1;
    return feeds_open_topics(app->settings, &app->topics, ret, err);
}

int command_ingest(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    IngestOptions options;
    CLEANUP(writer_done) Writer w = {0}; /* before the feeds, so that it is closed after them */
    CLEANUP(feeds_done) FeedList feeds = {0};
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(ingest_result_done) IngestResult result = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0 || set_options(app, &o, &options, err) != 0) return -1;
    if (pipeline_load(app->settings, &pipeline, err) != 0) return -1;
    options.pipeline = pipeline;
    int (*open_lake)(const Settings *, const char *, Writer *, Error *) = o.follow ? writer_open_wait_for_space : writer_open;
    if (open_feeds(app, &o, &feeds, err) != 0 || open_lake(app->settings, "smelt ingest", &w, err) != 0) return -1;
    options.mark = w.mark;
    if (ingest_run(w.conn, feeds.items, feeds.count, &options, &result, err) != 0) return o.follow ? writer_reexec_if_it_helps(err) : -1;
    print_result(app, &result);
    app->summary = ingest_result_json(&result);
    if (ingest_result_check(&result, err) != 0) return -1;
    return result.stopped ? error_exit_code(ERR_STOPPED) : 0;
}

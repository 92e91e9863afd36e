/* produce_options.c: the options of `smelt produce`.
 *
 * Most options are one number with a range: tables list them with the offset of their value. Options override NUM_EVENTS and PRODUCER_MODE,
 * the environment variables of the prototype's deployments.
 *
 * Invariant: produce_options_read returns only values that are in range and do not contradict each other. */
#include "commands/produce_options.h"

#include "base/clock.h"
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SUBSCRIBERS 1000
#define DEFAULT_PARTITIONS  4
#define MAX_EVENTS          INT64_C(1000000000000)
#define MAX_WAIT_MS         INT64_C(604800000)

enum {
    OPT_EVENTS = 'n',
    OPT_STREAM = 's',
    OPT_OUT = 'o',
    OPT_MIN_EVENTS = 0x2000,
    OPT_MAX_EVENTS,
    OPT_MIN_WAIT,
    OPT_MAX_WAIT,
    OPT_DAYS,
    OPT_START,
    OPT_SUBSCRIBERS,
    OPT_SEED,
    OPT_FAULTS,
    OPT_PARTITIONS,
    OPT_TRUTH,
    OPT_TRUTH_AT,
    OPT_DEPARTURES,
    OPT_BEHAVIOUR,
    OPT_ARRIVAL_TIMES,
};

static const struct argp_option option_table[] = {
    {NULL, 0, NULL, 0, "Number and time of the events:", 1},
    {"events", OPT_EVENTS, "N", 0,
     "Number of events (default: NUM_EVENTS of the environment, else 500; with --days, 8 per subscriber and day)", 1},
    {"days", OPT_DAYS, "D", 0, "History: spread the events over D days instead of the last 10 minutes", 1},
    {"start", OPT_START, "TIME", 0, "Start of the D days, e.g. 2026-10-01 (default: D days ago)", 1},
    {"stream", OPT_STREAM, NULL, 0,
     "Send a batch every few minutes until SIGTERM (also: PRODUCER_MODE=stream); with --days, the history is sent first", 2},
    {"min-events", OPT_MIN_EVENTS, "N", 0, "Smallest batch (200)", 2},
    {"max-events", OPT_MAX_EVENTS, "N", 0, "Largest batch (500)", 2},
    {"min-wait", OPT_MIN_WAIT, "TIME", 0, "Shortest pause between batches (5m)", 2},
    {"max-wait", OPT_MAX_WAIT, "TIME", 0, "Longest pause (10m)", 2},
    {NULL, 0, NULL, 0, "Subscribers and faults:", 3},
    {"subscribers", OPT_SUBSCRIBERS, "N", 0, "Number of subscribers (1000)", 3},
    {"seed", OPT_SEED, "S", 0,
     "Seed of the synthetic operator. With --start, the output is the same each time (default: operator 1, new events each time)", 3},
    {"faults", OPT_FAULTS, "RATE", 0, "Share of malformed, late or duplicate messages, 0 to 1 (0)", 3},
    {"behaviour", OPT_BEHAVIOUR, "NAME", 0,
     "simple: each departure shows for 30 days before, nothing else looks like it. credible: silent departures, false alarms, a price "
     "rise, a campaign, new subscribers, messages under way for some time (simple)",
     3},
    {"truth", OPT_TRUTH, "FILE", 0,
     "Also write a CSV file with a line per subscriber: subscriber_id,churned,churned_at,tendency, as of 30 days after the end, and "
     "ceiling, the probability to leave within these 30 days that no model can better",
     3},
    {"truth-at", OPT_TRUTH_AT, "TIME", 0, "The end from which --truth counts, e.g. the cut of a test set (default: the end)", 3},
    {"departures", OPT_DEPARTURES, "FILE", 0,
     "Also write a CSV file with a line per departure in the D days and the 30 days after, or before them when the subscriber is still away then: "
     "subscriber_id,left_at,until,returns,cause,distress_days,returned_at",
     3},
    {NULL, 0, NULL, 0, "Output:", 4},
    {"partitions", OPT_PARTITIONS, "N", 0, "Partitions of the topic, if it must be created (4)", 4},
    {"out", OPT_OUT, "FILE", 0,
     "Write to a file instead of Kafka, one message per line; - is stdout. Empty values and tombstones are empty lines", 4},
    {"arrival-times", OPT_ARRIVAL_TIMES, NULL, 0,
     "Messages carry the time at which they arrived: as the timestamp of the Kafka record, or in a file in front of the line, in "
     "milliseconds and followed by a tab, which `smelt ingest --from` reads (default with the behaviour credible). A broker removes "
     "records by this time: the retention of a topic that is already there must be longer than the history",
     4},
    {0},
};

static const char doc[] = "Sends synthetic telecom events (BSS, OSS, IoT) to the topic kafka.topic."
                          "\vExamples:\n"
                          "  500 events of the last 10 minutes:\n"
                          "    smelt produce\n"
                          "  200-500 events every 5-10 minutes, until SIGTERM:\n"
                          "    smelt produce --stream\n"
                          "  For a demo: a month of history, then events every second:\n"
                          "    smelt produce --days 30 --stream --min-events 50 --max-events 100 \\\n"
                          "      --min-wait 1s --max-wait 1s\n"
                          "  5% malformed, late or duplicate messages, counted by kind:\n"
                          "    smelt produce --events 100000 --faults 0.05\n"
                          "  The same output each time, and which subscribers churned:\n"
                          "    smelt produce --seed 7 --start 2026-10-01 --days 30 \\\n"
                          "      --out events.jsonl --truth truth.csv\n"
                          "  Half a year in which some leave without a sign, and when each left:\n"
                          "    smelt produce --behaviour credible --seed 7 --start 2026-03-01 --days 180 \\\n"
                          "      --subscribers 5000 --events 1800000 --out events.jsonl --departures left.csv\n";

/* Options that are one number: its offset in ProduceOptions and its range. */
static const struct {
    int key;
    size_t offset;
    int64_t low, high;
} integers[] = {
    {OPT_EVENTS, offsetof(ProduceOptions, events), 1, MAX_EVENTS},
    {OPT_MIN_EVENTS, offsetof(ProduceOptions, min_events), 1, MAX_EVENTS},
    {OPT_MAX_EVENTS, offsetof(ProduceOptions, max_events), 1, MAX_EVENTS},
    {OPT_SUBSCRIBERS, offsetof(ProduceOptions, subscribers), 1, OPERATOR_MAX_SUBSCRIBERS},
    {OPT_PARTITIONS, offsetof(ProduceOptions, partitions), 1, 10000},
};

static const struct {
    int key;
    size_t offset;
    double low, high;
} reals[] = {
    {OPT_DAYS, offsetof(ProduceOptions, days), 1e-4, 3660},
    {OPT_FAULTS, offsetof(ProduceOptions, faults), 0, 1},
};

static const struct {
    int key;
    size_t offset;
} durations[] = {
    {OPT_MIN_WAIT, offsetof(ProduceOptions, min_wait_ms)},
    {OPT_MAX_WAIT, offsetof(ProduceOptions, max_wait_ms)},
};

static int read_integer(const char *text, int64_t low, int64_t high, int64_t *ret) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low || value > high) return -1;
    *ret = value;
    return 0;
}

static int read_real(const char *text, double low, double high, double *ret) {
    char *end;
    double value = clock_amount(text, &end);
    if (end == text || *end != '\0' || !(value >= low && value <= high)) return -1;
    *ret = value;
    return 0;
}

static bool parse_number(int key, const char *arg, ProduceOptions *options, struct argp_state *state) {
    char *base = (char *)options;
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        if (integers[i].key != key) continue;
        if (read_integer(arg, integers[i].low, integers[i].high, (int64_t *)(void *)(base + integers[i].offset)) != 0)
            argp_error(state, "'%s': expected a whole number from %" PRId64 " to %" PRId64, arg, integers[i].low, integers[i].high);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
        if (reals[i].key != key) continue;
        if (read_real(arg, reals[i].low, reals[i].high, (double *)(void *)(base + reals[i].offset)) != 0)
            argp_error(state, "'%s': expected a number from %g to %g", arg, reals[i].low, reals[i].high);
        return true;
    }
    return false;
}

static bool parse_time(int key, const char *arg, ProduceOptions *options, struct argp_state *state) {
    Error err = {0};
    for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
        if (durations[i].key != key) continue;
        int64_t *ret = (int64_t *)(void *)((char *)options + durations[i].offset);
        if (duration_parse_ms(arg, ret, &err) != 0) argp_error(state, "%s", err.text);
        if (*ret < 0 || *ret > MAX_WAIT_MS) argp_error(state, "'%s': expected a duration from 0 to 7 days", arg);
        return true;
    }
    if (key != OPT_START && key != OPT_TRUTH_AT) return false;
    int64_t *ret = key == OPT_START ? &options->start_us : &options->truth_at_us;
    if (clock_parse(arg, ret, &err) != 0) argp_error(state, "%s", err.text);
    if (*ret <= 0) argp_error(state, "'%s': expected a time after 1970", arg);
    return true;
}

static void parse_behaviour(const char *arg, ProduceOptions *options, struct argp_state *state) {
    static const char *const names[BEHAVIOURS] = {[BEHAVIOUR_SIMPLE] = "simple", [BEHAVIOUR_CREDIBLE] = "credible"};
    for (int i = 0; i < BEHAVIOURS; i++) {
        if (strcmp(arg, names[i]) != 0) continue;
        options->behaviour = (Behaviour)i;
        if (options->behaviour == BEHAVIOUR_CREDIBLE) options->arrival_times = true;
        return;
    }
    argp_error(state, "'%s': the behaviours are simple and credible", arg);
}

static void parse_seed(const char *arg, ProduceOptions *options, struct argp_state *state) {
    int64_t seed = 0;
    if (read_integer(arg, 0, INT64_MAX, &seed) != 0) argp_error(state, "'%s': expected a whole number from 0", arg);
    options->seed = (uint64_t)seed;
    options->seeded = true;
}

static void check_options(const ProduceOptions *options, struct argp_state *state) {
    if (options->min_events > options->max_events) argp_error(state, "--min-events is above --max-events");
    if (options->min_wait_ms > options->max_wait_ms) argp_error(state, "--min-wait is above --max-wait");
    if (options->start_us != 0 && options->days <= 0) argp_error(state, "--start needs --days");
    if (options->truth_at_us != 0 && options->truth == NULL) argp_error(state, "--truth-at needs --truth");
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    ProduceOptions *options = state->input;
    switch (key) {
    case OPT_STREAM: options->stream = true; return 0;
    case OPT_OUT: options->out = arg; return 0;
    case OPT_TRUTH: options->truth = arg; return 0;
    case OPT_DEPARTURES: options->departures = arg; return 0;
    case OPT_BEHAVIOUR: parse_behaviour(arg, options, state); return 0;
    case OPT_ARRIVAL_TIMES: options->arrival_times = true; return 0;
    case OPT_SEED: parse_seed(arg, options, state); return 0;
    case ARGP_KEY_ARG: argp_error(state, "unexpected argument '%s'", arg); return EINVAL;
    case ARGP_KEY_END: check_options(options, state); return 0;
    default: break;
    }
    if (arg == NULL) return ARGP_ERR_UNKNOWN;
    return parse_number(key, arg, options, state) || parse_time(key, arg, options, state) ? 0 : ARGP_ERR_UNKNOWN;
}

/* The environment variables of the prototype's deployments; options override them. */
static int read_environment(ProduceOptions *options, Error *err) {
    const char *mode = getenv("PRODUCER_MODE"), *events = getenv("NUM_EVENTS");
    if (mode != NULL && strcmp(mode, "stream") == 0) options->stream = true;
    if (events == NULL || *events == '\0' || options->events != 0 || options->stream) return 0;
    if (read_integer(events, 1, MAX_EVENTS, &options->events) == 0) return 0;
    return error_set(err, ERR_CONFIG, "NUM_EVENTS is '%s', expected a whole number from 1", events);
}

int produce_options_read(App *app, int argc, char **argv, ProduceOptions *ret, Error *err) {
    static const struct argp argp = {.options = option_table, .parser = parse, .doc = doc};
    *ret = (ProduceOptions){.min_events = 200,
                            .max_events = 500,
                            .min_wait_ms = 300000,
                            .max_wait_ms = 600000,
                            .subscribers = DEFAULT_SUBSCRIBERS,
                            .partitions = DEFAULT_PARTITIONS};
    if (command_parse(app, &argp, argc, argv, ret, err) != 0 || read_environment(ret, err) != 0) return -1;
    if (app->json && ret->out != NULL && strcmp(ret->out, "-") == 0)
        return error_set(err, ERR_USAGE, "--out - and --json both write to stdout: write the events to a file");
    return 0;
}

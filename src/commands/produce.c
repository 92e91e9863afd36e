/* produce.c: `smelt produce`: sends the synthetic operator's events to Kafka, or writes them to a file.
 *
 * There are three modes over one loop (emit_window). One-shot: a window that ends now. History: a window of days, emitted as fast as
 * possible. Stream: a batch every few minutes, whose window is the time since the previous batch. --days with --stream emits the history
 * first.
 *
 * --seed selects the operator (its subscribers, towers and churn dates). Without --seed it is always operator 1, so that batches of
 * different runs form one history. With --seed, the events depend on the seed and the start of the first window: the same --seed and
 * --start give the same bytes. Without --seed, the events of each run are random.
 *
 * Invariant: events = acknowledged + failed when the command succeeds. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/counted.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/produce_options.h"
#include "commands/produce_output.h"
#include "telecom/random.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>

#define DEFAULT_EVENTS            500 /* as in the prototype */
#define DEFAULT_OPERATOR          1
#define EVENTS_PER_SUBSCRIBER_DAY 8                /* of history */
#define RECENT_MS                 (10 * 60 * 1000) /* the window without --days */
#define TOPIC_TIMEOUT_MS          15000
#define NO_ACK_TIMEOUT_MS         60000 /* without any acknowledgement */
#define RETRY_MS                  5000
#define CHECK_EVERY               1024 /* messages between checks of the clock and the stop flag */
#define TRUTH_AHEAD_DAYS          30
#define DEPARTURES_BEFORE_DAYS    400 /* a subscriber is never away for so long */
#define USEC_PER_DAY              (INT64_C(86400) * USEC_PER_SEC)

/* ---- the work ---- */

typedef struct Produce {
    App *app;
    ProduceOptions options;
    Operator *op;
    Emitter *emitter;
    ProduceOutput output;
    Random random; /* of batch sizes and pauses */
    Progress progress;
    int64_t started_ns;
    uint64_t events;
    int64_t first_us, last_us; /* of the events whose time is in the window, so neither late nor redelivered; 0: none yet */
} Produce;

static void produce_done(Produce *p) {
    produce_output_done(&p->output);
    emitter_freep(&p->emitter);
    operator_freep(&p->op);
}

static void show_progress(void *context) {
    Produce *p = context;
    progress_update(&p->progress, p->output.producer != NULL ? produce_output_acknowledged(&p->output) : p->events);
}

static void note_time(Produce *p, const EmitterMessage *message) {
    if (message->fault == FAULT_LATE || message->fault == FAULT_REDELIVERY) return;
    if (p->first_us == 0 || message->at_us < p->first_us) p->first_us = message->at_us;
    if (message->at_us > p->last_us) p->last_us = message->at_us;
}

/* Emits a window and waits for the acknowledgements; ends early when a stop is requested. */
static int emit_window(Produce *p, int64_t from_us, int64_t until_us, uint64_t events, Error *err) {
    EmitterMessage message;
    emitter_window(p->emitter, from_us, until_us, events);
    while (emitter_next(p->emitter, &message)) {
        if (produce_output_write(&p->output, &message, err) != 0) return -1;
        note_time(p, &message);
        if (++p->events % CHECK_EVERY != 0) continue;
        show_progress(p);
        if (stop_requested()) break;
    }
    return produce_output_flush(&p->output, NO_ACK_TIMEOUT_MS, show_progress, p, err);
}

static int open_output(Produce *p, Error *err) {
    const ProduceOptions *o = &p->options;
    if (o->out != NULL) return produce_output_open_file(o->out, o->arrival_times, &p->output, err);
    while (produce_output_open_topic(p->app->settings, (int)o->partitions, o->arrival_times, TOPIC_TIMEOUT_MS, &p->output, err) != 0) {
        /* A stream waits for its broker; the other modes end with an error that may be retried. */
        if (!o->stream || !error_is_retriable(err)) return -1;
        log_warn("produce", "%s; trying again", err->text);
        if (stop_wait_ms(RETRY_MS)) return -1;
        error_clear(err);
    }
    if (o->arrival_times && o->out == NULL && !p->output.topic_created)
        log_warn(
            "produce",
            "the topic %s was there before, and a broker removes records by the time that they carry: its retention.ms must be longer than the history",
            settings_text(p->app->settings, "kafka.topic"));
    if (p->output.topic_created)
        log_info("produce", "created topic %s with %d %s", settings_text(p->app->settings, "kafka.topic"), p->output.partitions,
                 counted(p->output.partitions, "partition", "partitions"));
    return 0;
}

static uint64_t event_seed(const ProduceOptions *options, int64_t start_us) {
    uint64_t seed = 0;
    if (options->seeded) return hash_mix(options->seed) ^ hash_mix((uint64_t)start_us);
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) seed = (uint64_t)clock_wall_us();
    return seed;
}

static void start(Produce *p, int64_t start_us) {
    const ProduceOptions *o = &p->options;
    uint64_t seed = event_seed(o, start_us);
    p->op = operator_new_behaving(o->seeded ? o->seed : DEFAULT_OPERATOR, (int)o->subscribers, o->behaviour);
    p->emitter = emitter_new(p->op, &(EmitterOptions){.seed = seed, .fault_rate = o->faults});
    p->random = random_from(hash_mix(seed));
}

/* ---- one-shot and history ---- */

static uint64_t events_wanted(const ProduceOptions *o) {
    if (o->events > 0) return (uint64_t)o->events;
    if (o->days <= 0) return DEFAULT_EVENTS;
    double history = o->days * (double)o->subscribers * EVENTS_PER_SUBSCRIBER_DAY;
    return history < 1 ? 1 : (uint64_t)history;
}

static int run_window(Produce *p, int64_t from_us, int64_t until_us, Error *err) {
    uint64_t events = events_wanted(&p->options);
    progress_start(&p->progress, "produce", "events", events);
    int result = emit_window(p, from_us, until_us, events, err);
    progress_end(&p->progress);
    if (result != 0 || p->events >= events) return result;
    if (p->options.stream) return 0; /* stopped, which is the normal end of a stream */
    return error_set(err, ERR_STOPPED, "stopped after %" PRIu64 " of %" PRIu64 " %s", p->events, events,
                     counted((int64_t)events, "event", "events"));
}

/* ---- stream ---- */

static int64_t between(Random *random, int64_t low, int64_t high) {
    return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

/* An unreachable broker is only a warning: the messages stay in the producer's queue, and the next batch follows them. */
static int emit_batch(Produce *p, int64_t from_us, uint64_t events, Error *err) {
    uint64_t failed = produce_output_failed(&p->output);
    int64_t to_us = clock_wall_us();
    if (from_us >= to_us) from_us = to_us - 1000; /* the clock was set back */
    if (emit_window(p, from_us, to_us, events, err) != 0) {
        if (err->kind != ERR_UNAVAILABLE) return err->kind == ERR_STOPPED ? 0 : -1;
        log_warn("produce", "%s; continuing", err->text);
        error_clear(err);
    }
    if (produce_output_failed(&p->output) > failed)
        log_warn("produce", "%" PRIu64 " %s not delivered", produce_output_failed(&p->output) - failed,
                 counted((int64_t)(produce_output_failed(&p->output) - failed), "message was", "messages were"));
    log_info("produce", "batch of %" PRIu64 " %s, %" PRIu64 " in all, %" PRIu64 " acknowledged", events,
             counted((int64_t)events, "event", "events"), p->events, produce_output_acknowledged(&p->output));
    return 0;
}

static int run_stream(Produce *p, uint64_t limit, Error *err) {
    const ProduceOptions *o = &p->options;
    int64_t from_us = clock_wall_us() - (o->min_wait_ms + 1) * 1000;
    progress_start(&p->progress, "produce", "events", 0);
    while (!stop_requested() && (limit == 0 || p->events < limit)) {
        uint64_t events = (uint64_t)between(&p->random, o->min_events, o->max_events);
        if (limit > 0 && events > limit - p->events) events = limit - p->events;
        int64_t now_us = clock_wall_us();
        if (emit_batch(p, from_us, events, err) != 0) return -1;
        progress_end(&p->progress);
        from_us = now_us;
        if (limit > 0 && p->events >= limit) break;
        stop_wait_ms((int)between(&p->random, o->min_wait_ms, o->max_wait_ms));
    }
    error_clear(err);
    return 0;
}

/* ---- results ---- */

static void add_truth(Buf *csv, const Operator *op, int i, int64_t at_us) {
    SubscriberTruth now = operator_truth(op, i, at_us), later = operator_truth(op, i, at_us + TRUTH_AHEAD_DAYS * USEC_PER_DAY);
    const SubscriberTruth *truth = now.churned || strcmp(now.id, later.id) != 0 ? &now : &later;
    double ceiling = operator_ceiling(op, i, at_us, TRUTH_AHEAD_DAYS);
    char when[CLOCK_TEXT_SIZE] = "";
    if (truth->churned) clock_format(truth->churned_at_us, when);
    buf_addf(csv, "%s,%d,%s,%.3f,", now.id, truth->churned, when, truth->tendency);
    if (!isnan(ceiling)) buf_addf(csv, "%.6f", ceiling);
    buf_add_str(csv, "\n");
}

static int write_truth(const Produce *p, int64_t at_us, Error *err) {
    if (p->options.truth == NULL) return 0;
    CLEANUP(buf_done) Buf csv = {0};
    if (p->options.truth_at_us != 0) at_us = p->options.truth_at_us;
    buf_add_str(&csv, "subscriber_id,churned,churned_at,tendency,ceiling\n");
    for (int i = 0; i < operator_subscribers(p->op); i++) add_truth(&csv, p->op, i, at_us);
    return file_write_atomic(p->options.truth, csv.data, csv.len, err);
}

/* Of those before the history, the ones whose absence reaches into it. */
static void add_departures(Buf *csv, const Operator *op, int i, int64_t from_us, int64_t until_us) {
    SubscriberDeparture d;
    char left[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    for (int64_t at_us = from_us - DEPARTURES_BEFORE_DAYS * USEC_PER_DAY; operator_departure(op, i, at_us, until_us, &d);
         at_us = d.until_us)
        if (d.until_us > from_us)
            buf_addf(csv, "%s,%s,%s,%d,%s,%d,%s\n", d.id, clock_format(d.at_us, left), clock_format(d.until_us, until), d.returns, d.cause,
                     d.distress_days, d.returns ? until : "");
}

static int write_departures(const Produce *p, int64_t from_us, int64_t until_us, Error *err) {
    if (p->options.departures == NULL) return 0;
    CLEANUP(buf_done) Buf csv = {0};
    buf_add_str(&csv, "subscriber_id,left_at,until,returns,cause,distress_days,returned_at\n");
    for (int i = 0; i < operator_subscribers(p->op); i++)
        add_departures(&csv, p->op, i, from_us, until_us + TRUTH_AHEAD_DAYS * USEC_PER_DAY);
    return file_write_atomic(p->options.departures, csv.data, csv.len, err);
}

static json_t *time_or_null(int64_t us) {
    char text[CLOCK_TEXT_SIZE];
    return us != 0 ? json_string(clock_format(us, text)) : json_null();
}

static json_t *faults_by_kind(const Produce *p) {
    json_t *faults = json_object();
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        uint64_t n = emitter_faults(p->emitter, (FaultKind)kind);
        if (n > 0) json_object_set_new(faults, fault_name((FaultKind)kind), json_integer((json_int_t)n));
    }
    return faults;
}

static json_t *summary_of(const Produce *p) {
    double seconds = clock_seconds_since(p->started_ns);
    const char *out = p->options.out;
    json_t *s = json_pack("{sI sI sI sf sf}", "events", (json_int_t)p->events, "acknowledged",
                          (json_int_t)produce_output_acknowledged(&p->output), "failed", (json_int_t)produce_output_failed(&p->output),
                          "seconds", seconds, "events_per_second", (double)p->events / (seconds + 1e-9));
    json_object_set_new(s, "faults", faults_by_kind(p));
    json_object_set_new(s, "topic", out == NULL ? json_string(settings_text(p->app->settings, "kafka.topic")) : json_null());
    json_object_set_new(s, "partitions", out == NULL ? json_integer(p->output.partitions) : json_null());
    json_object_set_new(s, "file", out != NULL ? json_string(out) : json_null());
    json_object_set_new(s, "subscribers", json_integer(operator_subscribers(p->op)));
    json_object_set_new(s, "first_timestamp", time_or_null(p->first_us));
    json_object_set_new(s, "last_timestamp", time_or_null(p->last_us));
    return s;
}

static void print_summary(const Produce *p) {
    if (p->options.out != NULL && strcmp(p->options.out, "-") == 0) return; /* stdout has the events */
    const App *app = p->app;
    double seconds = clock_seconds_since(p->started_ns);
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
    say(app, "%" PRIu64 " %s to %s in %.1f s (%.0f/s): %" PRIu64 " acknowledged, %" PRIu64 " failed.\n", p->events,
        counted((int64_t)p->events, "event", "events"),
        p->options.out != NULL ? p->options.out : settings_text(app->settings, "kafka.topic"), seconds,
        (double)p->events / (seconds + 1e-9), produce_output_acknowledged(&p->output), produce_output_failed(&p->output));
    if (p->first_us != 0) say(app, "From %s to %s.\n", clock_format(p->first_us, first), clock_format(p->last_us, last));
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        uint64_t n = emitter_faults(p->emitter, (FaultKind)kind);
        if (n > 0) say(app, "  %-16s %" PRIu64 "\n", fault_name((FaultKind)kind), n);
    }
}

/* ---- the command ---- */

static int run(Produce *p, Error *err) {
    const ProduceOptions *o = &p->options;
    int64_t span_us = o->days > 0 ? (int64_t)(o->days * (double)USEC_PER_DAY) : RECENT_MS * INT64_C(1000);
    int64_t until_us = o->start_us != 0 ? o->start_us + span_us : clock_wall_us();
    start(p, until_us - span_us);
    if (open_output(p, err) != 0) return -1;
    p->started_ns = clock_mono_ns();
    bool window = !o->stream || o->days > 0;
    if (window && run_window(p, until_us - span_us, until_us, err) != 0) return -1;
    if (o->stream && !stop_requested() && run_stream(p, window ? 0 : (uint64_t)o->events, err) != 0) return -1;
    int64_t from_us = until_us - span_us;
    if (o->stream) until_us = clock_wall_us();
    if (write_truth(p, until_us, err) != 0 || write_departures(p, from_us, until_us, err) != 0) return -1;
    return produce_output_failed(&p->output) > 0 ? kafka_producer_failure(p->output.producer, err) : 0;
}

int command_produce(App *app, int argc, char **argv, Error *err) {
    CLEANUP(produce_done) Produce p = {.app = app};
    if (produce_options_read(app, argc, argv, &p.options, err) != 0) return -1;
    p.started_ns = clock_mono_ns();
    int result = run(&p, err);
    if (p.events > 0) {
        app->summary = summary_of(&p);
        print_summary(&p);
    }
    return result;
}

/* judge_speed.c: how fast the judge is, on one core, over the synthetic operator's events and the built-in contracts.
 *
 *     ninja -C build/release bench/judge_speed && build/release/bench/judge_speed [EVENTS [ROUNDS]]
 *
 * Times are of the CPU. "read" copies a payload as a reader of Bronze hands it over, "parse" is yyjson alone, "judge" is judge_event, which
 * parses too. Allocations are counted in what is linked statically, while chunks are judged again. */
#include "base/memory.h"
#include "ingest/envelope.h"
#include "judge/judge.h"
#include "lake/lake.h"
#include "telecom/emitter.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

/* The linker puts these in place of the C library's (meson.build). */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);

static size_t allocations;

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size) {
    allocations++;
    return __real_realloc(p, size);
}

typedef struct Events {
    JudgeInput *items; /* texts are owned by `kept` */
    size_t count, bytes;
} Events;

typedef struct Bench {
    Events events;
    Judge *judge;
    JudgeVector *vectors;
    size_t clean, drifted;
    char *copy, *pool;
    size_t pool_size, sum;
} Bench;

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- events ---- */

static Span keep(Span text) {
    return text.at == NULL ? text : (Span){xstrndup(text.at, text.len), text.len};
}

static void add_event(Events *to, const Envelope *e, int64_t at_us) {
    JudgeInput in = {.id = keep(e->id),
                     .source = keep(e->source),
                     .type = keep(e->type),
                     .subscriber_id = keep(e->subscriber_id),
                     .has_time = e->has_time,
                     .has_quality = e->has_quality,
                     .time_us = e->time_us,
                     .quality = e->quality,
                     .payload = keep(e->payload),
                     .payload_bytes = e->payload.len,
                     .extra = keep(e->extra),
                     .extra_bytes = e->extra.len,
                     .message_us = at_us,
                     .ingested_us = at_us};
    to->items[to->count++] = in;
    to->bytes += in.payload.len;
}

static void make_events(Events *to, size_t count) {
    const int64_t from = INT64_C(1795521600000000), until = from + INT64_C(86400000000);
    CLEANUP(operator_freep) Operator *op = operator_new(1, 10000);
    CLEANUP(emitter_freep) Emitter *emitter = emitter_new(op, &(EmitterOptions){.seed = 1, .fault_rate = 0.02});
    CLEANUP(envelope_parser_freep) EnvelopeParser *parser = envelope_parser_new(NULL);
    EmitterMessage m;
    Envelope e;
    to->items = xcalloc(count, sizeof *to->items);
    emitter_window(emitter, from, until, count);
    while (to->count < count && emitter_next(emitter, &m)) {
        if (m.value == NULL) continue;
        envelope_parse(parser, m.value, m.value_len, &e);
        if (e.reject == NULL) add_event(to, &e, until);
    }
}

/* ---- what is measured ---- */

static void read_all(Bench *b) {
    for (size_t i = 0; i < b->events.count; i++) {
        const JudgeInput *in = &b->events.items[i];
        if (in->payload.at == NULL) continue;
        memcpy(b->copy, in->payload.at, in->payload.len);
        b->sum += (size_t)b->copy[in->payload.len / 2];
    }
}

static void parse_all(Bench *b) {
    for (size_t i = 0; i < b->events.count; i++) {
        const JudgeInput *in = &b->events.items[i];
        yyjson_alc memory;
        if (in->payload.at == NULL || !yyjson_alc_pool_init(&memory, b->pool, b->pool_size)) continue;
        b->sum +=
            yyjson_doc_get_val_count(yyjson_read_opts((char *)in->payload.at, in->payload.len, YYJSON_READ_NUMBER_AS_RAW, &memory, NULL));
    }
}

static void judge_all(Bench *b) {
    JudgeVerdict verdict;
    for (size_t i = 0; i < b->events.count; i++) {
        if (i % JUDGE_ROWS == 0) judge_begin(b->judge, b->vectors);
        b->clean += judge_event(b->judge, &b->events.items[i], i % JUDGE_ROWS, &verdict);
        b->drifted += verdict.drift_count > 0;
    }
}

static void measure(Bench *b, const char *what, void (*run)(Bench *), int rounds) {
    double best = 1e9;
    run(b);
    size_t before = allocations;
    for (int i = 0; i < rounds; i++) {
        double began = cpu_seconds();
        run(b);
        double took = cpu_seconds() - began;
        if (took < best) best = took;
    }
    double each = best / (double)b->events.count;
    printf("%-6s %7.1f ns an event, %5.2f million events/s, %zu allocations\n", what, each * 1e9, 1e-6 / each, allocations - before);
}

int main(int argc, char **argv) {
    size_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10;
    Bench b = {.pool_size = 1 << 20};
    Pipeline *pipeline = NULL;
    JudgeProgram *program = NULL;
    const JudgeColumn *columns;
    Error err = {0};
    if (pipeline_load_dir(NULL, &pipeline, &err) != 0 || judge_program_new(pipeline, &program, &err) != 0) {
        fprintf(stderr, "judge_speed: %s\n", err.text);
        return 1;
    }
    if (lake_engine_version()[0] == '(') return 1; /* DuckDB says what is UTF-8; not found */
    b.judge = judge_new(program);
    b.copy = xmalloc(b.pool_size);
    b.pool = xmalloc(b.pool_size);
    size_t n = judge_columns(program, &columns);
    b.vectors = xcalloc(n, sizeof *b.vectors);
    for (size_t i = 0; i < n; i++)
        b.vectors[i] = (JudgeVector){xcalloc(JUDGE_ROWS, sizeof(Span)), xcalloc(JUDGE_ROWS / 64, sizeof(uint64_t))};
    make_events(&b.events, count);
    printf("%zu events, %.1f bytes of payload each\n", b.events.count, (double)b.events.bytes / (double)b.events.count);
    measure(&b, "read", read_all, rounds);
    measure(&b, "parse", parse_all, rounds);
    measure(&b, "judge", judge_all, rounds);
    printf("%.2f%% clean, %.2f%% with drift (%zu)\n", 100.0 * (double)b.clean / (double)(b.events.count * (size_t)(rounds + 1)),
           100.0 * (double)b.drifted / (double)(b.events.count * (size_t)(rounds + 1)), b.sum % 10);
    return 0;
}

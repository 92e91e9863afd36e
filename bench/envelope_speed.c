/* envelope_speed.c: how fast messages are taken apart, on one core: the same event in several envelopes.
 *
 *     ninja -C build/release bench/envelope_speed && build/release/bench/envelope_speed [ROUNDS]
 *
 * Times are of the CPU, the best of the rounds. Ingest as a whole takes several times as long for a message. */
#include "base/attr.h"
#include "base/memory.h"
#include "contract/origins.h"
#include "contract/presets.h"
#include "ingest/envelope.h"
#include <string.h>
#include <time.h>

#define MESSAGES 100000
#define FIELDS   "\"plan\":\"Prepaid Lite\",\"data_used_mb\":%zu,\"bill_amount_zmw\":10.50,\"payment_status\":\"paid\",\"days_overdue\":0"
#define PAYLOAD  "{" FIELDS "}"
#define SUB      "\"SUB-%05zu\""

typedef struct Kind {
    const char *name, *preset;
    const char *columns[ENVELOPE_COLUMNS]; /* instead of the preset's */
    const char *format;                    /* of a message: id, subscriber, a field */
} Kind;

static const Kind kinds[] = {
    {"smelt",
     "smelt",
     {0},
     "{\"id\":\"%08zx\",\"type\":\"BSS\",\"source\":\"ZM_CRM\",\"subscriber_id\":" SUB
     ",\"timestamp\":\"2026-11-24T10:15:00.123Z\",\"payload\":" PAYLOAD ",\"quality_score\":90}"},
    {"flat",
     "flat",
     {[ENVELOPE_ID] = "$.eid",
      [ENVELOPE_TYPE] = "'BSS'",
      [ENVELOPE_SOURCE] = "'crm'",
      [ENVELOPE_ENTITY] = "$.msisdn",
      [ENVELOPE_TIME] = "$.ts"},
     "{\"eid\":\"%08zx\",\"msisdn\":" SUB ",\"ts\":\"2026-11-24T10:15:00.123Z\"," FIELDS "}"},
    {"own, nested",
     "flat",
     {[ENVELOPE_ID] = "$.meta.eid",
      [ENVELOPE_TYPE] = "'BSS'",
      [ENVELOPE_SOURCE] = "$.meta.system",
      [ENVELOPE_ENTITY] = "$.meta.msisdn",
      [ENVELOPE_TIME] = "$.meta.ts",
      [ENVELOPE_PAYLOAD] = "$.body"},
     "{\"meta\":{\"eid\":\"%08zx\",\"msisdn\":" SUB ",\"system\":\"crm\",\"ts\":\"2026-11-24T10:15:00.123Z\"},\"body\":" PAYLOAD "}"},
    {"cloudevents",
     "cloudevents",
     {[ENVELOPE_ENTITY] = "$.subject"},
     "{\"specversion\":\"1.0\",\"id\":\"%08zx\",\"type\":\"BSS\",\"source\":\"/crm\",\"subject\":" SUB
     ",\"time\":\"2026-11-24T10:15:00.123Z\",\"data\":" PAYLOAD "}"},
    {"debezium in connect",
     "connect+debezium",
     {[ENVELOPE_ENTITY] = "$.payload.after.msisdn $.payload.before.msisdn"},
     "{\"schema\":{\"type\":\"struct\",\"optional\":false,\"name\":\"pg.accounts\"},\"payload\":{\"before\":null,\"after\":{\"eid\":\"%08zx\",\"msisdn\":" SUB
     "," FIELDS
     "},\"source\":{\"name\":\"pg\",\"table\":\"accounts\",\"lsn\":24023128,\"ts_ms\":1795508100000},\"op\":\"c\",\"ts_ms\":1795508100001}}"},
};

typedef struct Messages {
    char *items[MESSAGES];
    size_t bytes;
} Messages;

static double cpu_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static EnvelopeTable *table_of(const Kind *kind) {
    Strings *strings = strings_new();
    TopicEnvelope e;
    PresetUse use;
    if (!preset_find(kind->preset, &use)) BUG("no such preset");
    preset_envelope(strings, use, &e);
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        if (kind->columns[c] == NULL) continue;
        e.columns[c] = (ColumnMapping){0};
        origins_read(strings, kind->columns[c], &e.columns[c]);
    }
    EnvelopeTable *table = envelope_table_new(&e, "bench", 0);
    strings_free(strings);
    return table;
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void make_messages(const Kind *kind, Messages *ret) {
    ret->bytes = 0;
    for (size_t i = 0; i < MESSAGES; i++) {
        ret->items[i] = xasprintf(kind->format, i, i % 99999, i % 5000);
        ret->bytes += strlen(ret->items[i]);
    }
}

static double parse_all(EnvelopeParser *parser, const Messages *m) {
    double began = cpu_seconds();
    for (size_t i = 0; i < MESSAGES; i++) {
        Envelope e;
        envelope_parse(parser, m->items[i], strlen(m->items[i]), &e);
        if (e.reject != NULL || e.entity_id.at == NULL || e.payload.at == NULL) BUG("a message of ours was rejected");
    }
    return cpu_seconds() - began;
}

static void measure(const Kind *kind, int rounds) {
    static Messages messages;
    CLEANUP(envelope_table_freep) EnvelopeTable *table = table_of(kind);
    CLEANUP(envelope_parser_freep) EnvelopeParser *parser = envelope_parser_new(table);
    double best = 1e9;
    make_messages(kind, &messages);
    for (int i = 0; i < rounds; i++) {
        double seconds = parse_all(parser, &messages);
        if (seconds < best) best = seconds;
    }
    printf("%-20s %4zu bytes  %5.2f M messages/s\n", kind->name, messages.bytes / MESSAGES, MESSAGES / best / 1e6);
    for (size_t i = 0; i < MESSAGES; i++) free(messages.items[i]);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) measure(&kinds[i], rounds);
    return 0;
}

/* test_envelopes.c: what a contract says about the messages of a topic, and what is then taken from them: a row for each preset, each
 * source of a value, and each way in which a message can be wrong. */
#include "ingest/envelope.h"

#include "../fixture.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/pipeline.h"
#include "lake/lake.h"
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define TOPIC "rides"

/* Properties of a contract. */
#define AT      "      - {name: at, physicalName: event_timestamp, transformLogic: epoch_ms}\n"
#define BIKE    "      - {name: bike_id, logicalType: string, customProperties: [{property: entity, value: bike}]}\n"
#define BATTERY "      - {name: battery, logicalType: integer, physicalName: battery}\n"
#define BODY(path)                                                                                                                         \
    "      - {name: body, logicalType: object, physicalName: raw_payload, transformSourceObjects: [" path                                  \
    "], properties: [{name: battery, "                                                                                                     \
    "logicalType: integer, physicalName: battery}]}\n"

#define CHANGE(op, position)                                                                                                               \
    "{\"after\":{\"battery\":1},\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"ts_ms\":1," position "},\"op\":\"" op "\"}"
#define K10  "kkkkkkkkkk"
#define K130 K10 K10 K10 K10 K10 K10 K10 K10 K10 K10 K10 K10 K10
#define K260 K130 K130

typedef struct Case {
    const char *envelope, *properties; /* envelope NULL: none is named */
    const char *message, *key, *headers;
    const char *expected;
} Case;

#define FLAT AT BIKE BATTERY

static const Case cases[] = {
    /* ---- flat ---- */
    {"flat", FLAT, "{\"bike_id\":\"B1\",\"at\":1795508100500,\"battery\":90,\"x\":1.10}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides entity B1 time 2026-11-24T08:15:00.500000Z payload {\"battery\":90,\"x\":1.10}"},
    {NULL, FLAT, "{ \"battery\" : 90 , \"bike_id\" : 17 , \"at\" : 1 }\n", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides entity 17 time 1970-01-01T00:00:00.001000Z payload {\"battery\" : 90}"},
    {"flat", FLAT, "{\"at\":1,\"bike_id\":null}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides time 1970-01-01T00:00:00.001000Z payload {}"},
    {"flat", FLAT, "{\"bike_id\":{\"a\":1},\"battery\":1}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides payload {\"battery\":1} extra {\"bike_id\":{\"a\":1}}"},
    {"flat", FLAT, "{\"bike_id\":\"B1\",\"bike_id\":\"B1\"}", NULL, NULL, "repeated_field"},
    {"flat", FLAT, "{\"battery\":1,\"battery\":2}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides payload {\"battery\":1,\"battery\":2}"}, /* for the judge */
    {"flat", BATTERY, "{\"battery\":1}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides time 2026-11-24T08:15:00.000000Z payload {\"battery\":1}"}, /* of the record */
    {"flat", FLAT, "[1]", NULL, NULL, "not_object"},
    {"flat", FLAT, "{\"at\":\"2026-11-24T08:15:00Z\"}", NULL, NULL, "bad_timestamp"}, /* no guess */
    {"flat", FLAT, "{\"at\":true}", NULL, NULL, "bad_timestamp"},

    /* ---- identity ---- */
    {"flat", AT "      - {name: trip, logicalType: string, physicalName: trip, primaryKey: true}\n", "{\"trip\":\"T\\u00e9\",\"at\":1}",
     NULL, NULL, "id T\303\251 type RIDE source rides time 1970-01-01T00:00:00.001000Z payload {\"trip\":\"T\\u00e9\"}"},
    {"flat",
     AT "      - {name: a, logicalType: string, physicalName: a, primaryKey: true, primaryKeyPosition: 2}\n"
        "      - {name: b, logicalType: integer, physicalName: b, primaryKey: true, primaryKeyPosition: 1}\n",
     "{\"a\":\"x|y\\\\\",\"b\":12}", NULL, NULL, "id 12|x\\|y\\\\ type RIDE source rides payload {\"a\":\"x|y\\\\\",\"b\":12}"},
    {"flat",
     AT "      - {name: a, logicalType: string, physicalName: a, primaryKey: true}\n"
        "      - {name: b, logicalType: integer, physicalName: b, primaryKey: true}\n",
     "{\"a\":\"x\"}", NULL, NULL, "bad_id"},
    {"flat", AT "      - {name: id, physicalName: event_id, transformLogic: kafka_key}\n" BATTERY, "{\"battery\":1}", "k1", NULL,
     "id k1 type RIDE source rides payload {\"battery\":1}"},
    {"flat", AT "      - {name: id, physicalName: event_id, transformLogic: kafka_key}\n" BATTERY, "{\"battery\":1}", NULL, NULL, "bad_id"},
    {"flat", AT "      - {name: id, physicalName: event_id, transformLogic: kafka_key}\n" BATTERY, "{\"battery\":1}", "\xff", NULL,
     "bad_id"},
    {"flat", AT "      - {name: id, physicalName: event_id}\n" BATTERY, "{\"id\":[1]}", NULL, NULL, "bad_id"},

    /* ---- sources ---- */
    {NULL,
     "      - {name: kind, physicalName: event_type, transformSourceObjects: [\"$.meta.kind\", \"$.kind\"]}\n"
     "      - {name: system, physicalName: source_system, transformLogic: \"'bss'\"}\n"
     "      - {name: at, physicalName: event_timestamp, transformLogic: kafka_timestamp}\n" BODY("$.data.body"),
     "{\"kind\":\"K\",\"meta\":{\"kind\":null,\"z\":1},\"data\":{\"body\":{\"battery\":1},\"u\":2},\"v\":3}", NULL, NULL,
     "id rides-3:1:7 type K source bss time 2026-11-24T08:15:00.000000Z payload {\"battery\":1} "
     "extra {\"meta\":{\"kind\":null,\"z\":1},\"data\":{\"u\":2},\"v\":3}"},
    {NULL,
     "      - {name: kind, physicalName: event_type, transformSourceObjects: [\"$.meta.kind\", \"$.kind\"]}\n"
     "      - {name: at, physicalName: event_timestamp, transformLogic: \"kafka_header:at\"}\n" BODY("$.meta.a.b"),
     "{\"kind\":\"other\",\"meta\":{\"kind\":\"K\",\"a\":{\"b\":[ 1 ]}}}", NULL, "[[\"at\",\"2026-11-24\"],[\"b\",null]]",
     "id rides-3:1:7 type K source rides time 2026-11-24T00:00:00.000000Z payload [ 1 ] extra {\"kind\":\"other\"}"},
    {NULL, "      - {name: at, physicalName: event_timestamp, transformLogic: \"kafka_header:at\"}\n" BATTERY, "{}", NULL,
     "[[\"at\",\"2026-11-24\"],[\"at\",\"2026-11-25\"]]", "repeated_field"},
    {NULL, AT BODY("$.body"), "{\"body\":{\"battery\":1},\"at\":1.5}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides time 1970-01-01T00:00:00.001500Z payload {\"battery\":1}"},
    {NULL,
     AT
     "      - {name: bike_id, logicalType: string, transformSourceObjects: [$.body.bike], customProperties: [{property: entity, value: bike}]}\n" BODY(
         "$.body"),
     "{\"body\":{\"bike\":\"B\",\"battery\":1 },\"at\":1}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides entity B time 1970-01-01T00:00:00.001000Z payload {\"battery\":1}"},
    {NULL,
     AT
     "      - {name: bike_id, logicalType: string, transformSourceObjects: [$.m.b], customProperties: [{property: entity, value: bike}]}\n" BODY(
         "$.body"),
     "{\"m\":{\"b\":[1]},\"at\":1}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides time 1970-01-01T00:00:00.001000Z extra {\"bike_id\":[1]}"},

    /* ---- presets ---- */
    {"cloudevents",
     "      - {name: subject, logicalType: string, physicalName: bike_id, customProperties: [{property: entity, value: bike}]}\n" BATTERY,
     "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"RIDE\",\"source\":\"/s\",\"time\":\"2026-11-24T08:15:00Z\",\"subject\":\"B1\",\"data\":{\"battery\":1}}",
     NULL, NULL,
     "id 1 type RIDE source /s entity B1 time 2026-11-24T08:15:00.000000Z payload {\"battery\":1} extra {\"specversion\":\"1.0\"}"},
    {"cloudevents_binary", BIKE BATTERY, " {\"battery\": 1}", NULL,
     "[[\"ce_id\",\"1\"],[\"ce_type\",\"RIDE\"],[\"ce_source\",\"/s\"],[\"ce_time\",\"2026-11-24T08:15:00Z\"]]",
     "id 1 type RIDE source /s time 2026-11-24T08:15:00.000000Z payload {\"battery\": 1}"},
    {"cloudevents_binary", BIKE BATTERY, "{\"battery\":1}", NULL, NULL, "bad_id"},
    {"debezium", BIKE BATTERY,
     "{\"before\":null,\"after\":{\"bike_id\":\"B1\",\"battery\":1},\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"lsn\":99,\"ts_ms\":1},\"op\":\"c\",\"ts_ms\":2}",
     "{\"id\":1}", NULL,
     "id c|99|||{\"id\":1} type RIDE source pg entity B1 time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"lsn\":99},\"op\":\"c\",\"ts_ms\":2}"},
    {"debezium", BIKE BATTERY,
     "{\"before\":{\"bike_id\":\"B1\",\"battery\":1},\"after\":{\"bike_id\":\"B1\",\"battery\":2},\"source\":{\"name\":\"my\",\"table\":\"RIDE\",\"file\":\"bin.1\",\"pos\":4,\"row\":0,\"ts_ms\":1},\"op\":\"u\"}",
     NULL, NULL,
     "id u|4|bin.1|0|sha256:e5efbab3ee611c0cd18928ac2140cb2c9f64b2373e1ba2117c89e4cc21e0e581 type RIDE source my entity B1 time 1970-01-01T00:00:00.001000Z payload {\"battery\":2} "
     "extra {\"before\":{\"bike_id\":\"B1\",\"battery\":1},\"source\":{\"file\":\"bin.1\",\"pos\":4,\"row\":0},\"op\":\"u\"}"},
    {"debezium", BIKE BATTERY,
     "{\"before\":{\"bike_id\":\"B1\",\"battery\":1},\"after\":null,\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"lsn\":99,\"ts_ms\":1},\"op\":\"d\"}",
     NULL, NULL,
     "id d|99|||sha256:d524041ba7406c77a72cf0d50bd26c51accd3bc1a906bbb6a4ad57a040b802f0 type RIDE source pg entity B1 time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} extra {\"source\":{\"lsn\":99},\"op\":\"d\"}"},
    {"debezium", "      - {name: op, physicalName: event_type, transformSourceObjects: [\"$.op\"]}\n" BATTERY,
     "{\"before\":{\"battery\":1},\"after\":null,\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"lsn\":99,\"ts_ms\":1},\"op\":\"d\"}",
     NULL, NULL,
     "id d|99|||sha256:d844643b511ec0f9a4f364c4ab22b3e806258624b91e01bc90125591859dd2cc type d source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} extra {\"source\":{\"table\":\"RIDE\",\"lsn\":99}}"},
    {"connect+debezium", BIKE BATTERY,
     "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"after\":{\"bike_id\":\"B1\",\"battery\":1},\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"lsn\":9,\"ts_ms\":1},\"op\":\"r\"}}",
     NULL, NULL,
     "id r|9|||RIDE:rides-3:1:7 type RIDE source pg entity B1 time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"payload\":{\"source\":{\"lsn\":9},\"op\":\"r\"}}"},
    /* all rows of a snapshot have one position and one time, also those of other tables */
    {"debezium", BATTERY, CHANGE("r", "\"db\":\"d\",\"schema\":\"s\",\"lsn\":9"), "{\"id\":1}", NULL,
     "id r|9|||d.s.RIDE:{\"id\":1} type RIDE source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"db\":\"d\",\"schema\":\"s\",\"lsn\":9},\"op\":\"r\"}"},
    {"debezium", BATTERY, CHANGE("r", "\"db\":\"d\",\"lsn\":9"), NULL, NULL,
     "id r|9|||d.RIDE:rides-3:1:7 type RIDE source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"db\":\"d\",\"lsn\":9},\"op\":\"r\"}"},
    /* of SQL Server and Db2; of a connector whose positions are not known */
    {"debezium", BATTERY, CHANGE("r", "\"change_lsn\":null,\"commit_lsn\":\"27:758:5\""), "{\"id\":1}", NULL,
     "id r|27:758:5|||RIDE:{\"id\":1} type RIDE source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"commit_lsn\":\"27:758:5\"},\"op\":\"r\"}"},
    {"debezium", BATTERY, CHANGE("c", "\"x\":1"), "{\"id\":1}", NULL,
     "id c|rides-3:1:7|||{\"id\":1} type RIDE source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"x\":1},\"op\":\"c\"}"},
    /* a snapshot of old connectors, whose rows have no time in the source */
    {"debezium", BATTERY,
     "{\"after\":{\"battery\":1},\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"pos\":4,\"ts_ms\":0},\"op\":\"r\",\"ts_ms\":1795508100500}",
     "k", NULL,
     "id r|4|||RIDE:k type RIDE source pg time 2026-11-24T08:15:00.500000Z payload {\"battery\":1} "
     "extra {\"source\":{\"pos\":4,\"ts_ms\":0},\"op\":\"r\"}"},
    {"debezium", BATTERY, "{\"after\":{\"battery\":1},\"source\":{\"name\":\"pg\",\"table\":\"RIDE\",\"pos\":4,\"ts_ms\":0},\"op\":\"c\"}",
     "k", NULL,
     "id c|4|||k type RIDE source pg time 1970-01-01T00:00:00.000000Z payload {\"battery\":1} extra {\"source\":{\"pos\":4},\"op\":\"c\"}"},
    /* a COPY into a table without a primary key: several rows at one position */
    {"debezium", BATTERY, CHANGE("c", "\"lsn\":9"), NULL, NULL,
     "id c|9|||sha256:d844643b511ec0f9a4f364c4ab22b3e806258624b91e01bc90125591859dd2cc type RIDE source pg time 1970-01-01T00:00:00.001000Z "
     "payload {\"battery\":1} extra {\"source\":{\"lsn\":9},\"op\":\"c\"}"},
    {"debezium", BATTERY, CHANGE("c", "\"x\":1"), NULL, NULL,
     "id c|rides-3:1:7||| type RIDE source pg time 1970-01-01T00:00:00.001000Z payload {\"battery\":1} "
     "extra {\"source\":{\"x\":1},\"op\":\"c\"}"},
    /* keys in Avro, and long ones */
    {"debezium", BATTERY, CHANGE("c", "\"lsn\":9"), "\x01\xff", NULL,
     "id c|9|||sha256:4b3a43f592f577fcfcb5b0e1f42bec5182c9edc414e1f667528f56e7cf0be11d type RIDE source pg time 1970-01-01T00:00:00.001000Z "
     "payload {\"battery\":1} extra {\"source\":{\"lsn\":9},\"op\":\"c\"}"},
    {"debezium", BATTERY, CHANGE("c", "\"lsn\":9"), "{\"id\":\"" K260 "\"}", NULL,
     "id c|9|||sha256:d34220cecf0185644bf6822651c9d5b5893cbbaf8fa3b3ce8f055c587edd41e9 type RIDE source pg time 1970-01-01T00:00:00.001000Z "
     "payload {\"battery\":1} extra {\"source\":{\"lsn\":9},\"op\":\"c\"}"},
    {"connect", FLAT, "{\"schema\":{},\"payload\":{\"bike_id\":\"B1\",\"at\":1,\"battery\":1}}", NULL, NULL,
     "id rides-3:1:7 type RIDE source rides entity B1 time 1970-01-01T00:00:00.001000Z payload {\"battery\":1}"},
    {"connect+smelt", BATTERY,
     "{\"schema\":{},\"payload\":{\"id\":\"1\",\"type\":\"RIDE\",\"source\":\"s\",\"timestamp\":\"2026-11-24\",\"payload\":{ }}}", NULL,
     NULL, "id 1 type RIDE source s time 2026-11-24T00:00:00.000000Z payload { }"},
    {"smelt", BATTERY, "{\"id\":\"1\",\"type\":\"RIDE\",\"timestamp\":\"2026-11-24\",\"payload\":{}}", NULL, NULL, "bad_source"},
};

/* ---- */

static void write_pipeline(const Case *c) {
    CLEANUP(free_text)
    char *contract =
        xasprintf("apiVersion: v3.1.0\nkind: DataContract\nid: rides\nversion: 1.0.0\n%s%s%s"
                  "schema:\n  - name: RIDE\n    physicalType: topic\n    physicalName: " TOPIC "\n    properties:\n%s",
                  c->envelope != NULL ? "servers: [{server: s, type: kafka, customProperties: [{property: envelope, value: " : "",
                  c->envelope != NULL ? c->envelope : "", c->envelope != NULL ? "}]}]\n" : "", c->properties);
    mkdir("p", 0700);
    mkdir("p/contracts", 0700);
    write_text("p/contracts/rides.odcs.yaml", contract);
    write_text("p/features.yaml", "version: 1\nminimum_events: 1\nfeatures:\n  - {name: n, aggregate: count}\n");
}

static void add_span(Buf *out, const char *name, Span span) {
    if (span.at != NULL) buf_addf(out, "%s%s %.*s", out->len > 0 ? " " : "", name, (int)span.len, span.at);
}

/* What was taken, as text. */
static void describe(const Envelope *e, Buf *out) {
    char time[CLOCK_TEXT_SIZE];
    buf_clear(out);
    if (e->reject != NULL) {
        buf_add_str(out, e->reject);
        return;
    }
    add_span(out, "id", e->id);
    add_span(out, "type", e->type);
    add_span(out, "source", e->source);
    add_span(out, "entity", e->entity_id);
    if (e->has_time) add_span(out, "time", (Span){clock_format(e->time_us, time), strlen(clock_format(e->time_us, time))});
    add_span(out, "payload", e->payload);
    add_span(out, "extra", e->extra);
}

static Span text_span(const char *text) {
    return (Span){text, text != NULL ? strlen(text) : 0};
}

static EnvelopeTable *table_of(const Case *c) {
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    write_pipeline(c);
    if (pipeline_load_dir("p", &p, &err) != 0) fail_msg("%s\n%s", err.text, c->properties);
    assert_null(pipeline_envelope_for(p, "another"));
    return envelope_table_new(pipeline_envelope_for(p, TOPIC), TOPIC, 3);
}

static void messages_are_taken_apart_as_declared(void **state) {
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const Case *c = &cases[i];
        CLEANUP(envelope_table_freep) EnvelopeTable *table = table_of(c);
        CLEANUP(envelope_parser_freep) EnvelopeParser *parser = envelope_parser_new(table);
        CLEANUP(free_text) char *bytes = xmalloc(strlen(c->message)); /* of this very size: reading beyond it is seen */
        CLEANUP(buf_done) Buf got = {0};
        memcpy(bytes, c->message, strlen(c->message));
        EnvelopeMessage m = {.bytes = bytes,
                             .len = strlen(c->message),
                             .partition = 1,
                             .offset = 7,
                             .timestamp_us = INT64_C(1795508100000000),
                             .key = text_span(c->key),
                             .headers = text_span(c->headers)};
        for (int again = 0; again < 2; again++) { /* what the one before left does not matter */
            Envelope e;
            envelope_parse_message(parser, &m, &e);
            describe(&e, &got);
            if (got.data != NULL && strcmp(got.data, c->expected) == 0) continue;
            print_error("case %zu: %s\nexpected: %s\ngot:      %s\n", i, c->message, c->expected, got.data);
            wrong++;
            break;
        }
    }
    assert_int_equal(wrong, 0);
}

/* The digest is of what fills which column: names of properties and files do not matter, sources do. */
static void the_digest_is_of_the_mapping(void **state) {
    (void)state;
    static const Case same[] = {{"flat", FLAT, NULL, NULL, NULL, NULL}, {NULL, BATTERY BIKE AT, NULL, NULL, NULL, NULL}};
    static const Case other = {
        "flat", "      - {name: at, physicalName: event_timestamp, transformLogic: epoch_us}\n" BIKE BATTERY, NULL, NULL, NULL, NULL};
    const Case *all[] = {&same[0], &same[1], &other};
    char digests[3][65];
    for (size_t i = 0; i < 3; i++) {
        Error err = {0};
        CLEANUP(pipeline_freep) Pipeline *p = NULL;
        write_pipeline(all[i]);
        must(pipeline_load_dir("p", &p, &err), &err);
        memcpy(digests[i], pipeline_only_envelope(p)->sha256, sizeof digests[i]);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[0], digests[2]);
}

int main(void) {
    lake_engine_version(); /* DuckDB judges what is UTF-8 */
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(messages_are_taken_apart_as_declared),
        IN_SCRATCH(the_digest_is_of_the_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

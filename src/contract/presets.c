/* presets.c: see presets.h.
 *
 * cloudevents          CloudEvents 1.0, structured mode
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md) cloudevents_binary   the same, attributes in headers
 * and the data as the value (.../bindings/kafka-protocol-binding.md) debezium             a change event; its identity is its position in
 * the source's log with the row that it is of, as one position may have several rows, and all rows of a snapshot (op r) have the same.
 * In Oracle changes of one transaction may have one scn: rs_id and ssn tell them apart. A snapshot of SQL Server and Db2 has the position
 * of a commit alone, Vitess has vgtid; a change without any has its place in Kafka. */
#include "contract/presets.h"

#include "base/attr.h"
#include "contract/origins.h"
#include <string.h>

typedef struct Preset {
    const char *name;
    const char *origins[ENVELOPE_COLUMNS]; /* NULL: none */
    const char *names[ENVELOPE_COLUMNS];   /* of the properties that stand for the columns; NULL: only their physicalName says so */
    const char *base;                      /* where a property is that does not say so */
    TimeForm time_form;
    bool whole;         /* it has all columns but the entity and the quality, also where a contract does not list them */
    bool fixed_payload; /* the payload is where it is, whatever its property's name */
    const char *const *beside;
    const char *const *transport; /* TopicEnvelope.transport */
} Preset;

static const char *const cloudevents_beside[] = {"specversion", "datacontenttype", "dataschema", "subject", "dataref", NULL};
static const char *const debezium_beside[] = {"op", "source", "before", "ts_ms", "ts_us", "ts_ns", "transaction", NULL};
static const char *const debezium_transport[] = {"ts_ms", "ts_us", "ts_ns", NULL}; /* the connector's clock */
static const char *const connect_beside[] = {"payload", NULL};

static const char debezium_id[] = "$.op + $.source.lsn $.source.change_lsn $.source.scn $.source.pos $.source.ord $.source.commit_lsn "
                                  "$.source.vgtid kafka_lineage + ? $.source.file $.source.rs_id + ? $.source.row $.source.event_serial_no "
                                  "$.source.ssn + ? row_key";

static const Preset presets[] = {
    {.name = "smelt",
     .origins = {[ENVELOPE_ID] = "$.id",
                 [ENVELOPE_TYPE] = "$.type",
                 [ENVELOPE_SOURCE] = "$.source",
                 [ENVELOPE_ENTITY] = "$.subscriber_id",
                 [ENVELOPE_TIME] = "$.timestamp",
                 [ENVELOPE_PAYLOAD] = "$.payload",
                 [ENVELOPE_QUALITY] = "$.quality_score"},
     .names = {[ENVELOPE_ID] = "id",
               [ENVELOPE_TYPE] = "type",
               [ENVELOPE_SOURCE] = "source",
               [ENVELOPE_ENTITY] = "subscriber_id",
               [ENVELOPE_TIME] = "timestamp",
               [ENVELOPE_PAYLOAD] = "payload",
               [ENVELOPE_QUALITY] = "quality_score"},
     .base = "$",
     .whole = true},
    {.name = "flat", .origins = {[ENVELOPE_PAYLOAD] = "$"}, .base = "$", .fixed_payload = true},
    {.name = "cloudevents",
     .origins = {[ENVELOPE_ID] = "$.id",
                 [ENVELOPE_TYPE] = "$.type",
                 [ENVELOPE_SOURCE] = "$.source",
                 [ENVELOPE_TIME] = "$.time kafka_timestamp", /* the attribute is optional */
                 [ENVELOPE_PAYLOAD] = "$.data base64:$.data_base64"},
     .names = {[ENVELOPE_ID] = "id",
               [ENVELOPE_TYPE] = "type",
               [ENVELOPE_SOURCE] = "source",
               [ENVELOPE_ENTITY] = "subject",
               [ENVELOPE_TIME] = "time",
               [ENVELOPE_PAYLOAD] = "data"},
     .base = "$",
     .whole = true,
     .beside = cloudevents_beside},
    {.name = "cloudevents_binary",
     .origins = {[ENVELOPE_ID] = "kafka_header:ce_id",
                 [ENVELOPE_TYPE] = "kafka_header:ce_type",
                 [ENVELOPE_SOURCE] = "kafka_header:ce_source",
                 [ENVELOPE_ENTITY] = "kafka_header:ce_subject",
                 [ENVELOPE_TIME] = "kafka_header:ce_time kafka_timestamp",
                 [ENVELOPE_PAYLOAD] = "$"},
     .names = {[ENVELOPE_ENTITY] = "subject"},
     .base = "$",
     .whole = true,
     .fixed_payload = true},
    {.name = "cloudevents_mixed",
     .origins = {[ENVELOPE_ID] = "kafka_header:ce_id $.id",
                 [ENVELOPE_TYPE] = "kafka_header:ce_type $.type",
                 [ENVELOPE_SOURCE] = "kafka_header:ce_source $.source",
                 [ENVELOPE_ENTITY] = "kafka_header:ce_subject $.subject",
                 [ENVELOPE_TIME] = "kafka_header:ce_time $.time kafka_timestamp",
                 [ENVELOPE_PAYLOAD] = "$@kafka_header:ce_specversion $.data base64:$.data_base64"},
     .names = {[ENVELOPE_ENTITY] = "subject"},
     .base = "$@kafka_header:ce_specversion $.data",
     .whole = true,
     .fixed_payload = true,
     .beside = cloudevents_beside},
    {.name = "debezium",
     .origins = {[ENVELOPE_ID] = debezium_id,
                 [ENVELOPE_TYPE] = "$.source.table $.source.collection",
                 [ENVELOPE_SOURCE] = "$.source.name",
                 [ENVELOPE_TIME] = "$.source.ts_ms $.ts_ms",
                 [ENVELOPE_PAYLOAD] = "$.after $.before"},
     .base = "$.after $.before",
     .time_form = TIME_EPOCH_MS,
     .whole = true,
     .fixed_payload = true,
     .beside = debezium_beside,
     .transport = debezium_transport},
};

#define WRAPPER "connect"
static const char wrapper_plus[] = WRAPPER "+";
const char preset_names[] =
    "smelt, flat, cloudevents, cloudevents_binary, cloudevents_mixed, debezium, connect, or connect+ with one of these behind it";

static const Preset *find(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(presets); i++)
        if (strcmp(presets[i].name, name) == 0) return &presets[i];
    return NULL;
}

PresetUse preset_default(void) {
    return (PresetUse){.preset = find("smelt")};
}

bool preset_find(const char *name, PresetUse *ret) {
    bool wrapped = strcmp(name, WRAPPER) == 0, prefixed = strncmp(name, wrapper_plus, sizeof wrapper_plus - 1) == 0;
    *ret = (PresetUse){find(wrapped ? "flat" : prefixed ? name + sizeof wrapper_plus - 1 : name), wrapped || prefixed, true};
    return ret->preset != NULL;
}

EnvelopeColumn preset_column(PresetUse use, const char *property) {
    EnvelopeColumn c = 0;
    while (c < ENVELOPE_COLUMNS && (use.preset->names[c] == NULL || strcmp(use.preset->names[c], property) != 0)) c++;
    return c;
}

/* By its name in the preset, or by Smelt's own for the column. */
static bool is_known_as(PresetUse use, EnvelopeColumn column, const char *property) {
    return preset_column(use, property) == column || preset_column(preset_default(), property) == column ||
           (column == ENVELOPE_PAYLOAD && use.preset->fixed_payload);
}

static bool is_there_unlisted(PresetUse use, EnvelopeColumn column) {
    if (!use.named || column == ENVELOPE_ENTITY || column == ENVELOPE_QUALITY) return false;
    return use.preset->whole || column == ENVELOPE_PAYLOAD;
}

/* A member of its own name, where properties are. */
static void at_base(Strings *strings, PresetUse use, const char *property, ColumnMapping *ret) {
    ColumnMapping base = {0};
    origins_read(strings, use.preset->base, &base);
    *ret = (ColumnMapping){.parts = strings_array(strings, 1, sizeof *ret->parts), .part_count = 1};
    if (!origins_extend(strings, base.parts, property, ret->parts)) BUG("the base of a preset is too deep");
}

bool preset_mapping(Strings *strings, PresetUse use, EnvelopeColumn column, const char *property, ColumnMapping *ret) {
    const char *origins = use.preset->origins[column];
    *ret = (ColumnMapping){0};
    if (property == NULL && (origins == NULL || !is_there_unlisted(use, column))) return false;
    if (origins != NULL && (property == NULL || is_known_as(use, column, property))) {
        origins_read(strings, origins, ret);
        if (column == ENVELOPE_TIME) ret->time_form = use.preset->time_form;
    } else
        at_base(strings, use, property, ret);
    if (use.wrapped) origins_wrap(ret, "payload");
    return true;
}

const char *const *preset_beside(PresetUse use) {
    return use.wrapped ? connect_beside : use.preset->beside;
}

const char *const *preset_transport(PresetUse use) {
    return use.preset->transport;
}

void preset_envelope(Strings *strings, PresetUse use, TopicEnvelope *ret) {
    const char *const *names = find("smelt")->names;
    *ret = (TopicEnvelope){.preset = use.preset->name, .ignored = use.wrapped ? "schema" : NULL};
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        if (use.preset->origins[c] == NULL) continue;
        preset_mapping(strings, use, c, names[c], &ret->columns[c]);
        ret->columns[c].name = names[c];
    }
}

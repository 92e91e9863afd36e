/* test_refusals.c: every mistake that contracts and features can have, one row for each: what is changed in the good pipeline of
 * tests/pipelines/good, and the sentence that is expected. A refusal in src/contract that no row reaches fails this test, and so does one
 * that is not made by REFUSE or REFUSE_PATH (contract/node.h), as it could not be counted. */
#include "../scratch.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/node.h"
#include "contract/pipeline.h"
#include "judge/pattern.h"
#include <ftw.h>

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define DOOR     "contracts/door.odcs.yaml"
#define METER    "contracts/meter.odcs.yaml"
#define FEATURES "features.yaml"
#define ONLY     "contracts/only.odcs.yaml" /* instead of the others */

/* An array of arrays of arrays ... */
#define ITEMS_4   ITEMS_ ITEMS_ ITEMS_ ITEMS_
#define ITEMS_    "items: {logicalType: array, "
#define ITEMS_16  ITEMS_4 ITEMS_4 ITEMS_4 ITEMS_4
#define CLOSED_16 "}}}}}}}}}}}}}}}}"
#define PATH_5    ".items.items.items.items.items"
#define PATH_15   PATH_5 PATH_5 PATH_5

#define DOOR_SITE_LINES                                                                                                                    \
    "          - name: site\n            logicalType: integer\n            physicalName: site\n            physicalType: SMALLINT\n"
#define DOOR_HEAD  "apiVersion: v3.1.0\nkind: DataContract\nid: i\nversion: 1.0.0\n"
#define DOOR_TOPIC "schema:\n"
#define DOOR_TIME  "{name: at, logicalType: timestamp, physicalName: event_timestamp}"
#define DOOR_SITE  "{name: site, logicalType: integer, physicalName: site, physicalType: SMALLINT}"

/* In `file` of the pipeline in the folder p, `find` (which is there once) becomes `with`. Without `find` the whole file is `with`; without
 * `with` too it is removed, or, if it is the folder contracts, all that is in it. */
typedef struct Row {
    const char *file, *find, *with, *expected;
} Row;

static const Row rows[] = {
    /* ---- files and folders ---- */
    {"contracts", NULL, "no folder", "p/contracts: expected a folder with files *.yaml or *.yml: Not a directory"},
    {FEATURES, NULL, NULL,
     "p/features.yaml: there is no such file; expected the features of Gold (`smelt init` and `smelt contract infer --pipeline` write it)"},
    {"contracts", NULL, NULL, "p/contracts: there is no contract in this folder; expected files *.yaml or *.yml"},

    /* ---- YAML (base/document.c; test_document.c has them all) ---- */
    {METER, "version: 2.0.0", "version: 2: 0",
     "p/contracts/meter.odcs.yaml:5: this is not YAML: mapping values are not allowed in this context"},
    {METER, "version: 2.0.0", "id: meter", "p/contracts/meter.odcs.yaml:5: id: duplicate key, first on line 4; expected each key once"},
    {FEATURES, "where: {kind: [gas, power], is_on: true}", "where: {kind: gas, kind: power}",
     "p/features.yaml:9: features[0].where.kind: duplicate key, first on line 9; expected each key once"},

    /* ---- values of a wrong kind (reader.c) ---- */
    {DOOR, DOOR_SITE_LINES, DOOR_SITE_LINES "            customProperties: {unit: m}\n",
     "p/contracts/door.odcs.yaml:27: schema[0].properties[6].properties[0].customProperties is an object: expected a list"},
    {DOOR, DOOR_SITE_LINES, DOOR_SITE_LINES "            customProperties: [{property: entity}]\n",
     "p/contracts/door.odcs.yaml:27: schema[0].properties[6].properties[0].customProperties[0].value is missing: expected a text"},
    {DOOR, DOOR_SITE_LINES, "          - {name: site, logicalType: array, physicalName: sites, primaryKey: true}\n",
     "p/contracts/door.odcs.yaml:23: schema[0].properties[6].properties[0].primaryKey is true: a list is no part of an id; expected this at "
     "texts, numbers or times"},
    {METER, "description: A reading.", "description: 12", "p/contracts/meter.odcs.yaml:11: schema[0].description is 12: expected a text"},
    {METER, "id: meter-events", "id: \"\"", "p/contracts/meter.odcs.yaml:4: id is \"\": expected a text that is not empty"},
    {METER, "id: meter-events", "", "p/contracts/meter.odcs.yaml:1: id is missing: expected a text"},
    {METER, "physicalName: kind\n            required: true", "physicalName: kind\n            required: yes",
     "p/contracts/meter.odcs.yaml:53: schema[0].properties[6].properties[0].required is \"yes\": expected true or false"},
    {METER, "value: 2", "value: -1",
     "p/contracts/meter.odcs.yaml:8: customProperties[0].value is -1: expected a whole number from 0 to 2147483647"},
    {FEATURES, "minimum_events: 1", "minimum_events: 1.5",
     "p/features.yaml:3: minimum_events is 1.5: expected a whole number from 1 to 2147483647"},
    {FEATURES, "{kind: [gas, power], is_on: true}", "[gas, power]", "p/features.yaml:9: features[0].where is a list: expected an object"},
    {FEATURES, "windows: [7d, 30d]", "windows: 7d", "p/features.yaml:4: windows is \"7d\": expected a list"},
    {DOOR, "schema:\n", "schema: {}\nservers:\n", "p/contracts/door.odcs.yaml:9: schema is an empty object: expected a list"},
    {FEATURES, NULL, "",
     "p/features.yaml:1: the document is null: expected an object with the keys version, entity, key, plural, title, title_plural, description, "
     "minimum_events, windows, list, place, features, labels, entities, model"},
    {FEATURES, "  - name: last_kind", "  - 1d\n  - name: last_kind",
     "p/features.yaml:21: features[3] is \"1d\": "
     "expected an object with the keys name, title, unit, worse, description, aggregate, column, where, round, windows"},
    {FEATURES, "round: 1", "\"round to\": 1",
     "p/features.yaml:13: features[1][\"round to\"] is 1: there is no such key; "
     "expected one of: name, title, unit, worse, description, aggregate, column, where, round, windows"},
    {METER, "kind: DataContract", "kind: Contract", "p/contracts/meter.odcs.yaml:3: kind is \"Contract\": expected DataContract"},
    {METER, "physicalType: SMALLINT", "physicalType: INT",
     "p/contracts/meter.odcs.yaml:67: schema[0].properties[6].properties[1].physicalType is \"INT\": "
     "the column site would be INTEGER here, but is SMALLINT in p/contracts/door.odcs.yaml:23; expected the same type"},
    {METER, "name: tags\n            logicalType: array\n", "name: tags\n            logicalType: list\n",
     "p/contracts/meter.odcs.yaml:86: schema[0].properties[6].properties[6].logicalType is \"list\": "
     "expected one of: string, integer, number, boolean, date, timestamp, time, object, array"},
    {FEATURES, "at_least: 20", "at_least: twenty", "p/features.yaml:28: labels[0].any_of[0].at_least is \"twenty\": expected a number"},
    {FEATURES, "at_least: 20", "at_least: 10000000000000000000",
     "p/features.yaml:28: labels[0].any_of[0].at_least is 10000000000000000000: expected a number with at most 19 digits before the point"},
    {FEATURES, "greater_than: 0.5", "greater_than: 0.1234567891",
     "p/features.yaml:15: features[1].where.reading_kwh.greater_than is 0.1234567891: expected a number with at most 9 decimals"},
    {FEATURES, "name: first_install", "name: First",
     "p/features.yaml:18: features[2].name is \"First\": "
     "expected a name of a to z, 0 to 9 and _, at most 63 long, that begins with a letter"},
    {FEATURES, "name: last_kind", "name: id",
     "p/features.yaml:21: features[3].name is \"id\": the API calls the id of every row so; expected another name"},
    {FEATURES, "name: first_install", "name: ~",
     "p/features.yaml:18: features[2].name is null: expected a name of a to z, 0 to 9 and _, at most 63 long, that begins with a letter"},
    {FEATURES, "name: last_kind", "name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u00e9\u00e9",
     "p/features.yaml:21: features[3].name is "
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: "
     "expected a name of a to z, 0 to 9 and _, at most 63 long, that begins with a letter"},
    {METER, "physicalName: reading_kwh", "physicalName: [kwh]",
     "p/contracts/meter.odcs.yaml:70: schema[0].properties[6].properties[2].physicalName is a list: expected a text"},
    {METER, "name: kwh", "name: \"\"",
     "p/contracts/meter.odcs.yaml:68: schema[0].properties[6].properties[2].name is \"\": expected a name of 1 to 100 characters"},
    {METER, "name: METER", "name: \"'\"",
     "p/contracts/meter.odcs.yaml:10: schema[0].name is \"'\": expected a name without quotes, backslashes, control characters and \"{{\""},

    /* ---- the document, its event types (contracts.c) ---- */
    {DOOR, NULL, "apiVersion: v3.1.0\nkind: DataContract\nid: i\nversion: 1.0.0\nschema: []\n",
     "p/contracts/door.odcs.yaml:5: schema is an empty list: expected one or more event types"},
    {METER, "name: METER", "name: DOOR",
     "p/contracts/meter.odcs.yaml:10: schema[0].name is \"DOOR\": "
     "this event type has a contract already, in p/contracts/door.odcs.yaml:10"},

    /* ---- the event (envelope.c) ---- */
    {METER, "name: source\n        logicalType: string\n        physicalName: source_system",
     "name: origin\n        logicalType: string\n        physicalName: origin",
     "p/contracts/meter.odcs.yaml:21: schema[0].properties[2].name is \"origin\": "
     "expected a property of the envelope, by its physicalName one of event_id, event_type, source_system, subscriber_id, event_timestamp, "
     "quality_score or raw_payload (others go into the payload)"},
    {METER, "physicalName: event_type", "physicalName: event_id",
     "p/contracts/meter.odcs.yaml:17: schema[0].properties[1].name is \"type\": "
     "the property on line 13 fills event_id already; expected one property for it"},
    {METER, "name: source\n", "name: origin\n",
     "p/contracts/meter.odcs.yaml:21: schema[0].properties[2] is an object: "
     "source_system is from $.origin (property origin) here, but from $.source (property source) in p/contracts/door.odcs.yaml:14; "
     "expected the same in all contracts of any topic, or the topic of each: physicalType: topic, physicalName: NAME of its schema"},
    {METER, "name: subscriber_id\n        logicalType: string\n        physicalName: subscriber_id",
     "name: subscriber_id\n        logicalType: string\n        physicalName: meter_id\n        customProperties: [{property: entity, value: meter}]",
     "p/contracts/meter.odcs.yaml:25: schema[0].properties[3] is an object: "
     "the first entity would be meter (column meter_id) here, but is subscriber (column subscriber_id) in p/contracts/door.odcs.yaml:15; "
     "expected the same, others have a section in features.yaml (entities)"},
    {METER, "physicalName: subscriber_id\n", "physicalName: 5\n        customProperties: [{property: entity, value: subscriber}]\n",
     "p/contracts/meter.odcs.yaml:27: schema[0].properties[3].physicalName is 5: expected a text"},
    {METER, "physicalName: subscriber_id\n", "physicalName: batch_id\n        customProperties: [{property: entity, value: subscriber}]\n",
     "p/contracts/meter.odcs.yaml:27: schema[0].properties[3].physicalName is \"batch_id\": "
     "Silver has this column for something else; expected another name for the id of an entity"},
    {ONLY, NULL,
     DOOR_HEAD DOOR_TOPIC
     "  - name: DOOR\n    physicalType: topic\n    physicalName: doors\n    properties:\n      - " DOOR_TIME "\n"
     "      - {name: a, logicalType: string, physicalName: door_id, customProperties: [{property: entity, value: door}]}\n"
     "      - {name: b, logicalType: string, physicalName: door_id}\n",
     "p/contracts/only.odcs.yaml:12: door_id is the id of the first entity in p/contracts/only.odcs.yaml:11; "
     "expected customProperties: [{property: entity, value: door}], or another physicalName"},
    {METER, "transformLogic: UPPER(subscriber_id)", "transformLogic: LOWER(subscriber_id)",
     "p/contracts/meter.odcs.yaml:29: schema[0].properties[3].transformLogic is \"LOWER(subscriber_id)\": "
     "expected one of: upper, kafka_key, kafka_header:NAME"},
    {METER, "physicalName: quality_score\n        required: true", "physicalName: quality_score\n        transformLogic: \"'9'\"",
     "p/contracts/meter.odcs.yaml:44: schema[0].properties[5].transformLogic is \"'9'\": quality_score is not transformed; leave this out"},
    {METER, "physicalName: event_id", "physicalName: event_id\n        transformSourceObjects: [$.id]\n        transformLogic: kafka_key",
     "p/contracts/meter.odcs.yaml:17: schema[0].properties[0].transformLogic is \"kafka_key\": "
     "the value is either at a path of transformSourceObjects or this; leave one out"},
    {METER, "physicalName: event_id", "physicalName: event_id\n        transformSourceObjects: [$.a.b.c.d.e]",
     "p/contracts/meter.odcs.yaml:16: schema[0].properties[0].transformSourceObjects[0] is \"$.a.b.c.d.e\": "
     "expected a path of one to 4 keys, like $.event.id"},
    {METER, "physicalName: kind\n", "physicalName: kind\n            transformSourceObjects: [$.body.kind]\n",
     "p/contracts/meter.odcs.yaml:53: schema[0].properties[6].properties[0].transformSourceObjects is a list: "
     "the payload does not have this, and nothing is moved there from elsewhere in a message; expected $.payload.kind, or leave this out"},
    {METER, "physicalName: kind\n", "physicalName: kind\n            transformSourceObjects: $.payload.kind\n",
     "p/contracts/meter.odcs.yaml:53: schema[0].properties[6].properties[0].transformSourceObjects is \"$.payload.kind\": expected a list"},
    {ONLY, NULL,
     DOOR_HEAD DOOR_TOPIC
     "  - name: DOOR\n    properties:\n"
     "      - {name: o, logicalType: object, properties: [{name: a, logicalType: string, transformSourceObjects: [$.o.b]}]}\n",
     "p/contracts/only.odcs.yaml:8: schema[0].properties[0].properties[0].transformSourceObjects is a list: "
     "inside an object a property has its own name; leave this out"},
    {DOOR, NULL, DOOR_HEAD DOOR_TOPIC "  - {name: DOOR, physicalType: topic, properties: []}\n",
     "p/contracts/door.odcs.yaml:6: schema[0].physicalName is missing: expected a text"},
    {DOOR, NULL,
     DOOR_HEAD
     "servers: [{server: a, type: kafka, customProperties: [{property: envelope, value: flatter}]}]\nschema:\n  - {name: DOOR, properties: []}\n",
     "p/contracts/door.odcs.yaml:5: servers[0] is an object: there is no envelope \"flatter\"; expected one of: "
     "smelt, flat, cloudevents, cloudevents_binary, cloudevents_mixed, debezium, connect, or connect+ with one of these behind it"},
    {DOOR, NULL,
     DOOR_HEAD
     "servers:\n  - {server: a, type: kafka, customProperties: [{property: envelope, value: flat}]}\n"
     "  - {server: b, type: kafka, customProperties: [{property: envelope, value: connect}]}\nschema:\n  - {name: DOOR, properties: []}\n",
     "p/contracts/door.odcs.yaml:7: servers[1] is an object: "
     "another server has another envelope; expected the same, or one in the customProperties of the schema"},
    {DOOR, NULL,
     DOOR_HEAD "servers: [{server: a, type: kafka, format: xml}]\n" DOOR_TOPIC
               "  - {name: DOOR, physicalType: topic, physicalName: doors, properties: [" DOOR_TIME ", " DOOR_SITE "]}\n",
     "p/contracts/door.odcs.yaml:5: servers[0].format is \"xml\": messages of this format are not read; expected json or avro"},
    {DOOR, NULL,
     DOOR_HEAD "servers: [{server: a, type: kafka, format: protobuf}]\n" DOOR_TOPIC
               "  - {name: DOOR, physicalType: topic, physicalName: doors, properties: [" DOOR_TIME ", " DOOR_SITE "]}\n",
     "p/contracts/door.odcs.yaml:5: servers[0].format is \"protobuf\": messages in Protobuf are not read; "
     "expected json or avro: a stream processor, as ksqlDB or Flink, can write the topic again in one of them"},
    {DOOR, NULL,
     DOOR_HEAD "servers:\n  - {server: a, type: kafka, format: avro}\n  - {server: b, type: kafka, format: json}\n" DOOR_TOPIC
               "  - {name: DOOR, physicalType: topic, physicalName: doors, properties: [" DOOR_TIME ", " DOOR_SITE "]}\n",
     "p/contracts/door.odcs.yaml:7: servers[1].format is \"json\": p/contracts/door.odcs.yaml:6 says that this topic is avro; expected the same"},
    {DOOR, NULL,
     DOOR_HEAD DOOR_TOPIC "  - {name: OPENED, physicalType: topic, physicalName: doors, properties: [" DOOR_TIME ", " DOOR_SITE "]}\n"
                          "  - {name: CLOSED, physicalType: topic, physicalName: doors, properties: [" DOOR_TIME ", " DOOR_SITE "]}\n",
     "p/contracts/door.odcs.yaml:7: several contracts are of this topic, and none says where the event type is; "
     "expected a property with physicalName event_type, like {name: kind, physicalName: event_type}"},
    {DOOR, NULL,
     DOOR_HEAD DOOR_TOPIC "  - name: DOOR\n    physicalType: topic\n    physicalName: doors\n    properties:\n      - " DOOR_TIME "\n"
                          "      - name: payload\n        logicalType: object\n        physicalName: raw_payload\n"
                          "        transformSourceObjects: [$.a.b.c.d]\n        properties:\n"
                          "          - {name: site, logicalType: integer, physicalName: site, physicalType: SMALLINT, primaryKey: true}\n",
     "p/contracts/door.odcs.yaml:16: schema[0].properties[1].properties[0] is an object: "
     "the path of this key would have more than 4 keys; expected another primaryKey"},

    /* ---- properties of the payload (fields.c) ---- */
    {METER, "DECIMAL(9,3)", "9",
     "p/contracts/meter.odcs.yaml:71: schema[0].properties[6].properties[2].physicalType is 9: expected the name of a type"},
    {METER, "name: kwh", "name: Kind",
     "p/contracts/meter.odcs.yaml:68: schema[0].properties[6].properties[2].name is \"Kind\": "
     "the property on line 50 has this name already (capitals do not count); expected another name"},
    {METER, "physicalName: reading_kwh", "physicalName: kind",
     "p/contracts/meter.odcs.yaml:70: schema[0].properties[6].properties[2].physicalName is \"kind\": "
     "the property on line 50 has this column already; expected another one"},
    {METER, "            physicalType: SMALLINT\n", "",
     "p/contracts/meter.odcs.yaml:64: schema[0].properties[6].properties[1].physicalType is missing: "
     "the column site would be INTEGER here, but is SMALLINT in p/contracts/door.odcs.yaml:23; expected the same type"},
    {METER, "physicalName: tag_list",
     "physicalName: tag_list\n            items: {logicalType: object, properties: [{name: a, logicalType: string}, {name: a, logicalType: "
     "string}]}",
     "p/contracts/meter.odcs.yaml:88: schema[0].properties[6].properties[6].items.properties[1].name is \"a\": "
     "the property on line 88 has this name already; expected another name"},
    {METER, "physicalName: tag_list", "physicalName: tag_list\n            properties: [{name: a, logicalType: string}]",
     "p/contracts/meter.odcs.yaml:88: schema[0].properties[6].properties[6].properties is a list: only an object has properties"},
    {METER, "physicalName: reading_kwh", "physicalName: reading_kwh\n            items: {logicalType: string}",
     "p/contracts/meter.odcs.yaml:71: schema[0].properties[6].properties[2].items is an object: only an array has items"},
    {METER, "physicalName: tag_list", "physicalName: tag_list\n            " ITEMS_16 "items: {logicalType: string" CLOSED_16 "}",
     "p/contracts/meter.odcs.yaml:88: schema[0].properties[6].properties[6]" PATH_15
     " is an object: expected at most 16 levels of objects and arrays"},
    {DOOR, NULL,
     "apiVersion: v3.1.0\nkind: DataContract\nid: i\nversion: 1.0.0\nschema:\n- name: DOOR\n  properties:\n"
     "  - name: payload\n    logicalType: object\n    physicalName: raw_payload\n    required: true\n    properties: []\n",
     "p/contracts/door.odcs.yaml:12: schema[0].properties[0].properties is an empty list: expected one or more properties"},

    /* ---- rules of a property (checks.c) ---- */
    {METER, "validValues: [gas, power]", "validValues: [gas, \"{{a}}\"]",
     "p/contracts/meter.odcs.yaml:63: schema[0].properties[6].properties[0].quality[0].arguments.validValues[1] is \"{{a}}\": "
     "expected a text without \"{{\""},
    {METER, "maxLength: 20", "minimum: 1",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.minimum is 1: "
     "a value of type text has no minimum or maximum; leave this out"},
    {METER, "\"2000-01-01T00:00:00Z\"", "yesterday",
     "p/contracts/meter.odcs.yaml:39: schema[0].properties[4].quality[0].implementation.minimum is \"yesterday\": "
     "expected a time like \"2026-11-24T10:15:00Z\" or a date like \"2026-11-24\""},
    {METER, "exclusiveMaximum: 100000.5", "maxLength: 9",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.maxLength is 9: "
     "only a text has a length; leave this out"},
    {METER, "maxLength: 20", "maxLength:",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.maxLength is null: "
     "expected a length in characters"},
    {METER, "maxLength: 20", "maxLength: -1",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.maxLength is -1: "
     "expected a whole number from 0 to 2147483647"},
    {METER, "exclusiveMaximum: 100000.5", "pattern: \"^1\"",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.pattern is \"^1\": "
     "only a text has a pattern; leave this out"},
    {METER, "pattern: \"^[a-z]+$\"", "pattern: [a-z]",
     "p/contracts/meter.odcs.yaml:56: schema[0].properties[6].properties[0].logicalTypeOptions.pattern is a list: "
     "expected a regular expression, in quotes"},
    {METER, "pattern: \"^[a-z]+$\"", "pattern: \"^[a-z\"",
     "p/contracts/meter.odcs.yaml:56: schema[0].properties[6].properties[0].logicalTypeOptions.pattern is \"^[a-z\": "
     "this is not a regular expression: missing terminating ] for character class (at character 6)"},
    {METER, "validValues: [gas, power]", "validValues: [gas, 1]",
     "p/contracts/meter.odcs.yaml:63: schema[0].properties[6].properties[0].quality[0].arguments.validValues[1] is 1: "
     "expected a text, in quotes where it looks like something else"},
    {METER, "maximumAhead: 1d", "validValues: [1d]",
     "p/contracts/meter.odcs.yaml:40: schema[0].properties[4].quality[0].implementation.validValues is a list: "
     "only texts and numbers have a list of valid values; leave this out"},
    {METER, "validValues: [gas, power]", "validValues: gas",
     "p/contracts/meter.odcs.yaml:63: schema[0].properties[6].properties[0].quality[0].arguments.validValues is \"gas\": "
     "expected a list of one or more values"},
    {METER, "validValues: [gas, power]", "maximumAhead: 1d",
     "p/contracts/meter.odcs.yaml:63: schema[0].properties[6].properties[0].quality[0].arguments.maximumAhead is \"1d\": "
     "only a timestamp can be ahead of the broker's; leave this out"},
    {METER, "maximumAhead: 1d", "maximumAhead: 1 day",
     "p/contracts/meter.odcs.yaml:40: schema[0].properties[4].quality[0].implementation.maximumAhead is \"1 day\": "
     "expected a duration like 1d or 12h, at most 3660d"},
    {METER, "maximumAhead: 1d", "maximumAhead: 3661d",
     "p/contracts/meter.odcs.yaml:40: schema[0].properties[4].quality[0].implementation.maximumAhead is \"3661d\": "
     "expected a duration like 1d or 12h, at most 3660d"},
    {METER, "physicalName: tag_list", "physicalName: tag_list\n            logicalTypeOptions: {timezone: utc}",
     "p/contracts/meter.odcs.yaml:88: schema[0].properties[6].properties[6].logicalTypeOptions.timezone is \"utc\": expected true or false"},
    {METER, "physicalName: tag_list", "physicalName: tag_list\n            logicalTypeOptions: {defaultTimezone: 2}",
     "p/contracts/meter.odcs.yaml:88: schema[0].properties[6].properties[6].logicalTypeOptions.defaultTimezone is 2: "
     "expected an offset from UTC, in quotes, like \"+02:00\", or UTC"},
    {METER, "name: payload\n        logicalType: object",
     "name: payload\n        logicalTypeOptions: {required: true}\n        logicalType: object",
     "p/contracts/meter.odcs.yaml:46: schema[0].properties[6].logicalTypeOptions.required is true: "
     "expected a list of names of members; whether the property itself is required stands beside logicalTypeOptions"},
    {METER, "name: payload\n        logicalType: object",
     "name: payload\n        logicalTypeOptions: {required: [kind, phase]}\n        logicalType: object",
     "p/contracts/meter.odcs.yaml:46: schema[0].properties[6].logicalTypeOptions.required[1] is \"phase\": "
     "the payload has no such property; expected one among its properties: {name: phase, required: true}"},
    {METER, "exclusiveMaximum: 100000.5", "most: 3",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.most is 3: "
     "the standard has no such option; expected one of: minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, "
     "maxLength, pattern, format, timezone, defaultTimezone, minItems, maxItems, uniqueItems, minProperties, maxProperties, required"},
    {METER, "logicalType: date\n", "logicalType: time\n            logicalTypeOptions: {minimum: \"25:00\"}\n",
     "p/contracts/meter.odcs.yaml:84: schema[0].properties[6].properties[5].logicalTypeOptions.minimum is \"25:00\": "
     "expected a time of day like \"10:15:00\""},
    {METER, "exclusiveMaximum: 100000.5", "multipleOf: 0.0000000001",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.multipleOf is 0.0000000001: expected a number of at "
     "most 18 digits, at most 9 of them decimals"},
    {METER, "exclusiveMaximum: 100000.5", "exclusiveMaximum: 1e-500",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.exclusiveMaximum is 1e-500: expected a number with "
     "fewer digits"},
    {METER, "exclusiveMaximum: 100000.5", "multipleOf: 0",
     "p/contracts/meter.odcs.yaml:74: schema[0].properties[6].properties[2].logicalTypeOptions.multipleOf is 0: expected a number above 0"},
    {METER, "maxLength: 20", "multipleOf: 2",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.multipleOf is 2: "
     "only a number is a multiple; leave this out"},
    {METER, "maxLength: 20", "minItems: 2",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.minItems is 2: "
     "only an array has this; leave it out"},
    {METER, "physicalName: tag_list", "logicalTypeOptions: {maxItems: }\n            physicalName: tag_list",
     "p/contracts/meter.odcs.yaml:87: schema[0].properties[6].properties[6].logicalTypeOptions.maxItems is null: expected a count"},
    {METER, "physicalName: tag_list", "logicalTypeOptions: {uniqueItems: 1}\n            physicalName: tag_list",
     "p/contracts/meter.odcs.yaml:87: schema[0].properties[6].properties[6].logicalTypeOptions.uniqueItems is 1: expected true or false"},
    {METER, "maxLength: 20", "uniqueItems: true",
     "p/contracts/meter.odcs.yaml:55: schema[0].properties[6].properties[0].logicalTypeOptions.uniqueItems is true: "
     "only an array has elements; leave this out"},
    {METER, "arguments:\n                  validValues: [gas, power]\n", "arguments: {}\n",
     "p/contracts/meter.odcs.yaml:62: schema[0].properties[6].properties[0].quality[0].arguments is an empty object: "
     "expected an object with one or more of: "
     "minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, validValues, minItems, maxItems, "
     "uniqueItems, minProperties, maxProperties, maximumAhead"},
    {METER, "minimum: \"2000-01-01T00:00:00Z\"", "minimal: 1",
     "p/contracts/meter.odcs.yaml:39: schema[0].properties[4].quality[0].implementation.minimal is 1: "
     "there is no such check; expected one of: "
     "minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, validValues, minItems, maxItems, "
     "uniqueItems, minProperties, maxProperties, maximumAhead"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]", "mustBe: none",
     "p/contracts/meter.odcs.yaml:61: schema[0].properties[6].properties[0].quality[0].mustBe is \"none\": expected a number"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]", "mustBeBetween: [1]",
     "p/contracts/meter.odcs.yaml:61: schema[0].properties[6].properties[0].quality[0].mustBeBetween is a list: expected two numbers"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]", "mustBeBetween: [5, 1]",
     "p/contracts/meter.odcs.yaml:61: schema[0].properties[6].properties[0].quality[0].mustBeBetween is a list: expected the lower number first"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]",
     "mustBeLessThan: 150\n                unit: percent",
     "p/contracts/meter.odcs.yaml:61: schema[0].properties[6].properties[0].quality[0].mustBeLessThan is 150: expected a percentage from 0 to 100"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]", "mustBeLessThan: 0",
     "p/contracts/meter.odcs.yaml:61: schema[0].properties[6].properties[0].quality[0].mustBeLessThan is 0: no count can be that, so the rule never holds"},
    {METER, "mustBe: 0\n                arguments:\n                  validValues: [gas, power]",
     "mustBe: 0\n                mustBeLessThan: 5",
     "p/contracts/meter.odcs.yaml:62: schema[0].properties[6].properties[0].quality[0].mustBeLessThan is 5: the rule has mustBe already; expected one of them, or two rules"},
    {METER, "metric: invalidValues\n                mustBe: 0\n                arguments:\n                  validValues: [gas, power]",
     "metric: missingValues\n                mustBe: 0",
     "p/contracts/meter.odcs.yaml:58: schema[0].properties[6].properties[0].quality[0].arguments.missingValues is missing: "
     "expected a list of the values that count as missing"},
    {METER, "description: A reading.", "quality: [{metric: duplicateValues, mustBe: 0}]",
     "p/contracts/meter.odcs.yaml:11: schema[0].quality[0].arguments.properties is missing: "
     "expected the properties that are unique together"},
    {METER, "description: A reading.", "quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [kwh, kw]}}]",
     "p/contracts/meter.odcs.yaml:11: schema[0].quality[0].arguments.properties[1] is \"kw\": "
     "there is no such property; expected one of the payload's"},
    {METER, "type: library", "type: librarian",
     "p/contracts/meter.odcs.yaml:59: schema[0].properties[6].properties[0].quality[0].type is \"librarian\": "
     "expected one of: library, custom, text, sql"},
    {METER, "name: implausible_time\n            type: custom", "type: custom",
     "p/contracts/meter.odcs.yaml:35: schema[0].properties[4].quality[0].name is missing: "
     "expected a name of a to z, 0 to 9 and _, at most 63 long, that begins with a letter"},

    /* ---- columns of Silver (columns.c) ---- */
    {FEATURES, "is_on: true", "is_off: true",
     "p/features.yaml:9: features[0].where.is_off is true: "
     "there is no such column; expected event_type, source_system, quality_score, or a physicalName of a contract"},
    {FEATURES, "    column: kind\n", "", "p/features.yaml:21: features[3].column is missing: expected the name of a column of Silver"},
    {FEATURES, "column: kind", "column: SERIAL",
     "p/features.yaml:23: features[3].column is \"SERIAL\": there is no such column; the column of the property of this name is serial_number"},
    {FEATURES, "column: kind", "column: subscriber_id",
     "p/features.yaml:23: features[3].column is \"subscriber_id\": features cannot use this column of Silver; expected event_type, source_system, "
     "quality_score, or that of a property of the payload"},
    {FEATURES, "column: kind", "column: tag_list",
     "p/features.yaml:23: features[3].column is \"tag_list\": this column is JSON, which features cannot use; expected another one"},
    {METER, "logicalType: date\n", "logicalType: time\n",
     "p/features.yaml:20: features[2].column is \"installed_on\": this column is a time of day, which features cannot use; "
     "expected another one"},
    {FEATURES, "column: reading_kwh", "column: serial_number",
     "p/features.yaml:12: features[1].column is \"serial_number\": a sum over this column could overflow; "
     "expected a minimum and a maximum in its contract, at most 9200000000 from 0"},
    {FEATURES, "round: 1", "round: 9",
     "p/features.yaml:12: features[1].column is \"reading_kwh\": a sum over this column could overflow; "
     "expected a minimum and a maximum in its contract, at most 92 from 0, or a smaller round"},

    /* ---- conditions.c ---- */
    {FEATURES, "[gas, power]", "[gas, 1]",
     "p/features.yaml:9: features[0].where.kind[1] is 1: expected a text without \"{{\", in quotes where it looks like something else"},
    {FEATURES, "is_on: true", "is_on: 1", "p/features.yaml:9: features[0].where.is_on is 1: expected true or false, as is_on is a boolean"},
    {FEATURES, "is_on: true", "installed_on: 2026-11-24",
     "p/features.yaml:9: features[0].where.installed_on is \"2026-11-24\": "
     "installed_on is a date; expected a column of texts, numbers or booleans"},
    {FEATURES, "[gas, power]", "[]", "p/features.yaml:9: features[0].where.kind is an empty list: expected one or more values"},
    {FEATURES, "event_type: METER", "event_type: {not_in: [METRE]}",
     "p/features.yaml:16: features[1].where.event_type.not_in[0] is \"METRE\": "
     "there is no contract for this event type; expected the name of one"},
    {FEATURES, "greater_than: 0.5", "greater_than: [0.5, 1]",
     "p/features.yaml:15: features[1].where.reading_kwh.greater_than is a list: expected one value"},
    {FEATURES, "greater_than: 0.5", "above: 0.5",
     "p/features.yaml:15: features[1].where.reading_kwh.above is 0.5: there is no such key; "
     "expected one of: in, not_in, equals, less_than, at_most, greater_than, at_least"},

    /* ---- windows.c ---- */
    {FEATURES, "[1d]", "[367d]", "p/features.yaml:17: features[1].windows[0] is \"367d\": expected whole days, from 1d to 366d"},
    {FEATURES, "[1d]", "[1d, 2d, 3d, 4d, 5d, 6d, 7d, 8d, 9d]",
     "p/features.yaml:17: features[1].windows is a list: expected at most 8 windows"},
    {FEATURES, "[7d, 30d]", "[7d,\n30d, 7d]", "p/features.yaml:5: windows[2] is \"7d\": duplicate window; expected each window once"},
    {FEATURES, "[1d]", "[1d, 2d, 3d, 4d, 5d, 6d, 8d]",
     "p/features.yaml:5: features is a list: expected at most 8 different windows in all features together"},

    /* ---- features.c ---- */
    {FEATURES, "version: 1", "version: 2", "p/features.yaml:2: version is 2: expected 1"},
    {FEATURES, NULL, "version: 1\nfeatures: []\n", "p/features.yaml:2: features is an empty list: expected one or more features"},
    {FEATURES, "aggregate: last", "aggregate: sum",
     "p/features.yaml:23: features[3].column is \"kind\": only numbers can be summed; expected a column of numbers"},
    {FEATURES, "aggregate: last", "aggregate: max",
     "p/features.yaml:23: features[3].column is \"kind\": a column of this type has no max; expected one of numbers, dates or timestamps"},
    {FEATURES, "aggregate: last", "aggregate: count",
     "p/features.yaml:23: features[3].column is \"kind\": count counts events; leave this out, and use `where` for some of them"},
    {FEATURES, "column: installed_on", "column: installed_on\n    round: 0",
     "p/features.yaml:21: features[2].round is 0: only an avg is rounded, the others are exact; leave this out"},

    {FEATURES, "aggregate: last", "aggregate: last\n    worse: higher",
     "p/features.yaml:23: features[3].worse is \"higher\": only of numbers some are worse; leave this out"},
    {FEATURES, "round: 1", "worse: bigger", "p/features.yaml:13: features[1].worse is \"bigger\": expected one of: higher, lower"},

    /* ---- names of Gold's columns (gold_columns.c) ---- */
    {FEATURES, "name: readings", "name: subscriber_id",
     "p/features.yaml:6: features[0].name is \"subscriber_id\": Gold has this column for every subscriber; expected another name"},
    {FEATURES, "name: readings", "name: refined_batch",
     "p/features.yaml:6: features[0].name is \"refined_batch\": Gold has this column for every subscriber; expected another name"},
    {FEATURES, "name: last_kind", "name: readings",
     "p/features.yaml:21: features[3].name is \"readings\": the feature on line 6 has the column readings already; expected another name"},
    {FEATURES, "name: last_kind", "name: readings_7d",
     "p/features.yaml:21: features[3].name is \"readings_7d\": "
     "the feature on line 6 has the column readings_7d already; expected another name"},
    {FEATURES, "labels:\n", "labels:\n  - name: heavy\n    all_of: [{feature: mean_kwh, equals: 1}]\n",
     "p/features.yaml:28: labels[1].name is \"heavy\": the label on line 26 has the column heavy already; expected another name"},

    {FEATURES, "labels:\n", "labels:\n  - {name: subscriber_id, all_of: [{feature: mean_kwh, equals: 1}]}\n",
     "p/features.yaml:26: labels[0].name is \"subscriber_id\": Gold has this column for every subscriber; expected another name"},
    {FEATURES, "labels:\n", "entities: [{entity: part, key: site_last, features: [{name: site, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].features[0].name is \"site\": Gold's state would have a column site_last twice; expected another name"},

    /* ---- entities.c ---- */
    {FEATURES, "minimum_events: 1", "place: {latitude: mean_kwh}",
     "p/features.yaml:3: place.longitude is missing: expected the name of a feature; a place is latitude and longitude, or x and y"},
    {FEATURES, "minimum_events: 1", "place: {}",
     "p/features.yaml:3: place.x is missing: expected the name of a feature; a place is latitude and longitude, or x and y"},
    {FEATURES, "minimum_events: 1", "place: {x: mean_kwh, y: reading_kwh}",
     "p/features.yaml:3: place.y is \"reading_kwh\": expected the name of a feature"},
    {FEATURES, "minimum_events: 1", "place: {x: mean_kwh, y: last_kind}",
     "p/features.yaml:3: place.y is \"last_kind\": this feature is no number; expected one that is"},
    {FEATURES, "minimum_events: 1", "place: {x: mean_kwh, latitude: mean_kwh, longitude: readings}",
     "p/features.yaml:3: place.x is \"mean_kwh\": there is no such key; expected one of: latitude, longitude"},
    {FEATURES, "minimum_events: 1", "key: kind",
     "p/features.yaml:3: key is \"kind\": the key of the first entity is the id that every event has; expected subscriber_id, or leave this out"},
    {FEATURES, "labels:\n", "entities: [{entity: part, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].key is missing: expected a column of Silver, the id of the entity"},
    {FEATURES, "labels:\n", "entities: [{key: kind, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].entity is missing: expected a name, for example tower"},
    {FEATURES, "labels:\n", "entities: [{entity: part, key: nothing, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].key is \"nothing\": there is no such column; expected event_type, source_system, quality_score, or a "
     "physicalName of a contract"},
    {FEATURES, "labels:\n", "entities: [{entity: part, key: subscriber_id, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].key is \"subscriber_id\": this is the key of the first entity; expected another column"},
    {FEATURES, "labels:\n", "entities: [{entity: part, key: is_on, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].key is \"is_on\": this column is a boolean; expected one of texts or integers"},
    {FEATURES, "labels:\n", "entities: [{entity: part, key: band, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].key is \"band\": Gold uses this name itself; expected a column of another name"},
    {FEATURES, "labels:\n", "entities: [{entity: layer, key: kind, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].entity is \"layer\": the name layer is taken; expected another one"},
    {FEATURES, "labels:\n", "entities: [{entity: subscriber, key: kind, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].entity is \"subscriber\": another entity has the name subscriber; expected another one"},
    {FEATURES, "labels:\n", "entities: [{entity: part, plural: part, key: kind, features: [{name: n, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: entities[0].plural is \"part\": expected another word than the entity's name"},
    {FEATURES, "minimum_events: 1", "list: [nothing]", "p/features.yaml:3: list[0] is \"nothing\": expected the name of a feature"},
    {FEATURES, "labels:\n", "entities: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\nlabels:\n",
     "p/features.yaml:25: entities is a list: expected at most 15 more entities"},

    /* ---- prediction.c ---- */
    /* ---- labels of the future, and how they are learned ---- */
    {FEATURES, "labels:\n", "labels:\n  - {name: gone, inactivity: {}}\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:27: labels[1].name is \"gone\": another label has this name; expected another one"},
    {FEATURES, "labels:\n", "labels:\n  - {name: gone, inactivity: {}, table: {file: x.csv}}\n",
     "p/features.yaml:26: labels[0] is an object: expected either inactivity or table"},
    {FEATURES, "labels:\n", "labels:\n  - {name: gone, inactivity: {horizon: 0d}}\n",
     "p/features.yaml:26: labels[0].inactivity.horizon is \"0d\": expected whole days, from 1d to 366d"},
    {FEATURES, "labels:\n", "model: {label: gone, population: {active_within: 40d}}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.population is an object: expected active_within of at most events_within"},
    {FEATURES, "labels:\n",
     "model: {label: gone, features: [{name: r, aggregate: ratio, of: [x_7d, x_7d]}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[0].of[0] is \"x_7d\": expected a column of a feature of the model above, as total_events_7d"},
    {FEATURES, "labels:\n",
     "model: {label: gone, features: [{feature: last_kind}, {name: r, aggregate: ratio, of: [last_kind, last_kind]}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[1].of[0] is \"last_kind\": expected a feature that is a number"},
    {FEATURES, "labels:\n",
     "model: {label: gone, features: [{name: r, aggregate: ratio, of: [x_7d]}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[0].of is a list: expected two columns: what is divided, and by what"},
    {FEATURES, "labels:\n", "model: {label: gone, features: [{feature: nothing}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[0].feature is \"nothing\": expected the name of a feature of subscriber"},
    {FEATURES, "labels:\n",
     "model: {label: gone, features: [{name: n, aggregate: count, windows: []}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[0] is an object: a feature of a model is over windows; expected one or more"},
    {FEATURES, "labels:\n",
     "model: {label: gone, features: [{feature: readings}, {feature: readings}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.features[1].feature is \"readings\": the model has the column readings_7d already"},
    {FEATURES, "labels:\n",
     "model: {label: gone, segments: [readings], features: [{feature: readings}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.segments[0] is \"readings\": expected the name of a feature of the model with the aggregate last"},
    {FEATURES, "labels:\n",
     "model: {label: gone, segments: [last_kind, last_kind], features: [{feature: last_kind}]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.segments[1] is \"last_kind\": it is named twice; leave one out"},
    {FEATURES, "labels:\n", "model: {label: gone, segments: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\nlabels:\n  - {name: gone, inactivity: {}}\n",
     "p/features.yaml:25: model.segments is a list: expected at most 8 features"},
    {FEATURES, "minimum_events: 1", "model: {entity: part, label: heavy}",
     "p/features.yaml:3: model.entity is \"part\": expected the name of an entity: subscriber"},
    {FEATURES, "minimum_events: 1", "model: {label: light}",
     "p/features.yaml:3: model.label is \"light\": expected the name of a label of subscriber: heavy"},
    {FEATURES, "labels:\n",
     "model: {entity: part, label: light}\nentities: [{entity: part, key: site, features: [{name: site_events, aggregate: count}]}]\nlabels:\n",
     "p/features.yaml:25: model.label is \"light\": part has no label; expected one beside its features, like "
     "labels: [{name: leaves, inactivity: {silence: 30d, horizon: 30d}}]"},
    {FEATURES, "minimum_events: 1", "model: {label: heavy, value: {feature: last_kind, name: worth, title: worth}}",
     "p/features.yaml:3: model.value.feature is \"last_kind\": expected the name of a numeric feature"},

    /* ---- labels.c ---- */
    {FEATURES, "feature: mean_kwh", "feature: last_kind",
     "p/features.yaml:28: labels[0].any_of[0].feature is \"last_kind\": this feature is not numeric; expected a numeric one"},
    {FEATURES, "feature: readings_7d", "feature: readings_9d",
     "p/features.yaml:29: labels[0].any_of[1].feature is \"readings_9d\": expected the name of a feature, or of one of its windows"},
    {FEATURES, "less_than: 3", "less_than: 3, at_most: 5",
     "p/features.yaml:29: labels[0].any_of[1] is an object: expected a feature and one comparison with a number"},
    {FEATURES, "    any_of:\n", "    all_of: [{feature: mean_kwh, equals: 1}]\n    any_of:\n",
     "p/features.yaml:26: labels[0] is an object: expected either any_of or all_of"},
    {FEATURES, "labels:\n", "labels:\n  - {name: light, all_of: []}\n",
     "p/features.yaml:26: labels[0].all_of is an empty list: expected one or more comparisons"},
};

/* ---- the pipeline in p ---- */

/* A file of the good pipeline; the caller frees. */
static char *read_good(const char *file) {
    CLEANUP(free_text) char *path = xasprintf(SOURCE_ROOT "/tests/pipelines/good/%s", file);
    CLEANUP(buf_done) Buf text = {0};
    Error err = {0};
    if (file_read(path, &text, &err) != 0) fail_msg("%s", err.text);
    return buf_take(&text);
}

/* `text` with the one `find` in it replaced; the caller frees. */
static char *replace_once(const char *text, const char *find, const char *with) {
    const char *at = strstr(text, find);
    if (at == NULL || strstr(at + 1, find) != NULL) fail_msg("\"%s\" should be in the good pipeline once", find);
    return xasprintf("%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
}

static void write_file(const char *file, const char *text) {
    CLEANUP(free_text) char *path = path_join("p", file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool is_in_folder(const char *file, const char *folder) {
    size_t n = strlen(folder);
    return strncmp(file, folder, n) == 0 && file[n] == '/';
}

static void write_pipeline(const Row *row) {
    static const char *const files[] = {DOOR, METER, FEATURES};
    bool no_folder = row->find == NULL && row->with != NULL && strcmp(row->file, "contracts") == 0;
    assert_int_equal(mkdir("p", 0700), 0);
    if (!no_folder) assert_int_equal(mkdir("p/contracts", 0700), 0);
    if (row->find == NULL && row->with != NULL) write_file(row->file, row->with);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        bool changed = strcmp(files[i], row->file) == 0;
        bool replaced = strcmp(row->file, ONLY) == 0 && is_in_folder(files[i], "contracts");
        if (replaced || is_in_folder(files[i], row->file) || (changed && row->find == NULL)) continue;
        CLEANUP(free_text) char *good = read_good(files[i]);
        CLEANUP(free_text) char *text = changed ? replace_once(good, row->find, row->with) : xstrdup(good);
        write_file(files[i], text);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)type, (void)where;
    return remove(path);
}

static void remove_pipeline(void) {
    assert_int_equal(nftw("p", remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- tests ---- */

static void the_good_pipeline_is_accepted(void **state) {
    (void)state;
    Error err = {0};
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    if (pipeline_load_dir(SOURCE_ROOT "/tests/pipelines/good", &p, &err) != 0) fail_msg("%s", err.text);
    assert_int_equal(p->contract_count, 2);
    assert_int_equal(p->entity_count, 1);
    assert_int_equal(p->entities[0].feature_count, 4);
    assert_int_equal(p->entities[0].label_count, 1);
}

static int check_pattern(const char *text, const char *value, Error *err) {
    CLEANUP(pattern_freep) Pattern *pattern = NULL;
    (void)value;
    return pattern_new(text, &pattern, err);
}

static bool is_refused_as_expected(const Row *row) {
    Error err = {0};
    Pipeline *p = NULL;
    CLEANUP(json_freep) json_t *mistakes = NULL;
    write_pipeline(row);
    int rc = pipeline_check_dir("p", check_pattern, &p, &mistakes, &err);
    const char *first = json_string_value(json_object_get(json_array_get(mistakes, 0), "message"));
    if (rc != 0) assert_string_equal(first, err.text);
    bool ok = rc == -1 && p == NULL && err.kind == ERR_CONFIG && strcmp(err.text, row->expected) == 0;
    if (!ok) print_error("expected: %s\ngot:      %s\n", row->expected, rc == 0 ? "no error" : err.text);
    if (rc == 0) pipeline_free(p);
    error_clear(&err);
    remove_pipeline();
    return ok;
}

static size_t count_refusals_without_row(void) {
    extern Refusal *const __start_refusals[], *const __stop_refusals[];
    size_t missing = 0;
    assert_true(__stop_refusals - __start_refusals > 50); /* the linker made the list */
    for (Refusal *const *r = __start_refusals; r < __stop_refusals; r++) {
        if ((*r)->reached) continue;
        print_error("%s:%d: no row reaches this refusal: %s\n", (*r)->file, (*r)->line, (*r)->format);
        missing++;
    }
    return missing;
}

static void each_refusal_has_a_row(void **state) {
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) wrong += !is_refused_as_expected(&rows[i]);
    size_t missing = count_refusals_without_row();
    assert_int_equal(wrong, 0);
    assert_int_equal(missing, 0);
}

/* Only what REFUSE makes is in the list. */
static void all_errors_are_refusals(void **state) {
    (void)state;
    static const char dir[] = SOURCE_ROOT "/src/contract", *const direct[] = {"error_set(", "error_errno(", "err->kind"};
    size_t files = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        CLEANUP(free_text) char *path = path_join(dir, e->d_name);
        CLEANUP(buf_done) Buf text = {0};
        Error err = {0};
        if (strstr(e->d_name, ".c") == NULL || strcmp(e->d_name, "node.c") == 0) continue;
        if (file_read(path, &text, &err) != 0) fail_msg("%s", err.text);
        for (size_t i = 0; i < ARRAY_LEN(direct); i++)
            if (strstr(text.data, direct[i]) != NULL) fail_msg("%s: %s) should be REFUSE or REFUSE_PATH", path, direct[i]);
        files++;
    }
    closedir(d);
    assert_true(files > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_good_pipeline_is_accepted),
        cmocka_unit_test_setup_teardown(each_refusal_has_a_row, scratch_up, scratch_down),
        cmocka_unit_test(all_errors_are_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

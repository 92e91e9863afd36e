/* contract.c: one document of the Open Data Contract Standard v3.1 becomes contracts: the envelope, and the payload's fields.
 * Source: https://bitol-io.github.io/open-data-contract-standard/v3.1.0/
 *
 * The envelope's seven properties are fixed, because Bronze is: a contract states them (it describes the whole message) and may put rules
 * on subscriber_id, timestamp and quality_score. The payload's properties are free; each becomes a column of Silver. */
#include "contract/internal.h"

#include "base/memory.h"
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* ---- types ---- */

const char *value_type_name(ValueType type) {
    static const char *const names[] = {
        [VALUE_TEXT] = "text", [VALUE_INTEGER] = "integer",     [VALUE_DECIMAL] = "number", [VALUE_BOOLEAN] = "boolean",
        [VALUE_DATE] = "date", [VALUE_TIMESTAMP] = "timestamp", [VALUE_JSON] = "JSON"};
    return names[type];
}

typedef struct LogicalType {
    const char *name;
    ValueType type;
    const char *physical[5]; /* allowed; the first is the default */
} LogicalType;

static const LogicalType logical_types[] = {
    {"string", VALUE_TEXT, {"VARCHAR"}},
    {"integer", VALUE_INTEGER, {"INTEGER", "BIGINT", "SMALLINT", "TINYINT"}},
    {"number", VALUE_DECIMAL, {NULL}}, /* DECIMAL(p,s) */
    {"boolean", VALUE_BOOLEAN, {"BOOLEAN"}},
    {"date", VALUE_DATE, {"DATE"}},
    {"timestamp", VALUE_TIMESTAMP, {"TIMESTAMP"}},
    {"object", VALUE_JSON, {"JSON"}},
    {"array", VALUE_JSON, {"JSON"}},
};
enum { NESTED_INTEGER = 1 }; /* the default where there is no column to fill: BIGINT */

static int read_decimal(Pipeline *p, const Place *physical, Field *field, Error *err) {
    const char *text = json_string_value(physical->value);
    int end = 0;
    if (field->column == NULL && !place_exists(physical)) {
        field->sql_type = "NUMBER";
        return 0;
    }
    if (text == NULL || sscanf(text, "DECIMAL(%d,%d)%n", &field->precision, &field->scale, &end) != 2 || end == 0 || text[end] != '\0' ||
        field->precision < 1 || field->precision > 18 || field->scale < 0 || field->scale > field->precision || field->scale > 9)
        return place_fail(physical, err,
                          "expected DECIMAL(p,s) with p up to 18 and s up to 9: numbers are exact here, so there is no DOUBLE");
    field->sql_type = strings_format(p->strings, "DECIMAL(%d,%d)", field->precision, field->scale);
    return 0;
}

static int read_physical(Pipeline *p, const Place *physical, const LogicalType *logical, Field *field, Error *err) {
    if (logical->type == VALUE_DECIMAL) return read_decimal(p, physical, field, err);
    size_t n = 0, chosen = field->column == NULL && logical->type == VALUE_INTEGER ? NESTED_INTEGER : 0;
    while (n < ARRAY_LEN(logical->physical) && logical->physical[n] != NULL) n++;
    if (place_exists(physical) && read_choice(physical, logical->physical, n, &chosen, err) != 0) return -1;
    field->sql_type = logical->physical[chosen];
    return 0;
}

static int read_type(Pipeline *p, const Place *property, Field *field, Error *err) {
    const char *names[ARRAY_LEN(logical_types)];
    size_t chosen;
    Place logical = place_key(property, "logicalType"), physical = place_key(property, "physicalType");
    for (size_t i = 0; i < ARRAY_LEN(logical_types); i++) names[i] = logical_types[i].name;
    if (read_choice(&logical, names, ARRAY_LEN(names), &chosen, err) != 0) return -1;
    field->type = logical_types[chosen].type;
    field->array = strcmp(names[chosen], "array") == 0;
    return read_physical(p, &physical, &logical_types[chosen], field, err);
}

/* ---- properties ---- */

static int check_property_keys(const Place *property, Error *err) {
    static const char *const known[] = {"id",
                                        "name",
                                        "physicalType",
                                        "description",
                                        "businessName",
                                        "authoritativeDefinitions",
                                        "tags",
                                        "primaryKey",
                                        "customProperties",
                                        "primaryKeyPosition",
                                        "logicalType",
                                        "logicalTypeOptions",
                                        "physicalName",
                                        "required",
                                        "unique",
                                        "partitioned",
                                        "partitionKeyPosition",
                                        "classification",
                                        "encryptedName",
                                        "examples",
                                        "transformLogic",
                                        "transformDescription",
                                        "transformSourceObjects",
                                        "criticalDataElement",
                                        "relationships",
                                        "quality",
                                        "properties",
                                        "items"};
    return read_known_keys(property, known, ARRAY_LEN(known), err);
}

static int read_description(Pipeline *p, const Place *at, const char **ret, Error *err) {
    const char *text = "";
    if (read_text(at, "description", false, &text, err) != 0) return -1;
    *ret = strings_keep(p->strings, text);
    return 0;
}

/* Names go into SQL and into paths of JSON; quotes and backslashes there only hide mistakes. */
static int check_message_name(const Place *place, Error *err) {
    const char *name = json_string_value(place->value);
    if (name == NULL || name[0] == '\0' || strlen(name) > 100) return place_fail(place, err, "expected a name of 1 to 100 characters");
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || strchr("\"'\\", *c) != NULL || (c[0] == '{' && c[1] == '{'))
            return place_fail(place, err, "must not contain quotes, backslashes, control characters or \"{{\"");
    return 0;
}

bool is_reserved_column(const char *name) {
    static const char *const reserved[] = {"event_id",      "event_type",      "source_system", "subscriber_id", "event_timestamp",
                                           "quality_score", "ingested_at",     "kafka_topic",   "kafka_epoch",   "kafka_partition",
                                           "kafka_offset",  "kafka_timestamp", "batch_id",      "raw_payload",   "extra_fields",
                                           "violations",    "drift",           "clean",         "payload",       "rowid"};
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (strcmp(reserved[i], name) == 0) return true;
    return false;
}

static int read_column(Pipeline *p, const Place *property, Field *field, Error *err) {
    Place name = place_key(property, "name"), column = place_key(property, "physicalName");
    if (check_message_name(&name, err) != 0 || check_name(&column, err) != 0) return -1;
    field->name = strings_keep(p->strings, json_string_value(name.value));
    field->column = strings_keep(p->strings, json_string_value(column.value));
    if (is_reserved_column(field->column)) return place_fail(&column, err, "Silver has a column of that name for every event");
    return 0;
}

/* Promises about many events, which nobody can check one event at a time. */
static void note_keys(Pipeline *p, Contract *c, const Place *property) {
    static const char *const keys[] = {"unique", "primaryKey"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        Place place = place_key(property, keys[i]);
        if (!json_is_true(place.value)) continue;
        c->unenforced = grow(p->strings, c->unenforced, c->unenforced_count, sizeof *c->unenforced);
        c->unenforced[c->unenforced_count++] = strings_adopt(p->strings, place_path(&place));
    }
}

/* What a property of the payload and one inside an object have in common; its name, and perhaps its column, are read. */
static int read_value_rules(Pipeline *p, Contract *c, const Place *property, Field *field, Error *err) {
    Place transform = place_key(property, "transformLogic");
    if (read_type(p, property, field, err) != 0 || read_description(p, property, &field->description, err) != 0 ||
        read_bool(property, "required", &field->required, err) != 0)
        return -1;
    if (place_exists(&transform)) return place_fail(&transform, err, "smelt transforms no payload field; leave this out");
    note_keys(p, c, property);
    return checks_read(p, c, property, field, err);
}

/* ---- inside objects and arrays ---- */

static int read_inside(Pipeline *p, Contract *c, const Place *property, Field *field, int level, Error *err);

static int read_member(Pipeline *p, Contract *c, const Place *property, Field *parent, int level, Error *err) {
    Place name = place_key(property, "name");
    Field field = {0};
    if (check_property_keys(property, err) != 0 || check_message_name(&name, err) != 0) return -1;
    field.name = strings_keep(p->strings, json_string_value(name.value));
    for (size_t i = 0; i < parent->property_count; i++)
        if (strcmp(parent->properties[i].name, field.name) == 0) return place_fail(&name, err, "another property has that name");
    if (read_value_rules(p, c, property, &field, err) != 0 || read_inside(p, c, property, &field, level, err) != 0) return -1;
    parent->properties = grow(p->strings, parent->properties, parent->property_count, sizeof *parent->properties);
    parent->properties[parent->property_count++] = field;
    return 0;
}

static int read_items(Pipeline *p, Contract *c, const Place *items, Field *parent, int level, Error *err) {
    Field field = {.name = ""};
    if (check_property_keys(items, err) != 0 || read_value_rules(p, c, items, &field, err) != 0 ||
        read_inside(p, c, items, &field, level, err) != 0)
        return -1;
    parent->items = grow(p->strings, NULL, 0, sizeof *parent->items);
    *parent->items = field;
    return 0;
}

/* `properties` of an object, `items` of an array. */
static int read_inside(Pipeline *p, Contract *c, const Place *property, Field *field, int level, Error *err) {
    enum { LEVELS = 16 };
    Place properties, items;
    if (read_array(property, "properties", false, &properties, err) != 0 || read_object(property, "items", false, &items, err) != 0)
        return -1;
    if (place_exists(&properties) && (field->type != VALUE_JSON || field->array))
        return place_fail(&properties, err, "only an object has properties");
    if (place_exists(&items) && !field->array) return place_fail(&items, err, "only an array has items");
    if (level == LEVELS && (place_exists(&properties) || place_exists(&items)))
        return place_fail(property, err, "smelt reads no more than %d levels of objects and arrays", LEVELS);
    for (size_t i = 0; i < json_array_size(properties.value); i++) {
        Place member = place_at(&properties, i);
        if (read_member(p, c, &member, field, level + 1, err) != 0) return -1;
    }
    return place_exists(&items) ? read_items(p, c, &items, field, level + 1, err) : 0;
}

static int read_payload_field(Pipeline *p, Contract *c, const Place *property, Field *field, Error *err) {
    if (check_property_keys(property, err) != 0 || read_column(p, property, field, err) != 0 ||
        read_value_rules(p, c, property, field, err) != 0)
        return -1;
    return read_inside(p, c, property, field, 1, err);
}

static int check_unique(const Contract *c, const Field *field, const Place *property, Error *err) {
    for (const Field *other = c->fields; other < c->fields + c->field_count; other++) {
        Place name = place_key(property, "name"), column = place_key(property, "physicalName");
        if (strcasecmp(other->name, field->name) == 0)
            return place_fail(&name, err, "another property has that name (capitals do not count)");
        if (strcmp(other->column, field->column) == 0) return place_fail(&column, err, "another property has that column");
    }
    return 0;
}

static int read_payload(Pipeline *p, Contract *c, const Place *payload, Error *err) {
    Place properties;
    if (read_array(payload, "properties", true, &properties, err) != 0) return -1;
    if (json_array_size(properties.value) == 0) return place_fail(&properties, err, "a payload needs at least one property");
    for (size_t i = 0; i < json_array_size(properties.value); i++) {
        Place property = place_at(&properties, i);
        Field field = {0};
        if (read_payload_field(p, c, &property, &field, err) != 0 || check_unique(c, &field, &property, err) != 0) return -1;
        c->fields = grow(p->strings, c->fields, c->field_count, sizeof *c->fields);
        c->fields[c->field_count++] = field;
    }
    return 0;
}

/* ---- the envelope ---- */

typedef struct Envelope {
    const char *name, *logical, *physical, *column_type;
    size_t offset; /* of the Field in Contract; 0: no rules of its own */
    ValueType type;
} Envelope;

static const Envelope envelope[] = {
    {"id", "string", "event_id", NULL, 0, VALUE_TEXT},
    {"type", "string", "event_type", NULL, 0, VALUE_TEXT},
    {"source", "string", "source_system", NULL, 0, VALUE_TEXT},
    {"subscriber_id", "string", "subscriber_id", "VARCHAR", offsetof(Contract, subscriber), VALUE_TEXT},
    {"timestamp", "timestamp", "event_timestamp", "TIMESTAMP", offsetof(Contract, timestamp), VALUE_TIMESTAMP},
    {"quality_score", "integer", "quality_score", "INTEGER", offsetof(Contract, quality), VALUE_INTEGER},
    {"payload", "object", "raw_payload", NULL, 0, VALUE_JSON},
};

/* Upper-casing the subscriber is the one transformation. */
static int read_transform(Contract *c, const Place *property, const Envelope *e, Error *err) {
    Place logic = place_key(property, "transformLogic");
    if (!place_exists(&logic)) return 0;
    const char *text = json_string_value(logic.value);
    if (e->offset != offsetof(Contract, subscriber) || text == NULL || strcasecmp(text, "UPPER(subscriber_id)") != 0)
        return place_fail(&logic, err, "the only transformation is UPPER(subscriber_id), on subscriber_id");
    c->upper_subscriber = true;
    return 0;
}

static int read_envelope_property(Pipeline *p, Contract *c, const Place *property, const Envelope *e, Error *err) {
    Field ignored = {.type = e->type}, *field = e->offset != 0 ? (Field *)(void *)((char *)c + e->offset) : &ignored;
    Place logical = place_key(property, "logicalType"), physical = place_key(property, "physicalName"),
          required = place_key(property, "required");
    size_t index;
    if (check_property_keys(property, err) != 0 || read_choice(&logical, &e->logical, 1, &index, err) != 0 ||
        read_choice(&physical, &e->physical, 1, &index, err) != 0)
        return -1;
    if (!json_is_true(required.value)) return place_fail(&required, err, "must be true: every event needs its %s", e->name);
    *field = (Field){.name = e->name, .column = e->physical, .sql_type = e->column_type, .type = e->type, .required = true};
    if (read_description(p, property, &field->description, err) != 0 || read_transform(c, property, e, err) != 0) return -1;
    if (e->offset != 0) return checks_read(p, c, property, field, err);
    return e->type == VALUE_JSON ? read_payload(p, c, property, err) : 0;
}

static const Envelope *find_envelope(const Place *property) {
    const char *name = json_string_value(json_object_get(property->value, "name"));
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(envelope); i++)
        if (strcmp(envelope[i].name, name) == 0) return &envelope[i];
    return NULL;
}

static int read_properties(Pipeline *p, Contract *c, const Place *properties, Error *err) {
    bool seen[ARRAY_LEN(envelope)] = {0};
    for (size_t i = 0; i < json_array_size(properties->value); i++) {
        Place property = place_at(properties, i), name = place_key(&property, "name");
        const Envelope *e = find_envelope(&property);
        if (e == NULL)
            return place_fail(&name, err,
                              "an event has id, type, source, subscriber_id, timestamp, quality_score and payload; other fields belong "
                              "to the payload's properties");
        if (seen[e - envelope]) return place_fail(&name, err, "this property is there twice");
        seen[e - envelope] = true;
        if (read_envelope_property(p, c, &property, e, err) != 0) return -1;
    }
    for (size_t i = 0; i < ARRAY_LEN(envelope); i++)
        if (!seen[i]) return place_fail(properties, err, "the property %s is missing", envelope[i].name);
    return 0;
}

/* ---- the document ---- */

static int read_schema_object(Pipeline *p, const Place *object, Contract *c, Error *err) {
    static const char *const known[] = {"id",
                                        "name",
                                        "logicalType",
                                        "physicalName",
                                        "physicalType",
                                        "description",
                                        "businessName",
                                        "tags",
                                        "customProperties",
                                        "authoritativeDefinitions",
                                        "dataGranularityDescription",
                                        "properties",
                                        "relationships",
                                        "quality"};
    Place properties, name = place_key(object, "name"), quality = place_key(object, "quality");
    if (read_known_keys(object, known, ARRAY_LEN(known), err) != 0 || check_message_name(&name, err) != 0 ||
        read_description(p, object, &c->description, err) != 0 || read_array(object, "properties", true, &properties, err) != 0)
        return -1;
    c->event_type = strings_keep(p->strings, json_string_value(name.value));
    if (place_exists(&quality)) {
        c->unenforced = grow(p->strings, c->unenforced, c->unenforced_count, sizeof *c->unenforced);
        c->unenforced[c->unenforced_count++] = strings_adopt(p->strings, place_path(&quality));
    }
    return read_properties(p, c, &properties, err);
}

/* customProperties: [{property: position, value: N}] */
static int read_position(const Place *document, int64_t *ret, Error *err) {
    Place custom;
    if (read_array(document, "customProperties", false, &custom, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(custom.value); i++) {
        Place entry = place_at(&custom, i);
        const char *property = json_string_value(json_object_get(entry.value, "property"));
        if (property != NULL && strcmp(property, "position") == 0) return read_integer(&entry, "value", 0, INT32_MAX, ret, err);
    }
    return 0;
}

static int read_head(Pipeline *p, const Place *document, Contract *c, Error *err) {
    static const char *const known[] = {"apiVersion",
                                        "kind",
                                        "id",
                                        "name",
                                        "version",
                                        "status",
                                        "domain",
                                        "dataProduct",
                                        "tenant",
                                        "tags",
                                        "description",
                                        "servers",
                                        "schema",
                                        "support",
                                        "price",
                                        "team",
                                        "roles",
                                        "slaProperties",
                                        "slaDefaultElement",
                                        "authoritativeDefinitions",
                                        "customProperties",
                                        "contractCreatedTs"};
    static const char *const versions[] = {"v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"}, *const kinds[] = {"DataContract"};
    Place version = place_key(document, "apiVersion"), kind = place_key(document, "kind");
    size_t index;
    if (read_known_keys(document, known, ARRAY_LEN(known), err) != 0 ||
        read_choice(&version, versions, ARRAY_LEN(versions), &index, err) != 0 || read_choice(&kind, kinds, 1, &index, err) != 0 ||
        read_text(document, "id", true, &c->id, err) != 0 || read_text(document, "version", true, &c->version, err) != 0 ||
        read_position(document, &c->position, err) != 0)
        return -1;
    c->file = strings_keep(p->strings, document->file);
    c->id = strings_keep(p->strings, c->id);
    c->version = strings_keep(p->strings, c->version);
    return 0;
}

int contracts_read(Pipeline *p, const Place *document, Error *err) {
    Place schema;
    Contract head = {.position = INT32_MAX};
    if (read_head(p, document, &head, err) != 0 || read_array(document, "schema", true, &schema, err) != 0) return -1;
    if (json_array_size(schema.value) == 0) return place_fail(&schema, err, "expected at least one event type");
    for (size_t i = 0; i < json_array_size(schema.value); i++) {
        Place object = place_at(&schema, i);
        p->contracts = grow(p->strings, p->contracts, p->contract_count, sizeof *p->contracts);
        Contract *c = &p->contracts[p->contract_count++];
        *c = head;
        if (read_schema_object(p, &object, c, err) != 0) return -1;
    }
    return 0;
}

/* ---- between contracts ---- */

static int compare_contracts(const void *a, const void *b) {
    const Contract *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    int by_file = strcmp(x->file, y->file);
    return by_file != 0 ? by_file : strcmp(x->event_type, y->event_type);
}

static int check_same_column(const Contract *a, const Contract *b, Error *err) {
    for (const Field *f = a->fields; f < a->fields + a->field_count; f++)
        for (const Field *g = b->fields; g < b->fields + b->field_count; g++)
            if (strcmp(f->column, g->column) == 0 && strcmp(f->sql_type, g->sql_type) != 0)
                return error_set(err, ERR_CONFIG, "%s: column %s is %s here and %s in %s: one column has one type", b->file, g->column,
                                 g->sql_type, f->sql_type, a->file);
    return 0;
}

int contracts_check(Pipeline *p, Error *err) {
    if (p->contract_count == 0) return error_set(err, ERR_CONFIG, "there is no contract: expected files contracts/*.odcs.yaml");
    qsort(p->contracts, p->contract_count, sizeof *p->contracts, compare_contracts);
    for (const Contract *a = p->contracts; a < p->contracts + p->contract_count; a++)
        for (const Contract *b = a + 1; b < p->contracts + p->contract_count; b++) {
            if (strcmp(a->event_type, b->event_type) == 0)
                return error_set(err, ERR_CONFIG, "%s: event type %s already has a contract in %s", b->file, b->event_type, a->file);
            if (check_same_column(a, b, err) != 0) return -1;
        }
    return 0;
}

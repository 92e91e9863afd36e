/* envelope.c: the seven properties of an event are fixed, like the columns of Bronze. A contract must list them, because it describes the
 * whole message, and may have rules for subscriber_id, timestamp and quality_score. */
#include "contract/envelope.h"

#include "contract/checks.h"
#include "contract/fields.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>
#include <strings.h>

typedef struct EnvelopeProperty {
    const char *name, *logical, *physical, *column_type;
    size_t offset; /* of the Field in Contract; 0: the property cannot have rules */
    ValueType type;
} EnvelopeProperty;

static const EnvelopeProperty envelope[] = {
    {"id", "string", "event_id", NULL, 0, VALUE_TEXT},
    {"type", "string", "event_type", NULL, 0, VALUE_TEXT},
    {"source", "string", "source_system", NULL, 0, VALUE_TEXT},
    {"subscriber_id", "string", "subscriber_id", "VARCHAR", offsetof(Contract, entity), VALUE_TEXT},
    {"timestamp", "timestamp", "event_timestamp", "TIMESTAMP", offsetof(Contract, timestamp), VALUE_TIMESTAMP},
    {"quality_score", "integer", "quality_score", "INTEGER", offsetof(Contract, quality), VALUE_INTEGER},
    {"payload", "object", "raw_payload", NULL, 0, VALUE_JSON},
};

/* subscriber_id is the id of a subscriber. */
static const char *entity_name(Pipeline *p, const char *column) {
    size_t len = strlen(column);
    if (len > 3 && strcmp(column + len - 3, "_id") == 0) len -= 3;
    return strings_format(p->strings, "%.*s", (int)len, column);
}

/* The only transformation is upper-casing the subscriber id. */
static int read_transform(Contract *c, const DocNode *property, const EnvelopeProperty *e, Error *err) {
    DocNode logic = node_member(property, "transformLogic");
    if (!node_exists(&logic)) return 0;
    const char *text = json_string_value(logic.value);
    if (e->offset != offsetof(Contract, entity) || text == NULL || strcasecmp(text, "UPPER(subscriber_id)") != 0)
        return REFUSE(&logic, err, "the only transformation is UPPER(subscriber_id), of subscriber_id; leave this out");
    c->upper_entity = true;
    return 0;
}

static int read_property(Pipeline *p, Contract *c, const DocNode *property, const EnvelopeProperty *e, Error *err) {
    Field unused = {0}, *field = e->offset != 0 ? (Field *)(void *)((char *)c + e->offset) : &unused;
    DocNode logical = node_member(property, "logicalType"), physical = node_member(property, "physicalName"),
            required = node_member(property, "required");
    size_t index;
    int rc = property_check_keys(property, err);
    rc |= read_choice(&logical, &e->logical, 1, &index, err);
    const char *column = e->physical;
    if (e->offset == offsetof(Contract, entity))
        rc |= read_name(&physical, p->strings, &column, err);
    else
        rc |= read_choice(&physical, &e->physical, 1, &index, err);
    if (!json_is_true(required.value)) rc |= REFUSE(&required, err, "expected true: every event has its %s", e->name);
    *field = (Field){
        .name = e->name, .column = column, .sql_type = e->column_type, .type = e->type, .required = true, .line = node_line(property)};
    property_note_unenforced(p, c, property);
    rc |= read_description(property, p->strings, &field->description, err);
    rc |= read_transform(c, property, e, err);
    if (e->offset != 0)
        rc |= checks_read(p, c, property, field, err);
    else
        checks_note_keys(p, c, property, "logicalTypeOptions, quality");
    return e->type == VALUE_JSON ? rc | payload_read(p, c, property, err) : rc;
}

static const EnvelopeProperty *find_property(const DocNode *property) {
    const char *name = json_string_value(json_object_get(property->value, "name"));
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(envelope); i++)
        if (strcmp(envelope[i].name, name) == 0) return &envelope[i];
    return NULL;
}

int envelope_read(Pipeline *p, Contract *c, const DocNode *properties, Error *err) {
    int seen[ARRAY_LEN(envelope)] = {0}, rc = 0; /* seen: lines */
    for (size_t i = 0; i < json_array_size(properties->value); i++) {
        DocNode property = node_item(properties, i), name = node_member(&property, "name");
        const EnvelopeProperty *e = find_property(&property);
        if (e == NULL) {
            rc |= REFUSE(&name, err,
                         "expected id, type, source, subscriber_id, timestamp, quality_score or payload (others go into the payload)");
            p->columns_missing = true;
            continue;
        }
        if (seen[e - envelope] != 0) {
            rc |= REFUSE(&name, err, "duplicate property, first on line %d; expected each property once", seen[e - envelope]);
            continue;
        }
        seen[e - envelope] = node_line(&property);
        rc |= read_property(p, c, &property, e, err);
    }
    for (size_t i = 0; i < ARRAY_LEN(envelope); i++)
        if (seen[i] == 0) rc |= REFUSE(properties, err, "expected also the property %s, which every event has", envelope[i].name);
    if (rc == 0) c->entity_name = entity_name(p, c->entity.column);
    return rc;
}

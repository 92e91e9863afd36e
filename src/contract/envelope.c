/* envelope.c: see envelope.h. A property fills the column of Bronze that its physicalName says; without one, the column that its name has
 * in the preset, or, of Smelt's own envelope, in a contract that lists the payload. All others are of the payload.
 *
 * Where its value is in a message: transformSourceObjects (paths) and transformLogic (a word), else where the preset has it, else under its
 * own name. */
#include "contract/envelope.h"

#include "contract/checks.h"
#include "contract/column_names.h"
#include "contract/envelopes.h"
#include "contract/fields.h"
#include "contract/format.h"
#include "contract/names.h"
#include "contract/notes.h"
#include "contract/origins.h"
#include "contract/pipeline.h"
#include "contract/reader.h"
#include "contract/schema_shape.h"
#include "contract/text.h"
#include "contract/topic.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct EnvelopeProperty {
    const char *logical[5], *sql_type;
    size_t offset; /* of the Field in Contract; 0: the property cannot have rules */
    ValueType type;
    OriginKind origins[4]; /* that transformLogic may name; ends with ORIGIN_PATH */
} EnvelopeProperty;

#define IDS                                                                                                                                \
    { "string", "integer", "number", "boolean" }

static const EnvelopeProperty envelope[ENVELOPE_COLUMNS] = {
    [ENVELOPE_ID] = {IDS, NULL, 0, VALUE_TEXT, {ORIGIN_KEY, ORIGIN_HEADER, ORIGIN_LINEAGE}},
    [ENVELOPE_TYPE] = {IDS, NULL, 0, VALUE_TEXT, {ORIGIN_CONSTANT, ORIGIN_KEY, ORIGIN_HEADER}},
    [ENVELOPE_SOURCE] = {IDS, NULL, 0, VALUE_TEXT, {ORIGIN_CONSTANT, ORIGIN_HEADER, ORIGIN_TOPIC}},
    [ENVELOPE_ENTITY] = {IDS, "VARCHAR", offsetof(Contract, entity), VALUE_TEXT, {ORIGIN_KEY, ORIGIN_HEADER}},
    [ENVELOPE_TIME] = {{"timestamp", "date", "integer", "number", "string"},
                       "TIMESTAMP",
                       offsetof(Contract, timestamp),
                       VALUE_TIMESTAMP,
                       {ORIGIN_TIMESTAMP, ORIGIN_HEADER}},
    [ENVELOPE_PAYLOAD] = {{"object"}, NULL, 0, VALUE_JSON, {ORIGIN_PATH}},
    [ENVELOPE_QUALITY] = {{"integer"}, "INTEGER", offsetof(Contract, quality), VALUE_INTEGER, {ORIGIN_PATH}},
};

/* What is being read. */
typedef struct EnvelopeReading {
    Pipeline *pipeline;
    Contract *contract;
    const DocNode *properties;
    SchemaShape shape;
    bool has_payload; /* its properties are inside the property of the payload, not beside it */
    ColumnMapping said[ENVELOPE_COLUMNS];
    size_t index[ENVELOPE_COLUMNS]; /* of the property that says so, + 1; 0: none does */
} EnvelopeReading;

static EnvelopeColumn column_of(const EnvelopeReading *r, const DocNode *property) {
    return schema_column(r->shape, property);
}

/* ---- where its value is ---- */

static int refuse_logic(const DocNode *logic, EnvelopeColumn column, Error *err) {
    CLEANUP(buf_done) Buf words = {0};
    buf_add_str(&words, column == ENVELOPE_TIME     ? "iso8601, epoch_s, epoch_ms, epoch_us, epoch_ns, "
                        : column == ENVELOPE_ENTITY ? "upper, "
                                                    : "");
    for (const OriginKind *k = envelope[column].origins; *k != ORIGIN_PATH; k++) buf_addf(&words, "%s, ", origin_words[*k]);
    if (words.len == 0) return REFUSE(logic, err, "%s is not transformed; leave this out", envelope_column_names[column]);
    return REFUSE(logic, err, "expected one of: %.*s", (int)words.len - 2, words.data);
}

static bool is_allowed(EnvelopeColumn column, OriginKind kind) {
    const OriginKind *k = envelope[column].origins;
    while (*k != ORIGIN_PATH && *k != kind) k++;
    return *k != ORIGIN_PATH;
}

/* upper, UPPER(subscriber_id) */
static bool is_upper(const char *text, const char *name) {
    size_t n = strlen(name);
    if (strcasecmp(text, "upper") == 0) return true;
    return strncasecmp(text, "upper(", 6) == 0 && strncasecmp(text + 6, name, n) == 0 && strcmp(text + 6 + n, ")") == 0;
}

static bool read_time_form(const char *text, TimeForm *ret) {
    for (size_t i = 0; i < TIME_FORMS; i++) {
        if (strcmp(text, time_form_names[i]) != 0) continue;
        *ret = (TimeForm)i;
        return true;
    }
    return false;
}

/* *ret_origin: the mapping is that word, not a path. */
static int read_logic(EnvelopeReading *r, const DocNode *property, EnvelopeColumn column, ColumnMapping *m, bool *ret_origin, Error *err) {
    DocNode logic = node_member(property, "transformLogic");
    const char *text = json_string_value(logic.value);
    ValueOrigin origin;
    *ret_origin = false;
    if (!node_exists(&logic)) return 0;
    if (text == NULL) return refuse_logic(&logic, column, err);
    if (column == ENVELOPE_TIME && read_time_form(text, &m->time_form)) return 0;
    if (column == ENVELOPE_ENTITY && is_upper(text, m->name)) {
        r->contract->upper_entity = true;
        return 0;
    }
    if (!origin_read(r->pipeline->strings, text, &origin) || !is_allowed(column, origin.kind)) return refuse_logic(&logic, column, err);
    if (json_array_size(json_object_get(property->value, "transformSourceObjects")) > 0)
        return REFUSE(&logic, err, "the value is either at a path of transformSourceObjects or this; leave one out");
    *ret_origin = true;
    m->part_count = 0;
    m->time_form = TIME_ISO8601;
    origins_read(r->pipeline->strings, text, m);
    return 0;
}

static int read_paths(EnvelopeReading *r, const DocNode *paths, EnvelopeColumn column, OriginList *ret, Error *err) {
    size_t n = json_array_size(paths->value);
    int rc = 0;
    *ret = (OriginList){.items = strings_array(r->pipeline->strings, n, sizeof *ret->items), .count = n};
    for (size_t i = 0; i < n; i++) {
        DocNode path = node_item(paths, i);
        const char *text = json_string_value(path.value);
        ValueOrigin *o = &ret->items[i];
        if (text == NULL || text[0] != '$' || !origin_read(r->pipeline->strings, text, o) ||
            (o->key_count == 0 && column != ENVELOPE_PAYLOAD))
            rc |= REFUSE(&path, err, "expected a path of one to %d keys, like $.event.id", ORIGIN_KEYS_MAX);
    }
    return rc;
}

static int read_mapping(EnvelopeReading *r, const DocNode *property, EnvelopeColumn column, const char *name, Error *err) {
    ColumnMapping *m = &r->said[column];
    DocNode paths;
    bool is_origin;
    preset_mapping(r->pipeline->strings, r->shape.use, column, name, m);
    m->name = name;
    if (read_list(property, "transformSourceObjects", false, &paths, err) != 0) return -1;
    if (json_array_size(paths.value) > 0) {
        m->time_form = TIME_ISO8601;
        m->part_count = 1;
        m->parts = strings_array(r->pipeline->strings, 1, sizeof *m->parts);
        if (read_paths(r, &paths, column, m->parts, err) != 0) return -1;
    }
    return read_logic(r, property, column, m, &is_origin, err);
}

/* ---- a property that fills a column ---- */

/* subscriber_id is the id of a subscriber. */
static const char *name_of_entity(Pipeline *p, const char *column) {
    size_t len = strlen(column);
    if (len > 3 && strcmp(column + len - 3, "_id") == 0) len -= 3;
    return strings_format(p->strings, "%.*s", (int)len, column);
}

static int check_same_entity(const Pipeline *p, const Contract *c, const DocNode *property, Error *err) {
    for (const Contract *other = p->contracts; other < p->contracts + p->contract_count; other++) {
        if (other == c || other->entity_name == NULL) continue;
        if (strcmp(other->entity_name, c->entity_name) != 0 || strcmp(other->entity.column, c->entity.column) != 0)
            return REFUSE(property, err,
                          "the first entity would be %s (column %s) here, but is %s (column %s) in %s:%d; expected the same, others have "
                          "a section in features.yaml (entities)",
                          c->entity_name, c->entity.column, other->entity_name, other->entity.column, other->file, other->entity.line);
        if (strcmp(other->event_type, c->event_type) == 0 && other->upper_entity != c->upper_entity)
            return REFUSE(property, err, "in %s:%d the ids of this event type are %sin capitals; expected the same", other->file,
                          other->entity.line, other->upper_entity ? "" : "not ");
    }
    return 0;
}

/* The physicalName, or a name made of it or, without one, of the property's name. */
static int read_entity_column(EnvelopeReading *r, const DocNode *property, Field *field, Error *err) {
    DocNode physical = node_member(property, "physicalName"), name = node_member(property, "name");
    const DocNode *from = node_exists(&physical) ? &physical : &name;
    const char *written = json_string_value(from->value);
    if (written == NULL) return REFUSE(from, err, "expected a text");
    bool own = strcmp(written, envelope_column_names[ENVELOPE_ENTITY]) == 0, free = !is_silver_column(written) && is_key_column(written);
    if (is_name(written) && node_exists(&physical) && !own && !free)
        return REFUSE(from, err, "Silver has this column for something else; expected another name for the id of an entity");
    field->column = is_name(written) && (own || free) ? strings_keep(r->pipeline->strings, written) : column_name_of(r->pipeline, written);
    if (!is_key_column(field->column)) field->column = strings_format(r->pipeline->strings, "key_%s", field->column);
    if (strcmp(field->column, written) != 0) note_add(r->pipeline, r->contract, property, NOTE_READ_AS, "its column is %s", field->column);
    return 0;
}

/* The column that Silver has for the id of the first entity, and the entity's name. */
static int read_entity(EnvelopeReading *r, const DocNode *property, Field *field, Error *err) {
    Contract *c = r->contract;
    const char *entity = NULL;
    if (read_entity_column(r, property, field, err) != 0 || read_custom_text(property, "entity", &entity, err) != 0) return -1;
    if (entity == NULL)
        c->entity_name = name_of_entity(r->pipeline, field->column);
    else
        c->entity_name = is_name(entity) ? strings_keep(r->pipeline->strings, entity) : column_name_of(r->pipeline, entity);
    if (entity != NULL && strcmp(entity, c->entity_name) != 0)
        note_add(r->pipeline, c, property, NOTE_READ_AS, "its entity is %s", c->entity_name);
    return check_same_entity(r->pipeline, c, property, err);
}

/* Of a column without rules: of the payload its list `required` is read with its properties. */
static void note_options(EnvelopeReading *r, const DocNode *property, EnvelopeColumn column) {
    DocNode options = node_member(property, "logicalTypeOptions");
    const json_t *required = column == ENVELOPE_PAYLOAD ? json_object_get(options.value, "required") : NULL;
    if (required == NULL || json_object_size(options.value) > 1) checks_note_keys(r->pipeline, r->contract, property, "logicalTypeOptions");
}

static int read_rules(EnvelopeReading *r, const DocNode *property, EnvelopeColumn column, const char *name, Error *err) {
    const EnvelopeProperty *e = &envelope[column];
    Contract *c = r->contract;
    Field unused = {0}, *field = e->offset != 0 ? (Field *)(void *)((char *)c + e->offset) : &unused;
    *field = (Field){.name = name, .column = envelope_column_names[column], .sql_type = e->sql_type, .type = e->type, .description = ""};
    field->line = node_line(property);
    int rc = read_description(property, r->pipeline->strings, &field->description, err);
    rc |= read_bool(property, "required", &field->required, err);
    if (column == ENVELOPE_TIME) field->required = true;
    if (column == ENVELOPE_ENTITY) rc |= read_entity(r, property, field, err);
    if (e->offset != 0) return rc | checks_read(r->pipeline, c, property, field, err);
    note_options(r, property, column);
    checks_note_keys(r->pipeline, c, property, "quality");
    return rc;
}

static int read_column(EnvelopeReading *r, const DocNode *property, EnvelopeColumn column, Error *err) {
    const EnvelopeProperty *e = &envelope[column];
    DocNode logical = node_member(property, "logicalType"), name = node_member(property, "name");
    const char *text = NULL;
    size_t n = 0, chosen;
    int rc = property_check_keys(property, err);
    while (n < ARRAY_LEN(e->logical) && e->logical[n] != NULL) n++;
    if (node_exists(&logical)) rc |= read_choice(&logical, e->logical, n, &chosen, err);
    if (column == ENVELOPE_ENTITY && json_is_string(logical.value) && strcmp(json_string_value(logical.value), "string") != 0)
        checks_note_why(r->pipeline, r->contract, &logical, "ids of the first entity are texts, as they came");
    property_note_unenforced(r->pipeline, r->contract, property);
    checks_note_keys(r->pipeline, r->contract, property, "unique");
    if (read_message_name(&name, r->pipeline->strings, &text, err) != 0) return -1;
    rc |= read_mapping(r, property, column, text, err); /* before the rules: what `upper` says belongs to the entity */
    rc |= read_rules(r, property, column, text, err);
    return column == ENVELOPE_PAYLOAD ? rc | payload_read(r->pipeline, r->contract, property, err) : rc;
}

/* ---- identity: primaryKey ---- */

typedef struct KeyPart {
    int64_t position;
    size_t order;
    OriginList list;
} KeyPart;

typedef struct KeyParts {
    KeyPart *items;
    size_t count;
} KeyParts;

static int compare_parts(const void *a, const void *b) {
    const KeyPart *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static bool is_key(const DocNode *property) {
    return json_is_true(json_object_get(property->value, "primaryKey"));
}

/* A property that is the id as a whole is so alone, unless it says to be one part of several. */
static bool is_whole_id(const EnvelopeReading *r) {
    if (r->index[ENVELOPE_ID] == 0) return false;
    DocNode property = node_item(r->properties, r->index[ENVELOPE_ID] - 1);
    return !is_key(&property);
}

static int add_part(EnvelopeReading *r, const DocNode *property, const OriginList *list, KeyParts *parts, Error *err) {
    KeyPart part = {.position = (int64_t)parts->count + 1, .order = parts->count, .list = *list};
    if (read_integer(property, "primaryKeyPosition", 0, INT32_MAX, &part.position, err) != 0) return -1;
    parts->items = strings_grow(r->pipeline->strings, parts->items, parts->count, sizeof *parts->items);
    parts->items[parts->count++] = part;
    return 0;
}

static bool is_among(const ValueOrigin *o, const OriginList *list) {
    CLEANUP(buf_done) Buf here = {0};
    OriginList one = {.items = (ValueOrigin *)(uintptr_t)o, .count = 1};
    mapping_print(&(ColumnMapping){.parts = &one, .part_count = 1}, &here);
    for (size_t i = 0; i < list->count; i++) {
        CLEANUP(buf_done) Buf there = {0};
        one.items = &list->items[i];
        mapping_print(&(ColumnMapping){.parts = &one, .part_count = 1}, &there);
        if (strcmp(here.data, there.data) == 0) return true;
    }
    return false;
}

/* A path of a property of the payload must lead to a member of the payload: what is elsewhere in a message is not moved. */
static int check_payload_paths(EnvelopeReading *r, const DocNode *property, const char *name, Error *err) {
    OriginList said, expected = {0};
    CLEANUP(buf_done) Buf there = {0};
    DocNode paths = node_member(property, "transformSourceObjects");
    if (!has_paths(property)) return 0;
    if (read_paths(r, &paths, ENVELOPE_ID, &said, err) != 0) return -1;
    bool inside = origins_extend(r->pipeline->strings, &r->said[ENVELOPE_PAYLOAD].parts[0], name, &expected);
    if (inside) mapping_print(&(ColumnMapping){.parts = &expected, .part_count = 1}, &there);
    for (size_t i = 0; inside && i < said.count; i++) inside = is_among(&said.items[i], &expected);
    if (inside) return 0;
    return REFUSE(&paths, err,
                  "the payload does not have this, and nothing is moved there from elsewhere in a message; expected %s, or leave this out",
                  there.len > 0 ? there.data : "nothing");
}

/* A property of the payload. */
static int add_payload_part(EnvelopeReading *r, const DocNode *property, KeyParts *parts, Error *err) {
    const char *name = payload_key(r->pipeline, property);
    OriginList list;
    if (name == NULL) return 0; /* a mistake that was found already */
    if (check_payload_paths(r, property, name, err) != 0) return -1;
    if (!is_key(property)) return 0;
    if (is_whole_id(r)) {
        checks_note_keys(r->pipeline, r->contract, property, "primaryKey");
        return 0;
    }
    if (!origins_extend(r->pipeline->strings, r->said[ENVELOPE_PAYLOAD].parts, name, &list))
        return REFUSE(property, err, "the path of this key would have more than %d keys; expected another primaryKey", ORIGIN_KEYS_MAX);
    return add_part(r, property, &list, parts, err);
}

static int find_parts(EnvelopeReading *r, KeyParts *parts, Error *err) {
    int rc = 0;
    for (size_t i = 0; i < json_array_size(r->properties->value); i++) {
        DocNode property = node_item(r->properties, i), inside = node_member(&property, "properties");
        EnvelopeColumn column = column_of(r, &property);
        if (column == ENVELOPE_COLUMNS)
            rc |= add_payload_part(r, &property, parts, err);
        else if (column != ENVELOPE_PAYLOAD && is_key(&property) && is_whole_id(r))
            checks_note_keys(r->pipeline, r->contract, &property, "primaryKey");
        else if (column != ENVELOPE_PAYLOAD && is_key(&property) && r->said[column].part_count > 0)
            rc |= add_part(r, &property, &r->said[column].parts[0], parts, err);
        for (size_t k = 0; column == ENVELOPE_PAYLOAD && k < json_array_size(inside.value); k++) {
            DocNode member = node_item(&inside, k);
            rc |= add_payload_part(r, &member, parts, err);
        }
    }
    return rc;
}

static int read_identity(EnvelopeReading *r, Error *err) {
    KeyParts parts = {0};
    ColumnMapping *id = &r->said[ENVELOPE_ID];
    if (find_parts(r, &parts, err) != 0) return -1;
    if (parts.count == 0 || is_whole_id(r) || (parts.count == 1 && r->index[ENVELOPE_ID] > 0)) return 0;
    qsort(parts.items, parts.count, sizeof *parts.items, compare_parts);
    id->parts = strings_array(r->pipeline->strings, parts.count, sizeof *id->parts);
    id->part_count = parts.count;
    id->kept = true;
    for (size_t i = 0; i < parts.count; i++) id->parts[i] = parts.items[i].list;
    return 0;
}

/* ---- all of them ---- */

/* Of a contract without a preset: in Smelt's own envelope it would have another meaning. */
static void note_flat_name(EnvelopeReading *r, const DocNode *property) {
    const char *name = json_string_value(json_object_get(property->value, "name"));
    EnvelopeColumn column = name != NULL && !r->shape.by_name ? preset_column(r->shape.use, name) : ENVELOPE_COLUMNS;
    if (column < ENVELOPE_COLUMNS && json_object_get(property->value, "physicalName") == NULL)
        note_add(r->pipeline, r->contract, property, NOTE_READ_AS, "it is of the payload; to fill %s, write physicalName: %s",
                 envelope_column_names[column], envelope_column_names[column]);
}

static int read_beside(EnvelopeReading *r, const DocNode *property, Error *err) {
    DocNode name = node_member(property, "name");
    if (!r->has_payload) {
        note_flat_name(r, property);
        return payload_read_property(r->pipeline, r->contract, property, err);
    }
    r->pipeline->columns_missing = true;
    return REFUSE(&name, err,
                  "expected a property of the envelope, by its physicalName one of event_id, event_type, source_system, subscriber_id, "
                  "event_timestamp, quality_score or raw_payload (others go into the payload)");
}

static int read_property(EnvelopeReading *r, size_t index, EnvelopeColumn column, Error *err) {
    DocNode property = node_item(r->properties, index), name = node_member(&property, "name");
    if (column == ENVELOPE_COLUMNS) return read_beside(r, &property, err);
    if (r->index[column] == 0) {
        r->index[column] = index + 1;
        return read_column(r, &property, column, err);
    }
    DocNode first = node_item(r->properties, r->index[column] - 1);
    return REFUSE(&name, err, "the property on line %d fills %s already; expected one property for it", node_line(&first),
                  envelope_column_names[column]);
}

/* The id of the entity first: no column of the payload gets its name then. */
static int read_properties(EnvelopeReading *r, Error *err) {
    int rc = 0;
    for (int entity = 1; entity >= 0; entity--)
        for (size_t i = 0; i < json_array_size(r->properties->value); i++) {
            DocNode property = node_item(r->properties, i);
            EnvelopeColumn column = column_of(r, &property);
            if ((column == ENVELOPE_ENTITY) == (entity == 1)) rc |= read_property(r, i, column, err);
        }
    return rc;
}

/* What the contract does not list. */
static void fill_unlisted(EnvelopeReading *r) {
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        if (r->index[c] > 0) continue;
        preset_mapping(r->pipeline->strings, r->shape.use, c, NULL, &r->said[c]);
        r->said[c].name = "";
    }
    if (r->said[ENVELOPE_PAYLOAD].part_count == 0) origins_read(r->pipeline->strings, "$", &r->said[ENVELOPE_PAYLOAD]);
    if (r->index[ENVELOPE_TIME] == 0)
        r->contract->timestamp = (Field){.name = "timestamp",
                                         .column = envelope_column_names[ENVELOPE_TIME],
                                         .sql_type = envelope[ENVELOPE_TIME].sql_type,
                                         .description = "",
                                         .type = VALUE_TIMESTAMP,
                                         .required = true};
}

static int add_to_topic(EnvelopeReading *r, Error *err) {
    int rc = 0;
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        DocNode property = r->index[c] > 0 ? node_item(r->properties, r->index[c] - 1) : *r->properties->parent;
        rc |= envelope_add(r->pipeline, r->contract, r->shape.use, c, &r->said[c], &property, err);
    }
    return rc;
}

static bool lists_payload(const EnvelopeReading *r) {
    for (size_t i = 0; i < json_array_size(r->properties->value); i++) {
        DocNode property = node_item(r->properties, i);
        if (column_of(r, &property) == ENVELOPE_PAYLOAD) return true;
    }
    return false;
}

int envelope_read(Pipeline *p, Contract *c, const DocNode *properties, Error *err) {
    EnvelopeReading r = {.pipeline = p, .contract = c, .properties = properties};
    if (schema_shape_read(properties->parent, properties, &r.shape, err) != 0) {
        p->columns_missing = true;
        return -1;
    }
    r.has_payload = lists_payload(&r);
    c->beside = preset_beside(r.shape.use);
    int rc = read_properties(&r, err);
    fill_unlisted(&r);
    rc |= read_identity(&r, err);
    topic_settle(p, c, r.shape, r.said[ENVELOPE_TYPE].part_count > 0, properties->parent);
    if (rc != 0 || add_to_topic(&r, err) != 0) return -1;
    return format_read(p, c, properties->parent->parent->parent, err);
}

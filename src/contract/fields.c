/* fields.c: see fields.h. A property of the payload has a name in the message, a column in Silver, a type, and rules (checks.c). */
#include "contract/fields.h"

#include "contract/check_values.h"
#include "contract/checks.h"
#include "contract/column_names.h"
#include "contract/measures.h"
#include "contract/names.h"
#include "contract/notes.h"
#include "contract/origins.h"
#include "contract/reader.h"
#include "contract/text.h"
#include "contract/types.h"
#include <string.h>
#include <strings.h>

/* ---- one property ---- */

static const char property_keys[] =
    "id, name, physicalType, description, businessName, authoritativeDefinitions, tags, primaryKey, "
    "customProperties, primaryKeyPosition, logicalType, logicalTypeOptions, physicalName, required, unique, "
    "partitioned, partitionKeyPosition, classification, encryptedName, examples, transformLogic, "
    "transformDescription, transformSourceObjects, criticalDataElement, relationships, quality, properties, "
    "items";

/* What Smelt reads of them: in another form it would be passed over, since all others are for other tools. */
static int check_custom(const DocNode *property, Error *err) {
    const char *ignored;
    return read_custom_text(property, "entity", &ignored, err) != 0 ? -1 : read_custom_text(property, "unit", &ignored, err);
}

int property_check_keys(const DocNode *property, Error *err) {
    return check_keys(property, property_keys, err) | check_custom(property, err);
}

static int check_property(Pipeline *p, Contract *c, const DocNode *property, Error *err) {
    return checks_known_keys(p, c, property, property_keys, err) | check_custom(property, err);
}

/* What identifies an event is written as text in its id. */
static int check_key_type(const DocNode *property, const Field *field, Error *err) {
    DocNode key = node_member(property, "primaryKey");
    if (field->type != VALUE_JSON || field->column == NULL || !json_is_true(key.value)) return 0;
    return REFUSE(&key, err, "%s is no part of an id; expected this at texts, numbers or times", field->array ? "a list" : "an object");
}

/* Rules about many events cannot be checked for a single event; the others are for other tools. */
void property_note_unenforced(Pipeline *p, Contract *c, const DocNode *property) {
    checks_note_keys(p, c, property, "partitioned, encryptedName, relationships, transformDescription");
}

bool has_paths(const DocNode *property) {
    size_t i;
    json_t *path;
    json_array_foreach(json_object_get(property->value, "transformSourceObjects"), i, path) {
        const char *text = json_string_value(path);
        if (text != NULL && text[0] == '$') return true;
    }
    return false;
}

const char *payload_key(Pipeline *p, const DocNode *property) {
    const char *name = json_string_value(json_object_get(property->value, "name"));
    const char *path = json_string_value(json_array_get(json_object_get(property->value, "transformSourceObjects"), 0));
    ValueOrigin o;
    if (has_paths(property) && path != NULL && origin_read(p->strings, path, &o) && o.key_count > 0) return o.keys[o.key_count - 1];
    return name != NULL ? strings_keep(p->strings, name) : NULL;
}

/* Of a property of the payload, where paths are read (envelope.c), and of one inside an object, where they are not. */
static int read_sources(Pipeline *p, Contract *c, const DocNode *property, bool inside, Error *err) {
    DocNode paths;
    if (read_list(property, "transformSourceObjects", false, &paths, err) != 0) return -1;
    if (inside && has_paths(property)) return REFUSE(&paths, err, "inside an object a property has its own name; leave this out");
    if (!has_paths(property)) checks_note_keys(p, c, property, "transformSourceObjects");
    return 0;
}

/* The physicalName, or a name made of it or, without one, of the name. */
static int read_column(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    DocNode name = node_member(property, "name"), column = node_member(property, "physicalName");
    int rc = read_message_name(&name, p->strings, &field->name, err);
    const char *own = field->name;
    if (rc == 0) field->name = payload_key(p, property);
    if (rc == 0 && strcmp(field->name, own) != 0) note_add(p, c, property, NOTE_READ_AS, "it is the member %s of the payload", field->name);
    if (node_exists(&column) && !json_is_string(column.value)) return REFUSE(&column, err, "expected a text");
    const char *written = node_exists(&column) ? json_string_value(column.value) : own;
    if (written == NULL) return -1;
    field->written = strings_keep(p->strings, written);
    field->place = strings_adopt(p->strings, node_path(property));
    if (is_name(written) && !is_silver_column(written)) {
        field->column = strings_keep(p->strings, written);
        field->derived = !node_exists(&column);
        return rc;
    }
    field->column = column_name_of(p, written);
    field->derived = true;
    return rc;
}

/* How a time is written; other transformations are for other tools. */
static int read_transform(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    DocNode transform = node_member(property, "transformLogic");
    size_t form = TIME_ISO8601;
    if (!node_exists(&transform)) return 0;
    if (field->type != VALUE_TIMESTAMP) {
        checks_note_keys(p, c, property, "transformLogic");
        return 0;
    }
    if (read_choice(&transform, time_form_names, TIME_FORMS, &form, err) != 0) return -1;
    field->time_form = (TimeForm)form;
    return 0;
}

/* A rule about many events: how often a value came before, among those that a refine adds to Silver. Inside objects there is no column. */
static void read_unique(Pipeline *p, Contract *c, const DocNode *property, const Field *field) {
    const RuleBound none = {.given = true, .op = MUST_BE};
    if (json_is_true(json_object_get(property->value, "unique")) && field->column != NULL && field->name != NULL)
        measure_duplicates(p, c, &none, "unique", field);
    else
        checks_note_keys(p, c, property, "unique");
}

/* What a property of the payload and one inside an object have in common; the name, and the column if there is one, have been read. */
static int read_value_rules(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    field->line = node_line(property);
    int typed = type_read(p, c, property, field, err), rc = typed | read_description(property, p->strings, &field->description, err);
    const char *unit = custom_text(property, "unit");
    if (unit != NULL) field->unit = strings_keep(p->strings, unit);
    rc |= read_bool(property, "required", &field->required, err);
    if (typed == 0) rc |= read_transform(p, c, property, field, err) | check_key_type(property, field, err);
    property_note_unenforced(p, c, property);
    read_unique(p, c, property, field);
    if (field->column == NULL) checks_note_keys(p, c, property, "primaryKey"); /* no part of the event's identity */
    if (typed != 0 || checks_read(p, c, property, field, err) != 0) return -1;
    notes_warn(p, c, property, field);
    return rc;
}

/* ---- inside objects and arrays ---- */

static int read_inside(Pipeline *p, Contract *c, const DocNode *property, Field *field, int level, Error *err);

static const char *path_of(const Field *field) {
    return field->path != NULL ? field->path : field->name != NULL ? field->name : "";
}

static int read_member(Pipeline *p, Contract *c, const DocNode *property, Field *parent, int level, Error *err) {
    DocNode name = node_member(property, "name");
    Field field = {0};
    int rc = check_property(p, c, property, err), named = read_message_name(&name, p->strings, &field.name, err);
    rc |= read_sources(p, c, property, true, err);
    if (named == 0) field.path = strings_format(p->strings, "%s.%s", path_of(parent), field.name);
    for (const Field *other = parent->properties; named == 0 && other < parent->properties + parent->property_count; other++)
        if (strcmp(other->name, field.name) == 0)
            rc |= REFUSE(&name, err, "the property on line %d has this name already; expected another name", other->line);
    rc |= read_value_rules(p, c, property, &field, err);
    if (field.sql_type != NULL) rc |= read_inside(p, c, property, &field, level, err);
    if (rc != 0 || named != 0) return -1;
    parent->properties = strings_grow(p->strings, parent->properties, parent->property_count, sizeof *parent->properties);
    parent->properties[parent->property_count++] = field;
    return 0;
}

static int read_items(Pipeline *p, Contract *c, const DocNode *items, Field *parent, int level, Error *err) {
    Field field = {.name = "", .path = strings_format(p->strings, "%s[]", path_of(parent))};
    int rc = check_property(p, c, items, err);
    rc |= read_value_rules(p, c, items, &field, err);
    if (field.sql_type != NULL) rc |= read_inside(p, c, items, &field, level, err);
    if (rc != 0) return -1;
    parent->items = strings_grow(p->strings, NULL, 0, sizeof *parent->items);
    *parent->items = field;
    return 0;
}

static Field *find_name(Field *fields, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0) return &fields[i];
    return NULL;
}

/* The names in logicalTypeOptions.required of an object. `object`: for those that its properties do not name; NULL: the payload itself. */
static int read_required(Pipeline *p, const DocNode *property, Field *fields, size_t n, Field *object, Error *err) {
    DocNode options = node_member(property, "logicalTypeOptions"), list = node_member(&options, "required");
    int rc = 0;
    if (!node_exists(&list)) return 0;
    if (!json_is_array(list.value))
        return REFUSE(&list, err,
                      "expected a list of names of members; whether the property itself is required stands beside logicalTypeOptions");
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode item = node_item(&list, i);
        const char *name = NULL;
        if (read_message_name(&item, p->strings, &name, err) != 0) {
            rc = -1;
            continue;
        }
        Field *named = find_name(fields, n, name);
        if (named != NULL)
            named->required = true;
        else if (object != NULL)
            check_add(p, (Check){.kind = CHECK_MEMBER, .rule = "required", .text = name}, object);
        else
            rc |=
                REFUSE(&item, err, "the payload has no such property; expected one among its properties: {name: %s, required: true}", name);
    }
    return rc;
}

/* `properties` of an object, `items` of an array. */
static int read_inside(Pipeline *p, Contract *c, const DocNode *property, Field *field, int level, Error *err) {
    enum { LEVELS = 16 };
    DocNode properties, items;
    int rc = read_list(property, "properties", false, &properties, err);
    rc |= read_object(property, "items", &items, err);
    if (rc != 0) return -1;
    if (node_exists(&properties) && (field->type != VALUE_JSON || field->array))
        return REFUSE(&properties, err, "only an object has properties");
    if (node_exists(&items) && !field->array) return REFUSE(&items, err, "only an array has items");
    if (level == LEVELS && (node_exists(&properties) || node_exists(&items)))
        return REFUSE(property, err, "expected at most %d levels of objects and arrays", LEVELS);
    for (size_t i = 0; i < json_array_size(properties.value); i++) {
        DocNode member = node_item(&properties, i);
        rc |= read_member(p, c, &member, field, level + 1, err);
    }
    if (field->type == VALUE_JSON && !field->array) rc |= read_required(p, property, field->properties, field->property_count, field, err);
    return node_exists(&items) ? rc | read_items(p, c, &items, field, level + 1, err) : rc;
}

static int read_field(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    int rc = check_property(p, c, property, err), named = read_column(p, c, property, field, err);
    rc |= read_sources(p, c, property, false, err);
    if (field->column == NULL) field->column = ""; /* NULL would mean: inside an object */
    rc |= named | read_value_rules(p, c, property, field, err);
    return field->sql_type != NULL ? rc | read_inside(p, c, property, field, 1, err) : -1;
}

/* ---- all properties ---- */

static int check_unique(const Contract *c, const Field *field, const DocNode *property, Error *err) {
    DocNode name = node_member(property, "name"), column = node_member(property, "physicalName");
    int rc = 0;
    for (const Field *other = c->fields; other < c->fields + c->field_count; other++) {
        if (strcasecmp(other->name, field->name) == 0)
            rc |= REFUSE(&name, err, "the property on line %d has this name already (capitals do not count); expected another name",
                         other->line);
        if (!other->derived && !field->derived && strcmp(other->column, field->column) == 0)
            rc |= REFUSE(&column, err, "the property on line %d has this column already; expected another one", other->line);
    }
    return rc;
}

/* All contracts share the columns of Silver. A name that was made gives way (column_names.h). */
static int check_same_type(const Pipeline *p, const Contract *c, const Field *field, const DocNode *property, Error *err) {
    DocNode type = node_member(property, "physicalType");
    for (const Contract *other = p->contracts; other < p->contracts + p->contract_count; other++)
        for (const Field *f = other->fields; other != c && f < other->fields + other->field_count; f++)
            if (!f->derived && !field->derived && strcmp(f->column, field->column) == 0 && strcmp(f->sql_type, field->sql_type) != 0)
                return REFUSE(&type, err, "the column %s would be %s here, but is %s in %s:%d; expected the same type", f->column,
                              field->sql_type, f->sql_type, other->file, f->line);
    return 0;
}

int payload_read_property(Pipeline *p, Contract *c, const DocNode *property, Error *err) {
    Field field = {0};
    int rc = read_field(p, c, property, &field, err);
    if (rc != 0) p->limits_missing = true;
    if (field.name == NULL || field.column[0] == '\0' || field.sql_type == NULL) {
        p->columns_missing = true;
        return -1;
    }
    if (check_unique(c, &field, property, err) != 0) return -1;
    rc |= check_same_type(p, c, &field, property, err);
    c->fields = strings_grow(p->strings, c->fields, c->field_count, sizeof *c->fields);
    c->fields[c->field_count++] = field;
    return rc;
}

int payload_read(Pipeline *p, Contract *c, const DocNode *payload, Error *err) {
    DocNode properties;
    int rc = 0;
    if (read_list(payload, "properties", false, &properties, err) != 0) {
        p->columns_missing = true;
        return -1;
    }
    if (!node_exists(&properties)) return read_required(p, payload, NULL, 0, NULL, err); /* the payload is kept, and has no columns */
    if (json_array_size(properties.value) == 0) p->columns_missing = true;
    if (json_array_size(properties.value) == 0) return REFUSE(&properties, err, "expected one or more properties");
    for (size_t i = 0; i < json_array_size(properties.value); i++) {
        DocNode property = node_item(&properties, i);
        rc |= payload_read_property(p, c, &property, err);
    }
    return rc == 0 ? read_required(p, payload, c->fields, c->field_count, NULL, err) : -1;
}

/* schema_shape.c: see schema_shape.h. The envelope is that of the schema's customProperties, else that of Kafka's servers, else Smelt's
 * own. A property fills the column that its physicalName says; without one, the column that its name has in the envelope. */
#include "contract/schema_shape.h"

#include "contract/envelopes.h"
#include "contract/reader.h"
#include <string.h>

/* ---- the envelope ---- */

static int use_preset(const DocNode *at, const char *name, PresetUse *use, Error *err) {
    PresetUse found;
    if (name == NULL) return 0;
    if (!preset_find(name, &found)) return REFUSE(at, err, "there is no envelope \"%s\"; expected one of: %s", name, preset_names);
    if (use->named && (use->preset != found.preset || use->wrapped != found.wrapped))
        return REFUSE(at, err, "another server has another envelope; expected the same, or one in the customProperties of the schema");
    *use = found;
    return 0;
}

/* Of the servers that are Kafka's. */
static int read_server_presets(const DocNode *document, PresetUse *use, Error *err) {
    DocNode servers;
    int rc = 0;
    if (read_list(document, "servers", false, &servers, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(servers.value); i++) {
        DocNode server = node_item(&servers, i);
        const char *type = json_string_value(json_object_get(server.value, "type")), *name = NULL;
        if (type == NULL || strcmp(type, "kafka") != 0) continue;
        rc |= read_custom_text(&server, "envelope", &name, err);
        rc |= use_preset(&server, name, use, err);
    }
    return rc;
}

static int read_preset(const DocNode *object, PresetUse *use, Error *err) {
    const char *name = NULL;
    *use = preset_default();
    if (read_custom_text(object, "envelope", &name, err) != 0) return -1;
    return name != NULL ? use_preset(object, name, use, err) : read_server_presets(object->parent->parent, use, err);
}

/* Without a preset a contract is of Smelt's own envelope if it lists the payload; otherwise the messages are flat, and `type` or `id` are
 * members as any other. */
static bool are_names_of_columns(PresetUse use, const DocNode *properties) {
    size_t i;
    json_t *property;
    if (use.named) return true;
    json_array_foreach(properties->value, i, property) {
        const char *physical = json_string_value(json_object_get(property, "physicalName"));
        const char *name = json_string_value(json_object_get(property, "name")), *own = physical != NULL ? physical : name;
        const char *logical = json_string_value(json_object_get(property, "logicalType"));
        if (own == NULL || (logical != NULL && strcmp(logical, "object") != 0)) continue;
        if (strcmp(own, envelope_column_names[ENVELOPE_PAYLOAD]) == 0) return true;
        if (physical == NULL && preset_column(use, own) == ENVELOPE_PAYLOAD) return true;
    }
    return false;
}

int schema_shape_read(const DocNode *object, const DocNode *properties, SchemaShape *ret, Error *err) {
    PresetUse use;
    if (read_preset(object, &use, err) != 0) return -1;
    *ret = (SchemaShape){use, are_names_of_columns(use, properties)};
    return 0;
}

bool schema_shape_same(SchemaShape a, SchemaShape b) {
    return a.use.preset == b.use.preset && a.use.wrapped == b.use.wrapped && a.by_name == b.by_name;
}

/* ---- which column ---- */

static EnvelopeColumn column_named(const char *name) {
    EnvelopeColumn c = 0;
    while (c < ENVELOPE_COLUMNS && strcmp(envelope_column_names[c], name) != 0) c++;
    return c;
}

EnvelopeColumn schema_column(SchemaShape shape, const DocNode *property) {
    const char *name = json_string_value(json_object_get(property->value, "name"));
    const char *physical = json_string_value(json_object_get(property->value, "physicalName"));
    if (custom_text(property, "entity") != NULL) return ENVELOPE_ENTITY;
    if (physical != NULL) return column_named(physical);
    return shape.by_name && name != NULL ? preset_column(shape.use, name) : ENVELOPE_COLUMNS;
}

bool schema_says_type(Strings *strings, SchemaShape shape, const DocNode *properties) {
    ColumnMapping unlisted;
    for (size_t i = 0; i < json_array_size(properties->value); i++) {
        DocNode property = node_item(properties, i);
        if (schema_column(shape, &property) == ENVELOPE_TYPE) return true;
    }
    return preset_mapping(strings, shape.use, ENVELOPE_TYPE, NULL, &unlisted);
}

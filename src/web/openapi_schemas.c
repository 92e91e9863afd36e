/* openapi_schemas.c: the schemas of answers. What an answer looks like is written in src/web/schemas/NAME.json; here the names and columns
 * of the entities that are served are put in: the key "{key}" becomes the name of the id's column, "{plural}" what the first entity is
 * called.
 *
 * Invariant: with a lease no name in braces is left. */
#include "web/openapi.h"

#include "base/document.h"
#include "base/embedded.h"
#include "base/memory.h"
#include <string.h>

static const char folder[] = "src/web/schemas/";
static const char generic[] = "Entity"; /* what the names begin with of which each entity has its own */

static bool is_generic(const char *schema) {
    return strncmp(schema, generic, strlen(generic)) == 0;
}

/* "EntityList" of bikes is "BikeList". The caller frees. */
static char *name_for(const char *schema, const GoldEntity *e) {
    if (e == NULL || !is_generic(schema)) return xstrdup(schema);
    char *name = xasprintf("%s%s", e->name, schema + strlen(generic));
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = (char)(name[0] - 'a' + 'A');
    return name;
}

json_t *openapi_ref(const char *schema, const GoldEntity *e) {
    CLEANUP(free_text) char *name = name_for(schema, e);
    return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

/* ---- names of an entity ---- */

/* What a key in braces stands for; NULL: for nothing that there is. */
static const char *meaning(const char *key, const GoldEntity *e) {
    if (e != NULL && strcmp(key, "{key}") == 0) return e->key;
    if (e != NULL && strcmp(key, "{plural}") == 0) return e->plural;
    return NULL;
}

static json_t *named(json_t *value, const GoldEntity *e);

static json_t *named_object(json_t *value, const GoldEntity *e) {
    static const char prefix[] = "#/components/schemas/";
    json_t *out = json_object(), *member;
    const char *key;
    json_object_foreach(value, key, member) {
        const char *ref = strcmp(key, "$ref") == 0 ? json_string_value(member) : NULL;
        if (ref != NULL && strncmp(ref, prefix, sizeof prefix - 1) == 0) {
            json_decref(out);
            return openapi_ref(ref + sizeof prefix - 1, e);
        }
        const char *name = key[0] == '{' ? meaning(key, e) : key;
        if (name != NULL) json_object_set_new(out, name, named(member, e));
    }
    return out;
}

static json_t *named_array(json_t *value, const GoldEntity *e) {
    json_t *out = json_array(), *item;
    size_t i;
    json_array_foreach(value, i, item) {
        const char *text = json_string_value(item), *name = text != NULL && text[0] == '{' ? meaning(text, e) : NULL;
        if (name != NULL)
            json_array_append_new(out, json_string(name));
        else if (text == NULL || text[0] != '{')
            json_array_append_new(out, named(item, e));
    }
    return out;
}

/* A copy with the names of the entity. */
static json_t *named(json_t *value, const GoldEntity *e) {
    if (json_is_object(value)) return named_object(value, e);
    return json_is_array(value) ? named_array(value, e) : json_incref(value);
}

/* ---- columns ---- */

/* Of a column's type in SQL: DECIMAL is a number with its exact digits, a time a text. */
static json_t *type_of(const char *sql) {
    static const struct {
        const char *begins, *type, *format;
    } types[] = {{"BOOLEAN", "boolean", NULL},         {"DECIMAL", "number", NULL}, {"DOUBLE", "number", NULL},  {"FLOAT", "number", NULL},
                 {"TIMESTAMP", "string", "date-time"}, {"DATE", "string", "date"},  {"VARCHAR", "string", NULL}, {"JSON", NULL, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strncmp(sql, types[i].begins, strlen(types[i].begins)) != 0) continue;
        if (types[i].type == NULL) return json_object();
        return json_pack("{s:[s,s], s:s*}", "type", types[i].type, "null", "format", types[i].format);
    }
    return json_pack("{s:[s,s]}", "type", strstr(sql, "INT") != NULL ? "integer" : "string", "null");
}

static json_t *describe_column(const json_t *column) {
    json_t *out = type_of(json_string_value(json_object_get(column, "type")));
    static const char *const texts[] = {"title", "unit", "description", "worse"}, *const keys[] = {"title", "x-unit", "description",
                                                                                                   "x-worse"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_t *text = json_object_get(column, texts[i]);
        if (json_is_string(text)) json_object_set(out, keys[i], text);
    }
    return out;
}

static bool is_listed(const GoldEntity *e, const char *column) {
    size_t n = strlen(column);
    for (const char *at = e->listed; at != NULL && *at != '\0'; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && memcmp(at, column, n) == 0) return true;
    return false;
}

/* Puts the entity's columns into what describes its rows. */
static int add_columns(const Lease *lease, const GoldEntity *e, json_t *features, json_t *row, Error *err) {
    LakeValue values[] = {lake_text(e->name), lake_text(e->key)};
    CLEANUP(json_freep) json_t *columns = NULL;
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    CLEANUP(free_text) char *sql = gold_entity_sql(e, "api/entity_columns");
    if (lake_query(lease->conn, "api/entity_columns", sql, values, 2, &rows, err) != 0 || lake_rows_json(rows, &columns, err) != 0)
        return -1;
    size_t i;
    json_t *column;
    json_array_foreach(columns, i, column) {
        const char *name = json_string_value(json_object_get(column, "name"));
        json_object_set_new(json_object_get(features, "properties"), name, describe_column(column));
        if (is_listed(e, name)) json_object_set_new(json_object_get(row, "properties"), name, describe_column(column));
    }
    return 0;
}

/* ---- all of them ---- */

/* Those of the folder, for an entity those that begin with its generic name, else the others. */
static void add_schemas(const GoldEntity *e, bool generics, const GoldEntity *first, json_t *schemas) {
    Error err = {0};
    for (const EmbeddedFile *f = embedded_files; f->path != NULL; f++) {
        CLEANUP(json_freep) json_t *schema = NULL;
        if (strncmp(f->path, folder, strlen(folder)) != 0) continue;
        CLEANUP(free_text) char *base = xstrndup(f->path + strlen(folder), strcspn(f->path + strlen(folder), "."));
        if (is_generic(base) != generics) continue;
        if (json_parse((const char *)f->data, f->len, f->path, &schema, &err) != 0) BUG(err.text);
        CLEANUP(free_text) char *name = name_for(base, e);
        json_object_set_new(schemas, name, named(schema, e != NULL ? e : first));
    }
}

static json_t *schema_of(json_t *schemas, const char *generic_name, const GoldEntity *e) {
    CLEANUP(free_text) char *name = name_for(generic_name, e);
    return json_object_get(schemas, name);
}

int openapi_schemas(const Lease *lease, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *schemas = json_object();
    const GoldEntities *entities = lease != NULL ? lease->entities : NULL;
    add_schemas(NULL, false, entities != NULL ? gold_entities_scored(entities) : NULL, schemas);
    if (entities == NULL) add_schemas(NULL, true, NULL, schemas);
    for (size_t i = 0; entities != NULL && i < entities->count; i++) {
        const GoldEntity *e = &entities->items[i];
        add_schemas(e, true, NULL, schemas);
        if (add_columns(lease, e, schema_of(schemas, "EntityFeatures", e), schema_of(schemas, "EntityRow", e), err) != 0) return -1;
    }
    *ret = TAKE(schemas);
    return 0;
}

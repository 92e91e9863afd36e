/* schema.c: the JSON of a schema to a program (internal.h). Named types are known by their full names from where they begin, so that they
 * can contain themselves; parts of a type are reserved before its inner types are read, so that they stay together. */
#include "avro/internal.h"

#include "base/document.h"
#include "base/json_write.h"
#include "base/memory.h"
#include <string.h>

typedef struct SchemaReader {
    AvroSchema *schema;
    json_t *names; /* full name -> index of the type */
    Error *err;
} SchemaReader;

static const char *const primitives[AVRO_PRIMITIVES] = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"};

static const struct {
    const char *name;
    AvroKind of, kind;
} logical_types[] = {
    {"decimal", AVRO_BYTES, AVRO_DECIMAL},
    {"decimal", AVRO_FIXED, AVRO_FIXED_DECIMAL},
    {"uuid", AVRO_FIXED, AVRO_FIXED_UUID},
    {"date", AVRO_INT, AVRO_DATE},
    {"time-millis", AVRO_INT, AVRO_TIME_MILLIS},
    {"time-micros", AVRO_LONG, AVRO_TIME_MICROS},
    {"timestamp-millis", AVRO_LONG, AVRO_TIMESTAMP_MILLIS},
    {"timestamp-micros", AVRO_LONG, AVRO_TIMESTAMP_MICROS},
    {"timestamp-nanos", AVRO_LONG, AVRO_TIMESTAMP_NANOS},
    {"local-timestamp-millis", AVRO_LONG, AVRO_TIMESTAMP_MILLIS},
    {"local-timestamp-micros", AVRO_LONG, AVRO_TIMESTAMP_MICROS},
    {"local-timestamp-nanos", AVRO_LONG, AVRO_TIMESTAMP_NANOS},
};

static int read_type(SchemaReader *r, const json_t *j, const char *space, int level, uint32_t *ret);

#define REFUSE(r, ...) error_set((r)->err, ERR_DATA, __VA_ARGS__)

/* ---- the arrays ---- */

static int check_size(SchemaReader *r, size_t more) {
    if (r->schema->type_count + r->schema->part_count + more <= AVRO_SCHEMA_TYPES) return 0;
    return REFUSE(r, "it has more than %d types, fields, branches and symbols", AVRO_SCHEMA_TYPES);
}

static int add_type(SchemaReader *r, AvroType type, uint32_t *ret) {
    AvroSchema *s = r->schema;
    if (check_size(r, 1) != 0) return -1;
    s->types = xrealloc(s->types, s->type_count + 1, sizeof *s->types);
    s->types[s->type_count] = type;
    *ret = (uint32_t)s->type_count++;
    return 0;
}

static int reserve_parts(SchemaReader *r, uint32_t type, size_t n) {
    AvroSchema *s = r->schema;
    if (check_size(r, n) != 0) return -1;
    s->parts = xrealloc(s->parts, s->part_count + n + 1, sizeof *s->parts);
    memset(s->parts + s->part_count, 0, n * sizeof *s->parts);
    s->types[type].first = (uint32_t)s->part_count;
    s->types[type].count = (uint32_t)n;
    s->part_count += n;
    return 0;
}

/* "name" as JSON, with `end` behind it. */
static Span quoted(SchemaReader *r, const char *name, const char *end) {
    CLEANUP(buf_done) Buf text = {0};
    json_write_string(&text, name, strlen(name));
    buf_add_str(&text, end);
    return arena_keep(&r->schema->texts, (Span){text.data, text.len});
}

/* ---- names ---- */

static const char *text_of(const json_t *j, const char *key) {
    return json_string_value(json_object_get(j, key));
}

/* The caller frees. */
static char *full_name(const char *name, const char *space) {
    return strchr(name, '.') != NULL || space[0] == '\0' ? xstrdup(name) : xasprintf("%s.%s", space, name);
}

/* Makes the type known; *ret_space: what names inside it belong to. The caller frees it. */
static int define(SchemaReader *r, const json_t *j, const char *space, uint32_t type, char **ret_space) {
    const char *name = text_of(j, "name"), *own = text_of(j, "namespace");
    if (name == NULL || name[0] == '\0') return REFUSE(r, "a record, enum or fixed has no name");
    CLEANUP(free_text) char *full = full_name(name, own != NULL ? own : space);
    if (json_object_get(r->names, full) != NULL) return REFUSE(r, "%s is defined twice", full);
    json_object_set_new(r->names, full, json_integer(type));
    char *dot = strrchr(full, '.');
    if (dot != NULL) *dot = '\0';
    *ret_space = xstrdup(dot != NULL ? full : "");
    return 0;
}

static bool find_primitive(const char *name, uint32_t *ret) {
    for (uint32_t i = 0; i < AVRO_PRIMITIVES; i++)
        if (strcmp(name, primitives[i]) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

static int find_named(SchemaReader *r, const char *name, const char *space, uint32_t *ret) {
    if (find_primitive(name, ret)) return 0;
    CLEANUP(free_text) char *full = full_name(name, space);
    const json_t *found = json_object_get(r->names, full);
    if (found == NULL) found = json_object_get(r->names, name);
    if (found == NULL) return REFUSE(r, "the type %s is not defined in it, nor in what it refers to", full);
    *ret = (uint32_t)json_integer_value(found);
    return 0;
}

/* ---- logical types ---- */

/* What the specification demands of a decimal; the others are right when their type is. */
static bool decimal_is_valid(const json_t *j, json_int_t *ret_scale) {
    const json_t *precision = json_object_get(j, "precision"), *scale = json_object_get(j, "scale");
    *ret_scale = json_integer_value(scale);
    return json_is_integer(precision) && json_integer_value(precision) > 0 && (scale == NULL || json_is_integer(scale)) &&
           *ret_scale >= 0 && *ret_scale <= json_integer_value(precision);
}

static int apply_logical(SchemaReader *r, const json_t *j, AvroType *type) {
    const char *name = text_of(j, "logicalType");
    json_int_t scale = 0;
    size_t i = 0;
    if (name == NULL) return 0;
    while (i < ARRAY_LEN(logical_types) && (strcmp(name, logical_types[i].name) != 0 || type->kind != logical_types[i].of)) i++;
    if (i == ARRAY_LEN(logical_types)) return 0;
    AvroKind kind = logical_types[i].kind;
    if ((kind == AVRO_DECIMAL || kind == AVRO_FIXED_DECIMAL) && !decimal_is_valid(j, &scale)) return 0;
    if (kind == AVRO_FIXED_UUID && type->size != 16) return 0;
    if (scale > AVRO_SCALE)
        return REFUSE(r, "a decimal has %lld digits behind the point; at most %d can be read", (long long)scale, AVRO_SCALE);
    type->kind = kind;
    type->scale = (uint32_t)scale;
    return 0;
}

static int read_primitive(SchemaReader *r, const json_t *j, uint32_t primitive, uint32_t *ret) {
    AvroType type = {.kind = (AvroKind)primitive};
    *ret = primitive;
    if (apply_logical(r, j, &type) != 0) return -1;
    return type.kind == (AvroKind)primitive ? 0 : add_type(r, type, ret);
}

/* ---- named types ---- */

static int read_field(SchemaReader *r, const json_t *field, const char *space, int level, json_t *seen, AvroPart *ret) {
    const char *name = text_of(field, "name");
    const json_t *type = json_object_get(field, "type");
    if (name == NULL || type == NULL) return REFUSE(r, "a field has no %s", name == NULL ? "name" : "type");
    if (json_object_get(seen, name) != NULL) return REFUSE(r, "the field %s is there twice in its record", name);
    json_object_set_new(seen, name, json_true());
    ret->text = quoted(r, name, ":");
    return read_type(r, type, space, level, &ret->type);
}

static int read_record(SchemaReader *r, const json_t *j, const char *space, int level, uint32_t *ret) {
    CLEANUP(free_text) char *inside = NULL;
    CLEANUP(json_freep) json_t *seen = json_object();
    const json_t *fields = json_object_get(j, "fields");
    if (add_type(r, (AvroType){.kind = AVRO_RECORD}, ret) != 0 || define(r, j, space, *ret, &inside) != 0) return -1;
    if (!json_is_array(fields)) return REFUSE(r, "the record %s has no list of fields", text_of(j, "name"));
    size_t n = json_array_size(fields);
    if (reserve_parts(r, *ret, n) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
        AvroPart part = {0};
        if (read_field(r, json_array_get(fields, i), inside, level + 1, seen, &part) != 0) return -1;
        r->schema->parts[r->schema->types[*ret].first + i] = part;
    }
    return 0;
}

static int read_enum(SchemaReader *r, const json_t *j, const char *space, uint32_t *ret) {
    CLEANUP(free_text) char *inside = NULL;
    const json_t *symbols = json_object_get(j, "symbols");
    if (add_type(r, (AvroType){.kind = AVRO_ENUM}, ret) != 0 || define(r, j, space, *ret, &inside) != 0) return -1;
    if (!json_is_array(symbols) || reserve_parts(r, *ret, json_array_size(symbols)) != 0)
        return r->err->kind != ERR_NONE ? -1 : REFUSE(r, "the enum %s has no list of symbols", text_of(j, "name"));
    for (size_t i = 0; i < json_array_size(symbols); i++) {
        const char *symbol = json_string_value(json_array_get(symbols, i));
        if (symbol == NULL) return REFUSE(r, "a symbol of the enum %s is no text", text_of(j, "name"));
        r->schema->parts[r->schema->types[*ret].first + i].text = quoted(r, symbol, "");
    }
    return 0;
}

static int read_fixed(SchemaReader *r, const json_t *j, const char *space, uint32_t *ret) {
    CLEANUP(free_text) char *inside = NULL;
    const json_t *size = json_object_get(j, "size");
    json_int_t n = json_integer_value(size);
    if (!json_is_integer(size) || n < 0 || n > (json_int_t)AVRO_JSON_BYTES) return REFUSE(r, "a fixed type has no possible size");
    AvroType type = {.kind = AVRO_FIXED, .size = (uint32_t)n};
    if (apply_logical(r, j, &type) != 0 || add_type(r, type, ret) != 0) return -1;
    return define(r, j, space, *ret, &inside);
}

/* ---- the others ---- */

static int read_container(SchemaReader *r, const json_t *j, AvroKind kind, const char *space, int level, uint32_t *ret) {
    const char *key = kind == AVRO_MAP ? "values" : "items";
    const json_t *item = json_object_get(j, key);
    uint32_t inner;
    if (item == NULL) return REFUSE(r, "%s has no %s", kind == AVRO_MAP ? "a map" : "an array", key);
    if (read_type(r, item, space, level + 1, &inner) != 0) return -1;
    return add_type(r, (AvroType){.kind = kind, .item = inner}, ret);
}

static int read_union(SchemaReader *r, const json_t *branches, const char *space, int level, uint32_t *ret) {
    size_t n = json_array_size(branches);
    if (add_type(r, (AvroType){.kind = AVRO_UNION}, ret) != 0 || reserve_parts(r, *ret, n) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
        uint32_t type;
        if (read_type(r, json_array_get(branches, i), space, level + 1, &type) != 0) return -1;
        if (r->schema->types[type].kind == AVRO_UNION) return REFUSE(r, "a union is directly in another union");
        r->schema->parts[r->schema->types[*ret].first + i].type = type;
    }
    return 0;
}

static int read_object(SchemaReader *r, const json_t *j, const char *space, int level, uint32_t *ret) {
    const json_t *type = json_object_get(j, "type");
    const char *name = json_string_value(type);
    uint32_t primitive;
    if (type == NULL) return REFUSE(r, "a type has no \"type\"");
    if (name == NULL) return read_type(r, type, space, level + 1, ret);
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0) return read_record(r, j, space, level, ret);
    if (strcmp(name, "enum") == 0) return read_enum(r, j, space, ret);
    if (strcmp(name, "fixed") == 0) return read_fixed(r, j, space, ret);
    if (strcmp(name, "array") == 0) return read_container(r, j, AVRO_ARRAY, space, level, ret);
    if (strcmp(name, "map") == 0) return read_container(r, j, AVRO_MAP, space, level, ret);
    if (find_primitive(name, &primitive)) return read_primitive(r, j, primitive, ret);
    return find_named(r, name, space, ret);
}

static int read_type(SchemaReader *r, const json_t *j, const char *space, int level, uint32_t *ret) {
    if (level > AVRO_SCHEMA_LEVELS) return REFUSE(r, "it has more than %d types within each other", AVRO_SCHEMA_LEVELS);
    if (json_is_string(j)) return find_named(r, json_string_value(j), space, ret);
    if (json_is_array(j)) return read_union(r, j, space, level, ret);
    if (json_is_object(j)) return read_object(r, j, space, level, ret);
    return REFUSE(r, "a type is neither a name nor an object nor a list");
}

static int read_texts(SchemaReader *r, const Span *texts, size_t n) {
    size_t total = 0;
    for (uint32_t i = 0, unused; i < AVRO_PRIMITIVES; i++)
        if (add_type(r, (AvroType){.kind = (AvroKind)i}, &unused) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(json_freep) json_t *j = NULL;
        if ((total += texts[i].len) > AVRO_SCHEMA_BYTES) return REFUSE(r, "it is longer than %zu bytes", AVRO_SCHEMA_BYTES);
        if (json_parse(texts[i].at, texts[i].len, "its JSON", &j, r->err) != 0) {
            r->err->kind = ERR_DATA;
            return -1;
        }
        if (read_type(r, j, "", 1, &r->schema->root) != 0) return -1;
    }
    return 0;
}

int avro_schema_parse(const Span *texts, size_t n, AvroSchema **ret, Error *err) {
    CLEANUP(avro_schema_freep) AvroSchema *schema = xcalloc(1, sizeof *schema);
    CLEANUP(json_freep) json_t *names = json_object();
    SchemaReader r = {.schema = schema, .names = names, .err = err};
    if (read_texts(&r, texts, n) != 0) return error_prefix(err, "not a usable Avro schema");
    *ret = TAKE(schema);
    return 0;
}

void avro_schema_free(AvroSchema *s) {
    free(s->types);
    free(s->parts);
    arena_done(&s->texts);
    free(s);
}

/* types.c: see types.h.
 *
 *   logicalType and physicalType      the type is the logical one, its width the physical one's; where they contradict, the logical one
 * holds one of them                       that one none                              an object with `properties`, an array with `items`,
 * otherwise a text
 *
 * In v3.0 of the standard `date` is also what v3.1 calls `timestamp` and `time`: there the physical type decides. */
#include "contract/types.h"

#include "contract/notes.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_DECIMAL "DECIMAL(18,6)"
enum { PRECISION_MAX = 18, SCALE_MAX = 9, DEFAULT_SCALE = 6 };

/* ---- the standard's types ---- */

typedef struct LogicalType {
    const char *name;
    ValueType type;
    const char *sql_type; /* without a physicalType; NULL: DECIMAL */
} LogicalType;

static const LogicalType logical_types[] = {
    {"string", VALUE_TEXT, "VARCHAR"},     {"integer", VALUE_INTEGER, "INTEGER"}, {"number", VALUE_DECIMAL, NULL},
    {"boolean", VALUE_BOOLEAN, "BOOLEAN"}, {"date", VALUE_DATE, "DATE"},          {"timestamp", VALUE_TIMESTAMP, "TIMESTAMP"},
    {"time", VALUE_TIME, "TIME"},          {"object", VALUE_JSON, "JSON"},        {"array", VALUE_JSON, "JSON"},
};

/* ---- the types of other systems ---- */

/* Names in small letters, without what stands in brackets behind them. */
typedef struct PhysicalType {
    const char *names; /* "a, b, c" */
    ValueType type;
    const char *sql_type; /* NULL: DECIMAL */
    const char *note;     /* what is lost on the way; NULL: nothing */
    bool array;
} PhysicalType;

static const char no_scale[] = "more decimals are no number of this column (rule scale); write DECIMAL(p,s) for another width",
                  no_form[] = "its form is not checked: write logicalTypeOptions.pattern";

static const PhysicalType physical_types[] = {
    {"varchar, string, text, char, character, character varying, varchar2, nvarchar, nvarchar2, nchar, bpchar, clob, nclob, citext, "
     "tinytext, mediumtext, longtext, keyword",
     VALUE_TEXT, "VARCHAR", NULL, false},
    {"uuid, guid, uniqueidentifier, enum, xml, inet, interval, bytes, binary, varbinary, bytea, blob", VALUE_TEXT, "VARCHAR", no_form,
     false},
    {"integer, int, int4, int32, mediumint, serial, serial4", VALUE_INTEGER, "INTEGER", NULL, false},
    {"bigint, long, int8, int64, bigserial, serial8", VALUE_INTEGER, "BIGINT", NULL, false},
    {"smallint, int2, int16, short, smallserial, serial2", VALUE_INTEGER, "SMALLINT", NULL, false},
    {"tinyint, byte", VALUE_INTEGER, "TINYINT", NULL, false},
    {"uint8, utinyint", VALUE_INTEGER, "SMALLINT", NULL, false},
    {"uint16, usmallint", VALUE_INTEGER, "INTEGER", NULL, false},
    {"uint32, uinteger, uint, uint64, ubigint", VALUE_INTEGER, "BIGINT", NULL, false},
    {"decimal, numeric, dec, number, money", VALUE_DECIMAL, NULL, no_scale, false},
    {"double, double precision, float, float4, float8, float32, float64, real, bigdecimal, bignumeric", VALUE_DECIMAL, NULL, no_scale,
     false},
    {"boolean, bool, bit", VALUE_BOOLEAN, "BOOLEAN", NULL, false},
    {"date", VALUE_DATE, "DATE", NULL, false},
    {"timestamp, timestamptz, timestamp with time zone, timestamp without time zone, timestamp_tz, timestamp_ntz, timestamp_ltz, datetime, "
     "datetime2, datetimeoffset, smalldatetime, instant",
     VALUE_TIMESTAMP, "TIMESTAMP", NULL, false},
    {"time, time without time zone", VALUE_TIME, "TIME", NULL, false},
    {"json, jsonb, object, struct, record, row, map, variant", VALUE_JSON, "JSON", NULL, false},
    {"array, list, repeated", VALUE_JSON, "JSON", NULL, true},
};

/* What a physicalType says. */
typedef struct Written {
    char name[64];             /* "varchar" of VARCHAR(18) */
    int numbers[2];            /* in brackets */
    int count;                 /* of them */
    const PhysicalType *known; /* NULL: a type that is not known here */
} Written;

static const PhysicalType *find_physical(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(physical_types); i++)
        if (is_key_of(physical_types[i].names, name)) return &physical_types[i];
    return NULL;
}

/* "NUMERIC (10, 2)", "timestamp(3) with time zone", "array<string>" */
static Written parse_physical(const char *text) {
    static const PhysicalType array = {"array", VALUE_JSON, "JSON", NULL, true};
    Written w = {.numbers = {0, 0}};
    size_t name = strcspn(text, "(<["), n = 0;
    const char *rest = strchr(text, ')');
    if (text[name] == '(') w.count = sscanf(text + name, "( %9d , %9d", &w.numbers[0], &w.numbers[1]);
    if (w.count < 0) w.count = 0;
    for (size_t i = 0; i < name && n + 1 < sizeof w.name; i++)
        w.name[n++] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    while (n > 0 && w.name[n - 1] == ' ') n--;
    for (rest = rest != NULL ? rest + 1 : ""; *rest != '\0' && n + 1 < sizeof w.name; rest++)
        w.name[n++] = (char)(*rest >= 'A' && *rest <= 'Z' ? *rest + 32 : *rest);
    w.name[n] = '\0';
    w.known = text[name] == '[' ? &array : find_physical(w.name);
    return w;
}

/* ---- numbers with decimals ---- */

static void note_width(Pipeline *p, Contract *c, const DocNode *physical, const Field *field, const char *why) {
    const char *text = json_string_value(physical->value);
    note_add(p, c, physical, NOTE_READ_AS, "%s is read as %s: %s", text != NULL ? text : "a number", field->sql_type, why);
}

static void set_decimal(Pipeline *p, Field *field, int precision, int scale) {
    field->precision = precision;
    field->scale = scale;
    field->sql_type = strings_format(p->strings, "DECIMAL(%d,%d)", precision, scale);
}

/* Inside an object there is no column to fill: a number of any size. */
static void read_decimal(Pipeline *p, Contract *c, const DocNode *physical, const Written *w, Field *field) {
    bool fits = w != NULL && w->count > 0 && w->numbers[0] >= 1 && w->numbers[0] <= PRECISION_MAX && w->numbers[1] >= 0 &&
                w->numbers[1] <= w->numbers[0] && w->numbers[1] <= SCALE_MAX;
    if (fits) {
        set_decimal(p, field, w->numbers[0], w->numbers[1]);
        return;
    }
    if (field->column == NULL) {
        field->sql_type = "NUMBER";
        return;
    }
    int scale = w == NULL || w->count == 0 ? DEFAULT_SCALE : w->numbers[1] < 0 ? 0 : w->numbers[1] > SCALE_MAX ? SCALE_MAX : w->numbers[1];
    set_decimal(p, field, PRECISION_MAX, scale);
    note_width(p, c, physical, field, no_scale);
}

/* ---- all types ---- */

static void read_default(Pipeline *p, Contract *c, const DocNode *physical, const LogicalType *logical, Field *field) {
    field->type = logical->type;
    field->array = strcmp(logical->name, "array") == 0;
    field->sql_type = logical->sql_type;
    if (logical->type == VALUE_DECIMAL)
        read_decimal(p, c, physical, NULL, field);
    else if (logical->type == VALUE_INTEGER && field->column == NULL)
        field->sql_type = "BIGINT";
}

static void read_physical(Pipeline *p, Contract *c, const DocNode *physical, const Written *w, Field *field) {
    const char *text = json_string_value(physical->value);
    field->type = w->known->type;
    field->array = w->known->array;
    field->sql_type = w->known->sql_type;
    if (field->type == VALUE_DECIMAL)
        read_decimal(p, c, physical, w, field);
    else if (w->known->note != NULL)
        note_add(p, c, physical, NOTE_READ_AS, "%s is read as %s: %s", text, field->sql_type, w->known->note);
    else if (field->type == VALUE_TEXT && w->count > 0)
        note_add(p, c, physical, NOTE_READ_AS, "%s is read as %s: the length is no rule, write logicalTypeOptions.maxLength", text,
                 field->sql_type);
}

/* Whether the physical type says more about the same kind of value. */
static bool refines(const LogicalType *logical, const PhysicalType *physical) {
    ValueType l = logical->type, f = physical->type;
    if (l == f) return l != VALUE_JSON || (strcmp(logical->name, "array") == 0) == physical->array;
    return (l == VALUE_DECIMAL && f == VALUE_INTEGER) || (l == VALUE_DATE && (f == VALUE_TIMESTAMP || f == VALUE_TIME));
}

static void read_both(Pipeline *p, Contract *c, const DocNode *physical, const LogicalType *logical, Field *field) {
    const char *text = json_string_value(physical->value);
    Written w = parse_physical(text);
    if (w.known != NULL && refines(logical, w.known)) {
        read_physical(p, c, physical, &w, field);
        return;
    }
    read_default(p, c, physical, logical, field);
    if (logical->type != VALUE_DECIMAL)
        note_add(p, c, physical, NOTE_READ_AS, "%s is read as %s: the logicalType %s decides", text, field->sql_type, logical->name);
}

static const LogicalType *find_logical(const char *name) {
    for (const LogicalType *t = logical_types;; t++)
        if (strcmp(t->name, name) == 0) return t;
}

/* Without any type. */
static const LogicalType *guess(Pipeline *p, Contract *c, const DocNode *property) {
    DocNode properties = node_member(property, "properties"), items = node_member(property, "items");
    const char *name = node_exists(&properties) ? "object" : node_exists(&items) ? "array" : "string";
    note_add(p, c, property, NOTE_READ_AS, "no logicalType and no physicalType: it is read as %s", name);
    return find_logical(name);
}

static void read_physical_alone(Pipeline *p, Contract *c, const DocNode *physical, Field *field) {
    const char *text = json_string_value(physical->value);
    Written w = parse_physical(text);
    if (w.known != NULL) {
        read_physical(p, c, physical, &w, field);
        return;
    }
    read_default(p, c, physical, find_logical("string"), field);
    note_add(p, c, physical, NOTE_READ_AS, "%s is read as string: no such type is known here, write a logicalType", text);
}

int type_read(Pipeline *p, Contract *c, const DocNode *property, Field *field, Error *err) {
    const char *names[ARRAY_LEN(logical_types)];
    size_t chosen;
    DocNode logical = node_member(property, "logicalType"), physical = node_member(property, "physicalType");
    if (node_exists(&physical) && !json_is_string(physical.value)) return REFUSE(&physical, err, "expected the name of a type");
    for (size_t i = 0; i < ARRAY_LEN(logical_types); i++) names[i] = logical_types[i].name;
    if (!node_exists(&logical) && node_exists(&physical)) {
        read_physical_alone(p, c, &physical, field);
        return 0;
    }
    if (node_exists(&logical) && read_choice(&logical, names, ARRAY_LEN(names), &chosen, err) != 0) return -1;
    const LogicalType *type = node_exists(&logical) ? &logical_types[chosen] : guess(p, c, property);
    if (node_exists(&physical))
        read_both(p, c, &physical, type, field);
    else
        read_default(p, c, &physical, type, field);
    return 0;
}

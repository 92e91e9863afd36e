/* properties.c: see properties.h.
 *
 * A rule is only written where a sample says something about what comes later: a property that was always there is required, numbers that
 * were never negative stay so; a list of few texts is a warning, as new ones come without notice. Ranges are told, and are no rules. */
#include "infer/properties.h"

#include "base/memory.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { EXAMPLES = 3, EXAMPLE_BYTES = 60, LISTED_BYTES = 40, SCALE_MAX = 9, SMALL = 100000000 };

/* ---- types ---- */

static const char *type_of_texts(const Profile *p) {
    if (p->forms[FORM_DATE] == p->texts) return "date";
    if (p->forms[FORM_DATE] + p->forms[FORM_TIMESTAMP] == p->texts) return "timestamp";
    return p->forms[FORM_TIME] == p->texts ? "time" : "string";
}

static const char *type_of(const Profile *p) {
    int64_t numbers = p->integers + p->decimals, most = p->texts;
    const char *type = p->texts > 0 ? type_of_texts(p) : "string";
    if (numbers > most) most = numbers, type = p->decimals > 0 || p->too_large ? "number" : "integer";
    if (p->booleans > most) most = p->booleans, type = "boolean";
    if (p->objects > most) most = p->objects, type = "object";
    if (p->arrays > most) type = "array";
    return type;
}

static bool is_of_one_kind(const Profile *p) {
    int64_t numbers = p->integers + p->decimals, values = p->seen - p->nulls;
    return p->texts == values || numbers == values || p->booleans == values || p->objects == values || p->arrays == values;
}

static bool is_personal(const char *name, const Profile *p) {
    return is_personal_name(name) || p->forms[FORM_EMAIL] + p->forms[FORM_PHONE] + p->forms[FORM_CARD] + p->forms[FORM_UUID] > 0;
}

/* ---- words and examples ---- */

static void set_text(json_t *property, const char *key, const Buf *text) {
    if (text->len > 0) json_object_set_new(property, key, json_stringn(text->data, text->len));
}

static void describe(json_t *property, const Profile *p, bool personal) {
    CLEANUP(buf_done) Buf text = {0};
    if (p->seen == p->nulls)
        buf_add_str(&text, "It had no value in the sample.");
    else if (!is_of_one_kind(p))
        buf_addf(&text,
                 "Of several kinds in the sample: %" PRId64 " texts, %" PRId64 " numbers, %" PRId64 " booleans, %" PRId64
                 " objects, %" PRId64 " lists.",
                 p->texts, p->integers + p->decimals, p->booleans, p->objects, p->arrays);
    else if (p->integers > 0 && p->decimals == 0 && !p->too_large && !personal)
        buf_addf(&text, "%" PRId64 " to %" PRId64 " in the sample.", p->least, p->most);
    else if (p->scale > SCALE_MAX)
        buf_addf(&text, "It had up to %d decimals in the sample; more than %d are in quarantine.", p->scale, SCALE_MAX);
    set_text(property, "description", &text);
}

static void add_examples(json_t *property, const Profile *p, bool personal) {
    json_t *examples = json_array();
    bool texts = p->texts > 0 && p->integers + p->decimals == 0;
    for (size_t i = 0; texts && i < p->few_count && json_array_size(examples) < EXAMPLES; i++) {
        CLEANUP(buf_done) Buf masked = {0};
        if (p->few[i].len == 0 || p->few[i].len > EXAMPLE_BYTES) continue;
        if (personal)
            mask_text(p->few[i], &masked);
        else
            buf_add(&masked, p->few[i].at, p->few[i].len);
        json_array_append_new(examples, json_stringn(masked.data, masked.len));
        if (personal) break; /* one shows the form */
    }
    if (json_array_size(examples) > 0)
        json_object_set_new(property, "examples", examples);
    else
        json_decref(examples);
}

/* ---- rules ---- */

static bool is_list(const Profile *p) {
    enum { EACH = 5, ENOUGH = 20 };
    return p->texts == p->seen - p->nulls && !p->many && p->texts >= ENOUGH && p->texts >= EACH * (int64_t)p->distinct &&
           p->most_length <= LISTED_BYTES && p->least_length > 0;
}

static int compare_spans(const void *a, const void *b) {
    const Span *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void add_list(json_t *property, const Profile *p) {
    json_t *values = json_array();
    Span few[PROFILE_FEW];
    memcpy(few, p->few, sizeof few);
    qsort(few, p->few_count, sizeof *few, compare_spans);
    for (size_t i = 0; i < p->few_count; i++)
        if (memmem(few[i].at, few[i].len, "{{", 2) == NULL) json_array_append_new(values, json_stringn(few[i].at, few[i].len));
    json_object_set_new(property, "quality",
                        json_pack("[{ss ss ss si s{so} ss}]", "name", "known_value", "type", "library", "metric", "invalidValues", "mustBe",
                                  0, "arguments", "validValues", values, "severity", "warning"));
}

static void add_scalar_rules(json_t *property, const char *name, const Profile *p, const char *type) {
    bool personal = is_personal(name, p), number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    int scale = p->scale > SCALE_MAX ? SCALE_MAX : p->scale > 0 ? p->scale : 0;
    if (strcmp(type, "integer") == 0)
        json_object_set_new(property, "physicalType", json_string(p->most > SMALL || p->least < -SMALL ? "BIGINT" : "INTEGER"));
    if (strcmp(type, "number") == 0) json_object_set_new(property, "physicalType", json_sprintf("DECIMAL(18,%d)", scale));
    bool signed_by_nature =
        has_word(name, "lat, latitude, lon, lng, longitude, temperature, temp, balance, change, delta, offset, altitude");
    if (number && !p->negative && !signed_by_nature) json_object_set_new(property, "logicalTypeOptions", json_pack("{si}", "minimum", 0));
    if (personal) json_object_set_new(property, "classification", json_string("confidential"));
    if (strcmp(type, "string") == 0 && !personal && is_list(p))
        add_list(property, p);
    else if (p->texts > 0)
        add_examples(property, p, personal);
}

/* ---- a property ---- */

json_t *property_of(const char *name, const Profile *p, int64_t parents) {
    const char *type = type_of(p);
    json_t *property = name != NULL ? json_pack("{ss ss}", "name", name, "logicalType", type) : json_pack("{ss}", "logicalType", type);
    if (p->seen - p->nulls == parents && parents > 0) json_object_set_new(property, "required", json_true());
    describe(property, p, is_personal(name != NULL ? name : "", p));
    if (strcmp(type, "object") == 0) {
        if (!p->too_many && p->member_count > 0) json_object_set_new(property, "properties", properties_of(p, (const char *const[]){NULL}));
    } else if (strcmp(type, "array") == 0) {
        if (p->items != NULL && p->items->seen > p->items->nulls)
            json_object_set_new(property, "items", property_of(NULL, p->items, p->items->seen));
    } else
        add_scalar_rules(property, name != NULL ? name : "", p, type);
    return property;
}

/* As contracts have them: 1 to 100 characters, none of which is a quote, a backslash or a control; capitals make no difference. */
static bool is_name(const char *name) {
    size_t n = strlen(name);
    if (n == 0 || n > 100 || strpbrk(name, "\"'\\") != NULL || strstr(name, "{{") != NULL) return false;
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ') return false;
    return true;
}

static bool is_skipped(const Profile *object, size_t index, const char *const *skip) {
    const char *name = object->members[index].name;
    for (; *skip != NULL; skip++)
        if (strcmp(*skip, name) == 0) return true;
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(object->members[i].name, name) == 0) return true;
    return !is_name(name);
}

json_t *properties_of(const Profile *object, const char *const *skip) {
    json_t *list = json_array();
    for (size_t i = 0; i < object->member_count; i++)
        if (!is_skipped(object, i, skip))
            json_array_append_new(list, property_of(object->members[i].name, object->members[i].profile, object->objects));
    return list;
}

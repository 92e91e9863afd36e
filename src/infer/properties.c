/* properties.c: see properties.h.
 *
 * Invariant: the contract takes the messages that it was made of. What has no type in common has no property; only a few odd values among
 * many (nearly_all) do not count, and are in quarantine.
 * A rule is only written where a sample says something about what comes later: a property that was always there is required, numbers that
 * were never negative stay so; a list of few texts is a warning, as new ones come without notice. Ranges are told, and are no rules. */
#include "infer/properties.h"

#include "base/memory.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { EXAMPLES = 3, EXAMPLE_BYTES = 60, LISTED_BYTES = 40, SCALE_MAX = 9, DIGITS_MAX = 18, SMALL = 100000000 };

/* ---- types ---- */

static const char *type_of_texts(const Profile *p) {
    if (nearly_all(p->forms[FORM_DATE], p->texts)) return "date";
    if (nearly_all(p->forms[FORM_DATE] + p->forms[FORM_TIMESTAMP], p->texts)) return "timestamp";
    return nearly_all(p->forms[FORM_TIME], p->texts) ? "time" : "string";
}

/* The most digits that numbers have, when at most `limit` of them; else those that nearly all have. */
static int most_digits(const int64_t counts[PROFILE_DIGITS + 1], int limit, int64_t numbers) {
    int most = PROFILE_DIGITS;
    while (most > 0 && counts[most] == 0) most--;
    for (int64_t fewer = numbers - counts[most]; most > limit && nearly_all(fewer, numbers); fewer -= counts[most]) most--;
    return most;
}

static int64_t numbers_of(const Profile *p) {
    return p->integers + p->decimals;
}

static int whole_digits(const Profile *p) {
    return most_digits(p->wholes, DIGITS_MAX, numbers_of(p));
}

static int decimals_of(const Profile *p) {
    return most_digits(p->scales, SCALE_MAX, numbers_of(p));
}

static const char *type_of(const Profile *p) {
    int64_t numbers = p->integers + p->decimals, most = p->texts;
    const char *type = p->texts > 0 ? type_of_texts(p) : "string";
    if (numbers > most) most = numbers, type = p->decimals > 0 || !nearly_all(numbers - p->too_large, numbers) ? "number" : "integer";
    if (p->booleans > most) most = p->booleans, type = "boolean";
    if (p->objects > most) most = p->objects, type = "object";
    if (p->arrays > most) type = "array";
    return type;
}

static bool is_of_one_kind(const Profile *p) {
    int64_t numbers = p->integers + p->decimals, values = p->seen - p->nulls;
    return p->texts == values || numbers == values || p->booleans == values || p->objects == values || p->arrays == values;
}

static int64_t count_of_kind(const Profile *p, const char *type) {
    if (strcmp(type, "boolean") == 0) return p->booleans;
    if (strcmp(type, "object") == 0) return p->objects;
    if (strcmp(type, "array") == 0) return p->arrays;
    return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0 ? p->integers + p->decimals : p->texts;
}

/* NULL: a property can have it. `column`: it is not inside an object, where a number may have any size. */
static const char *why_left_out(const Profile *p, const char *type, bool column) {
    int64_t values = p->seen - p->nulls;
    if (values > 0 && !nearly_all(count_of_kind(p, type), values)) return "its values are of several kinds";
    if (!column || strcmp(type, "number") != 0) return NULL;
    if (decimals_of(p) > SCALE_MAX) return "its numbers have more than 9 decimals";
    return whole_digits(p) + decimals_of(p) > DIGITS_MAX ? "its numbers have more than 18 digits" : NULL;
}

static void leave_out(const LeftOut *left, const char *name, const char *reason) {
    json_array_append_new(left->list, json_pack("{so ss}", "property", json_sprintf("%s%s", left->path, name), "reason", reason));
}

static bool is_personal(const char *name, const Profile *p) {
    return is_personal_name(name) || p->forms[FORM_EMAIL] + p->forms[FORM_PHONE] + p->forms[FORM_CARD] + p->forms[FORM_UUID] > 0;
}

/* ---- words and examples ---- */

static void set_text(json_t *property, const char *key, const Buf *text) {
    if (text->len > 0) json_object_set_new(property, key, json_stringn(text->data, text->len));
}

/* Texts that are not of the form that nearly all have. */
static int64_t odd_texts(const Profile *p, const char *type) {
    if (strcmp(type, "date") == 0) return p->texts - p->forms[FORM_DATE];
    if (strcmp(type, "timestamp") == 0) return p->texts - p->forms[FORM_DATE] - p->forms[FORM_TIMESTAMP];
    return strcmp(type, "time") == 0 ? p->texts - p->forms[FORM_TIME] : 0;
}

static void describe(json_t *property, const Profile *p, const char *type, bool personal) {
    CLEANUP(buf_done) Buf text = {0};
    if (p->seen == p->nulls)
        buf_add_str(&text, "It had no value in the sample.");
    else if (!is_of_one_kind(p))
        buf_addf(&text,
                 "Of several kinds in the sample: %" PRId64 " texts, %" PRId64 " numbers, %" PRId64 " booleans, %" PRId64
                 " objects, %" PRId64 " lists.",
                 p->texts, p->integers + p->decimals, p->booleans, p->objects, p->arrays);
    else if (odd_texts(p, type) > 0)
        buf_addf(&text, "%" PRId64 " of %" PRId64 " texts of the sample are no %s.", odd_texts(p, type), p->texts, type);
    else if (p->integers > 0 && p->decimals == 0 && p->too_large == 0 && !personal)
        buf_addf(&text, "%" PRId64 " to %" PRId64 " in the sample.", p->least, p->most);
    set_text(property, "description", &text);
}

/* A contract can have it as a value: no NUL, no template. */
static bool is_listable(Span value) {
    return memchr(value.at, '\0', value.len) == NULL && memmem(value.at, value.len, "{{", 2) == NULL;
}

static void add_examples(json_t *property, const Profile *p, bool personal) {
    json_t *examples = json_array();
    bool texts = p->texts > 0 && p->integers + p->decimals == 0;
    for (size_t i = 0; texts && i < p->few_count && json_array_size(examples) < EXAMPLES; i++) {
        CLEANUP(buf_done) Buf masked = {0};
        if (p->few[i].len == 0 || p->few[i].len > EXAMPLE_BYTES || !is_listable(p->few[i])) continue;
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
        if (is_listable(few[i])) json_array_append_new(values, json_stringn(few[i].at, few[i].len));
    if (json_array_size(values) == 0)
        json_decref(values);
    else
        json_object_set_new(property, "quality",
                            json_pack("[{ss ss ss si s{so} ss}]", "name", "known_value", "type", "library", "metric", "invalidValues",
                                      "mustBe", 0, "arguments", "validValues", values, "severity", "warning"));
}

/* Of a column; two decimals at least, as five prices of 1.5 say little about the next. */
static int scale_of(const Profile *p) {
    enum { USUAL = 2 };
    int most = DIGITS_MAX - whole_digits(p), scale = decimals_of(p) > USUAL ? decimals_of(p) : USUAL;
    return scale < most ? scale : most;
}

static void add_scalar_rules(json_t *property, const char *name, const Profile *p, const char *type, bool column) {
    bool personal = is_personal(name, p), number = strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    if (strcmp(type, "integer") == 0)
        json_object_set_new(property, "physicalType",
                            json_string(p->too_large > 0 || p->most > SMALL || p->least < -SMALL ? "BIGINT" : "INTEGER"));
    if (column && strcmp(type, "number") == 0) json_object_set_new(property, "physicalType", json_sprintf("DECIMAL(18,%d)", scale_of(p)));
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

static void add_object_rules(json_t *property, const char *name, const Profile *p, const LeftOut *left) {
    if (p->too_many || p->member_count == 0) return;
    CLEANUP(free_text) char *path = xasprintf("%s%s.", left->path, name);
    json_t *inside = properties_of(p, (const char *const[]){NULL}, &(LeftOut){left->list, path});
    if (json_array_size(inside) > 0)
        json_object_set_new(property, "properties", inside);
    else
        json_decref(inside);
}

static void add_array_rules(json_t *property, const char *name, const Profile *p, const LeftOut *left) {
    if (p->items == NULL || p->items->seen == p->items->nulls) return;
    CLEANUP(free_text) char *path = xasprintf("%s%s[].", left->path, name);
    json_t *items = property_of(NULL, p->items, p->items->seen, &(LeftOut){left->list, path});
    if (items != NULL) json_object_set_new(property, "items", items);
}

json_t *property_of(const char *name, const Profile *p, int64_t parents, const LeftOut *left) {
    const char *type = type_of(p), *known = name != NULL ? name : "";
    bool column = name != NULL && left->path[0] == '\0';
    const char *reason = why_left_out(p, type, column);
    if (reason != NULL) {
        leave_out(left, known, reason);
        return NULL;
    }
    json_t *property = name != NULL ? json_pack("{ss ss}", "name", name, "logicalType", type) : json_pack("{ss}", "logicalType", type);
    if (p->seen - p->nulls == parents && parents > 0) json_object_set_new(property, "required", json_true());
    describe(property, p, type, is_personal(known, p));
    if (strcmp(type, "object") == 0)
        add_object_rules(property, known, p, left);
    else if (strcmp(type, "array") == 0)
        add_array_rules(property, known, p, left);
    else
        add_scalar_rules(property, known, p, type, column);
    return property;
}

/* NULL: a contract can have it; capitals make no difference between names. */
static const char *why_no_name(const Profile *object, size_t index) {
    const char *name = object->members[index].name;
    if (!is_property_name((Span){name, strlen(name)})) return "a contract cannot have this name";
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(object->members[i].name, name) == 0) return "another property has this name, with other capitals";
    return NULL;
}

static bool is_skipped(const char *name, const char *const *skip) {
    while (*skip != NULL && strcmp(*skip, name) != 0) skip++;
    return *skip != NULL;
}

json_t *properties_of(const Profile *object, const char *const *skip, const LeftOut *left) {
    json_t *list = json_array();
    for (size_t i = 0; i < object->member_count; i++) {
        const ProfileMember *m = &object->members[i];
        if (is_skipped(m->name, skip)) continue;
        const char *reason = why_no_name(object, i);
        if (reason != NULL) leave_out(left, m->name, reason);
        json_t *property = reason == NULL ? property_of(m->name, m->profile, object->objects, left) : NULL;
        if (property != NULL) json_array_append_new(list, property);
    }
    return list;
}

/* sla.c: see sla.h. A promise is {property: freshness, value: 2, unit: h, element: rides.started_at}. The element begins with the name of a
 * schema; without one the promise is of all schemas of the document.
 *
 * Invariant: a promise is applied, or noted as not enforced. */
#include "contract/sla.h"

#include "base/clock.h"
#include "base/memory.h"
#include "contract/reader.h"
#include "contract/unenforced.h"
#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- durations ---- */

static const struct {
    const char *words; /* "a, b, c" */
    int64_t seconds;
} units[] = {
    {"s, sec, second, seconds", 1}, {"min, minute, minutes", 60},      {"h, hr, hour, hours", 3600},        {"d, day, days", 86400},
    {"w, week, weeks", 7 * 86400},  {"mo, month, months", 30 * 86400}, {"y, yr, year, years", 365 * 86400},
};

/* 0: there is no such unit. `m` is none: it may be minutes or months. */
static int64_t seconds_of_unit(const char *unit) {
    char lower[16] = "";
    if (strlen(unit) >= sizeof lower) return 0;
    for (size_t i = 0; unit[i] != '\0'; i++) lower[i] = (char)(unit[i] | (unit[i] >= 'A' && unit[i] <= 'Z' ? 0x20 : 0));
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (is_key_of(units[i].words, lower)) return units[i].seconds;
    return 0;
}

/* 0: it is none, or beyond a thousand years. */
static int64_t scaled(double value, const char *unit) {
    double seconds = unit != NULL ? value * (double)seconds_of_unit(unit) : 0;
    return seconds >= 1 && seconds <= 1000.0 * 365 * 86400 ? (int64_t)llround(seconds) : 0;
}

/* {value: 2, unit: h}, {value: "2", unit: h}, {value: "2h"}. 0: no duration. */
static int64_t read_duration(const json_t *promise) {
    const json_t *value = json_object_get(promise, "value");
    const char *unit = json_string_value(json_object_get(promise, "unit")), *text = json_string_value(value);
    char *end = NULL;
    if (json_is_number(value)) return scaled(json_number_value(value), unit);
    if (text == NULL) return 0;
    double number = clock_amount(text, &end);
    if (end == text || !isfinite(number)) return 0;
    while (*end == ' ') end++;
    return scaled(number, *end != '\0' ? end : unit);
}

/* ---- which property ---- */

typedef enum Promise { FRESHNESS, LATENCY, RETENTION, PROMISES } Promise;

/* How often events come is how old the newest one may be. */
static Promise promise_of(const json_t *promise) {
    static const char *const names[PROMISES] = {
        [FRESHNESS] = "freshness, fr, frequency, fy", [LATENCY] = "latency, ly", [RETENTION] = "retention, re"};
    const char *property = json_string_value(json_object_get(promise, "property"));
    for (Promise i = 0; property != NULL && i < PROMISES; i++)
        if (is_key_of(names[i], property)) return i;
    return PROMISES;
}

/* ---- which schema ---- */

/* "a.x, b.y" has an element of the schema. */
static bool names_schema(const char *elements, const char *schema) {
    size_t n = strlen(schema);
    for (const char *at = elements; n > 0 && *at != '\0'; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',' ? 1 : 0)) {
        const char *name = at + strspn(at, " ");
        if (strncmp(name, schema, n) == 0 && strchr("., ", name[n]) != NULL) return true; /* also at the end of the text */
    }
    return false;
}

static bool is_of(const char *elements, const json_t *schema) {
    const char *name = json_string_value(json_object_get(schema, "name")),
               *physical = json_string_value(json_object_get(schema, "physicalName"));
    return elements == NULL || (name != NULL && names_schema(elements, name)) || (physical != NULL && names_schema(elements, physical));
}

static const char *elements_of(const json_t *document, const json_t *promise) {
    const char *own = json_string_value(json_object_get(promise, "element"));
    return own != NULL ? own : json_string_value(json_object_get(document, "slaDefaultElement")); /* of v3.0 */
}

static bool is_of_any(const json_t *document, const json_t *promise) {
    const char *elements = elements_of(document, promise);
    const json_t *schemas = json_object_get(document, "schema");
    for (size_t i = 0; i < json_array_size(schemas); i++)
        if (is_of(elements, json_array_get(schemas, i))) return true;
    return false;
}

/* ---- reading ---- */

int sla_note(Pipeline *p, Contract *head, const DocNode *document, Error *err) {
    DocNode promises;
    if (read_list(document, "slaProperties", false, &promises, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(promises.value); i++) {
        DocNode promise = node_item(&promises, i);
        bool measured = promise_of(promise.value) < PROMISES && read_duration(promise.value) > 0;
        if (!measured || !is_of_any(document->value, promise.value)) checks_note_unenforced(p, head, &promise);
    }
    return 0;
}

void sla_apply(Contract *c, const DocNode *document, const DocNode *object) {
    int64_t *const seconds[PROMISES] = {[FRESHNESS] = &c->freshness_s, [LATENCY] = &c->latency_s, [RETENTION] = &c->retention_s};
    size_t i;
    json_t *promise;
    json_array_foreach(json_object_get(document->value, "slaProperties"), i, promise) {
        Promise of = promise_of(promise);
        int64_t duration = read_duration(promise);
        if (of == PROMISES || duration == 0 || !is_of(elements_of(document->value, promise), object->value)) continue;
        if (*seconds[of] == 0 || duration < *seconds[of]) *seconds[of] = duration;
    }
}

/* unenforced.c: see unenforced.h. */
#include "contract/unenforced.h"

#include "contract/reader.h"
#include "contract/text.h"
#include <stdarg.h>
#include <stdio.h>

#define KEYS                                                                                                                               \
    "id, name, description, type, metric, arguments, engine, implementation, mustBe, mustNotBe, mustBeGreaterThan, "                       \
    "mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween, unit, query, dimension, method, "       \
    "severity, businessImpact, customProperties, tags, authoritativeDefinitions, scheduler, schedule, rule"
const char quality_keys[] = KEYS, quality_keys_v3_0[] = KEYS ", validValues, pattern";

static void add(Pipeline *p, Contract *c, const DocNode *rule, const char *why) {
    c->unenforced = strings_grow(p->strings, c->unenforced, c->unenforced_count, sizeof *c->unenforced);
    c->unenforced[c->unenforced_count++] = (Unenforced){strings_adopt(p->strings, node_path(rule)), node_line(rule), why};
}

void checks_note_unenforced(Pipeline *p, Contract *c, const DocNode *rule) {
    add(p, c, rule, NULL);
}

void checks_note_why(Pipeline *p, Contract *c, const DocNode *rule, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    add(p, c, rule, strings_adopt(p->strings, text));
}

static bool says_something(const json_t *value) {
    return !json_is_null(value) && !json_is_false(value) && !(json_is_array(value) && json_array_size(value) == 0);
}

int checks_known_keys(Pipeline *p, Contract *c, const DocNode *at, const char *known, Error *err) {
    const char *key;
    json_t *value;
    if (!c->v3_0 || !json_is_object(at->value)) return check_keys(at, known, err);
    json_object_foreach(at->value, key, value) {
        DocNode node = node_member(at, key);
        if (!is_key_of(known, key)) checks_note_unenforced(p, c, &node);
    }
    return 0;
}

void checks_note_keys(Pipeline *p, Contract *c, const DocNode *at, const char *keys) {
    const char *key;
    json_t *value;
    json_object_foreach(at->value, key, value) {
        DocNode node = node_member(at, key);
        if (is_key_of(keys, key) && says_something(value)) checks_note_unenforced(p, c, &node);
    }
}

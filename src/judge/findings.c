/* findings.c: violations and drift, and the words for them. */
#include "judge/state.h"

#include <string.h>

Span shown(Span text) {
    enum { CHARACTERS = 200 };
    size_t len = 0;
    if (text.len <= CHARACTERS) return text;
    for (int characters = 0; len < text.len; len++)
        if (((unsigned char)text.at[len] & 0xC0) != 0x80 && ++characters > CHARACTERS) break;
    return (Span){text.at, len};
}

Span static_text(const char *text) {
    return (Span){text, strlen(text)};
}

/* ---- paths ---- */

static size_t part_size(const Path *p) {
    enum { DIGITS = 20 };
    return p->name.at != NULL ? shown(p->name).len + 1 : DIGITS + 2;
}

static char *write_number(char *to, size_t n) {
    char digits[20], *at = digits + sizeof digits;
    do *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    size_t len = (size_t)(digits + sizeof digits - at);
    memcpy(to, at, len);
    return to + len;
}

static char *write_part(char *to, const Path *p, bool with_index) {
    if (p->name.at == NULL) {
        *to++ = '[';
        if (with_index) to = write_number(to, p->index);
        *to++ = ']';
        return to;
    }
    Span name = shown(p->name);
    if (p->parent != NULL) *to++ = '.';
    memcpy(to, name.at, name.len);
    return to + name.len;
}

static char *write_path(char *to, const Path *p, bool with_index) {
    if (p->parent != NULL) to = write_path(to, p->parent, with_index);
    return write_part(to, p, with_index);
}

Span path_text(Judge *j, const Path *path, bool with_index) {
    size_t size = 0;
    if (path->parent == NULL && path->name.at != NULL) return shown(path->name);
    for (const Path *p = path; p != NULL; p = p->parent) size += part_size(p);
    char *text = arena_take(&j->arena, size);
    return (Span){text, (size_t)(write_path(text, path, with_index) - text)};
}

/* ---- findings ---- */

void violate(Judge *j, const char *rule, Span field, Span value, Span reason) {
    if (j->violation_count == JUDGE_FINDINGS_MAX) return;
    j->violations[j->violation_count++] = (JudgeViolation){rule, field, shown(value), reason};
}

void add_drift(Judge *j, const char *kind, Span field, Span value) {
    if (j->drift_count == JUDGE_FINDINGS_MAX) return;
    j->drift[j->drift_count++] = (JudgeDrift){.kind = kind, .field = field, .value = shown(value)};
}

void add_unit_drift(Judge *j, const char *kind, Span field, Span value) {
    if (j->drift_count == JUDGE_FINDINGS_MAX) return;
    add_drift(j, kind, field, value);
    j->drift[j->drift_count - 1].is_unit = true;
}

/* Once for each event. */
void note_measure(Judge *j, size_t measure) {
    measure += j->judged->first_measure;
    for (size_t i = 0; i < j->noted_count; i++)
        if (j->noted[i] == measure) return;
    j->noted[j->noted_count++] = measure;
}

Span value_text(Judge *j, yyjson_val *value, const Place *place) {
    if (yyjson_is_str(value)) return message_string(&j->message, value, &j->arena);
    if (yyjson_is_raw(value)) return message_number(&j->message, value);
    return place_text(place);
}

const char *kind_of(yyjson_val *value) {
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_STR: return "a text";
    case YYJSON_TYPE_BOOL: return "true or false";
    case YYJSON_TYPE_OBJ: return "an object";
    case YYJSON_TYPE_ARR: return "a list";
    default: return "a number";
    }
}

/* notes.c: see notes.h. */
#include "contract/notes.h"

#include "contract/ends.h"
#include "contract/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void note_add(Pipeline *p, Contract *c, const DocNode *at, NoteKind kind, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    c->notes = strings_grow(p->strings, c->notes, c->note_count, sizeof *c->notes);
    c->notes[c->note_count++] = (Note){kind, strings_adopt(p->strings, node_path(at)), strings_adopt(p->strings, text), node_line(at)};
}

void note_insert(Pipeline *p, Contract *c, const char *path, int line, const char *text) {
    size_t at = 0;
    while (at < c->note_count && c->notes[at].line <= line) at++;
    c->notes = strings_grow(p->strings, c->notes, c->note_count, sizeof *c->notes);
    memmove(&c->notes[at + 1], &c->notes[at], (c->note_count - at) * sizeof *c->notes);
    c->notes[at] = (Note){NOTE_READ_AS, path, text, line};
    c->note_count++;
}

/* ---- checks that contradict each other ---- */

static bool is_empty(const Ends *e) {
    return e->low != NULL && e->high != NULL && (e->least > e->most || (!(e->least < e->most) && (e->above || e->below)));
}

static bool is_outside(const Ends *e, long double value) {
    return (e->low != NULL && (value < e->least || (e->above && value <= e->least))) ||
           (e->high != NULL && (value > e->most || (e->below && value >= e->most)));
}

static long double length_of(const char *text) {
    size_t n = 0;
    for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return (long double)n;
}

/* NULL: the value passes all other checks of the field. */
static const char *excluded_by(const Pipeline *p, const Field *field, const char *value) {
    bool text = field->type == VALUE_TEXT;
    Ends e = ends_of(field, text ? ENDS_OF_LENGTH : ENDS_OF_VALUE, 0);
    if (is_outside(&e, text ? length_of(value) : strtold(value, NULL))) return text ? "the length" : "the range";
    for (const Check *c = field->checks; text && p->check_pattern != NULL && c < field->checks + field->check_count; c++) {
        CLEANUP(error_clear) Error ignored = {0};
        if (c->kind == CHECK_PATTERN && c->counted == 0 && p->check_pattern(c->text, value, &ignored) == 1) return "the pattern";
    }
    return NULL;
}

static void warn_of_values(Pipeline *p, Contract *c, const DocNode *property, const Field *field, const Check *values) {
    const char *by = NULL;
    size_t excluded = 0, last = 0;
    for (size_t i = 0; i < values->value_count; i++) {
        const char *found = excluded_by(p, field, values->values[i]);
        if (found == NULL) continue;
        by = found;
        last = i;
        excluded++;
    }
    if (excluded == values->value_count)
        note_add(p, c, property, NOTE_WARNING, "%s excludes every value of its list, so no event can pass", by);
    else if (excluded > 0)
        note_add(p, c, property, NOTE_WARNING, "%s excludes \"%s\", which its list allows", by, values->values[last]);
}

void notes_warn(Pipeline *p, Contract *c, const DocNode *property, const Field *field) {
    Ends range = ends_of(field, ENDS_OF_VALUE, 0), length = ends_of(field, ENDS_OF_LENGTH, 0);
    if (is_empty(&range))
        note_add(p, c, property, NOTE_WARNING, "no value is both %s %s and %s %s, so no event can pass",
                 range.low->kind == CHECK_ABOVE ? "above" : "at least", range.low->text,
                 range.high->kind == CHECK_BELOW ? "below" : "at most", range.high->text);
    if (is_empty(&length))
        note_add(p, c, property, NOTE_WARNING, "minLength %lld is above maxLength %lld, so no event can pass",
                 (long long)length.low->number, (long long)length.high->number);
    for (const Check *check = field->checks; check < field->checks + field->check_count; check++)
        if (check->kind == CHECK_VALUES && check->counted == 0) warn_of_values(p, c, property, field, check);
}

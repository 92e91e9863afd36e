/* notes.c: see notes.h. */
#include "contract/notes.h"

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

/* The ends of what passes. A time is in microseconds, a text in characters. */
typedef struct Ends {
    double least, most;
    bool above, below; /* the end itself does not pass */
    const Check *low, *high;
} Ends;

static double limit_of(const Check *c) {
    bool written =
        c->text != NULL && (c->kind == CHECK_MINIMUM || c->kind == CHECK_MAXIMUM || c->kind == CHECK_ABOVE || c->kind == CHECK_BELOW);
    return written && c->number == 0 ? strtod(c->text, NULL) : (double)c->number;
}

static void narrow(Ends *e, const Check *c) {
    double limit = limit_of(c);
    bool low = c->kind == CHECK_MINIMUM || c->kind == CHECK_ABOVE || c->kind == CHECK_MIN_LENGTH;
    if (low && (e->low == NULL || limit >= e->least)) *e = (Ends){limit, e->most, c->kind == CHECK_ABOVE, e->below, c, e->high};
    if (!low && (e->high == NULL || limit <= e->most)) *e = (Ends){e->least, limit, e->above, c->kind == CHECK_BELOW, e->low, c};
}

static bool is_end(const Check *c, bool lengths) {
    if (lengths) return c->kind == CHECK_MIN_LENGTH || c->kind == CHECK_MAX_LENGTH;
    return c->kind <= CHECK_BELOW;
}

static Ends ends_of(const Field *field, bool lengths) {
    Ends e = {.low = NULL};
    for (const Check *c = field->checks; c < field->checks + field->check_count; c++)
        if (c->counted == 0 && is_end(c, lengths)) narrow(&e, c);
    return e;
}

static bool is_empty(const Ends *e) {
    return e->low != NULL && e->high != NULL && (e->least > e->most || (!(e->least < e->most) && (e->above || e->below)));
}

static bool is_outside(const Ends *e, double value) {
    return (e->low != NULL && (value < e->least || (e->above && value <= e->least))) ||
           (e->high != NULL && (value > e->most || (e->below && value >= e->most)));
}

static double length_of(const char *text) {
    size_t n = 0;
    for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return (double)n;
}

/* NULL: the value passes all other checks of the field. */
static const char *excluded_by(const Pipeline *p, const Field *field, const char *value) {
    bool text = field->type == VALUE_TEXT;
    Ends e = ends_of(field, text);
    if (is_outside(&e, text ? length_of(value) : strtod(value, NULL))) return text ? "the length" : "the range";
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
    Ends range = ends_of(field, false), length = ends_of(field, true);
    if (is_empty(&range))
        note_add(p, c, property, NOTE_WARNING, "no value is both %s %s and %s %s, so no event can pass", range.above ? "above" : "at least",
                 range.low->text, range.below ? "below" : "at most", range.high->text);
    if (is_empty(&length))
        note_add(p, c, property, NOTE_WARNING, "minLength %lld is above maxLength %lld, so no event can pass",
                 (long long)length.low->number, (long long)length.high->number);
    for (const Check *check = field->checks; check < field->checks + field->check_count; check++)
        if (check->kind == CHECK_VALUES && check->counted == 0) warn_of_values(p, c, property, field, check);
}

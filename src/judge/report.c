/* report.c: violations as JSON, as DuckDB's to_json writes a list of structs. */
#include "judge/state.h"

#include <string.h>

/* What a character is in a JSON text, if it may not stand for itself. */
static const char *escape_of(unsigned char c, char spelled[7]) {
    static const char hex[] = "0123456789ABCDEF";
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
    }
    if (c >= ' ') return NULL;
    memcpy(spelled, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15], '\0'}, 7);
    return spelled;
}

/* Writes to `to`, or counts alone when it is NULL; returns where it ends. */
static size_t put(char *to, size_t at, Span text) {
    if (to != NULL && text.len > 0) memcpy(to + at, text.at, text.len);
    return at + text.len;
}

static size_t put_text(char *to, size_t at, Span text) {
    char spelled[7];
    if (text.at == NULL) return put(to, at, static_text("null"));
    at = put(to, at, static_text("\""));
    for (size_t i = 0; i < text.len; i++) {
        const char *escape = escape_of((unsigned char)text.at[i], spelled);
        at = put(to, at, escape != NULL ? static_text(escape) : (Span){text.at + i, 1});
    }
    return put(to, at, static_text("\""));
}

static size_t put_violations(char *to, const JudgeVerdict *v) {
    size_t at = put(to, 0, static_text("["));
    for (size_t i = 0; i < v->violation_count; i++) {
        const JudgeViolation *found = &v->violations[i];
        at = put(to, at, static_text(i > 0 ? ",{\"rule\":" : "{\"rule\":"));
        at = put_text(to, at, static_text(found->rule));
        at = put(to, at, static_text(",\"field\":"));
        at = put_text(to, at, found->field);
        at = put(to, at, static_text(",\"value\":"));
        at = put_text(to, at, found->value);
        at = put(to, at, static_text(",\"reason\":"));
        at = put_text(to, at, found->reason);
        at = put(to, at, static_text("}"));
    }
    return put(to, at, static_text("]"));
}

Span judge_violations_json(Judge *j, const JudgeVerdict *v) {
    size_t len = put_violations(NULL, v);
    char *text = arena_take(&j->arena, len);
    put_violations(text, v);
    return (Span){text, len};
}

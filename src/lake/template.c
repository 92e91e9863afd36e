/* template.c: the embedded SQL texts, and values written into them as literals.
 *
 * Invariant: a literal is the same value to DuckDB as the bound one would be; texts cannot end their quotes. */
#include "lake/lake.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/embedded.h"
#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

const char *lake_sql(const char *name) {
    CLEANUP(free_text) char *path = xasprintf("sql/%s.sql", name);
    const EmbeddedFile *file = embedded_find(path);
    if (file == NULL) BUG(name);
    return (const char *)file->data;
}

static void add_quoted(Buf *out, char quote, const char *s, size_t n) {
    buf_add_char(out, quote);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == quote) buf_add_char(out, quote);
        buf_add_char(out, s[i]);
    }
    buf_add_char(out, quote);
}

/* Each byte in hexadecimal. */
static void add_blob(Buf *out, const char *bytes, size_t n) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < n; i++) buf_addf(out, "\\x%02x", (unsigned char)bytes[i]);
    buf_add_str(out, "'::BLOB");
}

static void add_literal(Buf *out, const LakeValue *v) {
    char time[CLOCK_TEXT_SIZE];
    switch (v->type) {
    case LAKE_NULL: buf_add_str(out, "NULL"); return;
    case LAKE_BOOL: buf_add_str(out, v->i != 0 ? "true" : "false"); return;
    case LAKE_INT: buf_addf(out, "%" PRId64, v->i); return;
    case LAKE_REAL: buf_addf(out, "'%.17g'::DOUBLE", v->r); return;
    case LAKE_JSON:
    case LAKE_TEXT: add_quoted(out, '\'', v->text, v->len); return;
    case LAKE_NAME: add_quoted(out, '"', v->text, v->len); return;
    case LAKE_TIME: buf_addf(out, "TIMESTAMPTZ '%s'", clock_format(v->i, time)); return;
    case LAKE_TIMES:
        for (size_t i = 0; i < v->len; i++) buf_addf(out, "%sTIMESTAMPTZ '%s'", i > 0 ? ", " : "", clock_format(v->list[i], time));
        return;
    case LAKE_INTS:
        for (size_t i = 0; i < v->len; i++) buf_addf(out, "%s%" PRId64, i > 0 ? ", " : "", v->list[i]);
        return;
    case LAKE_BLOB: add_blob(out, v->text, v->len); return;
    }
}

static const LakeValue *find_binding(const char *name, size_t len, const LakeBinding *bindings, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strlen(bindings[i].name) == len && memcmp(bindings[i].name, name, len) == 0) return &bindings[i].value;
    BUG(name);
}

char *lake_sql_bind(const char *sql, const LakeBinding *bindings, size_t n) {
    Buf out = {0};
    for (;;) {
        const char *open = strstr(sql, "{{");
        const char *close = open != NULL ? strstr(open, "}}") : NULL;
        if (close == NULL) break;
        buf_add(&out, sql, (size_t)(open - sql));
        add_literal(&out, find_binding(open + 2, (size_t)(close - open - 2), bindings, n));
        sql = close + 2;
    }
    buf_add_str(&out, sql);
    return buf_take(&out);
}

/* column_names.c: see column_names.h. */
#include "contract/column_names.h"

#include "base/buf.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "contract/names.h"
#include "contract/text.h"
#include <string.h>

enum { NAME_MAX_LEN = 63, DIGEST = 8 };

static bool is_small(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

/* Small letters and digits; anything else between them is one _. */
static void add_words(Buf *out, const char *text) {
    bool gap = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (is_capital(*c) && c > text && is_small(c[-1])) gap = true;
        if (!is_small(*c) && !is_capital(*c)) {
            gap = true;
            continue;
        }
        if (gap && out->len > 0) buf_add_char(out, '_');
        buf_add_char(out, (char)(is_capital(*c) ? *c + 'a' - 'A' : *c));
        gap = false;
    }
}

/* Of a name that is too long, the end becomes a digest of the text. */
static const char *shorten(Pipeline *p, const char *name, const char *text) {
    char hex[65];
    if (strlen(name) <= NAME_MAX_LEN) return name;
    sha256_hex(text, strlen(text), hex);
    return strings_format(p->strings, "%.*s_%.*s", NAME_MAX_LEN - DIGEST - 1, name, DIGEST, hex);
}

const char *column_name_of(Pipeline *p, const char *text) {
    CLEANUP(buf_done) Buf words = {0};
    add_words(&words, text);
    const char *name = words.len > 0 ? words.data : "";
    const char *prefix = name[0] >= 'a' && name[0] <= 'z' ? "" : "c_";
    const char *column = strings_format(p->strings, "%s%s", is_silver_column(name) ? "payload_" : prefix, name);
    return shorten(p, column, text);
}

/* The id of the entity is read first. */
static bool has_column(const Contract *c, const char *column) {
    if (c->entity.column != NULL && strcmp(c->entity.column, column) == 0) return true;
    for (const Field *f = c->fields; f < c->fields + c->field_count; f++)
        if (strcmp(f->column, column) == 0) return true;
    return false;
}

static bool is_of_another_type(const Pipeline *p, const Contract *c, const Field *field) {
    for (const Contract *other = p->contracts; other < p->contracts + p->contract_count; other++)
        for (const Field *f = other->fields; other != c && f < other->fields + other->field_count; f++)
            if (strcmp(f->column, field->column) == 0 && strcmp(f->sql_type, field->sql_type) != 0) return true;
    return false;
}

void column_name_settle(Pipeline *p, const Contract *c, Field *field) {
    const char *column = field->column;
    if (is_of_another_type(p, c, field)) {
        CLEANUP(free_text) char *both = xasprintf("%s_%s", c->event_type, column);
        field->column = column = column_name_of(p, both);
    }
    for (int n = 2; has_column(c, field->column); n++) field->column = strings_format(p->strings, "%.59s_%d", column, n);
}

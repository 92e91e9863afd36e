/* column_names.c: see column_names.h.
 *
 * Invariant: which property gets a name that several want does not depend on files: contracts say it themselves, or their position and
 * event type decide. */
#include "contract/column_names.h"

#include "base/buf.h"
#include "base/checksum.h"
#include "base/memory.h"
#include "contract/names.h"
#include "contract/notes.h"
#include "contract/text.h"
#include <stdlib.h>
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

/* ---- whose column it is ---- */

/* The id of the entity is read first. */
static bool has_column(const Contract *c, const char *column) {
    if (c->entity.column != NULL && strcmp(c->entity.column, column) == 0) return true;
    for (const Field *f = c->fields; f < c->fields + c->field_count; f++)
        if (f->settled && strcmp(f->column, column) == 0) return true;
    return false;
}

static bool is_of_another_type(const Pipeline *p, const Contract *c, const char *column, const char *sql_type) {
    for (const Contract *other = p->contracts; other < p->contracts + p->contract_count; other++)
        for (const Field *f = other->fields; other != c && f < other->fields + other->field_count; f++)
            if (f->settled && strcmp(f->column, column) == 0 && strcmp(f->sql_type, sql_type) != 0) return true;
    return false;
}

static const char *free_name(Pipeline *p, const Contract *c, const Field *field) {
    const char *first = field->column;
    if (is_of_another_type(p, c, first, field->sql_type)) {
        CLEANUP(free_text) char *both = xasprintf("%s_%s", c->event_type, first);
        first = column_name_of(p, both);
    }
    const char *name = first;
    for (int n = 2; has_column(c, name) || is_of_another_type(p, c, name, field->sql_type); n++)
        name = strings_format(p->strings, "%.59s_%d", first, n);
    return name;
}

/* Rules about many events name columns, too: by the same text. */
static void rename_column(Contract *c, Field *field, const char *name) {
    for (QualityMeasure *m = c->measures; m < c->measures + c->measure_count; m++)
        for (size_t i = 0; i < m->column_count; i++)
            if (m->columns[i] == field->column) m->columns[i] = name;
    field->column = name;
}

static void settle(Pipeline *p, Contract *c, Field *field) {
    if (field->derived) rename_column(c, field, free_name(p, c, field));
    field->settled = true;
    if (field->derived && strcmp(field->column, field->written) != 0)
        note_insert(p, c, field->place, field->line, strings_format(p->strings, "its column is %s", field->column));
}

/* Which names come first: those that the contracts give, then properties whose own name is one. */
typedef enum NameOrder { NAME_GIVEN, NAME_OWN, NAME_MADE, NAME_ORDERS } NameOrder;

static NameOrder order_of(const Field *field) {
    return !field->derived ? NAME_GIVEN : strcmp(field->column, field->written) == 0 ? NAME_OWN : NAME_MADE;
}

static int compare_contracts(const void *a, const void *b) {
    const Contract *x = *(Contract *const *)a, *y = *(Contract *const *)b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    int by_type = strcmp(x->event_type, y->event_type);
    return by_type != 0 ? by_type : strcmp(x->topic != NULL ? x->topic : "", y->topic != NULL ? y->topic : "");
}

static void free_sorted(Contract ***sorted) {
    free(*sorted);
}

void column_names_settle(Pipeline *p) {
    size_t n = p->contract_count;
    if (n == 0) return;
    CLEANUP(free_sorted) Contract **sorted = xcalloc(n, sizeof(Contract *));
    for (size_t i = 0; i < n; i++) sorted[i] = &p->contracts[i];
    qsort(sorted, n, sizeof(Contract *), compare_contracts);
    for (NameOrder order = 0; order < NAME_ORDERS; order++)
        for (size_t i = 0; i < n; i++)
            for (Field *f = sorted[i]->fields; f < sorted[i]->fields + sorted[i]->field_count; f++)
                if (!f->settled && order_of(f) == order) settle(p, sorted[i], f);
}

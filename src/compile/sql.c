/* sql.c: the small parts of SQL text: literals, names, lists. */
#include "compile/internal.h"

#include <string.h>

/* Two braces would be a placeholder (lake_sql_bind): the text that has them is written with escapes. */
void sql_text(Buf *out, const char *text) {
    bool escaped = strstr(text, "{{") != NULL;
    buf_add_str(out, escaped ? "E'" : "'");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'' || (escaped && *c == '\\')) buf_add_char(out, *c);
        if (escaped && *c == '{')
            buf_add_str(out, "\\x7B");
        else
            buf_add_char(out, *c);
    }
    buf_add_char(out, '\'');
}

/* DuckDB's keywords contain no underscore, except for a few functions that are called without parentheses, and pivot_longer and
 * pivot_wider. */
static bool could_be_keyword(const char *name) {
    static const char *const functions[] = {"current_", "session_", "system_", "pivot_"};
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (strncmp(name, functions[i], strlen(functions[i])) == 0) return true;
    return strchr(name, '_') == NULL;
}

void sql_name(Buf *out, const char *name) {
    buf_addf(out, could_be_keyword(name) ? "\"%s\"" : "%s", name);
}

void sql_separate(Buf *out, bool *first, const char *separator) {
    if (!*first) buf_add_str(out, separator);
    *first = false;
}

/* json_row.c: see json_row.h. Walks the text outside of its strings, where DuckDB writes what JSON has, and NaN and Infinity. */
#include "base/json_row.h"

#include "base/document.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t string_len(const char *at) {
    size_t n = 1;
    for (; at[n] != '\0' && at[n] != '"'; n++)
        if (at[n] == '\\' && at[n + 1] != '\0') n++;
    return at[n] == '"' ? n + 1 : n;
}

/* Of NaN, -NaN, Infinity, -Infinity; 0: it is none. */
static size_t no_number_len(const char *at) {
    size_t sign = at[0] == '-' ? 1 : 0;
    if (strncmp(at + sign, "NaN", 3) == 0) return sign + 3;
    return strncmp(at + sign, "Infinity", 8) == 0 ? sign + 8 : 0;
}

/* Of a number. */
static size_t number_len(const char *at) {
    return strspn(at, "0123456789+-.eE");
}

/* What stands before the number in a text that jansson reads instead of it; NULL: jansson has it as it is. */
static const char *mark_of(const char *number, size_t n) {
    enum { DOUBLE_DIGITS = 15 };
    size_t digits = 0, whole = strcspn(number, ".eE");
    errno = 0;
    strtoll(number, NULL, 10);
    if (whole >= n) return errno == ERANGE ? "" : NULL;
    for (size_t i = 0; i < n && number[i] != 'e' && number[i] != 'E'; i++) digits += number[i] >= '0' && number[i] <= '9';
    return digits > DOUBLE_DIGITS ? json_exact_mark() : NULL;
}

void json_write_row(Buf *out, const char *row, bool for_jansson) {
    while (*row != '\0') {
        const char *mark = NULL;
        size_t no_number = no_number_len(row), n = 1;
        if (no_number > 0)
            n = no_number;
        else if (*row == '"')
            n = string_len(row);
        else if (*row == '-' || (*row >= '0' && *row <= '9')) {
            n = number_len(row);
            if (for_jansson) mark = mark_of(row, n);
        }
        if (no_number > 0)
            buf_add_str(out, "null");
        else
            buf_addf(out, mark != NULL ? "\"%s%.*s\"" : "%s%.*s", mark != NULL ? mark : "", (int)n, row);
        row += n;
    }
}

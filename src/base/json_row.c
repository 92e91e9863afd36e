/* json_row.c: see json_row.h. Walks the text outside of its strings, where DuckDB writes what JSON has, and NaN and Infinity. */
#include "base/json_row.h"

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

/* Of a number; *ret_large: it is an integer that does not fit. */
static size_t number_len(const char *at, bool *ret_large) {
    size_t n = strspn(at, "0123456789+-.eE");
    errno = 0;
    strtoll(at, NULL, 10);
    *ret_large = errno == ERANGE && strcspn(at, ".eE") >= n;
    return n;
}

void json_write_row(Buf *out, const char *row, bool large_as_text) {
    while (*row != '\0') {
        bool large = false;
        size_t no_number = no_number_len(row), n = 1;
        if (no_number > 0)
            n = no_number;
        else if (*row == '"')
            n = string_len(row);
        else if (*row == '-' || (*row >= '0' && *row <= '9'))
            n = number_len(row, &large);
        const char *quote = large && large_as_text ? "\"" : "";
        if (no_number > 0)
            buf_add_str(out, "null");
        else
            buf_addf(out, "%s%.*s%s", quote, (int)n, row, quote);
        row += n;
    }
}

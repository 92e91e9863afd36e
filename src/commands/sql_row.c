/* sql_row.c: see sql_row.h. Walks the text outside of its strings, where DuckDB writes what JSON has, and NaN and Infinity. */
#include "commands/sql_row.h"

#include "base/buf.h"
#include <string.h>

#define DIGITS_MAX 18 /* that fit into 64 bits whatever they are */

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

/* Of a number; *ret_large: it is an integer of many digits. */
static size_t number_len(const char *at, bool *ret_large) {
    size_t sign = at[0] == '-' ? 1 : 0, digits = strspn(at + sign, "0123456789"), n = strspn(at, "0123456789+-.eE");
    *ret_large = n == sign + digits && digits > DIGITS_MAX;
    return n;
}

char *sql_row_json(const char *row, bool large_as_text) {
    Buf out = {0};
    for (const char *at = row; *at != '\0';) {
        bool large = false;
        size_t no_number = no_number_len(at), n = 1;
        if (no_number > 0)
            n = no_number;
        else if (*at == '"')
            n = string_len(at);
        else if (*at == '-' || (*at >= '0' && *at <= '9'))
            n = number_len(at, &large);
        const char *quote = large && large_as_text ? "\"" : "";
        if (no_number > 0)
            buf_add_str(&out, "null");
        else
            buf_addf(&out, "%s%.*s%s", quote, (int)n, at, quote);
        at += n;
    }
    return buf_take(&out);
}

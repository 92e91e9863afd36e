/* csv.c: see csv.h. */
#include "web/csv.h"

#include "base/document.h"
#include "base/memory.h"
#include <string.h>

void csv_add_quoted(Buf *out, const char *before, const char *text, size_t n) {
    buf_add_char(out, '"');
    buf_add_str(out, before);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') buf_add_char(out, '"');
        buf_add_char(out, text[i]);
    }
    buf_add_char(out, '"');
}

/* -5, +260971234567, -1.5: what a spreadsheet makes of it is the same number, and other readers find the id that it is. */
static bool is_plain_number(const char *text, size_t n) {
    size_t digits = 0, points = 0, i = text[0] == '+' || text[0] == '-';
    for (; i < n && ((text[i] >= '0' && text[i] <= '9') || text[i] == '.'); i++) *(text[i] == '.' ? &points : &digits) += 1;
    return i == n && digits > 0 && points <= 1;
}

/* What OWASP lists as the beginnings of formulas; some spreadsheets take the wide forms of East Asian scripts for the narrow ones. */
static bool is_formula(const char *text, size_t n) {
    static const char *const wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"}; /* = + - @ */
    if (n > 0 && text[0] != '\0' && strchr("=+-@\t\r\n", text[0]) != NULL) return true;
    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        if (n >= 3 && memcmp(text, wide[i], 3) == 0) return true;
    return false;
}

static void add_quoted(Buf *out, const char *text, size_t n) {
    bool formula = is_formula(text, n) && !is_plain_number(text, n);
    csv_add_quoted(out, formula ? "'" : "", text, n);
}

/* NULL is nothing, a list its JSON. */
static void add_cell(Buf *out, const json_t *value) {
    if (value == NULL || json_is_null(value)) return;
    if (json_is_string(value) && !json_is_exact(value)) {
        add_quoted(out, json_string_value(value), json_string_length(value));
        return;
    }
    CLEANUP(free_text) char *text = json_text(value);
    if (json_is_array(value) || json_is_object(value))
        add_quoted(out, text, strlen(text));
    else
        buf_add_str(out, text);
}

static void add_line(Buf *out, LakeResult *rows, const json_t *row, const char *hidden) {
    bool first = true;
    for (size_t i = 0; i < lake_columns(rows); i++) {
        const char *name = lake_column_name(rows, i);
        if (strcmp(name, hidden) == 0) continue;
        if (!first) buf_add_char(out, ',');
        first = false;
        if (row == NULL)
            add_quoted(out, name, strlen(name));
        else
            add_cell(out, json_object_get(row, name));
    }
    buf_add_str(out, "\r\n");
}

int csv_answer(Response *resp, LakeResult *rows, size_t limit, const char *hidden, Error *err) {
    int got = 1;
    buf_clear(&resp->body);
    add_line(&resp->body, rows, NULL, hidden);
    for (size_t i = 0; i < limit && (got = lake_next(rows, err)) > 0; i++) {
        CLEANUP(json_freep) json_t *row = lake_row_json(rows);
        add_line(&resp->body, rows, row, hidden);
    }
    if (got < 0) return -1;
    resp->status = 200;
    resp->content_type = "text/csv; charset=utf-8";
    return 0;
}

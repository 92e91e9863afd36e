/* csv.c: see csv.h. Fields in quotes may have delimiters, quotes (twice) and ends of lines. */
#include "churn/csv.h"

#include "base/buf.h"
#include "base/counted.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/span.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 200 }; /* bytes of a first line in an error */

static const char bom[] = "\xEF\xBB\xBF";

static bool begins_with(const Buf *text, const char *bytes, size_t n) {
    return text->len >= n && memcmp(text->data, bytes, n) == 0;
}

/* What it is, when it is no text; NULL: it may be one. */
static const char *other_form(const Buf *text) {
    if (text->len == 0) return "it is empty";
    if (begins_with(text, "\x1F\x8B", 2)) return "it is compressed with gzip: unpack it";
    if (begins_with(text, "PK\3\4", 4) || begins_with(text, "\xD0\xCF\x11\xE0", 4))
        return "it is a spreadsheet or a ZIP file: save it as CSV, in UTF-8";
    if (begins_with(text, "\xFF\xFE", 2) || begins_with(text, "\xFE\xFF", 2)) return "it is UTF-16: save it as UTF-8";
    return NULL;
}

/* The end of the line that begins at `at`: its '\n', or `end`. */
static const char *line_end(const char *at, const char *end) {
    for (bool quoted = false; at < end && (quoted || *at != '\n'); at++)
        if (*at == '"') quoted = !quoted;
    return at;
}

/* The line with the names: comments in front of it are passed. */
static Span first_line(const Buf *text) {
    const char *at = text->data, *end = at + text->len;
    if (begins_with(text, bom, sizeof bom - 1)) at += sizeof bom - 1;
    while (at < end && (*at == '#' || *at == '\n' || *at == '\r')) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL ? newline + 1 : end;
    }
    const char *stop = line_end(at, end);
    if (stop > at && stop[-1] == '\r') stop--;
    return (Span){at, (size_t)(stop - at)};
}

static const char *field_end(const char *at, const char *end, char delimiter) {
    for (bool quoted = false; at < end && (quoted || *at != delimiter); at++)
        if (*at == '"') quoted = !quoted;
    return at;
}

static size_t count_fields(Span line, char delimiter) {
    const char *end = line.at + line.len;
    size_t n = 1;
    for (const char *at = field_end(line.at, end, delimiter); at < end; at = field_end(at + 1, end, delimiter)) n++;
    return n;
}

static bool has_field(Span line, char delimiter, const char *name) {
    const char *end = line.at + line.len;
    for (const char *at = line.at, *stop; at <= end; at = stop + 1) {
        stop = field_end(at, end, delimiter);
        const char *from = at, *to = stop;
        while (from < to && (*from == ' ' || *from == '"')) from++;
        while (to > from && (to[-1] == ' ' || to[-1] == '"')) to--;
        if ((size_t)(to - from) == strlen(name) && strncasecmp(from, name, strlen(name)) == 0) return true;
    }
    return false;
}

int csv_find_delimiter(const char *path, const char *id, const char *value, char *ret, Error *err) {
    static const char delimiters[] = ",;\t|";
    CLEANUP(buf_done) Buf text = {0};
    if (file_read(path, &text, err) != 0) return -1;
    const char *form = other_form(&text);
    if (form != NULL) return error_set(err, ERR_DATA, "%s", form);
    Span line = first_line(&text);
    for (size_t i = 0; delimiters[i] != '\0'; i++)
        if (has_field(line, delimiters[i], id) && has_field(line, delimiters[i], value)) {
            *ret = delimiters[i];
            return 0;
        }
    return error_set(err, ERR_DATA, "its first line names other columns: %.*s", (int)(line.len < SHOWN ? line.len : SHOWN), line.at);
}

static bool is_utf8(Span line) {
    json_t *text = json_stringn(line.at, line.len);
    bool is = text != NULL;
    json_decref(text);
    return is;
}

static void explain(const char *path, char delimiter, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    Error ignored = {0};
    if (file_read(path, &text, &ignored) != 0) {
        error_clear(&ignored);
        return;
    }
    Span names = first_line(&text);
    const char *at = names.at, *end = text.data + text.len;
    int64_t number = 1;
    for (const char *c = text.data; c < at; c++) number += *c == '\n';
    for (const char *stop; at < end; at = stop + 1) {
        stop = line_end(at, end);
        Span line = {at, (size_t)(stop - at)};
        if (!is_utf8(line)) {
            error_set(err, ERR_DATA, "line %" PRId64 " is not UTF-8: save the file as UTF-8", number);
            return;
        }
        size_t fields = count_fields(line, delimiter), expected = count_fields(names, delimiter);
        bool empty = line.len == 0 || (line.len == 1 && line.at[0] == '\r');
        if (!empty && fields != expected) {
            error_set(err, ERR_DATA, "line %" PRId64 " has %zu %s, and the first line %zu: a quote is missing, or the file was cut off",
                      number, fields, counted((int64_t)fields, "field", "fields"), expected);
            return;
        }
        number++;
        for (const char *c = line.at; c < stop; c++) number += *c == '\n';
    }
}

void csv_explain_failure(const char *path, char delimiter, Error *err) {
    err->text[strcspn(err->text, "\n")] = '\0'; /* the next lines of DuckDB's error quote our SQL */
    explain(path, delimiter, err);
}

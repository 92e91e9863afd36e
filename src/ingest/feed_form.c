/* feed_form.c: see feed_form.h. Each line of such a file would be a reject, and the command would end as if all were well.
 *
 * One line that begins an object is enough: what is wrong in the others is for the rejects to say. */
#include "ingest/feed_form.h"

#include "ingest/decode.h"
#include "ingest/feed.h"
#include <string.h>
#include <yyjson.h>

enum { LINES_MAX = 100 };

#define EXPECTED "expected a line of JSON for each event"

/* How files begin that are no lines of text. No event begins so. */
static const struct {
    const char *bytes;
    size_t n;
    const char *what;
} other_forms[] = {
    {"\xFF\xFE", 2, "is UTF-16 text, expected UTF-8: convert it first (`iconv -f UTF-16 -t UTF-8`)"},
    {"\xFE\xFF", 2, "is UTF-16 text, expected UTF-8: convert it first (`iconv -f UTF-16 -t UTF-8`)"},
    {"{\0\"\0", 4, "is UTF-16 text, expected UTF-8: convert it first (`iconv -f UTF-16LE -t UTF-8`)"},
    {"\0{\0\"", 4, "is UTF-16 text, expected UTF-8: convert it first (`iconv -f UTF-16BE -t UTF-8`)"},
    {"\x1F\x8B", 2, "is compressed with gzip: unpack it first (`gunzip`)"},
    {"\x28\xB5\x2F\xFD", 4, "is compressed with zstd: unpack it first (`unzstd`)"},
    {"\xFD\x37zXZ", 5, "is compressed with xz: unpack it first (`unxz`)"},
    {"BZh91AY&SY", 10, "is compressed with bzip2: unpack it first (`bunzip2`)"},
    {"\x04\x22\x4D\x18", 4, "is compressed with lz4: unpack it first (`unlz4`)"},
    {"PK\x03\x04", 4, "is a ZIP file or a spreadsheet, " EXPECTED},
    {"PAR1", 4, "is a Parquet file, " EXPECTED},
    {"Obj\x01", 4, "is an Avro file, " EXPECTED},
    {"ORC", 3, "is an ORC file, " EXPECTED},
    {"%PDF", 4, "is a PDF file, " EXPECTED},
    {"\x89PNG", 4, "is a picture, " EXPECTED},
    {"\xFF\xD8\xFF", 3, "is a picture, " EXPECTED},
    {"GIF8", 4, "is a picture, " EXPECTED},
    {"SQLite format 3", 15, "is an SQLite database, " EXPECTED},
    {"\x7F"
     "ELF",
     4, "is a program, " EXPECTED},
};

/* Its first bytes are the name of its first file: any text. */
static bool is_tar(Span head) {
    enum { TAR_MAGIC = 257 };
    return head.len >= TAR_MAGIC + 5 && memcmp(head.at + TAR_MAGIC, "ustar", 5) == 0 && memchr(head.at, '\0', 100) != NULL;
}

static const char *form_of_bytes(Span head) {
    if (is_tar(head)) return "is a tar archive: unpack it first (`tar xf`)";
    for (size_t i = 0; i < ARRAY_LEN(other_forms); i++)
        if (head.len >= other_forms[i].n && memcmp(head.at, other_forms[i].bytes, other_forms[i].n) == 0) return other_forms[i].what;
    return NULL;
}

/* ---- lines ---- */

typedef struct Lines {
    int64_t count;   /* with something in them */
    int64_t objects; /* that begin one */
    Span first;
    bool whole;            /* the first one is JSON, ... */
    bool first_is_cut_off; /* ... or the beginning of it, which goes on in other lines */
    bool object_is_whole;  /* one of the others is an object from its beginning to its end */
} Lines;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without what may be before the message: blanks, and the prefix of a schema registry. */
static Span trim(Span line) {
    if (line.len > SCHEMA_PREFIX && line.at[0] == '\0') line.at += SCHEMA_PREFIX, line.len -= SCHEMA_PREFIX;
    while (line.len > 0 && is_blank(line.at[0])) line.at++, line.len--;
    while (line.len > 0 && is_blank(line.at[line.len - 1])) line.len--;
    return line;
}

/* Is it JSON? *ret_cut_off: its beginning is. */
static bool is_json(Span line, bool *ret_cut_off) {
    yyjson_read_err problem;
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)line.at, line.len, YYJSON_READ_NOFLAG, NULL, &problem);
    yyjson_doc_free(doc);
    *ret_cut_off = doc == NULL && problem.code == YYJSON_READ_ERROR_UNEXPECTED_END;
    return doc != NULL;
}

static void add_line(Lines *l, Span line) {
    bool cut_off;
    if (line.len == 0) return;
    if (l->count++ == 0) {
        l->first = line;
        l->whole = is_json(line, &l->first_is_cut_off);
    } else if (line.at[0] == '{' && !l->object_is_whole) {
        l->object_is_whole = is_json(line, &cut_off);
    }
    l->objects += line.at[0] == '{';
}

static Lines read_lines(Span head) {
    Lines found = {0};
    const char *at = head.at, *end = head.at + head.len;
    while (at < end && found.count < LINES_MAX) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) line_end = end;
        int64_t ignored;
        size_t len = (size_t)(line_end - at), skip = feed_line_head(at, len, at == head.at, &ignored);
        add_line(&found, trim((Span){at + skip, len - skip}));
        at = line_end + 1;
    }
    return found;
}

/* ---- what it is instead ---- */

static const char *form_of_lines(const Lines *l, Span head) {
    if (head.at[0] == '\0') return "holds bytes that are no text, or messages of a schema registry that are no JSON, " EXPECTED;
    if (memchr(head.at, '\0', head.len) != NULL) return "holds bytes that are no text, " EXPECTED;
    if (l->first.at[0] == '<') return "is XML or HTML, " EXPECTED;
    if (l->first.at[0] == '[' && (l->whole || l->first_is_cut_off)) return "is a JSON list, " EXPECTED ": write one (`jq -c '.[]'`)";
    if (l->whole) return "has JSON that is no object, expected one in a line for each event";
    if (memchr(l->first.at, ',', l->first.len) != NULL || memchr(l->first.at, ';', l->first.len) != NULL ||
        memchr(l->first.at, '\t', l->first.len) != NULL)
        return "looks like a table of text (CSV), " EXPECTED ": convert it first";
    return "has no JSON in its first lines, " EXPECTED;
}

int feed_check_form(const char *path, Span head, bool grows, Error *err) {
    const char *what = form_of_bytes(head);
    if (what != NULL) return error_set(err, ERR_DATA, "%s %s", path, what);
    Lines lines = read_lines(head);
    if (lines.count == 0 || (grows && lines.count < LINES_MAX)) return 0;
    if (lines.count > 1 && lines.first_is_cut_off && !lines.object_is_whole)
        return error_set(err, ERR_DATA,
                         "%s has JSON that goes over several lines, " EXPECTED ": write one (`jq -c '.'`, of a list `jq -c '.[]'`)", path);
    return lines.objects > 0 ? 0 : error_set(err, ERR_DATA, "%s %s", path, form_of_lines(&lines, head));
}

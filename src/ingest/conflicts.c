/* conflicts.c: see conflicts.h. The contents of all events that share their identity with a copy are compared by their digests: those in
 * Bronze, then those of the batch in their order. The first of each content is an event, the others are its copies. */
#include "ingest/conflicts.h"

#include "base/checksum.h"
#include "base/memory.h"
#include "ingest/content.h"
#include <inttypes.h>
#include <string.h>

#define ROWS_AT_ONCE 2000 /* of Bronze, in one query */

typedef struct Content {
    char digest[SHA256_TEXT_SIZE];
    bool staged, copy; /* copy: it has the identity of an earlier event */
    int64_t partition, offset;
} Content;

typedef struct Contents {
    Content *items; /* owned */
    size_t count, capacity;
    size_t next; /* for fill */
    ContentSkip transport;
    Buf text; /* of one content, before its digest */
} Contents;

static void contents_done(Contents *c) {
    free(c->items);
    buf_done(&c->text);
}

/* ---- reading ---- */

static void add_number(Buf *out, bool known, int64_t v) {
    if (known)
        buf_addf(out, "i%" PRId64 ";", v);
    else
        buf_add_char(out, '-');
}

static void add_content(Contents *c, const Envelope *e, Content content) {
    Buf *text = &c->text;
    buf_clear(text);
    content_add_text(text, e->source);
    content_add_text(text, e->id);
    add_number(text, e->has_time, e->time_us);
    content_add_text(text, e->type);
    content_add_text(text, e->entity_id);
    add_number(text, e->has_quality, e->quality);
    content_add_json(text, e->payload);
    content_add_json_without(text, e->extra, c->transport);
    sha256_hex(text->data, text->len, content.digest);
    if (c->count == c->capacity) {
        c->capacity = c->capacity > 0 ? 2 * c->capacity : 64;
        c->items = xrealloc(c->items, c->capacity, sizeof *c->items);
    }
    c->items[c->count++] = content;
}

/* The columns of sql/bronze/contents.sql. */
enum { STAGED_PLACE, STAGED_PARTITION, STAGED_OFFSET, STAGED_COPY };

static int read_staged(LakeConn *conn, const ParsedBatch *batch, Contents *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(conn, "bronze/contents", lake_sql("bronze/contents"), NULL, 0, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        Envelope e = parsed_event(batch, (size_t)lake_col_int(rows, STAGED_PLACE));
        add_content(ret, &e,
                    (Content){.staged = true,
                              .copy = lake_col_bool(rows, STAGED_COPY),
                              .partition = lake_col_int(rows, STAGED_PARTITION),
                              .offset = lake_col_int(rows, STAGED_OFFSET)});
    }
    return got;
}

/* The columns of sql/bronze/contents_of_rows.sql. */
enum { ROW_SOURCE, ROW_ID, ROW_TIME, ROW_TYPE, ROW_ENTITY, ROW_QUALITY, ROW_PAYLOAD, ROW_EXTRA };

static Span text_of(LakeResult *row, size_t column) {
    Span text = {0};
    text.at = lake_col_text(row, column, &text.len);
    return text;
}

static int read_rows(LakeConn *conn, const char *sql, Contents *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_stream(conn, "bronze/contents_of_rows", sql, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        Envelope e = {.source = text_of(rows, ROW_SOURCE),
                      .id = text_of(rows, ROW_ID),
                      .has_time = !lake_is_null(rows, ROW_TIME),
                      .time_us = lake_col_int(rows, ROW_TIME),
                      .type = text_of(rows, ROW_TYPE),
                      .entity_id = text_of(rows, ROW_ENTITY),
                      .has_quality = !lake_is_null(rows, ROW_QUALITY),
                      .quality = (int32_t)lake_col_int(rows, ROW_QUALITY),
                      .payload = text_of(rows, ROW_PAYLOAD),
                      .extra = text_of(rows, ROW_EXTRA)};
        add_content(ret, &e, (Content){0});
    }
    return got;
}

/* `rows`: numbers of rows of Bronze. */
static int read_bronze(LakeConn *conn, const Buf *rows, Contents *ret, Error *err) {
    const int64_t *row = (const int64_t *)(const void *)rows->data;
    size_t count = rows->len / sizeof *row;
    for (size_t at = 0; at < count; at += ROWS_AT_ONCE) {
        LakeBinding list = {"rows", lake_ints(row + at, count - at < ROWS_AT_ONCE ? count - at : ROWS_AT_ONCE)};
        CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("bronze/contents_of_rows"), &list, 1);
        if (read_rows(conn, sql, ret, err) != 0) return -1;
    }
    return 0;
}

/* ---- comparing ---- */

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_contents(const void *left, const void *right) {
    const Content *a = left, *b = right;
    int order = strcmp(a->digest, b->digest);
    if (order == 0) order = compare_numbers(a->staged, b->staged);
    if (order == 0) order = compare_numbers(a->partition, b->partition);
    return order != 0 ? order : compare_numbers(a->offset, b->offset);
}

/* Keeps the conflicts alone. */
static void keep_conflicts(Contents *c) {
    size_t kept = 0;
    if (c->count > 0) qsort(c->items, c->count, sizeof *c->items, compare_contents);
    for (size_t i = 0; i < c->count; i++) {
        bool first = i == 0 || strcmp(c->items[i].digest, c->items[i - 1].digest) != 0;
        if (first && c->items[i].copy) memmove(&c->items[kept++], &c->items[i], sizeof *c->items);
    }
    c->count = kept;
}

/* ---- the table ---- */

static const LakeColumn columns[] = {{.name = "kafka_partition", .type = LAKE_INT}, {.name = "kafka_offset", .type = LAKE_INT}};

static size_t fill(void *contents, LakeChunk *chunk, size_t capacity) {
    Contents *c = contents;
    size_t n = 0;
    for (; n < capacity && c->next < c->count; n++, c->next++) {
        lake_put_int(chunk, 0, n, c->items[c->next].partition);
        lake_put_int(chunk, 1, n, c->items[c->next].offset);
    }
    return n;
}

static int store_conflicts(LakeConn *conn, Contents *c, Error *err) {
    if (lake_register_source(conn, "conflicting", columns, ARRAY_LEN(columns), 1, fill, c, err) != 0) return -1;
    int rc = lake_exec(conn, "bronze/conflicts", lake_sql("bronze/conflicts"), err);
    lake_unregister_source(conn, "conflicting");
    return rc;
}

/* *ret_any: there are copies; `rows`: of which rows of Bronze. */
static int read_copies(LakeConn *conn, Buf *rows, bool *ret_any, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *found = NULL;
    if (lake_query(conn, "bronze/copies", lake_sql("bronze/copies"), NULL, 0, &found, err) != 0) return -1;
    int got;
    *ret_any = false;
    for (; (got = lake_next(found, err)) > 0; *ret_any = true)
        if (!lake_is_null(found, 0)) buf_add(rows, &(int64_t){lake_col_int(found, 0)}, sizeof(int64_t));
    return got;
}

int conflicts_find(LakeConn *conn, const ParsedBatch *batch, ContentSkip transport, int64_t *ret_count, Error *err) {
    CLEANUP(contents_done) Contents contents = {.transport = transport};
    CLEANUP(buf_done) Buf rows = {0};
    bool any;
    *ret_count = 0;
    if (read_copies(conn, &rows, &any, err) != 0) return -1;
    if (!any) return 0;
    if (read_bronze(conn, &rows, &contents, err) != 0 || read_staged(conn, batch, &contents, err) != 0) return -1;
    keep_conflicts(&contents);
    *ret_count = (int64_t)contents.count;
    return contents.count > 0 ? store_conflicts(conn, &contents, err) : 0;
}

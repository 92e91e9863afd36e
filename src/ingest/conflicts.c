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
    bool staged, is_later; /* is_later: it has the identity of an earlier event */
    size_t place;          /* in the batch, when it is staged */
    int64_t partition, offset;
} Content;

typedef struct Contents {
    Content *items; /* owned */
    size_t count, capacity;
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

/* `events` in the order of their places. */
static void read_staged(const ParsedBatch *batch, const Lookalike *events, size_t n, Contents *ret) {
    for (size_t i = 0; i < n;) {
        size_t place = events[i].place;
        const BatchMessage *m = parsed_message(batch, place);
        Envelope e = parsed_event(batch, place);
        Content content = {.staged = true, .place = place, .partition = m->partition, .offset = m->offset};
        for (; i < n && events[i].place == place; i++) content.is_later |= events[i].is_later;
        add_content(ret, &e, content);
    }
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

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right) {
    return compare_numbers(*(const int64_t *)left, *(const int64_t *)right);
}

/* The rows of Bronze that the events look like, each once, as int64_t. */
static void list_rows(const Lookalike *events, size_t n, Buf *ret) {
    for (size_t i = 0; i < n; i++)
        if (events[i].bronze_row != NO_ROW) buf_add(ret, &events[i].bronze_row, sizeof(int64_t));
    int64_t *row = (int64_t *)(void *)ret->data;
    size_t count = ret->len / sizeof *row, kept = 0;
    if (count > 0) qsort(row, count, sizeof *row, compare_rows);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || row[i] != row[i - 1]) row[kept++] = row[i];
    ret->len = kept * sizeof *row;
}

static int read_bronze(LakeConn *conn, const Lookalike *events, size_t n, Contents *ret, Error *err) {
    CLEANUP(buf_done) Buf rows = {0};
    list_rows(events, n, &rows);
    const int64_t *row = (const int64_t *)(const void *)rows.data;
    size_t count = rows.len / sizeof *row;
    for (size_t at = 0; at < count; at += ROWS_AT_ONCE) {
        LakeBinding list = {"rows", lake_ints(row + at, count - at < ROWS_AT_ONCE ? count - at : ROWS_AT_ONCE)};
        CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql("bronze/contents_of_rows"), &list, 1);
        if (read_rows(conn, sql, ret, err) != 0) return -1;
    }
    return 0;
}

/* ---- comparing ---- */

static int compare_contents(const void *left, const void *right) {
    const Content *a = left, *b = right;
    int order = strcmp(a->digest, b->digest);
    if (order == 0) order = compare_numbers(a->staged, b->staged);
    if (order == 0) order = compare_numbers(a->partition, b->partition);
    return order != 0 ? order : compare_numbers(a->offset, b->offset);
}

/* The first of each content, in the order of compare_contents, is no copy. */
static void note_each(Contents *c, ParsedBatch *batch, ConflictCounts *ret) {
    if (c->count > 0) qsort(c->items, c->count, sizeof *c->items, compare_contents);
    for (size_t i = 0; i < c->count; i++) {
        const Content *content = &c->items[i];
        bool first = i == 0 || strcmp(content->digest, c->items[i - 1].digest) != 0;
        if (!content->is_later) continue;
        ret->copies += first ? 0 : 1;
        ret->conflicts += first ? 1 : 0;
        (first ? parsed_note_conflict : parsed_note_copy)(batch, content->place);
    }
}

static int compare_places(const void *left, const void *right) {
    const Lookalike *a = left, *b = right;
    return compare_numbers((int64_t)a->place, (int64_t)b->place);
}

int conflicts_find(LakeConn *conn, ParsedBatch *batch, Lookalike *events, size_t n, ContentSkip transport, ConflictCounts *ret,
                   Error *err) {
    CLEANUP(contents_done) Contents contents = {.transport = transport};
    *ret = (ConflictCounts){0};
    if (n == 0) return 0;
    qsort(events, n, sizeof *events, compare_places);
    if (read_bronze(conn, events, n, &contents, err) != 0) return -1;
    read_staged(batch, events, n, &contents);
    note_each(&contents, batch, ret);
    return 0;
}

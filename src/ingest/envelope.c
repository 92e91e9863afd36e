/* envelope.c: see envelope.h. yyjson parses a copy of the message in place, so the position of a key in the copy is its position in the
 * message: the bytes between a key and the next one are its value, unchanged. */
#include "ingest/envelope.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "lake/lake.h"
#include <string.h>
#include <yyjson.h>

#define MEMORY_KEPT (1 << 20) /* what a larger message took is given back */

typedef enum EnvelopeField {
    ID,
    TYPE,
    SOURCE,
    ENTITY_ID,
    TIMESTAMP,
    PAYLOAD,
    QUALITY_SCORE,
    ENVELOPE_FIELDS,
    UNKNOWN = ENVELOPE_FIELDS
} EnvelopeField;

static const struct {
    const char *name;
    size_t len;
} fields[ENVELOPE_FIELDS] = {
#define NAME(text)                                                                                                                         \
    { text, sizeof(text) - 1 }
    [ID] = NAME("id"),
    [TYPE] = NAME("type"),
    [SOURCE] = NAME("source"),
    [ENTITY_ID] = NAME("subscriber_id"),
    [TIMESTAMP] = NAME("timestamp"),
    [PAYLOAD] = NAME("payload"),
    [QUALITY_SCORE] = NAME("quality_score"),
#undef NAME
};

struct EnvelopeParser {
    Buf copy;     /* of the message; yyjson unescapes texts in it */
    void *values; /* yyjson's one block */
    size_t values_size;
    Buf extra;
};

/* One member of the object. */
typedef struct Member {
    EnvelopeField field;
    yyjson_val *value;
    Span raw, raw_value; /* bytes of the message: from the key on, and the value alone */
} Member;

/* ---- memory ---- */

/* Read in place, yyjson needs one block at a time. */
static void *grow_values(void *ctx, void *old, size_t old_size, size_t size) {
    EnvelopeParser *p = ctx;
    BUG_IF(old != NULL && old != p->values);
    (void)old_size;
    if (size > p->values_size) {
        p->values = xrealloc(p->values, size, 1);
        p->values_size = size;
    }
    return p->values;
}

static void *get_values(void *ctx, size_t size) {
    return grow_values(ctx, NULL, 0, size);
}

static void keep_values(void *ctx, void *block) {
    (void)ctx;
    (void)block;
}

EnvelopeParser *envelope_parser_new(void) {
    return xcalloc(1, sizeof(EnvelopeParser));
}

static void give_back(EnvelopeParser *p) {
    buf_done(&p->copy);
    buf_done(&p->extra);
    free(p->values);
    p->values = NULL;
    p->values_size = 0;
}

void envelope_parser_free(EnvelopeParser *p) {
    give_back(p);
    free(p);
}

/* ---- the bytes of a member ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The raw member whose key begins at `key` (behind its quote) and that ends before `end`, with its comma perhaps. */
static void cut_member(const char *key, const char *end, Member *m) {
    const char *at = key;
    while (*at != '"') at += *at == '\\' ? 2 : 1;
    do at++;
    while (is_space(*at) || *at == ':');
    while (is_space(end[-1]) || end[-1] == ',') end--;
    m->raw = (Span){key - 1, (size_t)(end - key) + 1};
    m->raw_value = (Span){at, (size_t)(end - at)};
}

static EnvelopeField find_field(yyjson_val *key) {
    const char *name = yyjson_get_str(key);
    size_t len = yyjson_get_len(key);
    for (EnvelopeField f = 0; f < ENVELOPE_FIELDS; f++)
        if (len == fields[f].len && memcmp(name, fields[f].name, len) == 0) return f;
    return UNKNOWN;
}

static Span text_of(const Member *m) {
    switch (yyjson_get_type(m->value)) {
    case YYJSON_TYPE_NULL: return (Span){0};
    case YYJSON_TYPE_STR: return (Span){yyjson_get_str(m->value), yyjson_get_len(m->value)};
    default: return m->raw_value;
    }
}

/* ---- fields ---- */

/* An integer as one writes it: no sign but -, no leading zeros, no fraction, no exponent. */
static bool read_integer(Span text, int32_t *ret) {
    bool negative = text.len > 0 && text.at[0] == '-';
    const char *digits = text.at + negative;
    size_t n = text.len - negative;
    int64_t v = 0;
    if (n == 0 || n > 10 || (digits[0] == '0' && (n > 1 || negative))) return false;
    for (size_t i = 0; i < n; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        v = v * 10 + (digits[i] - '0');
    }
    if (negative) v = -v;
    *ret = (int32_t)v;
    return v >= INT32_MIN && v <= INT32_MAX;
}

static const char *judge_identity(const Member *m, Span *ret, const char *reason) {
    yyjson_type type = m->value != NULL ? yyjson_get_type(m->value) : YYJSON_TYPE_NULL;
    if (type == YYJSON_TYPE_OBJ || type == YYJSON_TYPE_ARR || type == YYJSON_TYPE_NULL) return reason;
    *ret = text_of(m);
    return ret->len > 0 ? NULL : reason;
}

static bool is_there(const Member *m) {
    return m->value != NULL && !yyjson_is_null(m->value);
}

static void add_extra(EnvelopeParser *p, const Member *m) {
    buf_add_char(&p->extra, p->extra.len == 0 ? '{' : ',');
    buf_add(&p->extra, m->raw.at, m->raw.len);
}

/* A text, or a number's digits. */
static void read_entity(EnvelopeParser *p, const Member *m, Envelope *e) {
    if (yyjson_is_str(m->value) || yyjson_is_raw(m->value))
        e->entity_id = text_of(m);
    else if (is_there(m))
        add_extra(p, m);
}

static void read_quality(EnvelopeParser *p, const Member *m, Envelope *e) {
    e->has_quality = yyjson_is_raw(m->value) && read_integer(m->raw_value, &e->quality);
    if (is_there(m) && !e->has_quality) add_extra(p, m);
}

/* Why it is no event: the first thing that is wrong, in the order in which they are listed. */
static const char *read_fields(EnvelopeParser *p, const Member members[ENVELOPE_FIELDS], Envelope *e) {
    const char *reject = judge_identity(&members[ID], &e->id, "bad_id");
    if (reject == NULL) reject = judge_identity(&members[SOURCE], &e->source, "bad_source");
    if (reject != NULL) return reject;
    if (is_there(&members[TIMESTAMP])) {
        e->has_time = yyjson_is_str(members[TIMESTAMP].value) && clock_read(text_of(&members[TIMESTAMP]), &e->time_us) == CLOCK_READ;
        if (!e->has_time) return "bad_timestamp";
    }
    if (members[TYPE].value != NULL) e->type = text_of(&members[TYPE]);
    if (is_there(&members[PAYLOAD])) e->payload = members[PAYLOAD].raw_value;
    read_entity(p, &members[ENTITY_ID], e);
    read_quality(p, &members[QUALITY_SCORE], e);
    return NULL;
}

/* ---- the message ---- */

/* False: a field of the envelope is there twice. */
static bool sort_members(EnvelopeParser *p, yyjson_val *object, const char *bytes, size_t len, Member members[ENVELOPE_FIELDS]) {
    const char *end = bytes + len;
    while (*--end != '}') continue;
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(object, &iter);
    for (yyjson_val *key = yyjson_obj_iter_next(&iter), *next; key != NULL; key = next) {
        Member m = {.field = find_field(key), .value = yyjson_obj_iter_get_val(key)};
        next = yyjson_obj_iter_next(&iter);
        cut_member(bytes + (yyjson_get_str(key) - p->copy.data), next == NULL ? end : bytes + (yyjson_get_str(next) - p->copy.data) - 1,
                   &m);
        if (m.field == UNKNOWN) {
            add_extra(p, &m);
            continue;
        }
        if (members[m.field].value != NULL) return false;
        members[m.field] = m;
    }
    return true;
}

static const char *read_object(EnvelopeParser *p, yyjson_val *object, const char *bytes, size_t len, Envelope *e) {
    Member members[ENVELOPE_FIELDS] = {0};
    if (!yyjson_is_obj(object)) return "not_object";
    if (!sort_members(p, object, bytes, len, members)) return "repeated_field";
    const char *reject = read_fields(p, members, e);
    if (reject == NULL && p->extra.len > 0) {
        buf_add_char(&p->extra, '}');
        e->extra = (Span){p->extra.data, p->extra.len};
    }
    return reject;
}

void envelope_parse(EnvelopeParser *p, const char *bytes, size_t len, Envelope *ret) {
    yyjson_alc memory = {.malloc = get_values, .realloc = grow_values, .free = keep_values, .ctx = p};
    *ret = (Envelope){0};
    if (len == 0) {
        ret->reject = "empty";
        return;
    }
    if (p->copy.cap + p->extra.cap + p->values_size > MEMORY_KEPT) give_back(p);
    buf_clear(&p->copy);
    buf_clear(&p->extra);
    memset(buf_reserve(&p->copy, len + YYJSON_PADDING_SIZE) + len, 0, YYJSON_PADDING_SIZE);
    memcpy(p->copy.data, bytes, len);
    yyjson_doc *doc = yyjson_read_opts(p->copy.data, len, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &memory, NULL);
    if (doc == NULL)
        ret->reject = lake_is_utf8(bytes, len) ? "not_json" : "not_utf8";
    else
        ret->reject = read_object(p, yyjson_doc_get_root(doc), bytes, len, ret);
}

/* envelope.c: see envelope.h. yyjson parses a copy of the message in place, so the position of a key in the copy is its position in the
 * message: the bytes between a key and the next one are its value, unchanged.
 *
 * The message is walked along the tree of its topic's paths. What is left of it is collected on the way where that is possible
 * (EnvelopeTable.is_simple: Smelt's own envelope and most flat ones), else in a second walk, once it is known which values were taken. */
#include "ingest/envelope.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "ingest/row_key.h"
#include "lake/lake.h"
#include <inttypes.h>
#include <string.h>
#include <yyjson.h>

#define MEMORY_KEPT (1 << 20) /* what a larger message took is given back */

/* A member of an object. */
typedef struct Member {
    yyjson_val *value;
    Span raw, raw_value; /* bytes of the message: from the key on, and the value alone */
    bool taken, opened;  /* it fills a column; something in it does */
} Member;

/* A text of JSON, parsed in place. */
typedef struct ParsedText {
    Buf copy;     /* yyjson unescapes texts in it */
    void *values; /* yyjson's one block */
    size_t values_size;
} ParsedText;

struct EnvelopeParser {
    const EnvelopeTable *table;
    EnvelopeTable *own; /* NULL: the table is borrowed */
    ParsedText body, headers, decoded;
    Member *found; /* by node of the table; the first is the message */
    Buf rest, payload, id, row, lineage, decoded_text;
    /* of one message */
    const EnvelopeMessage *message;
    yyjson_val *header_list; /* NULL: none */
    bool ambiguous;          /* a header is there twice */
    bool is_body;            /* it has the header of ORIGIN_BODY */
    const EnvelopeSource *misfits[ENVELOPE_COLUMNS];
    const Member *misfit_values[ENVELOPE_COLUMNS];
    size_t misfit_count;
};

/* What fills a column. */
typedef struct Value {
    Member *member; /* NULL: not of the message */
    Span text;      /* then */
    bool is_base64; /* of the member */
    bool is_time;   /* the record's time */
} Value;

/* ---- memory ---- */

/* Read in place, yyjson needs one block at a time. */
static void *grow_values(void *ctx, void *old, size_t old_size, size_t size) {
    ParsedText *p = ctx;
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

static yyjson_val *parse_text(ParsedText *p, const char *bytes, size_t len) {
    yyjson_alc memory = {.malloc = get_values, .realloc = grow_values, .free = keep_values, .ctx = p};
    buf_clear(&p->copy);
    memset(buf_reserve(&p->copy, len + YYJSON_PADDING_SIZE) + len, 0, YYJSON_PADDING_SIZE);
    memcpy(p->copy.data, bytes, len);
    yyjson_doc *doc = yyjson_read_opts(p->copy.data, len, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &memory, NULL);
    return yyjson_doc_get_root(doc);
}

static void parsed_text_done(ParsedText *p) {
    buf_done(&p->copy);
    free(p->values);
    *p = (ParsedText){0};
}

EnvelopeParser *envelope_parser_new(const EnvelopeTable *table) {
    EnvelopeParser *p = xcalloc(1, sizeof(EnvelopeParser));
    if (table == NULL) p->own = envelope_table_new(NULL, "", 0);
    p->table = table != NULL ? table : p->own;
    p->found = xcalloc(p->table->node_count, sizeof *p->found);
    return p;
}

static void give_back(EnvelopeParser *p) {
    parsed_text_done(&p->body);
    parsed_text_done(&p->headers);
    parsed_text_done(&p->decoded);
    buf_done(&p->decoded_text);
    buf_done(&p->rest);
    buf_done(&p->payload);
    buf_done(&p->id);
    buf_done(&p->row);
    buf_done(&p->lineage);
}

void envelope_parser_free(EnvelopeParser *p) {
    give_back(p);
    free(p->found);
    envelope_table_freep(&p->own);
    free(p);
}

/* ---- the bytes of a member ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The raw member, which until now has all bytes from its key up to the next one, or to the end of the object: with its comma perhaps. */
static inline void cut_member(Member *m) {
    const char *at = m->raw.at + 1, *end = m->raw.at + m->raw.len;
    while (*at != '"') at += *at == '\\' ? 2 : 1;
    do at++;
    while (is_space(*at) || *at == ':');
    while (is_space(end[-1]) || end[-1] == ',') end--;
    m->raw.len = (size_t)(end - m->raw.at);
    m->raw_value = (Span){at, (size_t)(end - at)};
}

/* The members of an object in order. */
typedef struct Members {
    const EnvelopeParser *parser;
    const EnvelopeNode *node;
    yyjson_obj_iter iter;
    yyjson_val *next;
    const char *end; /* its bracket in the message */
    size_t expected; /* a child: members mostly come in one order */
} Members;

static const char *in_message(const EnvelopeParser *p, yyjson_val *key) {
    return p->message->bytes + (yyjson_get_str(key) - p->body.copy.data);
}

static inline Members members_of(const EnvelopeParser *p, size_t node, const Member *object) {
    Members i = {.parser = p, .node = &p->table->nodes[node], .end = object->raw_value.at + object->raw_value.len - 1};
    yyjson_obj_iter_init(object->value, &i.iter);
    i.next = yyjson_obj_iter_next(&i.iter);
    i.expected = i.node->first_child;
    return i;
}

static inline bool has_key(const EnvelopeNode *node, yyjson_val *key) {
    size_t len = yyjson_get_len(key);
    return len == node->key.len && memcmp(yyjson_get_str(key), node->key.at, len) == 0;
}

/* The child of the node that has the key; 0: none. */
static inline size_t find_child(Members *m, yyjson_val *key) {
    const EnvelopeNode *nodes = m->parser->table->nodes;
    size_t first = m->node->first_child, end = first + m->node->child_count, i = m->expected;
    if (i >= end || !has_key(&nodes[i], key))
        for (i = first; i < end && !has_key(&nodes[i], key); i++) continue;
    m->expected = i + 1;
    return i < end ? i : 0;
}

/* Not cut. *ret_child: its node; 0: no path leads there. */
static inline bool next_member(Members *i, Member *ret, size_t *ret_child) {
    yyjson_val *key = i->next;
    if (key == NULL) return false;
    const char *from = in_message(i->parser, key) - 1;
    *ret_child = find_child(i, key);
    i->next = yyjson_obj_iter_next(&i->iter);
    const char *end = i->next == NULL ? i->end : in_message(i->parser, i->next) - 1;
    *ret = (Member){.value = yyjson_obj_iter_get_val(key), .raw = {from, (size_t)(end - from)}};
    return true;
}

static void add_raw(Buf *out, bool first, Span raw) {
    buf_add_char(out, first ? '{' : ',');
    buf_add(out, raw.at, raw.len);
}

/* ---- the walk ---- */

/* False: a member to which a path leads is there twice. */
static bool walk(EnvelopeParser *p, size_t node, const Member *object) {
    const EnvelopeTable *t = p->table;
    Member m;
    size_t child;
    for (Members i = members_of(p, node, object); next_member(&i, &m, &child);) {
        if (child == 0 && !t->is_simple) continue;
        cut_member(&m);
        if (child == 0) {
            add_raw(&p->rest, p->rest.len == 0, m.raw);
            continue;
        }
        if (p->found[child].value != NULL) return false;
        p->found[child] = m;
        if (t->nodes[child].child_count > 0 && yyjson_is_obj(m.value) && !walk(p, child, &p->found[child])) return false;
    }
    return true;
}

static bool is_there(const Member *m) {
    return m->value != NULL && !yyjson_is_null(m->value);
}

static void take(EnvelopeParser *p, Member *m) {
    m->taken = true;
    for (size_t node = (size_t)(m - p->found); node != 0;) {
        node = p->table->nodes[node].parent;
        p->found[node].opened = true;
    }
}

static void add_remainder(const EnvelopeParser *p, size_t node, const Member *object, Buf *out);

/* An object of which something was taken: its key, and what is left of it. */
static bool add_opened(const EnvelopeParser *p, size_t node, bool first, Buf *out) {
    const Member *m = &p->found[node];
    size_t before = out->len;
    add_raw(out, first, (Span){m->raw.at, (size_t)(m->raw_value.at - m->raw.at)});
    size_t inside = out->len;
    add_remainder(p, node, m, out);
    if (out->len > inside) return true;
    out->len = before;
    return false;
}

/* The object at a node without what was taken of it; nothing when nothing is left. */
static void add_remainder(const EnvelopeParser *p, size_t node, const Member *object, Buf *out) {
    Member m;
    size_t child;
    bool first = true;
    for (Members i = members_of(p, node, object); next_member(&i, &m, &child);) {
        const Member *found = &p->found[child];
        if (child == 0) {
            cut_member(&m);
            found = &m;
        } else if (found->taken || p->table->nodes[child].ignored || !is_there(found))
            continue;
        if (found->opened && yyjson_is_obj(found->value)) {
            first = !add_opened(p, child, first, out) && first;
            continue;
        }
        add_raw(out, first, found->raw);
        first = false;
    }
    if (!first) buf_add_char(out, '}');
}

/* ---- where values are ---- */

/* The value of the header that is named so; absent: there is none, or it is no text. */
static Span find_header(EnvelopeParser *p, Span name) {
    yyjson_arr_iter i;
    yyjson_val *pair;
    Span found = {0};
    if (!yyjson_arr_iter_init(p->header_list, &i)) return found;
    while ((pair = yyjson_arr_iter_next(&i)) != NULL) {
        yyjson_val *key = yyjson_arr_get(pair, 0), *value = yyjson_arr_get(pair, 1);
        if (yyjson_get_len(key) != name.len || memcmp(yyjson_get_str(key), name.at, name.len) != 0 || !yyjson_is_str(value)) continue;
        p->ambiguous |= found.at != NULL;
        found = (Span){yyjson_get_str(value), yyjson_get_len(value)};
    }
    return found;
}

static Span lineage(EnvelopeParser *p) {
    if (p->lineage.len == 0) buf_addf(&p->lineage, "%s%" PRId32 ":%" PRId64, p->table->lineage, p->message->partition, p->message->offset);
    return (Span){p->lineage.data, p->lineage.len};
}

static Span text_at(const EnvelopeParser *p, uint16_t node) {
    yyjson_val *value = p->found[node].value;
    return (Span){yyjson_get_str(value), yyjson_get_len(value)};
}

static inline bool find_first(EnvelopeParser *p, const EnvelopePart *part, bool numbers, Value *ret);

/* The row of a change, as it came. */
static Span content_of(EnvelopeParser *p) {
    const EnvelopeSource *s = &p->table->columns[ENVELOPE_PAYLOAD];
    Value v;
    bool found = s->count > 0 && find_first(p, &s->parts[0], false, &v);
    return found && v.member != NULL ? v.member->raw_value : (Span){0};
}

/* Of the id, when all parts before it are there. Absent: there is none. */
static Span find_row(EnvelopeParser *p) {
    const EnvelopeRow *nodes = &p->table->row;
    Span op = text_at(p, nodes->op);
    RowKey row = {.is_snapshot = op.len == 1 && *op.at == 'r', .key = p->message->key};
    bool has_place = p->lineage.len > 0; /* in Kafka, as the place in the log: it is no other message's */
    if (row.key.at == NULL && row.is_snapshot) row.lineage = lineage(p);
    if (row.key.at == NULL && !row.is_snapshot && !has_place) row.content = content_of(p);
    for (size_t i = 0; i < ROW_TABLE_NAMES; i++) row.table[i] = text_at(p, nodes->table[i]);
    return row_key_add(&row, p->id.len + 1, &p->row) ? (Span){p->row.data, p->row.len} : (Span){0};
}

static bool find_value(EnvelopeParser *p, const EnvelopeOrigin *o, Value *ret) {
    const EnvelopeMessage *m = p->message;
    *ret = (Value){0};
    switch (o->kind) {
    case ORIGIN_PATH:
    case ORIGIN_BODY:
    case ORIGIN_BASE64:
        ret->member = &p->found[o->node];
        ret->is_base64 = o->kind == ORIGIN_BASE64;
        return (o->kind == ORIGIN_BODY) == p->is_body && is_there(ret->member);
    case ORIGIN_CONSTANT: ret->text = o->text; return true;
    case ORIGIN_KEY:
        if (m->key.at != NULL && lake_is_utf8(m->key.at, m->key.len)) ret->text = m->key;
        return ret->text.at != NULL;
    case ORIGIN_HEADER: ret->text = find_header(p, o->text); return ret->text.at != NULL;
    case ORIGIN_TIMESTAMP: ret->is_time = m->timestamp_us != INT64_MIN || m->received_us != 0; return ret->is_time;
    case ORIGIN_LINEAGE: ret->text = lineage(p); return true;
    case ORIGIN_ROW: ret->text = find_row(p); return ret->text.at != NULL;
    case ORIGIN_TOPIC: break; /* a constant in the table */
    }
    BUG("an origin that is none");
}

static bool is_zero(const Value *v) {
    return v->member != NULL && v->member->raw_value.len == 1 && *v->member->raw_value.at == '0';
}

/* The first alternative that is there. Of times as numbers, 0 stands for none where another one is there: so Debezium writes that of the
 * source for rows of a snapshot. */
static inline bool find_first(EnvelopeParser *p, const EnvelopePart *part, bool numbers, Value *ret) {
    bool found = false;
    for (size_t i = 0; i < part->count; i++) {
        Value v;
        if (!find_value(p, &part->origins[i], &v)) continue;
        bool is_none = numbers && is_zero(&v);
        if (!found || !is_none) *ret = v;
        if (!is_none) return true;
        found = true;
    }
    return found;
}

static inline bool find_column(EnvelopeParser *p, EnvelopeColumn column, Value *ret) {
    const EnvelopeSource *s = &p->table->columns[column];
    if (s->count == 0 || !find_first(p, &s->parts[0], column == ENVELOPE_TIME && s->decimals >= 0, ret)) return false;
    if (ret->member != NULL && !s->kept && !p->table->is_simple) take(p, ret->member);
    return true;
}

/* What has nothing to unescape is in the message, which the caller may keep. */
static Span text_of(const Value *v) {
    if (v->member == NULL) return v->text;
    Span raw = v->member->raw_value;
    if (!yyjson_is_str(v->member->value)) return raw;
    size_t len = yyjson_get_len(v->member->value);
    return (Span){raw.len == len + 2 ? raw.at + 1 : yyjson_get_str(v->member->value), len};
}

static bool is_text(const Value *v) {
    return v->member == NULL || yyjson_is_str(v->member->value);
}

static bool is_number(const Value *v) {
    return v->member != NULL && yyjson_is_raw(v->member->value);
}

/* ---- columns ---- */

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

static bool can_identify(const Value *v) {
    return v->member == NULL || !yyjson_is_ctn(v->member->value);
}

static const char *read_identity(EnvelopeParser *p, EnvelopeColumn column, Span *ret, const char *reason) {
    Value v;
    if (!find_column(p, column, &v) || !can_identify(&v)) return reason;
    *ret = text_of(&v);
    return ret->len > 0 ? NULL : reason;
}

/* "a|b": a part's own | and \ have a \ before them, so that different parts never look the same. */
static void add_part(Buf *out, Span text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '|' || text.at[i] == '\\') buf_add_char(out, '\\');
        buf_add_char(out, text.at[i]);
    }
}

static const char *join_parts(EnvelopeParser *p, Span *ret) {
    const EnvelopeSource *s = &p->table->columns[ENVELOPE_ID];
    for (size_t i = 0; i < s->count; i++) {
        Value v;
        bool found = find_first(p, &s->parts[i], false, &v);
        if (!found && !s->parts[i].optional) return "bad_id";
        if (found && !can_identify(&v)) return "bad_id";
        if (i > 0) buf_add_char(&p->id, '|');
        if (found) add_part(&p->id, text_of(&v));
    }
    *ret = (Span){p->id.data, p->id.len};
    return NULL;
}

static const char *read_id(EnvelopeParser *p, Envelope *e) {
    if (p->table->columns[ENVELOPE_ID].count > 1) return join_parts(p, &e->id);
    return read_identity(p, ENVELOPE_ID, &e->id, "bad_id");
}

static bool read_time(EnvelopeParser *p, Envelope *e) {
    int decimals = p->table->columns[ENVELOPE_TIME].decimals;
    Value v;
    if (!find_column(p, ENVELOPE_TIME, &v)) return true;
    e->has_time = true;
    if (v.is_time) {
        e->time_us = p->message->timestamp_us != INT64_MIN ? p->message->timestamp_us : p->message->received_us;
        return true;
    }
    if (decimals < 0) return is_text(&v) && clock_read(text_of(&v), &e->time_us) == CLOCK_READ;
    return (is_text(&v) || is_number(&v)) && clock_read_epoch(text_of(&v), decimals, &e->time_us) == CLOCK_READ;
}

static void add_misfit(EnvelopeParser *p, EnvelopeColumn column, const Value *v) {
    p->misfits[p->misfit_count] = &p->table->columns[column];
    p->misfit_values[p->misfit_count++] = v->member;
}

/* A text, or a number's digits. */
static void read_entity(EnvelopeParser *p, Envelope *e) {
    Value v;
    if (!find_column(p, ENVELOPE_ENTITY, &v)) return;
    if (is_text(&v) || is_number(&v))
        e->entity_id = text_of(&v);
    else
        add_misfit(p, ENVELOPE_ENTITY, &v);
}

static void read_quality(EnvelopeParser *p, Envelope *e) {
    Value v;
    if (!find_column(p, ENVELOPE_QUALITY, &v)) return;
    e->has_quality = is_number(&v) && read_integer(text_of(&v), &e->quality);
    if (!e->has_quality) add_misfit(p, ENVELOPE_QUALITY, &v);
}

/* Why it is no event: the first thing that is wrong, in the order in which they are listed. */
static const char *read_fields(EnvelopeParser *p, Envelope *e) {
    Value type;
    const char *reject = read_id(p, e);
    if (reject == NULL) reject = read_identity(p, ENVELOPE_SOURCE, &e->source, "bad_source");
    if (reject != NULL) return reject;
    if (!read_time(p, e)) return "bad_timestamp";
    if (find_column(p, ENVELOPE_TYPE, &type)) e->type = text_of(&type);
    read_entity(p, e);
    read_quality(p, e);
    return p->ambiguous ? "repeated_field" : NULL;
}

/* ---- the payload, and what is left ---- */

static Span closed(Buf *out) {
    if (out->len == 0) return (Span){0};
    buf_add_char(out, '}');
    return (Span){out->data, out->len};
}

/* Under the name of its property, which is mostly its own. */
static void add_misfits(const EnvelopeParser *p, Buf *out) {
    for (size_t i = 0; i < p->misfit_count; i++) {
        const Member *m = p->misfit_values[i];
        Span name = p->misfits[i]->name;
        bool own = m->raw.len > name.len + 2 && memcmp(m->raw.at + 1, name.at, name.len) == 0 && m->raw.at[name.len + 1] == '"';
        if (own)
            add_raw(out, out->len == 0, m->raw);
        else
            buf_addf(out, "%c\"%.*s\":%.*s", out->len == 0 ? '{' : ',', (int)name.len, name.at, (int)m->raw_value.len, m->raw_value.at);
    }
}

/* The message is its own payload. */
static void read_flat(EnvelopeParser *p, Envelope *e) {
    if (!p->table->is_simple && !p->found[0].opened) {
        e->payload = p->found[0].raw_value;
        return;
    }
    if (!p->table->is_simple) add_remainder(p, 0, &p->found[0], &p->rest);
    if (p->rest.len == 0) buf_add_char(&p->rest, '{');
    if (p->table->is_simple || p->rest.len == 1) buf_add_char(&p->rest, '}');
    e->payload = (Span){p->rest.data, p->rest.len};
    buf_clear(&p->payload);
    add_misfits(p, &p->payload);
    e->extra = closed(&p->payload);
}

/* What it decodes to; absent: it is no base64, or what it decodes to is no JSON. */
static Span read_base64(EnvelopeParser *p, yyjson_val *value) {
    size_t n = yyjson_get_len(value) / 4 * 3;
    buf_clear(&p->decoded_text);
    if (!yyjson_is_str(value) || n == 0) return (Span){0};
    buf_reserve(&p->decoded_text, n);
    if (!base64_decode((Span){yyjson_get_str(value), yyjson_get_len(value)}, &p->decoded_text)) return (Span){0};
    return parse_text(&p->decoded, p->decoded_text.data, p->decoded_text.len) != NULL ? (Span){p->decoded_text.data, p->decoded_text.len}
                                                                                      : (Span){0};
}

static void read_payload(EnvelopeParser *p, const Value *v, Envelope *e) {
    Span decoded = v->is_base64 ? read_base64(p, v->member->value) : (Span){0};
    e->payload = decoded.at != NULL ? decoded : v->member->raw_value;
    if (!yyjson_is_obj(v->member->value) || !v->member->opened) return;
    add_remainder(p, (size_t)(v->member - p->found), v->member, &p->payload);
    if (p->payload.len == 0) buf_add_str(&p->payload, "{}");
    e->payload = (Span){p->payload.data, p->payload.len};
}

static void read_rest(EnvelopeParser *p, Envelope *e) {
    Value v;
    bool found = find_column(p, ENVELOPE_PAYLOAD, &v);
    if (found && v.member == p->found) {
        read_flat(p, e);
        return;
    }
    if (found) read_payload(p, &v, e);
    if (!p->table->is_simple) {
        add_remainder(p, 0, &p->found[0], &p->rest);
        if (p->rest.len > 0) p->rest.len--; /* open again */
    }
    add_misfits(p, &p->rest);
    e->extra = closed(&p->rest);
}

/* ---- the message ---- */

static Span trim(const char *at, size_t len) {
    while (is_space(at[0])) at++, len--;
    while (is_space(at[len - 1])) len--;
    return (Span){at, len};
}

static const char *read_object(EnvelopeParser *p, yyjson_val *object, Envelope *e) {
    if (!yyjson_is_obj(object)) return "not_object";
    memset(p->found, 0, p->table->node_count * sizeof *p->found);
    Span whole = trim(p->message->bytes, p->message->len);
    p->found[0] = (Member){.value = object, .raw = whole, .raw_value = whole};
    if (!walk(p, 0, &p->found[0])) return "repeated_field";
    if (p->table->payload_base64 != 0 && is_there(&p->found[p->table->payload_base64]) && is_there(&p->found[p->table->payload]))
        return "repeated_field";
    const char *reject = read_fields(p, e);
    if (reject == NULL) read_rest(p, e);
    return reject;
}

static void begin(EnvelopeParser *p, const EnvelopeMessage *message) {
    size_t kept = p->body.copy.cap + p->body.values_size + p->headers.copy.cap + p->headers.values_size + p->decoded.copy.cap +
                  p->decoded.values_size + p->decoded_text.cap;
    if (kept + p->rest.cap + p->payload.cap + p->id.cap + p->row.cap > MEMORY_KEPT) give_back(p);
    buf_clear(&p->rest);
    buf_clear(&p->payload);
    buf_clear(&p->id);
    buf_clear(&p->row);
    buf_clear(&p->lineage);
    p->message = message;
    p->ambiguous = false;
    p->misfit_count = 0;
    p->header_list = NULL;
    p->is_body = false;
    if (p->table->needs_record && message->headers.len > 0)
        p->header_list = parse_text(&p->headers, message->headers.at, message->headers.len);
    if (p->table->body_header.at != NULL) p->is_body = find_header(p, p->table->body_header).at != NULL;
}

void envelope_parse_message(EnvelopeParser *p, const EnvelopeMessage *message, Envelope *ret) {
    *ret = (Envelope){0};
    if (message->len == 0) {
        ret->reject = "empty";
        return;
    }
    begin(p, message);
    yyjson_val *root = parse_text(&p->body, message->bytes, message->len);
    if (root == NULL)
        ret->reject = lake_is_utf8(message->bytes, message->len) ? "not_json" : "not_utf8";
    else
        ret->reject = read_object(p, root, ret);
}

void envelope_parse(EnvelopeParser *p, const char *bytes, size_t len, Envelope *ret) {
    EnvelopeMessage message = {.bytes = bytes, .len = len, .timestamp_us = INT64_MIN};
    envelope_parse_message(p, &message, ret);
}

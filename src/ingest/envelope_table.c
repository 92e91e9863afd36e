/* envelope_table.c: see envelope_table.h. The tree is made of plain nodes first, one a key, and then laid out breadth first. */
#include "ingest/envelope_table.h"

#include "base/memory.h"
#include "contract/presets.h"
#include "contract/text.h"
#include <string.h>

/* A node while the tree is made. */
typedef struct Draft {
    const char *key;
    size_t parent;
    uint16_t place; /* in the table */
    bool ignored;
} Draft;

typedef struct Drafts {
    Draft *items;
    size_t count;
} Drafts;

static size_t add_key(Drafts *d, size_t parent, const char *key) {
    for (size_t i = 1; i < d->count; i++)
        if (d->items[i].parent == parent && strcmp(d->items[i].key, key) == 0) return i;
    d->items = xrealloc(d->items, d->count + 1, sizeof *d->items);
    d->items[d->count] = (Draft){.key = key, .parent = parent};
    return d->count++;
}

static size_t add_path(Drafts *d, const ValueOrigin *o) {
    size_t at = 0;
    for (size_t i = 0; i < o->key_count; i++) at = add_key(d, at, o->keys[i]);
    return at;
}

static Span keep(EnvelopeTable *t, const char *text) {
    const char *kept = strings_keep(t->strings, text);
    return (Span){kept, strlen(kept)};
}

/* ---- the tree ---- */

static void add_children(EnvelopeTable *t, Drafts *d, size_t parent) {
    EnvelopeNode *node = &t->nodes[d->items[parent].place];
    node->first_child = (uint16_t)t->node_count;
    for (size_t i = 1; i < d->count; i++) {
        if (d->items[i].parent != parent) continue;
        d->items[i].place = (uint16_t)t->node_count++;
        t->nodes[d->items[i].place] =
            (EnvelopeNode){.key = keep(t, d->items[i].key), .parent = d->items[parent].place, .ignored = d->items[i].ignored};
        node->child_count++;
    }
}

/* A parent is drafted before its children, so it is placed before them. */
static void lay_out(EnvelopeTable *t, Drafts *d) {
    t->nodes = strings_array(t->strings, d->count, sizeof *t->nodes);
    t->node_count = 1;
    for (size_t i = 0; i < d->count; i++) add_children(t, d, i);
}

/* ---- the columns ---- */

static bool has_node(OriginKind kind) {
    return kind == ORIGIN_PATH || kind == ORIGIN_BODY || kind == ORIGIN_BASE64;
}

/* Where Debezium's changes have them. */
static void add_row(EnvelopeTable *t, Drafts *d, const ValueOrigin *change) {
    static const char *const names[ROW_TABLE_NAMES] = {"db", "schema", "table", "collection"};
    size_t at = add_path(d, change), source = add_key(d, at, "source");
    t->row.op = (uint16_t)add_key(d, at, "op");
    for (size_t i = 0; i < ROW_TABLE_NAMES; i++) t->row.table[i] = (uint16_t)add_key(d, source, names[i]);
}

static void read_origin(EnvelopeTable *t, Drafts *d, const ValueOrigin *from, const char *topic, EnvelopeOrigin *ret) {
    *ret = (EnvelopeOrigin){.kind = from->kind};
    if (has_node(from->kind)) ret->node = (uint16_t)add_path(d, from); /* of the draft, until it is laid out */
    if (from->kind == ORIGIN_ROW) add_row(t, d, from);
    if (from->kind == ORIGIN_BODY) t->body_header = keep(t, from->text);
    if (from->kind == ORIGIN_CONSTANT || from->kind == ORIGIN_HEADER) ret->text = keep(t, from->text);
    if (from->kind == ORIGIN_TOPIC) *ret = (EnvelopeOrigin){.kind = ORIGIN_CONSTANT, .text = keep(t, topic)};
    t->needs_record |= from->kind == ORIGIN_KEY || from->kind == ORIGIN_HEADER || from->kind == ORIGIN_BODY || from->kind == ORIGIN_ROW;
}

static void read_column(EnvelopeTable *t, Drafts *d, const ColumnMapping *from, const char *topic, EnvelopeSource *ret) {
    static const int decimals[] = {[TIME_ISO8601] = -1, [TIME_EPOCH_S] = 0, [TIME_EPOCH_MS] = 3, [TIME_EPOCH_US] = 6, [TIME_EPOCH_NS] = 9};
    *ret = (EnvelopeSource){.count = from->part_count, .decimals = decimals[from->time_form], .kept = from->kept};
    ret->parts = strings_array(t->strings, from->part_count, sizeof *ret->parts);
    ret->name = keep(t, from->name != NULL ? from->name : "");
    for (size_t i = 0; i < from->part_count; i++) {
        const OriginList *list = &from->parts[i];
        EnvelopePart *part = &ret->parts[i];
        *part = (EnvelopePart){strings_array(t->strings, list->count, sizeof *part->origins), list->count, list->optional};
        for (size_t k = 0; k < list->count; k++) read_origin(t, d, &list->items[k], topic, &part->origins[k]);
    }
}

static void place_origins(EnvelopeTable *t, const Drafts *d) {
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++)
        for (size_t i = 0; i < t->columns[c].count; i++)
            for (size_t k = 0; k < t->columns[c].parts[i].count; k++) {
                EnvelopeOrigin *o = &t->columns[c].parts[i].origins[k];
                if (has_node(o->kind)) o->node = d->items[o->node].place;
            }
    t->row.op = d->items[t->row.op].place;
    for (size_t i = 0; i < ROW_TABLE_NAMES; i++) t->row.table[i] = d->items[t->row.table[i]].place;
}

static void find_base64(EnvelopeTable *t) {
    const EnvelopeSource *s = &t->columns[ENVELOPE_PAYLOAD];
    for (size_t i = 0; s->count == 1 && i < s->parts[0].count; i++) {
        const EnvelopeOrigin *o = &s->parts[0].origins[i];
        if (o->kind == ORIGIN_BASE64) t->payload_base64 = o->node;
        if (o->kind == ORIGIN_PATH) t->payload = o->node;
    }
}

/* The payload may also be base64: a message with both is none, so it does not matter which of them is taken. */
static bool has_one_place(const EnvelopeTable *t, EnvelopeColumn c) {
    const EnvelopePart *part = &t->columns[c].parts[0];
    bool or_the_records = part->count == 2 && part->origins[0].kind == ORIGIN_PATH && part->origins[1].kind == ORIGIN_TIMESTAMP;
    return part->count < 2 || or_the_records ||
           (c == ENVELOPE_PAYLOAD && part->count == 2 && part->origins[0].kind == ORIGIN_PATH && t->payload_base64 != 0);
}

static bool is_simple(const EnvelopeTable *t) {
    if (t->nodes[0].child_count + 1U != t->node_count) return false;
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        const EnvelopeSource *s = &t->columns[c];
        if (s->count > 1 || (s->count == 1 && !has_one_place(t, c)) || s->kept) return false;
    }
    return true;
}

EnvelopeTable *envelope_table_new(const TopicEnvelope *declared, const char *topic, int epoch) {
    EnvelopeTable *t = xcalloc(1, sizeof *t);
    TopicEnvelope own;
    Drafts d = {xcalloc(1, sizeof *d.items), 1};
    t->strings = strings_new();
    t->lineage = xasprintf("%s-%d:", topic, epoch);
    if (declared == NULL) preset_envelope(t->strings, preset_default(), &own);
    if (declared == NULL) declared = &own;
    if (declared->topic != NULL) topic = declared->topic; /* a file with its history has the same sources */
    t->transport = declared->transport;
    t->transport_level = declared->transport_level;
    d.items[0].parent = SIZE_MAX;
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) read_column(t, &d, &declared->columns[c], topic, &t->columns[c]);
    if (declared->ignored != NULL) {
        size_t ignored = add_key(&d, 0, declared->ignored);
        d.items[ignored].ignored = true;
    }
    lay_out(t, &d);
    place_origins(t, &d);
    find_base64(t);
    t->is_simple = is_simple(t);
    free(d.items);
    return t;
}

const char *envelope_table_name(const EnvelopeTable *table, EnvelopeColumn column, const char *otherwise) {
    const EnvelopeSource *s = &table->columns[column];
    if (s->name.len > 0) return s->name.at;
    if (s->count != 1) return otherwise;
    const EnvelopeOrigin *first = &s->parts[0].origins[0];
    if (first->kind == ORIGIN_HEADER) return first->text.at;
    return first->kind == ORIGIN_PATH && first->node != 0 ? table->nodes[first->node].key.at : otherwise;
}

void envelope_table_free(EnvelopeTable *t) {
    strings_free(t->strings);
    free(t->lineage);
    free(t);
}

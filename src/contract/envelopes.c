/* envelopes.c: see envelopes.h. */
#include "contract/envelopes.h"

#include "base/checksum.h"
#include "base/memory.h"
#include "contract/origins.h"
#include <string.h>

const char *const envelope_column_names[ENVELOPE_COLUMNS] = {
    [ENVELOPE_ID] = "event_id",           [ENVELOPE_TYPE] = "event_type",      [ENVELOPE_SOURCE] = "source_system",
    [ENVELOPE_ENTITY] = "subscriber_id",  [ENVELOPE_TIME] = "event_timestamp", [ENVELOPE_PAYLOAD] = "raw_payload",
    [ENVELOPE_QUALITY] = "quality_score",
};

/* ---- finding ---- */

static bool is_topic(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static TopicEnvelope *find(const Pipeline *p, const char *topic) {
    for (size_t i = 0; i < p->envelope_count; i++)
        if (is_topic(p->envelopes[i].topic, topic)) return &p->envelopes[i];
    return NULL;
}

const TopicEnvelope *pipeline_envelope_for(const Pipeline *p, const char *topic) {
    const TopicEnvelope *own = find(p, topic);
    return own != NULL ? own : find(p, NULL);
}

const TopicEnvelope *pipeline_only_envelope(const Pipeline *p) {
    return p->envelope_count == 1 ? &p->envelopes[0] : NULL;
}

/* ---- adding ---- */

static TopicEnvelope *find_or_add(Pipeline *p, const Contract *c, PresetUse use) {
    TopicEnvelope *found = find(p, c->topic);
    if (found != NULL) {
        if (use.wrapped) found->ignored = "schema";
        if (preset_transport(use) != NULL) found->transport = preset_transport(use);
        if (use.wrapped) found->transport_level = 1;
        return found;
    }
    p->envelopes = strings_grow(p->strings, p->envelopes, p->envelope_count, sizeof *p->envelopes);
    TopicEnvelope *e = &p->envelopes[p->envelope_count++];
    *e = (TopicEnvelope){.topic = c->topic,
                         .ignored = use.wrapped ? "schema" : NULL,
                         .transport = preset_transport(use),
                         .transport_level = use.wrapped ? 1 : 0};
    return e;
}

/* What does not fit these columns is kept under the name of their property. */
static bool has_misfits(EnvelopeColumn column) {
    return column == ENVELOPE_ENTITY || column == ENVELOPE_QUALITY;
}

static bool is_same(const ColumnMapping *a, const ColumnMapping *b, EnvelopeColumn column) {
    CLEANUP(buf_done) Buf x = {0}, y = {0};
    mapping_print(a, &x);
    mapping_print(b, &y);
    return strcmp(x.data, y.data) == 0 && a->kept == b->kept && (!has_misfits(column) || strcmp(a->name, b->name) == 0);
}

/* Which property says so; of a primary key there may be none. */
static void add_property(Buf *out, const ColumnMapping *m) {
    if (m->name != NULL && m->name[0] != '\0') buf_addf(out, " (property %s)", m->name);
}

int envelope_add(Pipeline *p, const Contract *c, PresetUse use, EnvelopeColumn column, const ColumnMapping *said, const DocNode *at,
                 Error *err) {
    ColumnMapping *m = &find_or_add(p, c, use)->columns[column];
    CLEANUP(buf_done) Buf here = {0}, there = {0};
    if (said->part_count == 0) return 0;
    if (m->part_count == 0) {
        *m = *said;
        m->file = c->file;
        m->line = node_line(at);
        return 0;
    }
    if (is_same(m, said, column)) return 0;
    mapping_print(said, &here);
    mapping_print(m, &there);
    add_property(&here, said);
    add_property(&there, m);
    return REFUSE(at, err, "%s is from %s here, but from %s in %s:%d; expected the same in all contracts of %s%s",
                  envelope_column_names[column], here.data, there.data, m->file, m->line, c->topic != NULL ? c->topic : "any topic",
                  c->topic != NULL ? "" : ", or the topic of each: physicalType: topic, physicalName: NAME of its schema");
}

/* ---- what no contract says ---- */

/* The only contract of the topic; NULL: there are several. */
static const Contract *only_contract(const Pipeline *p, const char *topic) {
    const Contract *found = NULL;
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++) {
        if (!is_topic(c->topic, topic)) continue;
        if (found != NULL) return NULL;
        found = c;
    }
    return found;
}

static const Contract *first_contract(const Pipeline *p, const char *topic) {
    const Contract *c = p->contracts;
    while (!is_topic(c->topic, topic)) c++;
    return c;
}

static int refuse_topic(const Contract *c, json_t *mistakes, Error *own, Error *err) {
    return mistakes_note(mistakes, c->file, own, err);
}

static int default_type(Pipeline *p, TopicEnvelope *e, json_t *mistakes, Error *err) {
    const Contract *c = only_contract(p, e->topic), *first = first_contract(p, e->topic);
    Error own = {0};
    if (c == NULL) {
        CLEANUP(free_text) char *place = xasprintf("%s:%d", first->file, first->line);
        REFUSE_PATH(place, &own,
                    "several contracts are of this topic, and none says where the event type is; expected a property with physicalName "
                    "event_type, like {name: kind, physicalName: event_type}");
        return refuse_topic(first, mistakes, &own, err);
    }
    origins_read(p->strings, "'t'", &e->columns[ENVELOPE_TYPE]);
    e->columns[ENVELOPE_TYPE].parts[0].items[0].text = c->event_type;
    return 0;
}

/* When the broker says that the message was made: of a topic whose contracts say nothing. */
static void default_time(Pipeline *p, TopicEnvelope *e) {
    if (e->columns[ENVELOPE_TIME].part_count == 0) origins_read(p->strings, "kafka_timestamp", &e->columns[ENVELOPE_TIME]);
}

static void fingerprint(TopicEnvelope *e) {
    CLEANUP(buf_done) Buf text = {0};
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        const ColumnMapping *m = &e->columns[c];
        buf_addf(&text, "%s = ", envelope_column_names[c]);
        mapping_print(m, &text);
        buf_addf(&text, "%s%s\n", m->kept ? " kept" : "", has_misfits(c) ? m->name : "");
    }
    if (e->ignored != NULL) buf_addf(&text, "without %s\n", e->ignored);
    sha256_hex(text.data, text.len, e->sha256);
}

void envelope_own(Strings *strings, TopicEnvelope *ret) {
    preset_envelope(strings, preset_default(), ret);
    fingerprint(ret);
}

static int finish(Pipeline *p, TopicEnvelope *e, json_t *mistakes, Error *err) {
    ColumnMapping *columns = e->columns;
    int rc = 0;
    default_time(p, e);
    if (columns[ENVELOPE_TYPE].part_count == 0) rc |= default_type(p, e, mistakes, err);
    if (columns[ENVELOPE_ID].part_count == 0) origins_read(p->strings, origin_words[ORIGIN_LINEAGE], &columns[ENVELOPE_ID]);
    if (columns[ENVELOPE_SOURCE].part_count == 0) origins_read(p->strings, origin_words[ORIGIN_TOPIC], &columns[ENVELOPE_SOURCE]);
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++)
        if (columns[c].name == NULL) columns[c].name = "";
    if (rc == 0) fingerprint(e);
    return rc;
}

/* Silver has one column of that name. */
static int check_entity_column(const Contract *with, const Contract *c, json_t *mistakes, Error *err) {
    Error own = {0};
    for (const Field *f = c->fields; f < c->fields + c->field_count; f++) {
        if (strcmp(f->column, with->entity.column) != 0) continue;
        CLEANUP(free_text) char *place = xasprintf("%s:%d", c->file, f->line);
        REFUSE_PATH(place, &own,
                    "%s is the id of the first entity in %s:%d; expected customProperties: [{property: entity, value: %s}], or "
                    "another physicalName",
                    f->column, with->file, with->entity.line, with->entity_name);
        return mistakes_note(mistakes, c->file, &own, err);
    }
    return 0;
}

static int check_entity_columns(const Pipeline *p, json_t *mistakes, Error *err) {
    const Contract *end = p->contracts + p->contract_count, *with = p->contracts;
    int rc = 0;
    while (with < end && with->entity_name == NULL) with++;
    for (const Contract *c = p->contracts; with < end && c < end; c++) rc |= check_entity_column(with, c, mistakes, err);
    return rc;
}

int envelopes_finish(Pipeline *p, json_t *mistakes, Error *err) {
    int rc = check_entity_columns(p, mistakes, err);
    for (size_t i = 0; i < p->envelope_count; i++) rc |= finish(p, &p->envelopes[i], mistakes, err);
    return rc;
}

/* ---- for people ---- */

json_t *envelope_json(const TopicEnvelope *e) {
    json_t *columns = json_object();
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        CLEANUP(buf_done) Buf text = {0};
        if (e->columns[c].part_count == 0) continue;
        mapping_print(&e->columns[c], &text);
        json_object_set_new(columns, envelope_column_names[c], json_string(text.data));
    }
    return columns;
}

static bool is_by_lineage(const TopicEnvelope *e) {
    const ColumnMapping *id = &e->columns[ENVELOPE_ID];
    return id->part_count == 1 && id->parts[0].items[0].kind == ORIGIN_LINEAGE;
}

/* The id of the first entity by the name that Silver, Gold and the API have for it. */
static json_t *columns_for_people(const Pipeline *p, const TopicEnvelope *e) {
    json_t *columns = envelope_json(e);
    const char *bronze = envelope_column_names[ENVELOPE_ENTITY], *key = bronze;
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->entity_name != NULL) key = c->entity.column;
    json_t *origin = json_object_get(columns, bronze);
    if (origin == NULL || strcmp(key, bronze) == 0) return columns;
    json_object_set(columns, key, origin);
    json_object_del(columns, bronze);
    return columns;
}

json_t *pipeline_envelopes(const Pipeline *p) {
    json_t *all = json_array();
    for (const TopicEnvelope *e = p->envelopes; e < p->envelopes + p->envelope_count; e++)
        json_array_append_new(all, json_pack("{ss? ss so sb}", "topic", e->topic, "sha256", e->sha256, "columns", columns_for_people(p, e),
                                             "identity_by_lineage", is_by_lineage(e)));
    return all;
}

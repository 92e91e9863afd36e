/* infer.c: see infer.h. All messages are kept until the end: first their shape is guessed from all of them, then each event type's
 * properties from those of its type. */
#include "infer/infer.h"

#include "base/counted.h"
#include "base/memory.h"
#include "infer/properties.h"
#include "infer/record_keys.h"
#include "infer/shape.h"
#include "infer/unreadable.h"
#include <inttypes.h>
#include <string.h>

#define TYPES_MAX    50
#define SMELT_KEY    "subscriber_id"
#define SUBJECT      "subject"  /* of CloudEvents */
#define KEY_PROPERTY "thing_id" /* of what the records' keys name: the topic does not say what it is */

struct Infer {
    char *topic, *name;
    bool (*is_free)(const char *name);
    InferEntity entity;
    yyjson_doc **docs; /* owned */
    size_t count, bytes;
    Unreadable unreadable; /* what was not taken */
    int64_t unreadable_count;
    RecordKeys keys; /* of the messages that were taken */
};

Infer *infer_new(const char *topic, const char *name, bool (*is_free)(const char *name), InferEntity entity) {
    Infer *i = xcalloc(1, sizeof *i);
    i->is_free = is_free;
    i->entity = entity;
    if (topic != NULL) i->topic = xstrdup(topic);
    i->name = xstrdup(name);
    return i;
}

void infer_free(Infer *i) {
    for (size_t n = 0; n < i->count; n++) yyjson_doc_free(i->docs[n]);
    record_keys_done(&i->keys);
    free(i->docs);
    free(i->topic);
    free(i->name);
    free(i);
}

/* What a serializer for JSON Schema writes is JSON behind a zero byte and the four of an id. */
static Span without_prefix(Span message) {
    enum { PREFIX = 5 };
    bool prefixed = message.len > PREFIX && message.at[0] == '\0';
    return prefixed ? (Span){message.at + PREFIX, message.len - PREFIX} : message;
}

void infer_add(Infer *i, Span message, Span key) {
    Span whole = message;
    if (message.at != NULL) message = without_prefix(message);
    yyjson_doc *doc = message.at != NULL && message.len > 0
                          ? yyjson_read_opts((char *)(uintptr_t)message.at, message.len, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL)
                          : NULL;
    if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
        yyjson_doc_free(doc);
        unreadable_add(&i->unreadable, whole);
        i->unreadable_count++;
        return;
    }
    i->docs = xgrow(i->docs, i->count, sizeof *i->docs);
    i->docs[i->count++] = doc;
    i->bytes += message.len;
    record_keys_add(&i->keys, key);
}

int64_t infer_messages(const Infer *i) {
    return (int64_t)i->count;
}

bool infer_is_full(const Infer *i) {
    return i->bytes >= INFER_BYTES_MAX;
}

/* ---- event types ---- */

typedef struct EventType {
    char *name;    /* owned */
    Profile *body; /* owned */
} EventType;

typedef struct Work {
    const Infer *infer;
    Arena texts;
    Profile *root; /* owned */
    Shape shape;
    EventType types[TYPES_MAX];
    size_t type_count;
    int64_t other;           /* messages of types beyond those, or without properties */
    const char *entity_left; /* what would be the entity's id, if the pipeline had no other entity; NULL: nothing */
    bool left_is_property;   /* it has a column of Silver as any other */
    json_t *left;            /* owned: [{property, reason}], what the contract cannot say */
} Work;

static void work_done(Work *w) {
    for (size_t i = 0; i < w->type_count; i++) {
        free(w->types[i].name);
        profile_free(w->types[i].body);
    }
    if (w->root != NULL) profile_free(w->root);
    json_decref(w->left);
    arena_done(&w->texts);
}

static EventType *find_type(Work *w, Span name) {
    for (size_t i = 0; i < w->type_count; i++)
        if (strlen(w->types[i].name) == name.len && memcmp(w->types[i].name, name.at, name.len) == 0) return &w->types[i];
    if (w->type_count == TYPES_MAX) return NULL;
    EventType *t = &w->types[w->type_count++];
    *t = (EventType){xstrndup(name.at, name.len), xcalloc(1, sizeof(Profile))};
    return t;
}

static void sort_message(Work *w, yyjson_val *message) {
    Span type;
    yyjson_val *body = shape_body(&w->shape, message, &type);
    if (type.at == NULL && !shape_says_types(&w->shape)) type = (Span){w->infer->name, strlen(w->infer->name)};
    EventType *t = yyjson_is_obj(body) && type.at != NULL && is_property_name(type) ? find_type(w, type) : NULL;
    if (t != NULL)
        profile_add(t->body, &w->texts, body, 0);
    else
        w->other++;
}

static bool is_flat(const Shape *s) {
    return strcmp(s->envelope, "flat") == 0 || strcmp(s->envelope, "connect") == 0;
}

/* ---- the entity ---- */

static bool is_of_entity(const Infer *i, const char *key) {
    if (i->entity.name == NULL) return true;
    CLEANUP(free_text) char *name = shape_entity_name(key, i->is_free);
    return strcmp(name, i->entity.name) == 0;
}

/* The id of the pipeline's entity among the properties that could be ids; NULL: it is not there. */
static const char *find_entity(const Infer *i, const Profile *body) {
    for (size_t n = 0; n < body->member_count; n++) {
        const char *key = body->members[n].name;
        if (is_of_entity(i, key) && shape_can_be_entity(body, key)) return key;
    }
    return NULL;
}

/* Only what the pipeline's contracts have already. `body`: has the properties that could be ids. */
static void keep_to_pipeline(Work *w, const Profile *body) {
    Shape *s = &w->shape;
    bool smelt = strcmp(s->envelope, "smelt") == 0, cloudevents = strstr(s->envelope, "cloudevents") != NULL;
    if (smelt && !is_of_entity(w->infer, SMELT_KEY)) w->entity_left = SMELT_KEY;
    if (cloudevents && profile_member(body, SUBJECT) != NULL && !is_of_entity(w->infer, SUBJECT)) w->entity_left = SUBJECT;
    if (s->entity_is_key && !is_of_entity(w->infer, KEY_PROPERTY)) {
        s->entity_is_key = false;
        w->entity_left = "kafka_key";
    }
    if (s->entity == NULL || is_of_entity(w->infer, s->entity)) return;
    w->entity_left = s->entity;
    w->left_is_property = true;
    s->entity = find_entity(w->infer, body);
}

static void read_all(Work *w) {
    w->root = xcalloc(1, sizeof *w->root);
    for (size_t i = 0; i < w->infer->count; i++) profile_add(w->root, &w->texts, yyjson_doc_get_root(w->infer->docs[i]), 0);
    shape_guess(w->root, &w->shape);
    w->shape.entity_is_key =
        is_flat(&w->shape) && w->shape.entity == NULL && record_keys_are_entities(&w->infer->keys) && !shape_may_have_entity(w->root);
    keep_to_pipeline(w, shape_row(&w->shape, w->root));
    for (size_t i = 0; i < w->infer->count; i++) sort_message(w, yyjson_doc_get_root(w->infer->docs[i]));
}

/* ---- what every event has ---- */

static void set_flag(json_t *property, const char *key, const char *text) {
    if (text != NULL) json_object_set_new(property, key, json_string(text));
}

static LeftOut left_of(const Work *w) {
    return (LeftOut){w->left, ""};
}

/* Says whose id the property `key` is, in which column when the pipeline has one of another name. */
static void mark_entity(const Work *w, const char *key, json_t *property) {
    const char *column = w->infer->entity.column;
    CLEANUP(free_text) char *name = shape_entity_name(key, w->infer->is_free);
    if (column != NULL && strcmp(column, key) != 0) json_object_set_new(property, "physicalName", json_string(column));
    json_object_set_new(property, "customProperties", json_pack("[{ss ss}]", "property", "entity", "value", name));
}

/* In how many of `p` the property has what its column needs. */
static int64_t count_fit(const Profile *p, bool time, const char *form) {
    if (!time) return p->texts + p->integers - p->no_ids;
    int64_t most = 0;
    for (size_t i = 0; i < PROFILE_EPOCHS; i++)
        if (p->epochs[i] > most) most = p->epochs[i];
    return form != NULL ? most : p->forms[FORM_TIMESTAMP] + p->forms[FORM_DATE] - p->ahead;
}

/* The property of a column that each event has. Ids are texts, or whole numbers. */
static json_t *column_property(const char *key, const Profile *p, const char *column, const char *form, int64_t messages) {
    bool time = strcmp(column, "event_timestamp") == 0,
         whole = time ? form != NULL : nearly_all(p->integers - p->too_large, p->seen - p->nulls);
    int64_t odd = messages - count_fit(p, time, form);
    bool entity = column[0] == '\0'; /* an event may be of none; its id is a text, as it came */
    json_t *property = json_pack("{ss ss}", "name", key, "logicalType",
                                 time && form == NULL ? "timestamp"
                                 : whole && !entity   ? "integer"
                                                      : "string");
    if (!entity || nearly_all(messages - odd, messages)) json_object_set_new(property, "required", json_true());
    set_flag(property, "physicalName", column[0] != '\0' ? column : NULL);
    set_flag(property, "transformLogic", form);
    if (odd > 0)
        json_object_set_new(property, "description",
                            json_sprintf("Missing, or not what it is in the others, in %" PRId64 " of %" PRId64 " %s of the sample.", odd,
                                         messages, counted(messages, "message", "messages")));
    if (is_personal_name(key)) set_flag(property, "classification", "confidential");
    return property;
}

/* Of an event type that does not have it, too: all contracts of a topic name the same columns. */
static void put_first(json_t *list, const Profile *body, const char *key, const char *column, const char *form) {
    const Profile none = {0}, *p = key != NULL ? profile_member(body, key) : NULL;
    if (key != NULL) json_array_append_new(list, column_property(key, p != NULL ? p : &none, column, form, body->objects));
}

/* What Kafka's record has: its time, its place. */
static void put_record(json_t *list, const char *word, const char *column, const char *type) {
    json_array_append_new(list, json_pack("{ss ss ss ss sb}", "name", word, "logicalType", type, "physicalName", column, "transformLogic",
                                          word, "required", 1));
}

/* A flat message, or a row: the properties that every event has, and all others beside them. */
static json_t *flat_properties(const Work *w, const Profile *body) {
    const Shape *s = &w->shape;
    const char *skip[5] = {NULL}, *const keys[] = {s->type, s->id, s->time, s->entity};
    bool row = strstr(s->envelope, "debezium") != NULL; /* its id is where the preset says */
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i] != NULL) skip[n++] = keys[i];
    json_t *list = json_array();
    put_first(list, body, s->id, "event_id", NULL);
    put_first(list, body, s->type, "event_type", NULL);
    put_first(list, body, s->time, "event_timestamp", s->time_form);
    if (row ? !s->has_time : s->time == NULL) put_record(list, "kafka_timestamp", "event_timestamp", "timestamp");
    put_first(list, body, s->entity, "", NULL);
    if (s->entity_is_key)
        json_array_append_new(
            list, json_pack("{ss ss ss sb}", "name", KEY_PROPERTY, "logicalType", "string", "transformLogic", "kafka_key", "required", 1));
    if (s->entity != NULL || s->entity_is_key)
        mark_entity(w, s->entity_is_key ? KEY_PROPERTY : s->entity, json_array_get(list, json_array_size(list) - 1));
    LeftOut left = left_of(w);
    json_t *others = properties_of(body, skip, &left);
    json_array_extend(list, others);
    json_decref(others);
    return list;
}

/* `parents`: the messages that could have it. `skip`: without these; ends with NULL. */
static json_t *payload_without(const Work *w, const char *name, const char *column, const Profile *body, int64_t parents,
                               const char *const *skip) {
    LeftOut left = left_of(w);
    json_t *property = json_pack("{ss ss}", "name", name, "logicalType", "object"), *inside = properties_of(body, skip, &left);
    if (body->objects == parents) json_object_set_new(property, "required", json_true());
    set_flag(property, "physicalName", column);
    if (json_array_size(inside) > 0)
        json_object_set_new(property, "properties", inside);
    else
        json_decref(inside);
    return property;
}

static json_t *payload_property(const Work *w, const char *name, const char *column, const Profile *body, int64_t parents) {
    return payload_without(w, name, column, body, parents, (const char *const[]){NULL});
}

/* Messages of all types; what is not an object has no type (sort_message). */
static int64_t messages_of(const Work *w, const Profile *body) {
    return w->other > 0 ? -1 : body->objects;
}

/* What fills a column, in the message or in one of its objects. */
static void put_from(const Work *w, json_t *list, const Profile *body, const char *key, const char *object, const char *column,
                     const char *form) {
    bool inside = object != NULL && strcmp(object, w->shape.body) == 0;
    if (key == NULL) return;
    put_first(list, inside ? body : shape_object(w->root, object), key, column, form);
    if (object != NULL)
        json_object_set_new(json_array_get(list, json_array_size(list) - 1), "transformSourceObjects",
                            json_pack("[o]", json_sprintf("$.%s.%s", object, key)));
}

/* A message whose properties are in one object of it. */
static json_t *nested_properties(const Work *w, const Profile *body) {
    const Shape *s = &w->shape;
    const char *skip[3] = {NULL};
    size_t n = 0;
    json_t *list = json_array();
    put_from(w, list, body, s->id, s->id_in, "event_id", NULL);
    put_from(w, list, body, s->type, s->type_in, "event_type", NULL);
    put_from(w, list, body, s->time, s->time_in, "event_timestamp", s->time_form);
    if (s->time == NULL) put_record(list, "kafka_timestamp", "event_timestamp", "timestamp");
    put_from(w, list, body, s->entity, s->entity_in, "", NULL);
    if (s->entity != NULL) mark_entity(w, s->entity, json_array_get(list, json_array_size(list) - 1));
    if (s->time_in == s->body && s->time != NULL) skip[n++] = s->time;
    if (s->entity_in == s->body && s->entity != NULL) skip[n++] = s->entity;
    json_t *payload = payload_without(w, s->body, "raw_payload", body, messages_of(w, body), skip);
    json_object_set_new(payload, "transformSourceObjects", json_pack("[o]", json_sprintf("$.%s", s->body)));
    json_array_append_new(list, payload);
    return list;
}

static json_t *smelt_properties(const Work *w, const Profile *body) {
    static const char *const fixed[][3] = {{"id", "string", "event_id"},
                                           {"type", "string", "event_type"},
                                           {"source", "string", "source_system"},
                                           {"subscriber_id", "string", "subscriber_id"},
                                           {"timestamp", "timestamp", "event_timestamp"},
                                           {"quality_score", "integer", "quality_score"}};
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        const Profile *p = profile_member(w->root, fixed[i][0]);
        if (strcmp(fixed[i][0], SMELT_KEY) == 0 && !is_of_entity(w->infer, SMELT_KEY)) continue;
        json_t *property = json_pack("{ss ss ss}", "name", fixed[i][0], "logicalType", fixed[i][1], "physicalName", fixed[i][2]);
        if (p->seen - p->nulls == w->root->objects) json_object_set_new(property, "required", json_true());
        json_array_append_new(list, property);
    }
    json_array_append_new(list, payload_property(w, "payload", "raw_payload", body, messages_of(w, body)));
    return list;
}

static json_t *cloudevents_properties(const Work *w, const Profile *body) {
    const Profile *root = w->shape.wrapped ? profile_member(w->root, "payload") : w->root, *subject = profile_member(root, SUBJECT);
    json_t *list = json_array();
    if (!w->shape.has_time) put_record(list, "kafka_timestamp", "event_timestamp", "timestamp");
    if (subject != NULL && is_of_entity(w->infer, SUBJECT) && nearly_all(subject->texts - subject->no_ids, root->objects))
        json_array_append_new(
            list, json_pack("{ss ss sb ss}", "name", SUBJECT, "logicalType", "string", "required", 1, "classification", "confidential"));
    json_array_append_new(list, payload_property(w, "data", NULL, body, messages_of(w, body)));
    return list;
}

/* ---- outside the payload ---- */

/* As a person writes it: header.id. */
static json_t *place_of(const char *object, const char *key) {
    if (key == NULL) return NULL;
    return object != NULL ? json_sprintf("%s.%s", object, key) : json_string(key);
}

static bool is_taken(const Shape *s, const char *object, const char *key) {
    const char *const objects[] = {s->type_in, s->id_in, s->time_in, s->entity_in}, *const keys[] = {s->type, s->id, s->time, s->entity};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i] != NULL && objects[i] == object && strcmp(keys[i], key) == 0) return true;
    return false;
}

/* What is beside the payload and fills no column. */
static void leave_outside(Work *w, const char *object) {
    const Shape *s = &w->shape;
    const Profile *p = shape_object(w->root, object);
    for (size_t i = 0; i < p->member_count; i++) {
        const char *key = p->members[i].name;
        bool home = object == NULL && (key == s->body || key == s->type_in || key == s->id_in || key == s->time_in);
        if (home && key != s->body) leave_outside(w, key);
        if (home || is_taken(s, object, key)) continue;
        json_array_append_new(w->left, json_pack("{so ss}", "property", place_of(object, key), "reason",
                                                 "it is outside the payload: kept in extra_fields, without a column"));
    }
}

/* ---- the document ---- */

static json_t *event_properties(const Work *w, const Profile *body) {
    if (strcmp(w->shape.envelope, "smelt") == 0) return smelt_properties(w, body);
    if (strstr(w->shape.envelope, "cloudevents") != NULL) return cloudevents_properties(w, body);
    return w->shape.body != NULL ? nested_properties(w, body) : flat_properties(w, body);
}

static json_t *event_schema(const Work *w, const EventType *t) {
    json_t *schema = json_pack("{ss ss}", "name", t->name, "logicalType", "object");
    if (w->infer->topic != NULL) {
        set_flag(schema, "physicalType", "topic");
        set_flag(schema, "physicalName", w->infer->topic);
    }
    if (strcmp(w->shape.envelope, "smelt") != 0)
        json_object_set_new(schema, "customProperties", json_pack("[{ss ss}]", "property", "envelope", "value", w->shape.envelope));
    json_object_set_new(schema, "properties", event_properties(w, t->body));
    return schema;
}

static json_t *document(const Work *w) {
    const Infer *i = w->infer;
    json_t *schema = json_array();
    for (size_t n = 0; n < w->type_count; n++) json_array_append_new(schema, event_schema(w, &w->types[n]));
    CLEANUP(free_text)
    char *purpose = xasprintf("Inferred from %zu %s of %s. Read it and correct it before it is used.", i->count,
                              counted((int64_t)i->count, "message", "messages"), i->topic != NULL ? i->topic : "a file");
    return json_pack("{ss ss so ss ss s{ss} so}", "apiVersion", "v3.1.0", "kind", "DataContract", "id", json_sprintf("%s-events", i->name),
                     "version", "1.0.0", "status", "active", "description", "purpose", purpose, "schema", schema);
}

static json_t *findings(const Work *w) {
    const Shape *s = &w->shape;
    bool has_time = s->time != NULL || s->has_time || strcmp(s->envelope, "smelt") == 0;
    json_t *types = json_object();
    int64_t most;
    for (size_t n = 0; n < w->type_count; n++) json_object_set_new(types, w->types[n].name, json_integer(w->types[n].body->objects));
    return json_pack("{sI sI ss? sI ss so? sb ss? so? so? ss? ss? sb so sO}", "messages", (json_int_t)w->infer->count, "unreadable",
                     (json_int_t)w->infer->unreadable_count, "unreadable_most", unreadable_most(&w->infer->unreadable, &most), "other",
                     (json_int_t)w->other, "envelope", w->shape.envelope, "time", place_of(s->time_in, s->time), "has_time", has_time,
                     "time_left", has_time ? NULL : shape_time_left(shape_row(s, w->root)), "id", place_of(s->id_in, s->id), "entity",
                     s->entity_is_key ? json_string("kafka_key") : place_of(s->entity_in, s->entity), "payload", s->body, "entity_left",
                     w->entity_left, "entity_left_is_property", w->left_is_property, "event_types", types, "left_out", w->left);
}

int infer_contract(const Infer *i, json_t **ret_contract, json_t **ret_found, Error *err) {
    CLEANUP(work_done) Work w = {.infer = i, .left = json_array()};
    int64_t most;
    const char *what = unreadable_most(&i->unreadable, &most);
    if (i->count == 0 && what == NULL) return error_set(err, ERR_DATA, "there is no message: there is nothing to infer a contract from");
    if (i->count == 0)
        return error_set(err, ERR_DATA, "none of %" PRId64 " %s is a JSON object: %" PRId64 " %s %s", i->unreadable_count,
                         counted(i->unreadable_count, "message", "messages"), most, counted(most, "is", "are"), what);
    read_all(&w);
    size_t members = 0;
    for (size_t n = 0; n < w.type_count; n++) members += w.types[n].body->member_count;
    if (members == 0) return error_set(err, ERR_DATA, "no message has a property: there is nothing to infer a contract from");
    *ret_contract = document(&w);
    for (size_t n = 0; n < w.type_count; n++)
        if (w.types[n].body->too_many)
            json_array_append_new(w.left, json_pack("{ss ss}", "property", "", "reason",
                                                    "the message has more than 1,000 names: those beyond are in no contract"));
    if (w.shape.body != NULL) leave_outside(&w, NULL);
    *ret_found = findings(&w);
    return 0;
}

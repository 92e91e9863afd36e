/* topic.c: see topic.h.
 *
 * A contract without a topic is of the messages of any topic. Several of them share these messages if one says where the event type is, and
 * the others have the same envelope. Those whose messages nothing tells apart have a topic each, by their names: tables of a database that
 * are sent by Kafka are so. */
#include "contract/topic.h"

#include "contract/notes.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>

/* Some write the topic beside the address of Kafka. NULL: they do not, or not all the same. */
static const char *topic_of_servers(const json_t *document) {
    const json_t *servers = json_object_get(document, "servers");
    const char *found = NULL;
    for (size_t i = 0; i < json_array_size(servers); i++) {
        const json_t *server = json_array_get(servers, i);
        const char *type = json_string_value(json_object_get(server, "type")), *topic = json_string_value(json_object_get(server, "topic"));
        if (type == NULL || strcmp(type, "kafka") != 0 || topic == NULL || topic[0] == '\0') continue;
        if (found != NULL && strcmp(found, topic) != 0) return NULL;
        found = topic;
    }
    return found;
}

/* ---- schemas that name no topic ---- */

struct Unplaced {
    size_t count;
    SchemaShape *typed; /* of those that say where the event type is */
    size_t typed_count;
};

static bool names_topic(const DocNode *object) {
    const char *type = json_string_value(json_object_get(object->value, "physicalType"));
    return (type != NULL && strcmp(type, "topic") == 0) || topic_of_servers(object->parent->parent->value) != NULL;
}

static void scan_object(Pipeline *p, const DocNode *object) {
    struct Unplaced *u = p->unplaced;
    CLEANUP(error_clear) Error ignored = {0}; /* it is found again when the object is read */
    DocNode properties = node_member(object, "properties");
    SchemaShape shape;
    if (names_topic(object)) return;
    u->count++;
    if (schema_shape_read(object, &properties, &shape, &ignored) != 0 || !schema_says_type(p->strings, shape, &properties)) return;
    u->typed = strings_grow(p->strings, u->typed, u->typed_count, sizeof *u->typed);
    u->typed[u->typed_count++] = shape;
}

void topics_scan(Pipeline *p, const DocumentList *documents) {
    CLEANUP(json_freep) json_t *ignored = json_array();
    p->unplaced = strings_array(p->strings, 1, sizeof *p->unplaced);
    for (size_t i = 0; i < documents->count; i++) {
        DocNode document = node_root(documents->items[i], ignored), schema = node_member(&document, "schema");
        for (size_t k = 0; k < json_array_size(schema.value); k++) {
            DocNode object = node_item(&schema, k);
            scan_object(p, &object);
        }
    }
}

static bool shares_messages(const Pipeline *p, SchemaShape shape) {
    const struct Unplaced *u = p->unplaced;
    for (size_t i = 0; i < u->typed_count; i++)
        if (schema_shape_same(u->typed[i], shape)) return true;
    return u->count < 2;
}

void topic_settle(Pipeline *p, Contract *c, SchemaShape shape, bool says_type, const DocNode *object) {
    const char *physical = json_string_value(json_object_get(object->value, "physicalName"));
    if (c->topic != NULL || says_type || shares_messages(p, shape)) return;
    c->topic = strings_keep(p->strings, physical != NULL && physical[0] != '\0' ? physical : c->event_type);
    note_add(p, c, object, NOTE_READ_AS, "nothing says where the event type is, so its messages are those of the topic %s", c->topic);
}

/* ---- the topic of one ---- */

int topic_read(Pipeline *p, Contract *c, const DocNode *object, Error *err) {
    const char *type = json_string_value(json_object_get(object->value, "physicalType")), *topic = NULL;
    c->topic = NULL;
    if (type == NULL || strcmp(type, "topic") != 0) {
        topic = topic_of_servers(object->parent->parent->value);
        if (topic == NULL) return 0;
        c->topic = strings_keep(p->strings, topic);
        note_add(p, c, object, NOTE_READ_AS, "its messages are those of the topic %s, which its server names", topic);
        return 0;
    }
    if (read_text(object, "physicalName", true, &topic, err) != 0) return -1;
    c->topic = strings_keep(p->strings, topic);
    return 0;
}

/* topic.c: see topic.h. */
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

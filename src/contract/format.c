/* format.c: see format.h. The standard's word: servers[].format of a server of type kafka. */
#include "contract/format.h"

#include "contract/reader.h"
#include <string.h>

const char *const message_format_names[] = {[FORMAT_JSON] = "json", [FORMAT_AVRO] = "avro", NULL};

static bool is_topic(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static TopicEnvelope *envelope_of(Pipeline *p, const Contract *c) {
    for (size_t i = 0; i < p->envelope_count; i++)
        if (is_topic(p->envelopes[i].topic, c->topic)) return &p->envelopes[i];
    BUG("a contract without an envelope");
}

static int set_format(TopicEnvelope *e, const Contract *c, const DocNode *at, Error *err) {
    const char *word = json_string_value(at->value);
    size_t format = 0;
    while (message_format_names[format] != NULL && (word == NULL || strcmp(message_format_names[format], word) != 0)) format++;
    if (message_format_names[format] == NULL && word != NULL && strcmp(word, "protobuf") == 0)
        return REFUSE(
            at, err,
            "messages in Protobuf are not read; expected json or avro: a stream processor, as ksqlDB or Flink, can write the topic again in one of them");
    if (message_format_names[format] == NULL) return REFUSE(at, err, "messages of this format are not read; expected json or avro");
    if (e->format_line > 0 && e->format != (MessageFormat)format)
        return REFUSE(at, err, "%s:%d says that this topic is %s; expected the same", e->format_file, e->format_line,
                      message_format_names[e->format]);
    e->format = (MessageFormat)format;
    e->format_file = c->file;
    e->format_line = node_line(at);
    return 0;
}

int format_read(Pipeline *p, const Contract *c, const DocNode *document, Error *err) {
    DocNode servers = node_member(document, "servers");
    int rc = 0;
    for (size_t i = 0; i < json_array_size(servers.value); i++) {
        DocNode server = node_item(&servers, i), format = node_member(&server, "format");
        const char *type = json_string_value(json_object_get(server.value, "type"));
        if (type == NULL || strcmp(type, "kafka") != 0 || !node_exists(&format)) continue;
        rc |= set_format(envelope_of(p, c), c, &format, err);
    }
    return rc;
}

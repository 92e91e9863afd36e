/* topics.c: see topics.h. The one place where the list is made. */
#include "flow/topics.h"

#include "base/log.h"
#include "base/memory.h"
#include "contract/pipeline.h"

static int read_declared(const Settings *settings, const Pipeline *p, TopicList *ret, Error *err) {
    const char **declared = xcalloc(p->envelope_count + 1, sizeof *declared);
    size_t count = 0;
    for (size_t i = 0; i < p->envelope_count; i++)
        if (p->envelopes[i].topic != NULL) declared[count++] = p->envelopes[i].topic;
    int rc = topic_list_read(settings, declared, count, ret, err);
    free(declared);
    return rc;
}

int topics_to_read(const Settings *settings, TopicList *ret, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    if (settings_text(settings, "kafka.topics")[0] != '\0' || settings_is_set(settings, "kafka.topic"))
        return topic_list_read(settings, NULL, 0, ret, err);
    return pipeline_load(settings, &pipeline, err) == 0 ? read_declared(settings, pipeline, ret, err) : -1;
}

int topics_to_watch(const Settings *settings, TopicList *ret, Error *err) {
    if (topics_to_read(settings, ret, err) == 0) return 0;
    if (settings_text(settings, "kafka.topics")[0] != '\0') return -1;
    log_warn("status", "the topics of the contracts are not known: %s", err->text);
    error_clear(err);
    return topic_list_read(settings, NULL, 0, ret, err);
}

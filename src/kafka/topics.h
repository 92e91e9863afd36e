/* topics.h: the topics that one ingest reads: their names, as the settings have them. */
#pragma once
#include "base/settings.h"
#include <stddef.h>

/* End it with topic_list_done. A plain value: one thread at a time. */
typedef struct TopicList {
    char **names; /* owned; each once, in the order of the settings */
    size_t count; /* at least 1 */
} TopicList;

/* kafka.topics; when that is empty, the `declared` ones (what contracts name; count 0: none); when there are none, kafka.topic. ERR_CONFIG:
 * a name that Kafka would not take, or one that is there twice. */
int topic_list_read(const Settings *settings, const char *const *declared, size_t count, TopicList *ret, Error *err) MUST_CHECK;
/* One of them alone. ERR_USAGE: it is none of them. */
int topic_list_pick(TopicList *list, const char *name, Error *err) MUST_CHECK;
void topic_list_done(TopicList *list);

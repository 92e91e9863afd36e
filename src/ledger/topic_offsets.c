/* topic_offsets.c: see topic_offsets.h. Partitions number tens, at most hundreds: a list is enough. */
#include "ledger/topic_offsets.h"

#include "base/memory.h"
#include <string.h>

static const char *copy_text(const char *text) {
    return text != NULL ? xstrdup(text) : NULL;
}

static void free_const(const char *text) {
    free((void *)(uintptr_t)text);
}

void topic_offsets_init(TopicOffsets *ret, const LedgerTopic *topic) {
    *ret = (TopicOffsets){.topic = {.name = xstrdup(topic->name),
                                    .epoch = topic->epoch,
                                    .topic_id = copy_text(topic->topic_id),
                                    .cluster_id = copy_text(topic->cluster_id)}};
}

void topic_offsets_done(TopicOffsets *list) {
    free_const(list->topic.name);
    free_const(list->topic.topic_id);
    free_const(list->topic.cluster_id);
    free(list->partitions);
    *list = (TopicOffsets){0};
}

const Offsets *topic_offsets_find(const TopicOffsets *list, int32_t partition) {
    size_t i = offsets_find(list->partitions, list->count, partition);
    return i < list->count ? &list->partitions[i] : NULL;
}

Offsets *topic_offsets_put(TopicOffsets *list, int32_t partition, int64_t start, int64_t next) {
    size_t i = offsets_find(list->partitions, list->count, partition);
    if (i == list->count) list->partitions = xrealloc(list->partitions, ++list->count, sizeof *list->partitions);
    Offsets *p = &list->partitions[i];
    *p = offsets_unknown(partition);
    p->start = start;
    p->next = next;
    return p;
}

static void set_text(const char **text, const char *to) {
    if (to == NULL || to[0] == '\0' || (*text != NULL && strcmp(*text, to) == 0)) return;
    free_const(*text);
    *text = xstrdup(to);
}

void topic_offsets_set_ids(TopicOffsets *list, const LedgerTopic *topic) {
    set_text(&list->topic.topic_id, topic->topic_id);
    set_text(&list->topic.cluster_id, topic->cluster_id);
}

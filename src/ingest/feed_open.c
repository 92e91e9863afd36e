/* feed_open.c: which kind of feed a name means, and the feeds of one ingest. */
#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/feed_form.h"
#include "ingest/feed_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int feed_open_named(const Settings *settings, const char *name, Feed **ret, Error *err) {
    static const char file[] = "file:";
    if (strncmp(name, file, sizeof file - 1) == 0) return feed_open_file(name + sizeof file - 1, false, ret, err);
    return feed_open_topic(settings, NULL, name, 1, ret, err);
}

int feeds_open_topics(const Settings *settings, const TopicList *topics, FeedList *ret, Error *err) {
    CLEANUP(feeds_done) FeedList list = {.items = xcalloc(topics->count, sizeof(Feed *))};
    if (kafka_connect(settings, &list.client, err) != 0) return -1;
    for (; list.count < topics->count; list.count++)
        if (feed_open_topic(settings, list.client, topics->names[list.count], topics->count, &list.items[list.count], err) != 0) return -1;
    for (size_t i = 0; i < list.count && list.count > 1; i++) feed_set_of_several(list.items[i]);
    *ret = list;
    list = (FeedList){0};
    return 0;
}

/* Not of a file that the ledger knows: it was one of lines once. */
static int check_form(const char *path, bool grows, Error *err) {
    CLEANUP(buf_done) Buf head = {0};
    FILE *file = fopen(path, "re");
    if (file == NULL) return error_errno(err, ERR_DATA, errno, "cannot read %s", path);
    buf_reserve(&head, FEED_FORM_BYTES);
    head.len = fread(head.data, 1, FEED_FORM_BYTES, file);
    int broken = ferror(file) ? errno : 0;
    fclose(file);
    if (broken != 0) return error_errno(err, ERR_IO, broken, "cannot read %s", path);
    if (head.len == 0 && !grows) log_warn("ingest", "%s is empty", path);
    return feed_check_form(path, (Span){head.data, head.len}, grows, err);
}

int feeds_open_file(const char *path, bool follow, FeedList *ret, Error *err) {
    CLEANUP(feeds_done) FeedList list = {.items = xcalloc(1, sizeof(Feed *))};
    if (feed_open_file(path, follow, &list.items[0], err) != 0) return -1;
    list.count = 1;
    if (check_form(path, follow, err) != 0) return -1;
    *ret = list;
    list = (FeedList){0};
    return 0;
}

void feeds_done(FeedList *feeds) {
    for (size_t i = 0; i < feeds->count; i++) feed_free(feeds->items[i]);
    free(feeds->items);
    kafka_client_freep(&feeds->client);
    *feeds = (FeedList){0};
}

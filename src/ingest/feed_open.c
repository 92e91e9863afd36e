/* feed_open.c: which kind of feed a name or the settings mean. */
#include "ingest/feed.h"

#include <string.h>

int feed_open_kafka(const Settings *settings, Feed **ret, Error *err) {
    return feed_open_topic(settings, settings_text(settings, "kafka.topic"), ret, err);
}

int feed_open_named(const Settings *settings, const char *name, Feed **ret, Error *err) {
    static const char file[] = "file:";
    if (strncmp(name, file, sizeof file - 1) == 0) return feed_open_file(name + sizeof file - 1, false, ret, err);
    return feed_open_topic(settings, name, ret, err);
}

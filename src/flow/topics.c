/* topics.c: see topics.h. The one place where the list is made. */
#include "flow/topics.h"

int topics_to_read(const Settings *settings, TopicList *ret, Error *err) {
    return topic_list_read(settings, NULL, 0, ret, err);
}

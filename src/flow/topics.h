/* topics.h: which topics are read: of the settings, or of the contracts. */
#pragma once
#include "base/settings.h"
#include "kafka/topics.h"

/* The caller ends it with topic_list_done. ERR_CONFIG. */
int topics_to_read(const Settings *settings, TopicList *ret, Error *err) MUST_CHECK;

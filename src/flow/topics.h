/* topics.h: which topics are read: of the settings, or of the contracts. */
#pragma once
#include "base/settings.h"
#include "kafka/topics.h"

/* The setting kafka.topics; without it kafka.topic where it was set; else the topics that the contracts name (physicalType: topic); else
 * the default of kafka.topic. The caller ends it with topic_list_done. ERR_CONFIG. */
int topics_to_read(const Settings *settings, TopicList *ret, Error *err) MUST_CHECK;
/* For those that only look: contracts with mistakes are logged and left aside. */
int topics_to_watch(const Settings *settings, TopicList *ret, Error *err) MUST_CHECK;

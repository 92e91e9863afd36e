/* properties.h: facts about librdkafka's properties that need no client. Any thread. */
#pragma once
#include <stdbool.h>

/* Must the value of the property be hidden? True for passwords and private keys, and for a name that librdkafka does not know: it may be a
 * misspelt one of these. */
bool kafka_property_is_secret(const char *name);

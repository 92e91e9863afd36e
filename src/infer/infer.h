/* infer.h: a contract from a sample of messages. It knows JSON and the standard, nothing of Kafka and nothing of a lake. One thread. */
#pragma once
#include "base/error.h"
#include "base/span.h"
#include <jansson.h>
#include <stdint.h>

typedef struct Infer Infer;
/* The first entity of the pipeline that the contract is for: all contracts of a pipeline must agree on it. name NULL: it has none yet. */
typedef struct InferEntity {
    const char *name, *column; /* of Silver */
} InferEntity;

/* `topic`: the topic, or NULL; `name`: the event type of messages that name none. Both are copied. `is_free`: whether an entity can have
 * this name. `entity`: its texts are borrowed. The caller frees. */
Infer *infer_new(const char *topic, const char *name, bool (*is_free)(const char *name), InferEntity entity) MUST_CHECK;
void infer_free(Infer *i);
DEFINE_CLEANUP(infer_free, Infer)

/* Takes one message, also behind the prefix of a schema registry, and the key of its record, absent if it has none (both copied). What is
 * no JSON object is counted and left out. */
void infer_add(Infer *i, Span message, Span key);
int64_t infer_messages(const Infer *i); /* that were taken */
#define INFER_BYTES_MAX (256 << 20)     /* of messages; further ones are not taken */
bool infer_is_full(const Infer *i);

/* The contract as a JSON document of the standard, and what was found: {messages, unreadable, unreadable_most
 * (what most of those are, for people; or null), envelope, time, has_time, id, entity
 * ("kafka_key": the record's key), entity_left: what would be one if the pipeline had no other, entity_left_is_property
 * (and has a column), event_types: {name: messages}, left_out:
 * [{property, reason}]}. New references. ERR_DATA: no message was an object, or none had a property. */
int infer_contract(const Infer *i, json_t **ret_contract, json_t **ret_found, Error *err) MUST_CHECK;

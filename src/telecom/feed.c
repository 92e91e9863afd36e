/* feed.c: who is heard of next, with what, and what goes wrong with it.
 *
 * A subscriber is drawn evenly and taken with a chance that is its activity at that moment, so those who left fall silent without any list
 * of the living being kept. For redeliveries and reused ids the feed remembers some of its clean events in a ring; each has a complete
 * identity, so a redelivery is a duplicate by any reading of the stream.
 *
 * Invariant: the bytes depend on the operator, the options and the windows alone. */
#include "telecom/feed.h"

#include "base/memory.h"
#include "telecom/fault_internal.h"
#include "telecom/internal.h"
#include "telecom/rhythm.h"

#define MEMORY_EVENTS   1024
#define REMEMBER_ONE_IN 8    /* so the memory reaches back 8,192 events and costs little */
#define MAX_DRAWS       2000 /* when nearly all are quiet: take whoever it is */

typedef struct Remembered {
    EventType type;
    uint32_t id;
    int64_t at_us;
    size_t key_len, value_len;
    char key[SUBSCRIBER_ID_SIZE], value[EVENT_MAX_SIZE];
} Remembered;

struct Feed {
    const Operator *op;
    Random random;
    Rhythm rhythm;
    uint64_t fault_threshold; /* of a 32-bit draw */
    uint64_t faults[FAULT_KINDS];
    Event event;
    char key[SUBSCRIBER_ID_SIZE], value[EVENT_MAX_SIZE];
    Remembered *memory; /* NULL when there are no faults */
    uint64_t remembered, clean;
};

/* ---- who and what ----------------------------------------------------------------------------------------------------------------- */

static const Subscriber *draw_subscriber(Feed *feed, int64_t second) {
    const Operator *op = feed->op;
    const Subscriber *s = op->subscribers;
    for (int i = 0; i < MAX_DRAWS; i++) {
        s = &op->subscribers[random_below(&feed->random, (uint32_t)op->subscriber_count)];
        if (random_chance(&feed->random, life_activity(s, life_at(op, s, second)))) break;
    }
    return s;
}

static EventType draw_type(Random *random) {
    int draw = (int)random_below(random, 1000);
    return draw < 300 ? EVENT_BSS : draw < 750 ? EVENT_OSS : EVENT_IOT;
}

static FaultKind draw_fault(Feed *feed) {
    if (feed->memory == NULL || random_next(&feed->random) >> 32 >= feed->fault_threshold) return FAULT_NONE;
    FaultKind kind = fault_draw(&feed->random);
    bool needs_memory = kind == FAULT_REDELIVERY || kind == FAULT_REUSED_ID;
    return needs_memory && feed->remembered == 0 ? FAULT_NONE : kind;
}

/* ---- memory of clean events ------------------------------------------------------------------------------------------------------- */

static const Remembered *draw_remembered(Feed *feed) {
    uint64_t n = feed->remembered < MEMORY_EVENTS ? feed->remembered : MEMORY_EVENTS;
    return &feed->memory[random_below(&feed->random, (uint32_t)n)];
}

static void remember(Feed *feed, const FeedMessage *message, uint32_t id) {
    Remembered *slot = &feed->memory[feed->remembered++ % MEMORY_EVENTS];
    slot->type = feed->event.type;
    slot->id = id;
    slot->at_us = message->at_us;
    slot->key_len = message->key_len;
    slot->value_len = message->value_len;
    memcpy(slot->key, message->key, message->key_len);
    memcpy(slot->value, message->value, message->value_len);
}

static void redeliver(Feed *feed, FeedMessage *ret) {
    const Remembered *old = draw_remembered(feed);
    *ret = (FeedMessage){.key = old->key,
                         .key_len = old->key_len,
                         .value = old->value,
                         .value_len = old->value_len,
                         .at_us = old->at_us,
                         .fault = FAULT_REDELIVERY};
}

/* ---- one message ------------------------------------------------------------------------------------------------------------------ */

static void make_event(Feed *feed, int64_t at_us, FaultKind fault, uint32_t *ret_id) {
    const Remembered *old = fault == FAULT_REUSED_ID ? draw_remembered(feed) : NULL;
    EventType type = old != NULL ? old->type : draw_type(&feed->random);
    if (old != NULL && old->at_us == at_us) at_us++; /* the time must differ */
    *ret_id = old != NULL ? old->id : event_draw_id(&feed->random);
    event_make(&feed->event, feed->op, draw_subscriber(feed, at_us / 1000000), type, at_us, &feed->random);
    event_set_id(&feed->event, *ret_id);
    fault_spoil(fault, &feed->event, &feed->random);
}

static void write_message(Feed *feed, FaultKind fault, FeedMessage *ret) {
    char *key_end = subscriber_write_id(feed->event.subscriber, false, feed->key);
    size_t len = fault_garble(fault, feed->value, event_write(&feed->event, feed->value), &feed->random);
    *ret = (FeedMessage){.key = feed->key,
                         .key_len = (size_t)(key_end - feed->key),
                         .value = feed->value,
                         .value_len = len,
                         .at_us = feed->event.at_us,
                         .fault = fault};
    if (fault == FAULT_TOMBSTONE) ret->value = NULL;
}

bool feed_next(Feed *feed, FeedMessage *ret) {
    int64_t at_us;
    if (!rhythm_next(&feed->rhythm, &feed->random, &at_us)) return false;
    FaultKind fault = draw_fault(feed);
    if (fault != FAULT_NONE) feed->faults[fault]++;
    if (fault == FAULT_REDELIVERY) {
        redeliver(feed, ret);
        return true;
    }
    uint32_t id;
    make_event(feed, at_us, fault, &id);
    write_message(feed, fault, ret);
    if (fault == FAULT_NONE && feed->memory != NULL && feed->clean++ % REMEMBER_ONE_IN == 0) remember(feed, ret, id);
    return true;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------- */

Feed *feed_new(const Operator *op, const FeedOptions *options) {
    Feed *feed = xcalloc(1, sizeof *feed);
    feed->op = op;
    feed->random = random_from(hash_of(options->seed, HASH_EVENTS, 0, 0));
    feed->fault_threshold = (uint64_t)(options->fault_rate * 4294967296.0);
    if (feed->fault_threshold > 0) feed->memory = xcalloc(MEMORY_EVENTS, sizeof *feed->memory);
    return feed;
}

void feed_free(Feed *feed) {
    if (feed == NULL) return;
    free(feed->memory);
    free(feed);
}

void feed_window(Feed *feed, int64_t from_us, int64_t until_us, uint64_t count) {
    rhythm_init(&feed->rhythm, from_us, until_us, count);
}

uint64_t feed_faults(const Feed *feed, FaultKind kind) {
    return feed->faults[kind];
}

/* emitter.c: draws the subscriber, the type and the fault of the next event.
 *
 * Each subscriber is drawn with the same probability, and accepted with its activity at that moment as probability, so no list of active
 * subscribers is needed. For redeliveries and reused ids the emitter keeps some of its clean events in a ring. Each of them has a complete
 * identity, so every reader of the stream must treat a redelivery as a duplicate.
 *
 * Invariant: the bytes depend only on the operator, the options and the windows. */
#include "telecom/emitter.h"

#include "base/memory.h"
#include "telecom/fault_internal.h"
#include "telecom/internal.h"
#include "telecom/rhythm.h"

#define HISTORY_EVENTS 1024
#define HISTORY_ONE_IN 8    /* the ring reaches back 8,192 events and costs little */
#define MAX_DRAWS      2000 /* nearly all have churned: accept the last one drawn */

typedef struct PastEvent {
    EventType type;
    uint32_t id;
    int64_t at_us;
    size_t key_len, value_len;
    char key[SUBSCRIBER_ID_SIZE], value[EVENT_MAX_SIZE];
} PastEvent;

struct Emitter {
    const Operator *op;
    Random random;
    Rhythm rhythm;
    uint64_t fault_threshold; /* of a 32-bit draw */
    uint64_t faults[FAULT_KINDS];
    Event event;
    char key[SUBSCRIBER_ID_SIZE], value[EVENT_MAX_SIZE];
    PastEvent *history; /* ring of clean events; NULL when there are no faults */
    uint64_t history_count, clean;
};

/* ---- drawing ---- */

static const Subscriber *draw_subscriber(Emitter *emitter, int64_t second) {
    const Operator *op = emitter->op;
    const Subscriber *s = op->subscribers;
    for (int i = 0; i < MAX_DRAWS; i++) {
        s = &op->subscribers[random_below(&emitter->random, (uint32_t)op->subscriber_count)];
        if (random_chance(&emitter->random, lifecycle_activity(s, lifecycle_at(op, s, second)))) break;
    }
    return s;
}

static EventType draw_type(Random *random) {
    int draw = (int)random_below(random, 1000);
    return draw < 300 ? EVENT_BSS : draw < 750 ? EVENT_OSS : EVENT_IOT;
}

static FaultKind draw_fault(Emitter *emitter) {
    if (emitter->history == NULL || random_next(&emitter->random) >> 32 >= emitter->fault_threshold) return FAULT_NONE;
    FaultKind kind = fault_draw(&emitter->random);
    bool needs_history = kind == FAULT_REDELIVERY || kind == FAULT_REUSED_ID;
    return needs_history && emitter->history_count == 0 ? FAULT_NONE : kind;
}

/* ---- history of clean events ---- */

static const PastEvent *draw_past_event(Emitter *emitter) {
    uint64_t n = emitter->history_count < HISTORY_EVENTS ? emitter->history_count : HISTORY_EVENTS;
    return &emitter->history[random_below(&emitter->random, (uint32_t)n)];
}

static void history_add(Emitter *emitter, const EmitterMessage *message, uint32_t id) {
    PastEvent *slot = &emitter->history[emitter->history_count++ % HISTORY_EVENTS];
    slot->type = emitter->event.type;
    slot->id = id;
    slot->at_us = message->at_us;
    slot->key_len = message->key_len;
    slot->value_len = message->value_len;
    memcpy(slot->key, message->key, message->key_len);
    memcpy(slot->value, message->value, message->value_len);
}

static void redeliver(Emitter *emitter, EmitterMessage *ret) {
    const PastEvent *old = draw_past_event(emitter);
    *ret = (EmitterMessage){.key = old->key,
                            .key_len = old->key_len,
                            .value = old->value,
                            .value_len = old->value_len,
                            .at_us = old->at_us,
                            .fault = FAULT_REDELIVERY};
}

/* ---- one message ---- */

/* How long the message is under way: seconds, for 8 in 100 up to an hour, for 1 in 100 up to two days. */
static int64_t draw_delay_us(Emitter *emitter) {
    static const int64_t most_s[3] = {5, 3600, 172800};
    if (emitter->op->behaviour == BEHAVIOUR_SIMPLE) return 0;
    int draw = (int)random_below(&emitter->random, 100);
    return (int64_t)(random_next(&emitter->random) % (uint64_t)(most_s[draw < 91 ? 0 : draw < 99 ? 1 : 2] * 1000000));
}

static void make_event(Emitter *emitter, int64_t at_us, FaultKind fault, uint32_t *ret_id) {
    const PastEvent *old = fault == FAULT_REUSED_ID ? draw_past_event(emitter) : NULL;
    EventType type = old != NULL ? old->type : draw_type(&emitter->random);
    if (old != NULL && old->at_us == at_us) at_us++; /* the time must differ */
    *ret_id = old != NULL ? old->id : event_draw_id(&emitter->random);
    event_make(&emitter->event, emitter->op, draw_subscriber(emitter, at_us / 1000000), type, at_us, &emitter->random);
    event_set_id(&emitter->event, *ret_id);
    fault_change_event(fault, &emitter->event, &emitter->random);
}

static void write_message(Emitter *emitter, FaultKind fault, EmitterMessage *ret) {
    char *key_end = account_write_id(emitter->event.account, false, emitter->key);
    size_t len = fault_change_text(fault, emitter->value, event_write(&emitter->event, emitter->value), &emitter->random);
    *ret = (EmitterMessage){.key = emitter->key,
                            .key_len = (size_t)(key_end - emitter->key),
                            .value = emitter->value,
                            .value_len = len,
                            .at_us = emitter->event.at_us,
                            .fault = fault};
    if (fault == FAULT_TOMBSTONE) ret->value = NULL;
}

bool emitter_next(Emitter *emitter, EmitterMessage *ret) {
    int64_t at_us;
    if (!rhythm_next(&emitter->rhythm, &emitter->random, &at_us)) return false;
    FaultKind fault = draw_fault(emitter);
    if (fault != FAULT_NONE) emitter->faults[fault]++;
    if (fault == FAULT_REDELIVERY) {
        redeliver(emitter, ret);
        ret->arrived_us = at_us;
        return true;
    }
    uint32_t id;
    make_event(emitter, at_us - draw_delay_us(emitter), fault, &id);
    write_message(emitter, fault, ret);
    ret->arrived_us = ret->at_us > at_us ? ret->at_us : at_us;
    if (fault == FAULT_NONE && emitter->history != NULL && emitter->clean++ % HISTORY_ONE_IN == 0) history_add(emitter, ret, id);
    return true;
}

/* ---- new and free ---- */

Emitter *emitter_new(const Operator *op, const EmitterOptions *options) {
    Emitter *emitter = xcalloc(1, sizeof *emitter);
    emitter->op = op;
    emitter->random = random_from(hash_of(options->seed, HASH_EVENTS, 0, 0));
    emitter->fault_threshold = (uint64_t)(options->fault_rate * 4294967296.0);
    if (emitter->fault_threshold > 0) emitter->history = xcalloc(HISTORY_EVENTS, sizeof *emitter->history);
    return emitter;
}

void emitter_free(Emitter *emitter) {
    if (emitter == NULL) return;
    free(emitter->history);
    free(emitter);
}

void emitter_window(Emitter *emitter, int64_t from_us, int64_t until_us, uint64_t count) {
    rhythm_init(&emitter->rhythm, from_us, until_us, count);
}

uint64_t emitter_faults(const Emitter *emitter, FaultKind kind) {
    return emitter->faults[kind];
}

/* emitter.h: generates the operator's events as messages, some of them with a fault.
 *
 *   Emitter *emitter = emitter_new(op, &options);
 *   emitter_window(emitter, from_us, until_us, 1000);
 *   while (emitter_next(emitter, &message)) ...
 *
 * The same operator, options and windows give the same bytes. A message takes no allocation and well below a microsecond. One thread. */
#pragma once
#include "telecom/fault.h"
#include "telecom/operator.h"
#include <stddef.h>

typedef struct Emitter Emitter;

typedef struct EmitterOptions {
    uint64_t seed;     /* of the events; the operator has a seed of its own */
    double fault_rate; /* 0..1: the share of messages with a fault */
} EmitterOptions;

typedef struct EmitterMessage {
    const char *key; /* the subscriber id in upper case: a subscriber stays on one partition */
    size_t key_len;
    const char *value; /* not NUL-terminated; NULL: a tombstone */
    size_t value_len;
    int64_t at_us;      /* the event's own time */
    int64_t arrived_us; /* when a broker would get it: not before at_us, in the order of the messages */
    FaultKind fault;    /* FAULT_NONE mostly */
} EmitterMessage;

/* Borrows the operator, which must live longer. The caller frees. */
Emitter *emitter_new(const Operator *op, const EmitterOptions *options) __attribute__((returns_nonnull)) MUST_CHECK;
void emitter_free(Emitter *emitter);
DEFINE_CLEANUP(emitter_free, Emitter)
/* Starts a window: the next `count` messages have times in [from_us, until_us). The rest of the previous window is dropped. */
void emitter_window(Emitter *emitter, int64_t from_us, int64_t until_us, uint64_t count);
/* False at the end of the window. `ret` borrows memory of the emitter until the next call. */
bool emitter_next(Emitter *emitter, EmitterMessage *ret);
/* Number of messages with this fault so far. */
uint64_t emitter_faults(const Emitter *emitter, FaultKind kind);

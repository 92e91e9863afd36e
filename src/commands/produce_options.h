/* produce_options.h: the options of `smelt produce`, and the environment variables of the prototype. */
#pragma once
#include "commands/command.h"
#include "telecom/operator.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct ProduceOptions {
    bool stream;
    bool seeded;                                              /* --seed was given */
    int64_t events;                                           /* 0: not given */
    int64_t min_events, max_events, min_wait_ms, max_wait_ms; /* of the stream */
    int64_t subscribers, partitions;
    int64_t start_us; /* 0: not given */
    double days;      /* 0: not given */
    double faults;    /* 0..1 */
    uint64_t seed;
    Behaviour behaviour;
    bool arrival_times;                   /* given, or the behaviour has them */
    int64_t truth_at_us;                  /* 0: not given */
    const char *out, *truth, *departures; /* files, borrowed from argv; NULL: not given */
} ProduceOptions;

/* Also loads the settings (command_parse). Exits like argp on wrong usage. ERR_CONFIG. */
int produce_options_read(App *app, int argc, char **argv, ProduceOptions *ret, Error *err) MUST_CHECK;

/* produce_options.h: what `smelt produce` was asked to do, from its options and the prototype's environment names. */
#pragma once
#include "commands/command.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct ProduceOptions {
    bool stream;
    bool seeded;                                              /* --seed was said */
    int64_t events;                                           /* 0: not said */
    int64_t min_events, max_events, min_wait_ms, max_wait_ms; /* of the stream */
    int64_t subscribers, partitions;
    int64_t start_us; /* 0: not said */
    double days;      /* 0: not said */
    double faults;    /* 0..1 */
    uint64_t seed;
    const char *out, *truth; /* files, borrowed from argv; NULL: not said */
} ProduceOptions;

/* Also loads the settings (command_parse). Exits as argp does on bad usage. ERR_CONFIG. */
int produce_options_read(App *app, int argc, char **argv, ProduceOptions *ret, Error *err) MUST_CHECK;

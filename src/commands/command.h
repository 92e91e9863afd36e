/* command.h: what a subcommand is. One file a command: options in, one JSON summary out.
 *
 * A command parses its own argv with argp (common options as a child: -c, --set, --json, --help), does its work through the modules below,
 * and hands over its summary. It prints for people on stdout only through say(); with --json the dispatcher prints the summary alone. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "lake/layout.h"
#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct App {
    bool json;               /* --json */
    const char *config_file; /* -c */
    const char **sets;       /* --set */
    size_t set_count;
    Settings *settings; /* loaded by command_parse */
    Layout layout;      /* of data.dir; made by command_parse */
    json_t *summary;    /* set by the command; owned by the dispatcher */
} App;

typedef struct Command {
    const char *name;
    const char *summary; /* one line for `smelt --help` */
    /* The exit code (0: done), or -1 with the error set. */
    int (*run)(App *app, int argc, char **argv, Error *err);
} Command;

extern const Command commands[]; /* in the order of `smelt --help`; ends with name == NULL */

/* Parses argv by the command's argp (the common options are added), then makes settings and layout. argp itself exits 64 on bad usage and 0
 * after
 * --help. ERR_CONFIG. */
int command_parse(App *app, const struct argp *argp, int argc, char **argv, void *input, Error *err) MUST_CHECK;
/* printf to stdout, silent under --json. */
void say(const App *app, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Frees all that it owns. */
void app_done(App *app);

/* command.h: the interface of a subcommand. One file per command: options in, one JSON summary out.
 *
 * A command parses its own argv with argp (the common options -c, --set, --json, --help are a child), does its work through the modules
 * below, and sets its summary. It prints text on stdout only with say(); with --json only the dispatcher prints, namely the summary. */
#pragma once
#include "base/error.h"
#include "base/settings.h"
#include "kafka/topics.h"
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
    TopicList topics;   /* that are read; made by command_topics */
    json_t *summary;    /* set by the command; owned by the dispatcher */
} App;

typedef struct Command {
    const char *name;
    const char *summary; /* one line for `smelt --help` */
    /* The exit code (0: done), or -1 with the error set. */
    int (*run)(App *app, int argc, char **argv, Error *err);
} Command;

/* At the end: could some of what was said not be written? A reader that closed its pipe has lost nothing. */
bool output_is_lost(void);
extern const Command commands[]; /* in the order of `smelt --help`; ends with name == NULL */

/* Parses argv with the command's argp and the common options, then loads settings and layout. argp itself exits with 64 on wrong usage and
 * with 0 after --help. ERR_CONFIG. */
int command_parse(App *app, const struct argp *argp, int argc, char **argv, void *input, Error *err) MUST_CHECK;
/* Fills app->topics. ERR_CONFIG. */
int command_topics(App *app, Error *err) MUST_CHECK;
/* Keeps the value of an option in *slot. Where each value names what is read, the one before must not be passed over in silence: an option
 * that was given already ends the process with 64. */
void option_keep_one(struct argp_state *state, const char *option, const char **slot, const char *value);
/* printf to stdout; prints nothing with --json. What a terminal would interpret is escaped (base/terminal.h); a text from a
 * message or a file needs terminal_value as well, so that it cannot add lines to the output. */
void say(const App *app, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Frees everything that the App owns. */
void app_done(App *app);

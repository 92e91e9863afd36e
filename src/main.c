/* main.c: finds and runs the subcommand, prints its error or its JSON summary, and ends with the documented exit code. */
#include "base/child.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "commands/command.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void usage(FILE *out) {
    fputs("Usage: smelt COMMAND [OPTION...]\n"
          "A streaming lakehouse in one binary: Kafka to Bronze, Silver and Gold in one DuckDB file, a churn model, an API.\n\n",
          out);
    for (const Command *c = commands; c->name != NULL; c++) fprintf(out, "  %-11s %s\n", c->name, c->summary);
    fputs("\n`smelt COMMAND --help` explains a command, with examples. Common options: -c FILE, --set KEY=VALUE, --json.\n"
          "Exit codes: 0 done, 64 usage, 65 data, 69 a service is unreachable (retry), 70 a bug in Smelt, 74 I/O or a full disk,\n"
          "75 another process holds the lake lock (retry), 78 configuration, 130 stopped by a signal.\n",
          out);
}

static const Command *find_command(const char *name) {
    for (const Command *c = commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

static void print_summary(App *app, const Error *err) {
    if (!app->json) return;
    if (app->summary == NULL) app->summary = json_object();
    if (err->kind != ERR_NONE)
        json_object_set_new(app->summary, "error", json_pack("{ss ss}", "kind", error_kind_name(err->kind), "message", err->text));
    CLEANUP(free_text) char *text = json_text(app->summary);
    CLEANUP(free_text) char *shown = terminal_lines(text);
    puts(shown);
}

static void print_error(const Command *command, const Error *err) {
    CLEANUP(free_text) char *text = terminal_message(err->text);
    CLEANUP(free_text) char *line = xasprintf("smelt %s: %s\n", command->name, text);
    log_text(line);
}

static int run_command(const Command *command, int argc, char **argv) {
    App app = {0};
    Error err = {0};
    int code = command->run(&app, argc, argv, &err);
    if (code < 0) {
        code = error_exit_code(err.kind);
        if (isatty(STDERR_FILENO) || app.settings == NULL)
            print_error(command, &err);
        else
            log_error(command->name, "%s", err.text);
    }
    print_summary(&app, &err);
    app_done(&app);
    error_clear(&err);
    log_end();
    return code;
}

/* `smelt -c FILE --set K=V COMMAND ...`: moves the options behind the command, where its parser reads them. */
static void command_first(int argc, char **argv) {
    int at = 1;
    while (at < argc && argv[at][0] == '-') {
        bool takes_value = strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0 || strcmp(argv[at], "--set") == 0;
        if (!takes_value && strcmp(argv[at], "--json") != 0 && strncmp(argv[at], "--set=", 6) != 0 &&
            strncmp(argv[at], "--config=", 9) != 0)
            return;
        at += takes_value ? 2 : 1;
    }
    if (at == 1 || at >= argc) return;
    char *command = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = command;
}

/* Also of what argp prints, which ends the process by itself. */
static void check_output(int status, void *unused) {
    (void)unused;
    if (status != 0 || !output_is_lost()) return;
    log_text("smelt: the output could not be written\n");
    log_end();
    _exit(error_exit_code(ERR_IO));
}

int main(int argc, char **argv) {
    files_keep_standard();
    on_exit(check_output, NULL);
    umask(umask(0) | 077);                   /* what it writes is about persons: for its own user alone */
    setenv("OMP_WAIT_POLICY", "PASSIVE", 0); /* XGBoost's threads sleep while they wait: one that spins keeps another from its core */
    command_first(argc, argv);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return puts("smelt " SMELT_VERSION), 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        usage(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : error_exit_code(ERR_USAGE);
    }
    const Command *command = find_command(name);
    if (command == NULL) {
        fprintf(stderr, "smelt: there is no command '%s'; `smelt --help` lists the commands.\n", name);
        return error_exit_code(ERR_USAGE);
    }
    stop_install();
    child_follow_parent();
    json_set_alloc_funcs(xmalloc, free); /* jansson would drop members when memory is out; xmalloc ends the process (memory.h) */
    return run_command(command, argc - 1, argv + 1);
}

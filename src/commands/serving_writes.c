/* serving_writes.c: see serving_writes.h.
 *
 * Invariant: what a client sent is an argument behind "--", never an option, and no shell sees it. */
#include "commands/serving_writes.h"

#include "base/child.h"
#include "base/memory.h"
#include "commands/app.h"
#include <string.h>

enum { OUTPUT_MAX = 256 * 1024, ARGS_MAX = 8 };

/* ---- the command line ---- */

typedef struct CommandLine {
    char **argv; /* the texts are borrowed */
    size_t count;
} CommandLine;

static void command_line_done(CommandLine *line) {
    free(line->argv);
}

static void add(CommandLine *line, const char *text) {
    union {
        const char *in;
        char *out;
    } arg = {.in = text}; /* posix_spawn wants pointers to char, and changes nothing */
    line->argv[line->count++] = arg.out;
}

static void add_common(CommandLine *line, const App *app) {
    if (app->config_file != NULL) {
        add(line, "-c");
        add(line, app->config_file);
    }
    for (size_t i = 0; i < app->set_count; i++) {
        add(line, "--set");
        add(line, app->sets[i]);
    }
    add(line, "--json");
}

static CommandLine make_command_line(const App *app, const char *kind, const json_t *args) {
    CommandLine line = {.argv = xcalloc(2 * app->set_count + 2 + ARGS_MAX, sizeof *line.argv)};
    bool run = strcmp(kind, "run") == 0, promote = strcmp(kind, "promote") == 0;
    add(&line, "smelt");
    add(&line, run ? "run" : promote ? "model" : "refine");
    add_common(&line, app);
    if (run && json_is_true(json_object_get(args, "train"))) add(&line, "--train");
    if (promote && json_is_true(json_object_get(args, "force"))) add(&line, "--force");
    if (!run && !promote) add(&line, "--full");
    if (!promote) return line;
    add(&line, "--");
    add(&line, "promote");
    add(&line, json_string_value(json_object_get(args, "id")));
    return line;
}

/* ---- what it said ---- */

static ErrorKind kind_of(int code) {
    static const ErrorKind kinds[] = {ERR_USAGE, ERR_DATA, ERR_UNAVAILABLE, ERR_IO, ERR_BUSY, ERR_CONFIG, ERR_STOPPED};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (error_exit_code(kinds[i]) == code) return kinds[i];
    return ERR_BUG;
}

static int report_failure(const char *command, const ChildResult *child, const json_t *summary, Error *err) {
    const char *message = json_string_value(json_object_get(json_object_get(summary, "error"), "message"));
    if (message != NULL) return error_set(err, kind_of(child->code), "%s", message);
    return error_set(err, kind_of(child->code), "`smelt %s` ended with exit code %d; the log of the server says why", command, child->code);
}

int serving_write(void *app, const char *kind, const json_t *args, json_t **ret, Error *err) {
    CLEANUP(command_line_done) CommandLine line = make_command_line(app, kind, args);
    CLEANUP(child_result_done) ChildResult child = {0};
    if (child_run(line.argv, OUTPUT_MAX, &child, err) != 0) return -1;
    json_t *summary = child.is_cut || child.output.len == 0 ? NULL : json_loadb(child.output.data, child.output.len, JSON_ALLOW_NUL, NULL);
    if (child.code == 0) {
        *ret = summary; /* NULL: it was too long */
        return 0;
    }
    int rc = report_failure(line.argv[1], &child, summary, err);
    json_decref(summary);
    return rc;
}

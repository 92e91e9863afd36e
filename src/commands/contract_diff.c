/* contract_diff.c: `smelt contract diff A B`. */
#include "commands/contract.h"

#include "base/document.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "contract/diff.h"
#include "contract/node.h"
#include "contract/pipeline.h"
#include <string.h>

enum { EXIT_TIGHTENS = 1, EXIT_REBUILD = 2 };

static int load(const char *path, Pipeline **ret, Error *err) {
    CLEANUP(json_freep) json_t *mistakes = NULL;
    if (pipeline_check_contracts(path, contract_check_pattern, ret, &mistakes, err) == 0) return 0;
    mistakes_count(mistakes, err);
    return -1;
}

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static void print_changes(const App *app, const json_t *changes) {
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change) {
        CLEANUP(free_text) char *type = terminal_value(text_of(change, "event_type"));
        CLEANUP(free_text) char *field = terminal_value(text_of(change, "field"));
        CLEANUP(free_text) char *text = terminal_value(text_of(change, "text"));
        say(app, "%-9s %s%s%s: %s\n", text_of(change, "effect"), type, field[0] != '\0' ? "." : "", field, text);
    }
    if (json_array_size(changes) == 0) say(app, "The contracts mean the same.\n");
}

static int64_t count(const json_t *changes, const char *effect) {
    int64_t n = 0;
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change) n += strcmp(text_of(change, "effect"), effect) == 0;
    return n;
}

int contract_diff(App *app, const ContractOptions *o, Error *err) {
    CLEANUP(pipeline_freep) Pipeline *before = NULL;
    CLEANUP(pipeline_freep) Pipeline *after = NULL;
    if (load(o->args[0], &before, err) != 0 || load(o->args[1], &after, err) != 0) return -1;
    json_t *changes = contracts_diff(before, after);
    int64_t tightens = count(changes, "tightens"), rebuild = count(changes, "rebuild");
    app->summary = json_pack("{sI sI sI sI so}", "loosens", (json_int_t)count(changes, "loosens"), "tightens", (json_int_t)tightens, "adds",
                             (json_int_t)count(changes, "adds"), "rebuild", (json_int_t)rebuild, "changes", changes);
    print_changes(app, changes);
    return rebuild > 0 ? EXIT_REBUILD : tightens > 0 ? EXIT_TIGHTENS : 0;
}

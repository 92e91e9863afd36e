/* gold_columns.c: see gold_columns.h. */
#include "contract/gold_columns.h"

#include "base/memory.h"
#include "contract/names.h"
#include "contract/reader.h"
#include <string.h>

bool feature_has_column(const Feature *f, const char *name, int *ret_window) {
    size_t n = strlen(f->name);
    *ret_window = 0;
    if (strcmp(f->name, name) == 0) return true;
    if (strncmp(f->name, name, n) != 0) return false;
    for (size_t i = 0; i < f->window_count; i++) {
        CLEANUP(free_text) char *suffix = xasprintf("_%dd", f->windows[i]);
        *ret_window = f->windows[i];
        if (strcmp(name + n, suffix) == 0) return true;
    }
    return false;
}

int gold_names_read(Pipeline *p, const DocNode *at, const char **ret_name, const char **ret_description, Error *err) {
    DocNode name = node_member(at, "name");
    int rc = read_name(&name, p->strings, ret_name, err);
    rc |= read_description(at, p->strings, ret_description, err);
    if (rc != 0) return -1;
    if (is_gold_column(*ret_name)) return REFUSE(&name, err, "Gold has this column for every subscriber; expected another name");
    return 0;
}

int gold_check_new_column(const Pipeline *p, const DocNode *at, const char *column, Error *err) {
    int window;
    DocNode name = node_member(at, "name");
    for (const Feature *f = p->features; f < p->features + p->feature_count; f++)
        if (feature_has_column(f, column, &window))
            return REFUSE(&name, err, "the feature on line %d has the column %s already; expected another name", f->line, column);
    for (const Label *l = p->labels; l < p->labels + p->label_count; l++)
        if (strcmp(l->name, column) == 0)
            return REFUSE(&name, err, "the label on line %d has the column %s already; expected another name", l->line, column);
    return 0;
}

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

const char *words_of_name(Strings *strings, const char *name) {
    char *words = xstrdup(name);
    for (char *c = words; *c != '\0'; c++)
        if (*c == '_') *c = ' ';
    return strings_adopt(strings, words);
}

/* Gold's state has its sums under the name of the feature with an ending. */
static bool is_state_column(const char *feature, const char *column) {
    static const char *const endings[] = {"_n", "_sum", "_min", "_max", "_last"};
    size_t n = strlen(feature);
    for (size_t i = 0; strncmp(feature, column, n) == 0 && i < ARRAY_LEN(endings); i++)
        if (strcmp(column + n, endings[i]) == 0) return true;
    return false;
}

int gold_names_read(Pipeline *p, const Entity *e, const DocNode *at, const GoldNames *ret, Error *err) {
    DocNode name = node_member(at, "name");
    const char *title = NULL;
    int rc = read_name(&name, p->strings, ret->name, err);
    rc |= read_text(at, "title", false, &title, err);
    rc |= read_description(at, p->strings, ret->description, err);
    if (rc != 0) return -1;
    *ret->title = title != NULL ? strings_keep(p->strings, title) : words_of_name(p->strings, *ret->name);
    if (is_gold_column(*ret->name) || strcmp(*ret->name, e->key.name) == 0)
        return REFUSE(&name, err, "Gold has this column for every %s; expected another name", e->title);
    if (strcmp(*ret->name, "id") == 0) /* sort=-id would not sort by it */
        return REFUSE(&name, err, "the API calls the id of every row so; expected another name");
    if (is_state_column(*ret->name, e->key.name))
        return REFUSE(&name, err, "Gold's state would have a column %s twice; expected another name", e->key.name);
    return 0;
}

int gold_check_new_column(const Entity *e, const DocNode *at, const char *column, Error *err) {
    int window;
    DocNode name = node_member(at, "name");
    for (const Feature *f = e->features; f < e->features + e->feature_count; f++)
        if (feature_has_column(f, column, &window))
            return REFUSE(&name, err, "the feature on line %d has the column %s already; expected another name", f->line, column);
    for (const Label *l = e->labels; l < e->labels + e->label_count; l++)
        if (strcmp(l->name, column) == 0)
            return REFUSE(&name, err, "the label on line %d has the column %s already; expected another name", l->line, column);
    return 0;
}

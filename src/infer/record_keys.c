/* record_keys.c: see record_keys.h. */
#include "infer/record_keys.h"

#include "base/memory.h"

enum { LONGEST = 256 }; /* of an id */

void record_keys_done(RecordKeys *k) {
    if (k->profile != NULL) profile_free(k->profile);
    arena_done(&k->texts);
}

static bool is_name(Span key) {
    if (key.at == NULL || key.len == 0 || key.len > LONGEST || key.at[0] == '{' || key.at[0] == '[' || key.at[0] == '"') return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.at[i] < ' ' || key.at[i] > '~') return false;
    return true;
}

void record_keys_add(RecordKeys *k, Span key) {
    if (!is_name(key)) k->not_names = true;
    if (k->not_names) return;
    if (k->profile == NULL) k->profile = xcalloc(1, sizeof *k->profile);
    yyjson_val text = {.tag = YYJSON_TYPE_NULL};
    yyjson_set_strn(&text, key.at, key.len);
    profile_add(k->profile, &k->texts, &text, 0);
}

bool record_keys_are_entities(const RecordKeys *k) {
    return !k->not_names && k->profile != NULL && k->profile->distinct > 1 && k->profile->distinct < (size_t)k->profile->seen;
}

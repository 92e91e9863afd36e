/* values.c: see values.h. */
#include "judge/values.h"

#include "base/memory.h"
#include "judge/keys.h"
#include "judge/scalars.h"
#include "judge/unique.h"
#include <string.h>

static void value_judge(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path);

/* ---- keys ---- */

static void push_key(Judge *j, yyjson_val *key) {
    if (j->keys_used == j->keys_size) {
        j->keys_size = j->keys_size == 0 ? 64 : 2 * j->keys_size;
        j->keys = xrealloc(j->keys, j->keys_size, sizeof *j->keys);
    }
    j->keys[j->keys_used++] = key;
}

static void report_repeated(Judge *j, yyjson_val *key, const Path *parent) {
    Path path = {parent, message_string(&j->message, key, &j->arena), 0};
    Place place = message_member(&j->message, key);
    violate(j, "repeated_field", path_text(j, &path, true), value_text(j, yyjson_obj_iter_get_val(key), &place),
            static_text("is there more than once"));
}

/* ---- what the contract names, but says nothing about what is in it ---- */

/* Reports the first key that is there again in an object: in the value, or in what is in it. */
static bool find_repeated(Judge *j, yyjson_val *value, const Path *path);

static yyjson_val *find_repeated_key(Judge *j, yyjson_val *object) {
    size_t base = j->keys_used;
    yyjson_obj_iter i;
    yyjson_obj_iter_init(object, &i);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&i)) != NULL;) push_key(j, key);
    yyjson_val *again = keys_repeated(j->keys + base, j->keys_used - base);
    j->keys_used = base;
    return again;
}

void keys_judge(Judge *j, yyjson_val *object) {
    yyjson_val *again = find_repeated_key(j, object);
    if (again != NULL) report_repeated(j, again, NULL);
}

static bool find_repeated_in_object(Judge *j, yyjson_val *object, const Path *path) {
    yyjson_val *again = find_repeated_key(j, object);
    yyjson_obj_iter i;
    yyjson_obj_iter_init(object, &i);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&i)) != NULL;) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        if (key == again) {
            report_repeated(j, key, path);
            return true;
        }
        if (!yyjson_is_ctn(value)) continue;
        Path inside = {path, message_string(&j->message, key, &j->arena), 0};
        if (find_repeated(j, value, &inside)) return true;
    }
    return false;
}

static bool find_repeated(Judge *j, yyjson_val *value, const Path *path) {
    if (yyjson_is_obj(value)) return find_repeated_in_object(j, value, path);
    yyjson_arr_iter i;
    yyjson_val *element;
    yyjson_arr_iter_init(value, &i);
    for (size_t index = 0; (element = yyjson_arr_iter_next(&i)) != NULL; index++) {
        Path inside = {path, {NULL, 0}, index};
        if (yyjson_is_ctn(element) && find_repeated(j, element, &inside)) return true;
    }
    return false;
}

void repeated_judge(Judge *j, yyjson_val *object) {
    find_repeated(j, object, NULL);
}

/* ---- members ---- */

/* A member that the contract does not name; its keys are kept, to see whether one is there twice. */
static void note_unknown(Judge *j, const Member *m, const Path *parent) {
    Path path = {parent, message_string(&j->message, m->key, &j->arena), 0};
    add_drift(j, "unknown_field", path_text(j, &path, false), place_text(&m->place));
    push_key(j, m->key);
}

static bool has_name(const Node *node, yyjson_val *key) {
    return node->name.len == yyjson_get_len(key) && memcmp(node->name.at, yyjson_get_str(key), node->name.len) == 0;
}

/* Members mostly come in the order of the contract. */
static size_t find_member(const Members *members, yyjson_val *key, size_t expected) {
    if (expected < members->count && has_name(&members->nodes[expected], key)) return expected;
    return names_find(&members->names, yyjson_get_str(key), yyjson_get_len(key));
}

static void sort_members(Judge *j, const Members *members, yyjson_val *object, Span text, const Path *path, Slot *slots) {
    Member m;
    size_t expected = 0;
    for (MemberIter i = members_of(&j->message, object, text); members_next(&i, &m);) {
        size_t found = find_member(members, m.key, expected);
        if (found == NAME_UNKNOWN) {
            note_unknown(j, &m, path);
            continue;
        }
        slots[found] = (Slot){m.value, m.place, slots[found].value != NULL};
        expected = found + 1;
    }
}

static void judge_slot(Judge *j, const Node *node, const Slot *slot, const Path *parent) {
    Path path = {parent, node->name, 0};
    if (slot->again)
        violate(j, "repeated_field", path_text(j, &path, true), value_text(j, slot->value, &slot->place),
                static_text("is there more than once"));
    else if (slot->value != NULL && !yyjson_is_null(slot->value))
        value_judge(j, node, slot->value, &slot->place, &path);
    else if (node->required)
        violate(j, node->required_rule, path_text(j, &path, true), (Span){0}, static_text("is missing"));
    else if (node->counts_absent)
        count_absent(j, node);
}

/* Of the keys from `base` on, which the contract does not name, the first that is there again. */
static void judge_unknown(Judge *j, const Path *path, size_t base) {
    yyjson_val *again = keys_repeated(j->keys + base, j->keys_used - base);
    j->keys_used = base;
    if (again != NULL) report_repeated(j, again, path);
}

void members_judge(Judge *j, const Members *members, yyjson_val *object, Span text, const Path *path) {
    Slot *slots = j->slots + j->slots_used;
    size_t base = j->keys_used;
    memset(slots, 0, members->count * sizeof *slots);
    j->slots_used += members->count;
    sort_members(j, members, object, text, path, slots);
    for (size_t i = 0; i < members->count; i++) judge_slot(j, &members->nodes[i], &slots[i], path);
    if (j->keys_used > base) judge_unknown(j, path, base);
    j->slots_used -= members->count;
}

/* ---- objects and arrays ---- */

/* One that is null is not there. */
static bool has_member(yyjson_val *object, const char *name) {
    size_t n = strlen(name);
    yyjson_obj_iter i;
    yyjson_obj_iter_init(object, &i);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&i)) != NULL;)
        if (yyjson_equals_strn(key, name, n) && !yyjson_is_null(yyjson_obj_iter_get_val(key))) return true;
    return false;
}

static bool container_passes(Judge *j, const Test *t, yyjson_val *value) {
    int64_t count = (int64_t)(yyjson_is_arr(value) ? yyjson_arr_size(value) : yyjson_obj_size(value));
    switch (t->kind) {
    case TEST_COUNT: return count >= t->least && count <= t->most;
    case TEST_UNIQUE: return elements_are_unique(j, value);
    case TEST_MEMBER: return has_member(value, t->check->text);
    case TEST_PRESENT: return true;
    default: BUG("a test that is not for objects and arrays");
    }
}

static const Test *failed_by_container(Judge *j, const Node *node, yyjson_val *value) {
    for (const Test *t = node->tests; t < node->tests + node->test_count; t++)
        if (!container_passes(j, t, value) && !is_counted(j, t)) return t;
    return NULL;
}

static void judge_elements(Judge *j, const Node *items, yyjson_val *array, Span text, const Path *parent) {
    ElementIter i = elements_of(array, text);
    yyjson_val *value;
    Place place;
    for (size_t index = 0; elements_next(&i, &value, &place); index++) {
        Path path = {parent, {NULL, 0}, index};
        if (!yyjson_is_null(value))
            value_judge(j, items, value, &place, &path);
        else if (items->required)
            violate(j, items->required_rule, path_text(j, &path, true), (Span){0}, static_text("is missing"));
        else if (items->counts_absent)
            count_absent(j, items);
    }
}

static void judge_container(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    bool right = node->array ? yyjson_is_arr(value) : yyjson_is_obj(value);
    if (!right) {
        violate(j, "type", path_text(j, path, true), value_text(j, value, place), wrong_type_reason(j, node, kind_of(value)));
        return;
    }
    Span whole = place_text(place);
    const Test *failed = failed_by_container(j, node, value);
    if (failed != NULL) violate(j, failed->rule, path_text(j, path, true), whole, static_text(failed->reason));
    if (node->members.count > 0)
        members_judge(j, &node->members, value, whole, path);
    else if (node->items != NULL)
        judge_elements(j, node->items, value, whole, path);
    else
        find_repeated(j, value, path);
    store_text(j, node, whole);
}

static void value_judge(Judge *j, const Node *node, yyjson_val *value, const Place *place, const Path *path) {
    if (node->type == VALUE_JSON)
        judge_container(j, node, value, place, path);
    else
        scalar_judge(j, node, value, place, path);
}

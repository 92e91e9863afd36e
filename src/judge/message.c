/* message.c: see message.h. */
#include "judge/message.h"

#include "base/error.h"
#include "base/memory.h"
#include <string.h>

#define MEMORY_KEPT ((size_t)1 << 20) /* what a larger message took is given back */

/* ---- memory ---- */

typedef struct Values {
    Message *message;
    size_t most; /* values */
} Values;

/* Read in place, yyjson needs one block at a time. It asks for more only when the block is full. */
static void *grow_values(void *ctx, void *old, size_t old_size, size_t size) {
    const Values *v = ctx;
    Message *m = v->message;
    BUG_IF(old != NULL && old != m->values);
    if (old_size / sizeof(yyjson_val) > v->most + sizeof(yyjson_doc)) {
        m->too_many_values = true;
        return NULL;
    }
    if (size > m->values_size) {
        m->values = xrealloc(m->values, size, 1);
        m->values_size = size;
    }
    return m->values;
}

static void *get_values(void *ctx, size_t size) {
    return grow_values(ctx, NULL, 0, size);
}

static void keep_values(void *ctx, void *block) {
    (void)ctx;
    (void)block;
}

void message_done(Message *m) {
    buf_done(&m->copy);
    free(m->values);
    *m = (Message){0};
}

/* ---- parsing ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static Span trim(Span text) {
    while (text.len > 0 && is_space(text.at[0])) text.at++, text.len--;
    while (text.len > 0 && is_space(text.at[text.len - 1])) text.len--;
    return text;
}

yyjson_val *message_parse(Message *m, Span text, size_t values_max) {
    Values values = {m, values_max};
    yyjson_alc memory = {.malloc = get_values, .realloc = grow_values, .free = keep_values, .ctx = &values};
    if (m->copy.cap + m->values_size > MEMORY_KEPT) message_done(m);
    m->text = trim(text);
    m->too_many_values = false;
    buf_clear(&m->copy);
    memset(buf_reserve(&m->copy, m->text.len + YYJSON_PADDING_SIZE) + m->text.len, 0, YYJSON_PADDING_SIZE);
    if (m->text.len > 0) memcpy(m->copy.data, m->text.at, m->text.len);
    yyjson_doc *doc = yyjson_read_opts(m->copy.data, m->text.len, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW, &memory, NULL);
    if (doc == NULL) return NULL;
    m->too_many_values = doc->val_read > values_max;
    return m->too_many_values ? NULL : yyjson_doc_get_root(doc);
}

/* ---- places ---- */

/* Where a text, a number or a key of the copy stands in the message. */
static const char *at_message(const Message *m, const char *in_copy) {
    return m->text.at + (in_copy - m->copy.data);
}

MemberIter members_of(const Message *m, yyjson_val *object, Span text) {
    MemberIter i = {.message = m, .end = text.at + text.len - 1};
    yyjson_obj_iter_init(object, &i.iter);
    i.next = yyjson_obj_iter_next(&i.iter);
    return i;
}

bool members_next(MemberIter *i, Member *ret) {
    yyjson_val *key = i->next;
    if (key == NULL) return false;
    *ret = (Member){.key = key, .value = yyjson_obj_iter_get_val(key)};
    i->next = yyjson_obj_iter_next(&i->iter);
    const char *end = i->next == NULL ? i->end : at_message(i->message, yyjson_get_str(i->next)) - 1;
    ret->place = (Place){at_message(i->message, yyjson_get_str(key)), end, true};
    return true;
}

/* Behind the text whose first character (behind its quote) is at `at`. */
static const char *skip_text(const char *at) {
    while (*at != '"') at += *at == '\\' ? 2 : 1;
    return at + 1;
}

static bool ends_word(char c) {
    return c == ',' || c == ']' || c == '}' || is_space(c);
}

/* Behind the value at `at`: a member or an element of what was parsed. */
static const char *skip_value(const char *at) {
    int depth = 0;
    do {
        if (*at == '"')
            at = skip_text(at + 1);
        else if (*at == '[' || *at == '{')
            depth++, at++;
        else if (*at == ']' || *at == '}')
            depth--, at++;
        else if (*at == ',' || *at == ':' || is_space(*at))
            at++;
        else
            while (!ends_word(*at)) at++;
    } while (depth > 0);
    return at;
}

ElementIter elements_of(yyjson_val *array, Span text) {
    ElementIter i = {.at = text.at + 1};
    yyjson_arr_iter_init(array, &i.iter);
    return i;
}

bool elements_next(ElementIter *i, yyjson_val **ret_value, Place *ret_place) {
    yyjson_val *value = yyjson_arr_iter_next(&i->iter);
    if (value == NULL) return false;
    while (*i->at == ',' || is_space(*i->at)) i->at++;
    const char *from = i->at;
    i->at = skip_value(from);
    *ret_value = value;
    *ret_place = (Place){from, i->at, false};
    return true;
}

Place message_member(const Message *m, yyjson_val *key) {
    const char *from = skip_text(at_message(m, yyjson_get_str(key)));
    while (is_space(*from) || *from == ':') from++;
    return (Place){from, skip_value(from), false};
}

Span place_text(const Place *p) {
    const char *from = p->from, *to = p->to;
    if (p->member) {
        from = skip_text(from);
        while (is_space(*from) || *from == ':') from++;
        while (is_space(to[-1]) || to[-1] == ',') to--;
    }
    return (Span){from, (size_t)(to - from)};
}

Span message_number(const Message *m, yyjson_val *number) {
    return (Span){at_message(m, yyjson_get_raw(number)), yyjson_get_len(number)};
}

Span message_string(const Message *m, yyjson_val *string, Arena *arena) {
    Span said = {yyjson_get_str(string), yyjson_get_len(string)};
    const char *at = at_message(m, said.at);
    if (memcmp(at, said.at, said.len) == 0) return (Span){at, said.len}; /* mostly there is no escape in it */
    return arena_keep(arena, said);
}

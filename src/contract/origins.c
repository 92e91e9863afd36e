/* origins.c: see origins.h. */
#include "contract/origins.h"

#include "base/memory.h"
#include <string.h>

#define NAME_MAX 100

const char *const time_form_names[TIME_FORMS] = {
    [TIME_ISO8601] = "iso8601",   [TIME_EPOCH_S] = "epoch_s",   [TIME_EPOCH_MS] = "epoch_ms",
    [TIME_EPOCH_US] = "epoch_us", [TIME_EPOCH_NS] = "epoch_ns",
};

static const char header_word[] = "kafka_header:";
const char *const origin_words[] = {[ORIGIN_PATH] = "",
                                    [ORIGIN_CONSTANT] = "'text'",
                                    [ORIGIN_KEY] = "kafka_key",
                                    [ORIGIN_HEADER] = "kafka_header:NAME",
                                    [ORIGIN_TIMESTAMP] = "kafka_timestamp",
                                    [ORIGIN_TOPIC] = "kafka_topic",
                                    [ORIGIN_LINEAGE] = "kafka_lineage",
                                    [ORIGIN_ROW] = "row_key",
                                    [ORIGIN_BODY] = "",
                                    [ORIGIN_BASE64] = ""};
static const char body_word[] = "$@kafka_header:", base64_word[] = "base64:";

/* ---- reading ---- */

/* Such names need no escapes anywhere. */
static bool is_name(const char *at, size_t n, const char *without) {
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)at[i] < ' ' || strchr(without, at[i]) != NULL) return false;
    return n > 0 && n <= NAME_MAX;
}

/* The next key of a path: .key or ['key']. *at moves behind it. False: it is none. */
static bool read_key(const char **at, const char **ret, size_t *ret_len) {
    bool bracket = **at == '[';
    char quote = bracket ? (*at)[1] : '\0';
    if (!bracket && **at != '.') return false;
    if (bracket && quote != '\'' && quote != '"') return false;
    *ret = *at + (bracket ? 2 : 1);
    *ret_len = strcspn(*ret, bracket ? "'\"" : ".[");
    *at = *ret + *ret_len;
    if (!bracket) return is_name(*ret, *ret_len, "\"'\\[] ");
    if ((*at)[0] != quote || (*at)[1] != ']') return false;
    *at += 2;
    return is_name(*ret, *ret_len, "\"'\\[]. ");
}

static bool read_path(Strings *strings, const char *text, ValueOrigin *ret) {
    const char *at = text + 1, *key;
    size_t n;
    *ret = (ValueOrigin){.kind = ORIGIN_PATH};
    while (*at != '\0') {
        if (ret->key_count == ORIGIN_KEYS_MAX || !read_key(&at, &key, &n)) return false;
        ret->keys[ret->key_count++] = strings_format(strings, "%.*s", (int)n, key);
    }
    return true;
}

static bool read_word(const char *text, ValueOrigin *ret) {
    static const OriginKind words[] = {ORIGIN_KEY, ORIGIN_TIMESTAMP, ORIGIN_TOPIC, ORIGIN_LINEAGE, ORIGIN_ROW};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, origin_words[words[i]]) != 0) continue;
        *ret = (ValueOrigin){.kind = words[i]};
        return true;
    }
    return false;
}

bool origin_read(Strings *strings, const char *text, ValueOrigin *ret) {
    size_t n = strlen(text), prefix = sizeof header_word - 1;
    if (strncmp(text, body_word, sizeof body_word - 1) == 0) {
        *ret = (ValueOrigin){.kind = ORIGIN_BODY, .text = strings_keep(strings, text + sizeof body_word - 1)};
        return ret->text[0] != '\0';
    }
    if (strncmp(text, base64_word, sizeof base64_word - 1) == 0) {
        if (text[sizeof base64_word - 1] != '$' || !read_path(strings, text + sizeof base64_word - 1, ret)) return false;
        ret->kind = ORIGIN_BASE64;
        return true;
    }
    if (text[0] == '$') return read_path(strings, text, ret);
    if (n > 2 && text[0] == '\'' && text[n - 1] == '\'' && is_name(text + 1, n - 2, "\"'\\")) {
        *ret = (ValueOrigin){.kind = ORIGIN_CONSTANT, .text = strings_format(strings, "%.*s", (int)(n - 2), text + 1)};
        return true;
    }
    if (n > prefix && strncmp(text, header_word, prefix) == 0 && is_name(text + prefix, n - prefix, "\"'\\ ")) {
        *ret = (ValueOrigin){.kind = ORIGIN_HEADER, .text = strings_keep(strings, text + prefix)};
        return true;
    }
    return read_word(text, ret);
}

static OriginList *add_part(Strings *strings, ColumnMapping *m) {
    m->parts = strings_grow(strings, m->parts, m->part_count, sizeof *m->parts);
    return &m->parts[m->part_count++];
}

static void add_origin(Strings *strings, OriginList *list, const char *text) {
    list->items = strings_grow(strings, list->items, list->count, sizeof *list->items);
    if (!origin_read(strings, text, &list->items[list->count++])) BUG("no origin of a column");
}

void origins_read(Strings *strings, const char *text, ColumnMapping *ret) {
    OriginList *part = add_part(strings, ret);
    for (const char *at = text; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        const char *word = strings_format(strings, "%.*s", (int)n, at);
        if (strcmp(word, "+") == 0)
            part = add_part(strings, ret);
        else if (strcmp(word, "?") == 0)
            part->optional = true;
        else
            add_origin(strings, part, word);
        at += n;
    }
}

/* ---- writing ---- */

static void print_keys(const ValueOrigin *o, Buf *out) {
    for (size_t i = 0; i < o->key_count; i++) buf_addf(out, ".%s", o->keys[i]);
}

static void print_origin(const ValueOrigin *o, Buf *out) {
    switch (o->kind) {
    case ORIGIN_BODY:
        buf_addf(out, "%s%s", body_word, o->text);
        print_keys(o, out);
        break;
    case ORIGIN_BASE64:
    case ORIGIN_PATH:
        buf_addf(out, "%s$", o->kind == ORIGIN_BASE64 ? base64_word : "");
        print_keys(o, out);
        break;
    case ORIGIN_CONSTANT: buf_addf(out, "'%s'", o->text); break;
    case ORIGIN_HEADER: buf_addf(out, "%s%s", header_word, o->text); break;
    default: buf_add_str(out, origin_words[o->kind]);
    }
}

void mapping_print(const ColumnMapping *m, Buf *out) {
    for (size_t i = 0; i < m->part_count; i++) {
        const OriginList *part = &m->parts[i];
        buf_addf(out, "%s%s", i > 0 ? " + " : "", part->optional ? "? " : "");
        for (size_t k = 0; k < part->count; k++) {
            if (k > 0) buf_add_char(out, ' ');
            print_origin(&part->items[k], out);
        }
    }
    if (m->time_form != TIME_ISO8601) buf_addf(out, " as %s", time_form_names[m->time_form]);
}

/* ---- longer paths ---- */

bool origins_extend(Strings *strings, const OriginList *bases, const char *key, OriginList *ret) {
    *ret = (OriginList){.items = strings_array(strings, bases->count, sizeof *ret->items)};
    for (size_t i = 0; i < bases->count; i++) {
        if (bases->items[i].kind == ORIGIN_BASE64) continue;
        ValueOrigin *o = &ret->items[ret->count++];
        *o = bases->items[i];
        if (o->key_count == ORIGIN_KEYS_MAX) return false;
        o->keys[o->key_count++] = key;
    }
    return true;
}

void origins_wrap(ColumnMapping *m, const char *key) {
    for (size_t i = 0; i < m->part_count; i++)
        for (size_t k = 0; k < m->parts[i].count; k++) {
            ValueOrigin *o = &m->parts[i].items[k];
            if (o->kind != ORIGIN_PATH && o->kind != ORIGIN_BASE64 && o->kind != ORIGIN_ROW) continue;
            BUG_IF(o->key_count == ORIGIN_KEYS_MAX);
            memmove(o->keys + 1, o->keys, o->key_count++ * sizeof o->keys[0]);
            o->keys[0] = key;
        }
}

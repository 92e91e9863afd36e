/* reader.c: see reader.h. */
#include "contract/reader.h"

#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

/* ---- members ---- */

int read_text(const DocNode *at, const char *key, bool needed, const char **ret, Error *err) {
    DocNode node = node_member(at, key);
    if (!node_exists(&node) && !needed) return 0;
    if (!json_is_string(node.value)) return REFUSE(&node, err, "expected a text");
    if (needed && json_string_length(node.value) == 0) return REFUSE(&node, err, "expected a text that is not empty");
    *ret = json_string_value(node.value);
    return 0;
}

int read_bool(const DocNode *at, const char *key, bool *ret, Error *err) {
    DocNode node = node_member(at, key);
    if (!node_exists(&node)) return 0;
    if (!json_is_boolean(node.value)) return REFUSE(&node, err, "expected true or false");
    *ret = json_is_true(node.value);
    return 0;
}

int read_integer(const DocNode *at, const char *key, int64_t least, int64_t most, int64_t *ret, Error *err) {
    DocNode node = node_member(at, key);
    if (!node_exists(&node)) return 0;
    if (!json_is_integer(node.value) || json_integer_value(node.value) < least || json_integer_value(node.value) > most)
        return REFUSE(&node, err, "expected a whole number from %lld to %lld", (long long)least, (long long)most);
    *ret = json_integer_value(node.value);
    return 0;
}

int read_description(const DocNode *at, Strings *strings, const char **ret, Error *err) {
    const char *text = "";
    if (read_text(at, "description", false, &text, err) != 0) return -1;
    *ret = strings_keep(strings, text);
    return 0;
}

const char *custom_text(const DocNode *at, const char *property) {
    size_t i;
    json_t *entry, *list = json_object_get(at->value, "customProperties");
    json_array_foreach(list, i, entry) {
        const char *name = json_string_value(json_object_get(entry, "property"));
        if (name != NULL && strcmp(name, property) == 0) return json_string_value(json_object_get(entry, "value"));
    }
    return NULL;
}

int read_custom_text(const DocNode *at, const char *property, const char **ret, Error *err) {
    DocNode list;
    if (read_list(at, "customProperties", false, &list, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(list.value); i++) {
        DocNode entry = node_item(&list, i);
        const char *name = json_string_value(json_object_get(entry.value, "property"));
        if (name != NULL && strcmp(name, property) == 0) return read_text(&entry, "value", true, ret, err);
    }
    return 0;
}

int read_object(const DocNode *at, const char *key, DocNode *ret, Error *err) {
    DocNode node = node_member(at, key);
    if (!node_exists(&node))
        node.value = NULL;
    else if (!json_is_object(node.value))
        return REFUSE(&node, err, "expected an object");
    *ret = node;
    return 0;
}

int read_list(const DocNode *at, const char *key, bool needed, DocNode *ret, Error *err) {
    *ret = node_member(at, key);
    if (!node_exists(ret) && !needed)
        ret->value = NULL;
    else if (!json_is_array(ret->value))
        return REFUSE(ret, err, "expected a list");
    return 0;
}

/* ---- keys ---- */

bool is_key_of(const char *list, const char *key) {
    size_t n = strlen(key);
    for (const char *name = list; name[0] != '\0';) {
        size_t length = strcspn(name, ",");
        if (length == n && memcmp(name, key, n) == 0) return true;
        name += length;
        name += strspn(name, ", ");
    }
    return false;
}

int check_keys(const DocNode *at, const char *known, Error *err) {
    const char *key;
    json_t *value;
    int rc = 0;
    if (!json_is_object(at->value)) return REFUSE(at, err, "expected an object with the keys %s", known);
    json_object_foreach(at->value, key, value) {
        if (is_key_of(known, key)) continue;
        DocNode node = node_member(at, key);
        rc |= REFUSE(&node, err, "there is no such key; expected one of: %s", known);
    }
    return rc;
}

/* ---- values ---- */

/* "a, b, c"; the caller frees. */
static char *join(const char *const *names, size_t n) {
    Buf out = {0};
    for (size_t i = 0; i < n; i++) buf_addf(&out, "%s%s", i > 0 ? ", " : "", names[i]);
    return buf_take(&out);
}

int read_choice(const DocNode *node, const char *const *names, size_t n, size_t *ret, Error *err) {
    const char *text = json_string_value(node->value);
    for (size_t i = 0; text != NULL && i < n; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *ret = i;
        return 0;
    }
    CLEANUP(free_text) char *list = join(names, n);
    return n == 1 ? REFUSE(node, err, "expected %s", list) : REFUSE(node, err, "expected one of: %s", list);
}

/* A number in plain decimals, and how many digits stand before and behind its point. */
typedef struct Plain {
    Buf text;
    size_t whole, decimals;
    bool too_long;
} Plain;

static void plain_done(Plain *n) {
    buf_done(&n->text);
}

/* The digits of a number without zeros at its ends, and how many of them stand before the point (below 0: so many zeros stand between it
 * and the first). The caller frees. */
static char *digits_of(const char *text, int64_t *ret_point) {
    Buf digits = {0};
    int64_t point = 0;
    bool behind = false;
    buf_add_str(&digits, "");
    for (; *text != '\0' && strchr("eE", *text) == NULL; text++) {
        bool digit = *text >= '0' && *text <= '9', zero = digit && *text == '0' && digits.len == 0;
        if (*text == '.') behind = true;
        if (digit && !zero) buf_add_char(&digits, *text);
        if (digit) point += behind ? -(int64_t)zero : (int64_t)!zero;
    }
    while (digits.len > 0 && digits.data[digits.len - 1] == '0') digits.data[--digits.len] = '\0';
    *ret_point = digits.len > 0 ? point + (*text != '\0' ? strtol(text + 1, NULL, 10) : 0) : 0;
    return buf_take(&digits);
}

/* `text` is a number as YAML has it: "-12.50", "+1", ".5", "1e3". */
static void write_plain(const char *text, Plain *ret) {
    enum { DIGITS_MAX = 400 }; /* more than any double has before its point */
    int64_t point;
    CLEANUP(free_text) char *digits = digits_of(text, &point);
    int64_t count = (int64_t)strlen(digits), decimals = count > point ? count - point : 0;
    ret->too_long = point > DIGITS_MAX || decimals > DIGITS_MAX;
    ret->whole = point > 0 ? (size_t)point : 0;
    ret->decimals = (size_t)decimals;
    if (ret->too_long) return;
    if (text[0] == '-' && count > 0) buf_add_char(&ret->text, '-');
    if (point <= 0) buf_add_char(&ret->text, '0');
    for (int64_t i = 0; i < point; i++) buf_add_char(&ret->text, i < count ? digits[i] : '0');
    bool integer = strpbrk(text, ".eE") == NULL;
    if (!integer) buf_add_str(&ret->text, decimals > 0 ? "." : ".0");
    for (int64_t i = point; i < count; i++) buf_add_char(&ret->text, i < 0 ? '0' : digits[i]);
}

/* Refuses what is no number. */
static int read_plain(const DocNode *node, Plain *ret, Error *err) {
    CLEANUP(free_text) char *own = json_is_number(node->value) ? json_text(node->value) : NULL;
    const char *text =
        json_is_real(node->value) ? document_number(node->document, node->value) : NULL; /* integers may be written as +007 */
    if (own == NULL) return REFUSE(node, err, "expected a number");
    write_plain(text != NULL ? text : own, ret);
    return 0;
}

int read_number(const DocNode *node, Strings *strings, const char **ret, Error *err) {
    enum { WHOLE_MAX = 19, DECIMALS_MAX = 9 }; /* DECIMAL(28,9), with which DuckDB compares and multiplies exactly */
    CLEANUP(plain_done) Plain n = {0};
    if (read_plain(node, &n, err) != 0) return -1;
    if (n.whole > WHOLE_MAX) return REFUSE(node, err, "expected a number with at most %d digits before the point", WHOLE_MAX);
    if (n.decimals > DECIMALS_MAX) return REFUSE(node, err, "expected a number with at most %d decimals", DECIMALS_MAX);
    *ret = strings_keep(strings, n.text.data);
    return 0;
}

int read_step(const DocNode *node, Strings *strings, const char **ret, Error *err) {
    enum { DIGITS_MAX = 18, DECIMALS_MAX = 9 };
    CLEANUP(plain_done) Plain n = {0};
    if (!json_is_number(node->value) || !(json_number_value(node->value) > 0)) return REFUSE(node, err, "expected a number above 0");
    if (read_plain(node, &n, err) != 0) return -1;
    if (n.whole + n.decimals > DIGITS_MAX || n.decimals > DECIMALS_MAX)
        return REFUSE(node, err, "expected a number of at most %d digits, at most %d of them decimals", DIGITS_MAX, DECIMALS_MAX);
    *ret = strings_keep(strings, n.text.data);
    return 0;
}

int read_limit(const DocNode *node, Strings *strings, const char **ret, Error *err) {
    enum { SHOWN_MAX = 40 }; /* nobody reads 300 zeros: such a number stays as it is written */
    CLEANUP(plain_done) Plain n = {0};
    const char *written = document_number(node->document, node->value);
    if (read_plain(node, &n, err) != 0) return -1;
    if (n.too_long) return REFUSE(node, err, "expected a number with fewer digits");
    bool as_written = written != NULL && n.whole + n.decimals > SHOWN_MAX;
    *ret = strings_keep(strings, as_written ? written + (written[0] == '+') : n.text.data);
    return 0;
}

bool is_name(const char *text) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyz", rest[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    return strspn(text, first) > 0 && strspn(text, rest) == strlen(text) && strlen(text) <= 63;
}

int read_name(const DocNode *node, Strings *strings, const char **ret, Error *err) {
    const char *name = json_string_value(node->value);
    if (name == NULL || !is_name(name))
        return REFUSE(node, err, "expected a name of a to z, 0 to 9 and _, at most 63 long, that begins with a letter");
    *ret = strings_keep(strings, name);
    return 0;
}

/* Names are used in SQL and in JSON paths, where quotes and backslashes would only hide mistakes. */
int read_message_name(const DocNode *node, Strings *strings, const char **ret, Error *err) {
    const char *name = json_string_value(node->value);
    if (name == NULL || name[0] == '\0' || strlen(name) > 100) return REFUSE(node, err, "expected a name of 1 to 100 characters");
    for (const char *c = name; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || strchr("\"'\\", *c) != NULL || strncmp(c, "{{", 2) == 0)
            return REFUSE(node, err, "expected a name without quotes, backslashes, control characters and \"{{\"");
    *ret = strings_keep(strings, name);
    return 0;
}

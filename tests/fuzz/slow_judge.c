/* slow_judge.c: see slow_judge.h. */
#include "slow_judge.h"

#include "base/memory.h"
#include "contract/words.h"
#include "slow_json.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

typedef struct Slow {
    Buf values, broken, drift;
    size_t broken_count, drift_count;
    int64_t message_us;
} Slow;

enum { FINDINGS = 1000, LEVELS = 100, KEYS = 10000, VALUES = 1000000 };

/* ---- words ---- */

static Span span(const char *text) {
    return (Span){text, strlen(text)};
}

/* The first 200 characters. */
static void add_shown(Buf *out, Span text) {
    int characters = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.at[i] & 0xC0) != 0x80 && ++characters > 200) return;
        buf_add_char(out, text.at[i]);
    }
}

/* A path is a C string in which \1 has a meaning: both become a question mark where a name has them, as they do in fuzz_judge.c. */
static char *path_of(const char *parent, Span name) {
    Buf out = {0};
    buf_addf(&out, "%s%s", parent, parent[0] != '\0' ? "." : "");
    size_t from = out.len;
    add_shown(&out, name);
    for (size_t i = from; i < out.len; i++)
        if (out.data[i] == '\0' || out.data[i] == '\1') out.data[i] = '?';
    return buf_take(&out);
}

/* \1 stands for a bracket of ours, with an index behind it. */
static void add_path(Buf *out, const char *path, bool with_index) {
    for (const char *c = path; *c != '\0'; c++) {
        buf_add_char(out, *c == '\1' ? '[' : *c);
        if (*c == '\1' && !with_index) c += strspn(c + 1, "0123456789");
    }
}

static void violate(Slow *s, const char *rule, const char *path, const Span *value, const char *reason) {
    if (s->broken_count++ >= FINDINGS) return;
    buf_addf(&s->broken, "broken %s ", rule);
    add_path(&s->broken, path, true);
    buf_add_char(&s->broken, ' ');
    if (value != NULL)
        add_shown(&s->broken, *value);
    else
        buf_add_str(&s->broken, "(absent)");
    buf_addf(&s->broken, ": %s\n", reason);
}

/* Elements of a list are all the same for drift. */
static void add_drift(Slow *s, const char *kind, const char *path, Span value) {
    if (s->drift_count++ >= FINDINGS) return;
    buf_addf(&s->drift, "drift %s ", kind);
    add_path(&s->drift, path, false);
    buf_add_char(&s->drift, ' ');
    add_shown(&s->drift, value);
    buf_add_char(&s->drift, '\n');
}

static Span shown_of(const Json *j) {
    return j->kind == JSON_IS_TEXT ? j->text : j->raw;
}

static const char *kind_words(const Json *j) {
    static const char *const words[] = {
        [JSON_IS_NULL] = "null",   [JSON_IS_TRUE] = "true or false", [JSON_IS_FALSE] = "true or false", [JSON_IS_NUMBER] = "a number",
        [JSON_IS_TEXT] = "a text", [JSON_IS_LIST] = "a list",        [JSON_IS_OBJECT] = "an object"};
    return words[j->kind];
}

static void wrong_type(Slow *s, const char *path, const Json *j, const char *wanted) {
    CLEANUP(free_text) char *reason = xasprintf("must be %s, not %s", wanted, kind_words(j));
    Span value = shown_of(j);
    violate(s, "type", path, &value, reason);
}

static void broken(Slow *s, const char *rule, const char *path, const Json *j, const char *reason) {
    Span value = shown_of(j);
    violate(s, rule, path, &value, reason);
}

/* ---- decimals as strings ---- */

typedef struct Decimal {
    bool negative;
    char *whole, *fraction; /* without zeros in front of the one and behind the other; owned */
} Decimal;

static void decimal_done(Decimal *d) {
    free(d->whole);
    free(d->fraction);
}

static char *without_zeros(const char *digits, size_t n, bool front) {
    while (n > 0 && front && digits[0] == '0') digits++, n--;
    while (n > 0 && !front && digits[n - 1] == '0') n--;
    return xstrndup(digits, n);
}

/* All digits with so many zeros around them that the point is among them. Exponents are cut where no digit of a fuzzed text is. */
static Decimal decimal_read(Span text) {
    enum { FAR = 10000 };
    CLEANUP(buf_done) Buf digits = {0};
    long point = -1, exponent = 0;
    size_t i = text.len > 0 && text.at[0] == '-';
    for (int k = 0; k < FAR; k++) buf_add_char(&digits, '0');
    for (; i < text.len && (text.at[i] | 32) != 'e'; i++) {
        if (text.at[i] == '.')
            point = (long)digits.len;
        else
            buf_add_char(&digits, text.at[i]);
    }
    if (point < 0) point = (long)digits.len;
    if (i < text.len) {
        CLEANUP(free_text) char *rest = xstrndup(text.at + i + 1, text.len - i - 1);
        exponent = strtol(rest, NULL, 10);
    }
    for (int k = 0; k < FAR; k++) buf_add_char(&digits, '0');
    if (exponent > FAR - 1) exponent = FAR - 1;
    if (exponent < 1 - FAR) exponent = 1 - FAR;
    point += exponent;
    if (point < 0) point = 0;
    if (point > (long)digits.len) point = (long)digits.len;
    Decimal d = {text.at[0] == '-', without_zeros(digits.data, (size_t)point, true),
                 without_zeros(digits.data + point, digits.len - (size_t)point, false)};
    if (d.whole[0] == '\0' && d.fraction[0] == '\0') d.negative = false;
    return d;
}

static int compare_magnitudes(const Decimal *a, const Decimal *b) {
    size_t m = strlen(a->whole), n = strlen(b->whole);
    if (m != n) return m < n ? -1 : 1;
    int order = strcmp(a->whole, b->whole);
    if (order == 0) order = strcmp(a->fraction, b->fraction);
    return (order > 0) - (order < 0);
}

static int decimal_compare(const Decimal *a, const Decimal *b) {
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    return a->negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

static int compare_with(const Decimal *d, const char *limit) {
    Decimal other = decimal_read(span(limit));
    int order = decimal_compare(d, &other);
    decimal_done(&other);
    return order;
}

/* ---- rules ---- */

static bool in_range(CheckKind kind, int order) {
    switch (kind) {
    case CHECK_MINIMUM: return order >= 0;
    case CHECK_MAXIMUM: return order <= 0;
    case CHECK_ABOVE: return order > 0;
    default: return order < 0;
    }
}

static char *reason_of(const Check *c) {
    Buf out = {0};
    const char *s = c->number == 1 ? "" : "s";
    switch (c->kind) {
    case CHECK_MINIMUM: buf_addf(&out, "must be at least %s", c->text); break;
    case CHECK_MAXIMUM: buf_addf(&out, "must be at most %s", c->text); break;
    case CHECK_ABOVE: buf_addf(&out, "must be above %s", c->text); break;
    case CHECK_BELOW: buf_addf(&out, "must be below %s", c->text); break;
    case CHECK_MIN_LENGTH: buf_addf(&out, "must have at least %" PRId64 " character%s", c->number, s); break;
    case CHECK_MAX_LENGTH: buf_addf(&out, "must have at most %" PRId64 " character%s", c->number, s); break;
    case CHECK_PATTERN: buf_addf(&out, "must match %s", c->text); break;
    case CHECK_AHEAD: buf_addf(&out, "must be at most %" PRId64 " hours after the message", c->number / 3600000000); break;
    case CHECK_MULTIPLE: buf_addf(&out, "must be a multiple of %s", c->text); break;
    case CHECK_FORMAT: buf_addf(&out, "must be %s", text_format_words[c->number]); break;
    case CHECK_MIN_ITEMS: buf_addf(&out, "must have at least %" PRId64 " %s%s", c->number, c->of_array ? "element" : "member", s); break;
    case CHECK_MAX_ITEMS: buf_addf(&out, "must have at most %" PRId64 " %s%s", c->number, c->of_array ? "element" : "member", s); break;
    case CHECK_UNIQUE_ITEMS: buf_add_str(&out, "must not have an element twice"); break;
    case CHECK_NOT_VALUES:
    case CHECK_MEMBER:
    case CHECK_ZONE:
    case CHECK_PRESENT: abort(); /* the contract has none */
    case CHECK_VALUES:
        buf_add_str(&out, "must be one of ");
        for (size_t i = 0; i < c->value_count; i++) buf_addf(&out, "%s%s", i > 0 ? ", " : "", c->values[i]);
        break;
    }
    return buf_take(&out);
}

static void broken_check(Slow *s, const char *path, Span value, const Check *c) {
    CLEANUP(free_text) char *reason = reason_of(c);
    violate(s, c->rule, path, &value, reason);
}

/* Digit by digit, as on paper. */
static bool is_multiple(const Decimal *d, const char *text) {
    Decimal step = decimal_read(span(text));
    size_t decimals = strlen(step.fraction), finer = strlen(d->fraction);
    CLEANUP(free_text) char *units = xasprintf("%s%s", step.whole, step.fraction);
    CLEANUP(free_text) char *digits = xasprintf("%s%s", d->whole, d->fraction);
    uint64_t modulus = strtoull(units, NULL, 10), rest = 0;
    decimal_done(&step);
    if (finer > decimals) return false;
    for (const char *at = digits; *at != '\0'; at++) rest = (rest * 10 + (uint64_t)(*at - '0')) % modulus;
    for (; finer < decimals; finer++) rest = rest * 10 % modulus;
    return rest == 0;
}

static bool number_keeps(const Check *c, const Decimal *d) {
    if (c->kind == CHECK_MULTIPLE) return is_multiple(d, c->text);
    if (c->kind != CHECK_VALUES) return in_range(c->kind, compare_with(d, c->text));
    for (size_t i = 0; i < c->value_count; i++)
        if (compare_with(d, c->values[i]) == 0) return true;
    return false;
}

static bool time_keeps(const Slow *s, const Check *c, int64_t value, int64_t unit) {
    if (c->kind == CHECK_AHEAD) return value <= s->message_us + c->number;
    int64_t limit = c->number / unit - (c->number % unit < 0);
    return in_range(c->kind, value < limit ? -1 : value > limit);
}

static bool read_time(const char *text, const char **ret_wrong, int64_t *ret);
static bool has_form(const char *text, const char *form, char digits[64]);

/* The texts are tried as they would be as values of these types. */
static bool is_moment(TextFormat format, Span text) {
    CLEANUP(free_text) char *copy = xasprintf("%s%.*s", format == FORMAT_TIME ? "2026-11-24T" : "", (int)text.len, text.at);
    const char *wrong = NULL;
    char digits[64];
    int64_t value;
    if (memchr(text.at, '\0', text.len) != NULL) return false;
    if (format == FORMAT_DATE && !has_form(copy, "9999-99-99", digits)) return false;
    if (format == FORMAT_TIME && (text.len == 0 || strpbrk(copy + 11, "+-Zz") != NULL)) return false;
    return read_time(copy, &wrong, &value) && wrong == NULL;
}

/* Characters of a class, one each: a letter, a digit (also hexadecimal), any of a list. */
static bool all_are(const char *text, const char *list) {
    return strspn(text, list) == strlen(text);
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define HEX   "0123456789abcdefABCDEF"

static bool is_host(const char *text) {
    CLEANUP(free_text) char *copy = xasprintf("%s", text);
    char *rest = copy;
    bool good = strlen(text) <= 253;
    for (char *label; good && (label = strsep(&rest, ".")) != NULL;) {
        size_t n = strlen(label);
        good = n >= 1 && n <= 63 && all_are(label, ALNUM "-") && label[0] != '-' && label[n - 1] != '-';
    }
    return good;
}

static bool is_v4(const char *text) {
    CLEANUP(free_text) char *copy = xasprintf("%s", text);
    char *rest = copy;
    int parts = 0;
    for (char *part; (part = strsep(&rest, ".")) != NULL; parts++)
        if (part[0] == '\0' || strlen(part) > 3 || !all_are(part, "0123456789") || (part[0] == '0' && part[1] != '\0') ||
            strtol(part, NULL, 10) > 255)
            return false;
    return parts == 4;
}

/* The groups of one side of "::"; -1: they are none. The last one may be an IPv4 address, which counts for two. */
static int count_groups(const char *text, bool last) {
    CLEANUP(free_text) char *copy = xasprintf("%s", text);
    char *rest = copy;
    int groups = 0;
    if (text[0] == '\0') return 0;
    for (char *group; (group = strsep(&rest, ":")) != NULL;) {
        bool v4 = last && rest == NULL && is_v4(group);
        if (!v4 && (group[0] == '\0' || strlen(group) > 4 || !all_are(group, HEX))) return -1;
        groups += v4 ? 2 : 1;
    }
    return groups;
}

static bool is_v6(const char *text) {
    const char *gap = strstr(text, "::");
    if (gap == NULL) return count_groups(text, true) == 8;
    CLEANUP(free_text) char *front = xasprintf("%.*s", (int)(gap - text), text);
    int before = count_groups(front, false), behind = count_groups(gap + 2, true);
    return before >= 0 && behind >= 0 && before + behind <= 7;
}

static bool is_mail(const char *text) {
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at - text > 64) return false;
    CLEANUP(free_text) char *local = xasprintf("%.*s", (int)(at - text), text);
    return all_are(local, ALNUM ".!#$%&'*+/=?^_`{|}~-") && is_host(at + 1);
}

static bool is_uri(const char *text) {
    size_t scheme = strcspn(text, ":");
    if (scheme == 0 || text[scheme] == '\0' || strspn(text, ALNUM "+.-") != scheme || strchr("0123456789+.-", text[0]) != NULL)
        return false;
    for (const char *at = text + scheme + 1; *at != '\0'; at++) {
        if (*at == '%' && at[1] != '\0' && strchr(HEX, at[1]) != NULL && at[2] != '\0' && strchr(HEX, at[2]) != NULL)
            at += 2;
        else if (strchr(ALNUM "-._~:/?#[]@!$&'()*+,;=", *at) == NULL)
            return false;
    }
    return true;
}

static bool is_uuid(const char *text) {
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (text[i] == '\0' || (dash ? text[i] != '-' : strchr(HEX, text[i]) == NULL)) return false;
    }
    return text[36] == '\0';
}

static bool has_text_format(TextFormat format, Span text) {
    CLEANUP(free_text) char *copy = xasprintf("%.*s", (int)text.len, text.at);
    if (strlen(copy) != text.len) return false; /* a NUL */
    switch (format) {
    case FORMAT_EMAIL: return is_mail(copy);
    case FORMAT_HOSTNAME: return is_host(copy);
    case FORMAT_IPV4: return is_v4(copy);
    case FORMAT_IPV6: return is_v6(copy);
    case FORMAT_URI: return is_uri(copy);
    case FORMAT_UUID: return is_uuid(copy);
    default: return is_moment(format, text);
    }
}

static bool text_keeps(const Check *c, Span text) {
    int64_t characters = 0;
    if (c->kind == CHECK_FORMAT) return has_text_format((TextFormat)c->number, text);
    switch (c->kind) {
    case CHECK_VALUES:
        for (size_t i = 0; i < c->value_count; i++)
            if (strlen(c->values[i]) == text.len && memcmp(c->values[i], text.at, text.len) == 0) return true;
        return false;
    case CHECK_PATTERN:
        for (size_t i = 0; i < text.len; i++)
            if (text.at[i] < 'a' || text.at[i] > 'z') return false;
        return true;
    default:
        for (size_t i = 0; i < text.len; i++) characters += ((unsigned char)text.at[i] & 0xC0) != 0x80;
        return c->kind == CHECK_MIN_LENGTH ? characters >= c->number : characters <= c->number;
    }
}

/* ---- numbers ---- */

static bool is_plain(Span text, bool decimals) {
    Json j;
    CLEANUP(buf_done) Buf letters = {0};
    for (size_t i = 0; i < text.len; i++)
        if (strchr(decimals ? "-.0123456789" : "-0123456789", text.at[i]) == NULL || text.at[i] == '\0') return false;
    bool number = text.len > 0 && slow_json_read(text, &j) && j.kind == JSON_IS_NUMBER && j.raw.len == text.len;
    if (text.len > 0) slow_json_free(&j);
    return number;
}

/* What its column can hold: NULL when it is any number. */
static const char *most_of(const Field *f, bool negative, Buf *room) {
    if (strcmp(f->sql_type, "TINYINT") == 0) return negative ? "-128" : "127";
    if (strcmp(f->sql_type, "SMALLINT") == 0) return negative ? "-32768" : "32767";
    if (strcmp(f->sql_type, "INTEGER") == 0) return negative ? "-2147483648" : "2147483647";
    if (strcmp(f->sql_type, "BIGINT") == 0) return negative ? "-9223372036854775808" : "9223372036854775807";
    if (f->precision == 0) return NULL;
    if (negative) buf_add_char(room, '-');
    for (int i = 0; i < f->precision; i++) {
        if (i == f->precision - f->scale) buf_add_char(room, '.');
        buf_add_char(room, '9');
    }
    return room->data;
}

static bool fits(Slow *s, const Field *f, const char *path, const Json *j, const Decimal *d) {
    CLEANUP(buf_done) Buf room = {0};
    const char *most = most_of(f, d->negative, &room);
    if (most == NULL) return true;
    if ((int)strlen(d->fraction) > f->scale) {
        CLEANUP(free_text) char *reason = xasprintf("must have at most %d decimal%s", f->scale, f->scale == 1 ? "" : "s");
        if (f->type == VALUE_INTEGER)
            broken(s, "type", path, j, "must be an integer, not a number with decimals");
        else
            broken(s, "scale", path, j, reason);
        return false;
    }
    int order = compare_with(d, most);
    if (d->negative ? order >= 0 : order <= 0) return true;
    CLEANUP(free_text) char *reason = xasprintf("does not fit %s", f->sql_type);
    broken(s, "range", path, j, reason);
    return false;
}

static void add_scaled(Slow *s, const Field *f, const Decimal *d) {
    CLEANUP(buf_done) Buf digits = {0};
    buf_addf(&digits, "0%s%s", d->whole, d->fraction);
    for (int i = (int)strlen(d->fraction); i < f->scale; i++) buf_add_char(&digits, '0');
    const char *at = digits.data + strspn(digits.data, "0");
    buf_addf(&s->values, "column %s %s%s\n", f->column, d->negative ? "-" : "", *at != '\0' ? at : "0");
}

static void judge_decimal(Slow *s, const Field *f, const char *path, const Json *j, Span digits) {
    Decimal d = decimal_read(digits);
    if (fits(s, f, path, j, &d)) {
        size_t i = 0;
        if (j->kind == JSON_IS_TEXT) add_drift(s, "number_as_text", path, digits);
        while (i < f->check_count && number_keeps(&f->checks[i], &d)) i++;
        if (i < f->check_count)
            broken_check(s, path, shown_of(j), &f->checks[i]);
        else if (f->column != NULL)
            add_scaled(s, f, &d);
    }
    decimal_done(&d);
}

static void judge_number(Slow *s, const Field *f, const char *path, const Json *j) {
    if (j->kind == JSON_IS_NUMBER)
        judge_decimal(s, f, path, j, j->raw);
    else if (j->kind == JSON_IS_TEXT && is_plain(j->text, f->type == VALUE_DECIMAL))
        judge_decimal(s, f, path, j, j->text);
    else
        wrong_type(s, path, j, f->type == VALUE_INTEGER ? "an integer" : "a number");
}

/* ---- times ---- */

/* A form: 9 is a digit, T is T, t or a space, Z is Z or z, + is a sign; anything else is itself. */
static bool has_form(const char *text, const char *form, char digits[64]) {
    size_t n = 0;
    for (; *form != '\0'; form++, text++) {
        if (*form == '9'   ? *text < '0' || *text > '9'
            : *form == 'T' ? *text == '\0' || strchr("Tt ", *text) == NULL
            : *form == 'Z' ? (*text | 32) != 'z'
            : *form == '+' ? *text != '+' && *text != '-'
                           : *text != *form)
            return false;
        if (*form == '9') digits[n++] = *text;
    }
    digits[n] = '\0';
    return *text == '\0';
}

static int number_at(const char *digits, int from, int n) {
    CLEANUP(free_text) char *part = xstrndup(digits + from, (size_t)n);
    return (int)strtol(part, NULL, 10);
}

/* Days since 1970, counted by the C library; false: there is no such day. */
static bool count_days(int year, int month, int day, int64_t *ret) {
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    *ret = (int64_t)timegm(&tm) / 86400;
    return month >= 1 && month <= 12 && day >= 1 && tm.tm_mday == day && tm.tm_mon == month - 1;
}

/* What is wrong with a time of these digits (year to day; hour, minute, second; zone), or NULL. */
static const char *check_time(const char *digits, bool clock, bool seconds, const char *zone, char sign, int64_t us, int64_t *ret) {
    int64_t days = 0, at = 0, east = 0;
    if (number_at(digits, 0, 4) == 0) return "must be in the years 0001 to 9999";
    if (!count_days(number_at(digits, 0, 4), number_at(digits, 4, 2), number_at(digits, 6, 2), &days)) return "is a day that there is not";
    if (clock) {
        int hour = number_at(digits, 8, 2), minute = number_at(digits, 10, 2), second = seconds ? number_at(digits, 12, 2) : 0;
        if (hour > 23 || minute > 59 || second > 59) return "is a time of day that there is not";
        at = hour * 3600 + minute * 60 + second;
    }
    if (zone[0] != '\0') {
        int hours = number_at(zone, 0, 2), minutes = zone[2] != '\0' ? number_at(zone, 2, 2) : 0;
        if (minutes > 59 || hours * 60 + minutes > 14 * 60) return "must be at most 14 hours from UTC";
        east = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    }
    *ret = (days * 86400 + at - east) * 1000000 + us;
    bool early = days * 86400 + at - east < INT64_C(-62135596800), late = days * 86400 + at - east >= INT64_C(253402300800);
    return early || late ? "must be in the years 0001 to 9999" : NULL;
}

/* Tries each form; false: none. */
static bool read_time(const char *text, const char **ret_wrong, int64_t *ret) {
    static const char *const clocks[] = {"",
                                         "T99:99",
                                         "T99:99:99",
                                         "T99:99:99.9",
                                         "T99:99:99.99",
                                         "T99:99:99.999",
                                         "T99:99:99.9999",
                                         "T99:99:99.99999",
                                         "T99:99:99.999999",
                                         "T99:99:99.9999999",
                                         "T99:99:99.99999999",
                                         "T99:99:99.999999999"};
    static const char *const zones[] = {"", "Z", "+99", "+9999", "+99:99"};
    char digits[64];
    for (size_t c = 0; c < ARRAY_LEN(clocks); c++)
        for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
            CLEANUP(free_text) char *form = xasprintf("9999-99-99%s%s", clocks[c], zones[z]);
            if ((c == 0 && z > 0) || !has_form(text, form, digits)) continue;
            size_t own = c == 0 ? 8 : c == 1 ? 12 : 14, decimals = c > 2 ? c - 2 : 0;
            char fraction[7] = "000000", sign = text[strlen(form) - strlen(zones[z])];
            memcpy(fraction, digits + own, decimals < 6 ? decimals : 6);
            *ret_wrong = check_time(digits, c > 0, c > 1, digits + own + decimals, sign, strtol(fraction, NULL, 10), ret);
            return true;
        }
    return false;
}

static void judge_time(Slow *s, const Field *f, const char *path, const Json *j) {
    char digits[64];
    const char *wrong = NULL;
    int64_t value = 0, unit = f->type == VALUE_DATE ? INT64_C(86400000000) : 1;
    if (j->kind != JSON_IS_TEXT) {
        wrong_type(s, path, j, f->type == VALUE_DATE ? "a date" : "a timestamp");
        return;
    }
    bool whole = memchr(j->text.at, '\0', j->text.len) == NULL; /* a NUL would end the text */
    bool form = whole && (f->type != VALUE_DATE || has_form(j->text.at, "9999-99-99", digits)) && read_time(j->text.at, &wrong, &value);
    if (!form)
        broken(s, "type", path, j, f->type == VALUE_DATE ? "must be a date as 2026-11-24" : "must be a timestamp as 2026-11-24T10:15:00Z");
    else if (wrong != NULL)
        broken(s, "impossible_time", path, j, wrong);
    if (!form || wrong != NULL) return;
    value /= unit; /* a date is a whole day */
    for (size_t i = 0; i < f->check_count; i++)
        if (!time_keeps(s, &f->checks[i], value, unit)) {
            broken_check(s, path, shown_of(j), &f->checks[i]);
            return;
        }
    if (f->column != NULL) buf_addf(&s->values, "column %s %" PRId64 "\n", f->column, value);
}

/* ---- texts, booleans, objects, arrays ---- */

static void add_text_value(Slow *s, const Field *f, Span text) {
    if (f->column == NULL) return;
    buf_addf(&s->values, "column %s ", f->column);
    buf_add(&s->values, text.at, text.len);
    buf_add_char(&s->values, '\n');
}

static void judge_text(Slow *s, const Field *f, const char *path, const Json *j) {
    if (j->kind != JSON_IS_TEXT) {
        wrong_type(s, path, j, "a text");
        return;
    }
    for (size_t i = 0; i < f->check_count; i++)
        if (!text_keeps(&f->checks[i], j->text)) {
            broken_check(s, path, j->text, &f->checks[i]);
            return;
        }
    add_text_value(s, f, j->text);
}

static void judge_boolean(Slow *s, const Field *f, const char *path, const Json *j) {
    if (j->kind != JSON_IS_TRUE && j->kind != JSON_IS_FALSE)
        wrong_type(s, path, j, "a boolean");
    else if (f->column != NULL)
        buf_addf(&s->values, "column %s %s\n", f->column, j->kind == JSON_IS_TRUE ? "true" : "false");
}

static bool same(Span a, Span b) {
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* The first item whose key was there before, or SIZE_MAX. `known`: keys that do not count. */
static size_t find_again(const Json *object, const Field *known, size_t known_count) {
    for (size_t i = 1; i < object->count; i++) {
        bool counts = true;
        for (size_t k = 0; k < known_count; k++) counts = counts && !same(object->keys[i], span(known[k].name));
        for (size_t k = 0; counts && k < i; k++)
            if (same(object->keys[i], object->keys[k])) return i;
    }
    return SIZE_MAX;
}

static void report_again(Slow *s, const char *parent, const Json *object, size_t i) {
    CLEANUP(free_text) char *path = path_of(parent, object->keys[i]);
    broken(s, "repeated_field", path, &object->items[i], "is there more than once");
}

static bool find_repeated(Slow *s, const char *path, const Json *j) {
    size_t again = j->kind == JSON_IS_OBJECT ? find_again(j, NULL, 0) : SIZE_MAX;
    for (size_t i = 0; i < j->count; i++) {
        if (i == again) {
            report_again(s, path, j, i);
            return true;
        }
        CLEANUP(free_text) char *inside = j->kind == JSON_IS_OBJECT ? path_of(path, j->keys[i]) : xasprintf("%s\1%zu]", path, i);
        if (find_repeated(s, inside, &j->items[i])) return true;
    }
    return false;
}

static void judge_value(Slow *s, const Field *f, const char *path, const Json *j);

static void judge_present(Slow *s, const Field *f, const char *path, const Json *j) {
    if (j != NULL && j->kind != JSON_IS_NULL)
        judge_value(s, f, path, j);
    else if (f->required)
        violate(s, f->required_rule != NULL ? f->required_rule : "required", path, NULL, "is missing");
}

static void note_unknown(Slow *s, const Field *fields, size_t count, const char *parent, const Json *object, size_t i) {
    for (size_t k = 0; k < count; k++)
        if (same(object->keys[i], span(fields[k].name))) return;
    CLEANUP(free_text) char *path = path_of(parent, object->keys[i]);
    add_drift(s, "unknown_field", path, object->items[i].raw);
}

static void judge_members(Slow *s, const Field *fields, size_t count, const char *parent, const Json *object) {
    for (size_t i = 0; i < object->count; i++) note_unknown(s, fields, count, parent, object, i);
    for (size_t k = 0; k < count; k++) {
        CLEANUP(free_text) char *path = path_of(parent, span(fields[k].name));
        const Json *found = NULL;
        int times = 0;
        for (size_t i = 0; i < object->count; i++)
            if (same(object->keys[i], span(fields[k].name))) found = &object->items[i], times++;
        if (times > 1)
            broken(s, "repeated_field", path, found, "is there more than once");
        else
            judge_present(s, &fields[k], path, found);
    }
    size_t again = find_again(object, fields, count);
    if (again != SIZE_MAX) report_again(s, parent, object, again);
}

/* ---- equal values ---- */

/* "-12e-3" of -0.0120: the same for equal numbers. */
static char *number_form(Span raw) {
    CLEANUP(free_text) char *text = xasprintf("%.*s", (int)raw.len, raw.at);
    CLEANUP(buf_done) Buf digits = {0};
    char *e = strpbrk(text, "eE");
    double power = e != NULL ? strtod(e + 1, NULL) : 0; /* exact as far as fuzzed texts go: to 2^53 */
    bool behind = false;
    if (e != NULL) *e = '\0';
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '.') behind = true;
        if (*at < '0' || *at > '9') continue;
        buf_add_char(&digits, *at);
        power -= behind;
    }
    const char *first = digits.data + strspn(digits.data, "0");
    size_t n = strlen(first);
    while (n > 0 && first[n - 1] == '0') n--, power++;
    return n == 0 ? xasprintf("0") : xasprintf("%s%.*se%.0f", text[0] == '-' ? "-" : "", (int)n, first, power);
}

static bool equal(const Json *a, const Json *b);

/* Each member has its own partner on the other side. */
static bool equal_members(const Json *a, const Json *b) {
    CLEANUP(free_text) char *used = xcalloc(b->count + 1, 1);
    for (size_t i = 0; i < a->count; i++) {
        size_t k = 0;
        while (k < b->count && (used[k] || !same(a->keys[i], b->keys[k]) || !equal(&a->items[i], &b->items[k]))) k++;
        if (k == b->count) return false;
        used[k] = 1;
    }
    return true;
}

static bool equal(const Json *a, const Json *b) {
    if (a->kind != b->kind || a->count != b->count) return false;
    if (a->kind == JSON_IS_TEXT) return same(a->text, b->text);
    if (a->kind == JSON_IS_NUMBER) {
        CLEANUP(free_text) char *x = number_form(a->raw);
        CLEANUP(free_text) char *y = number_form(b->raw);
        return strcmp(x, y) == 0;
    }
    if (a->kind == JSON_IS_OBJECT) return equal_members(a, b);
    for (size_t i = 0; i < a->count; i++)
        if (!equal(&a->items[i], &b->items[i])) return false;
    return true;
}

static bool container_keeps(const Check *c, const Json *j) {
    if (c->kind == CHECK_MIN_ITEMS) return (int64_t)j->count >= c->number;
    if (c->kind == CHECK_MAX_ITEMS) return (int64_t)j->count <= c->number;
    for (size_t i = 0; i < j->count; i++)
        for (size_t k = 0; k < i; k++)
            if (equal(&j->items[i], &j->items[k])) return false;
    return true;
}

static void check_container(Slow *s, const Field *f, const char *path, const Json *j) {
    for (size_t i = 0; i < f->check_count; i++)
        if (!container_keeps(&f->checks[i], j)) {
            broken_check(s, path, j->raw, &f->checks[i]);
            return;
        }
}

static void judge_container(Slow *s, const Field *f, const char *path, const Json *j) {
    if (j->kind != (f->array ? JSON_IS_LIST : JSON_IS_OBJECT)) {
        wrong_type(s, path, j, f->array ? "a list" : "an object");
        return;
    }
    check_container(s, f, path, j);
    if (f->property_count > 0)
        judge_members(s, f->properties, f->property_count, path, j);
    else if (f->items == NULL)
        find_repeated(s, path, j);
    for (size_t i = 0; f->items != NULL && i < j->count; i++) {
        CLEANUP(free_text) char *inside = xasprintf("%s\1%zu]", path, i);
        judge_present(s, f->items, inside, &j->items[i]);
    }
    add_text_value(s, f, j->raw);
}

static void judge_value(Slow *s, const Field *f, const char *path, const Json *j) {
    switch (f->type) {
    case VALUE_TEXT: judge_text(s, f, path, j); return;
    case VALUE_INTEGER:
    case VALUE_DECIMAL: judge_number(s, f, path, j); return;
    case VALUE_BOOLEAN: judge_boolean(s, f, path, j); return;
    case VALUE_DATE:
    case VALUE_TIMESTAMP: judge_time(s, f, path, j); return;
    case VALUE_JSON: judge_container(s, f, path, j); return;
    }
}

/* ---- limits ---- */

static size_t count_values(const Json *j) {
    size_t n = 1 + (j->kind == JSON_IS_OBJECT ? j->count : 0);
    for (size_t i = 0; i < j->count; i++) n += count_values(&j->items[i]);
    return n;
}

/* The first broken one, in the order of the text. */
static const char *broken_limit(const Json *j, int level, const char **ret_reason) {
    if (j->kind != JSON_IS_OBJECT && j->kind != JSON_IS_LIST) return NULL;
    *ret_reason = "must have at most 100 levels of objects and lists";
    if (level > LEVELS) return "too_deep";
    *ret_reason = "must have at most 10000 keys in an object";
    if (j->kind == JSON_IS_OBJECT && j->count > KEYS) return "too_many_keys";
    const char *found = NULL;
    for (size_t i = 0; i < j->count && found == NULL; i++) found = broken_limit(&j->items[i], level + 1, ret_reason);
    return found;
}

static bool keeps_limits(Slow *s, const char *field, Span text, const Json *j) {
    const char *reason = "must have at most 1000000 keys and values";
    const char *rule = count_values(j) > VALUES ? "too_many_values" : broken_limit(j, 1, &reason);
    if (rule != NULL) violate(s, rule, field, &text, reason);
    return rule == NULL;
}

/* ---- the event ---- */

static void judge_payload(Slow *s, const Contract *c, Span payload) {
    Json j;
    bool good = slow_json_read(payload, &j);
    if (good && !keeps_limits(s, "payload", payload, &j)) {
        slow_json_free(&j);
        return;
    }
    if (good && j.kind == JSON_IS_OBJECT)
        judge_members(s, c->fields, c->field_count, "", &j);
    else
        violate(s, "type", "payload", &payload, "must be a JSON object");
    slow_json_free(&j);
}

static bool has_control(Span id, unsigned *ret, bool *ret_direction) {
    static const unsigned direction[] = {0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
    for (size_t i = 0; i < id.len;) {
        unsigned char b = (unsigned char)id.at[i];
        size_t len = b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
        unsigned c = len == 1 ? b : b & (0xFFU >> (len + 1));
        for (size_t k = 1; k < len; k++) c = c << 6 | ((unsigned char)id.at[i + k] & 0x3FU);
        i += len;
        *ret = c;
        *ret_direction = false;
        if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029) return true;
        *ret_direction = true;
        for (size_t k = 0; k < ARRAY_LEN(direction); k++)
            if (c == direction[k]) return true;
    }
    return false;
}

static void judge_entity(Slow *s, const Field *f, Span id) {
    unsigned c;
    bool direction;
    size_t characters = 0;
    Json json = {0};
    bool composite = id.len > 1 && (id.at[0] == '{' || id.at[0] == '[') && slow_json_read(id, &json); /* an id may have braces around it */
    slow_json_free(&json);
    if (composite) {
        violate(s, "type", f->name, &id, id.at[0] == '{' ? "must be a text, not an object" : "must be a text, not a list");
        return;
    }
    for (size_t i = 0; i < f->check_count; i++)
        if (!text_keeps(&f->checks[i], id)) {
            broken_check(s, f->name, id, &f->checks[i]);
            return;
        }
    for (size_t i = 0; i < id.len; i++) characters += ((unsigned char)id.at[i] & 0xC0) != 0x80;
    if (characters > 256)
        violate(s, "length", f->name, &id, "must have at most 256 characters");
    else if (has_control(id, &c, &direction)) {
        CLEANUP(free_text)
        char *reason =
            xasprintf("must not have %s (U+%04X)", direction ? "characters that change the direction of text" : "control characters", c);
        violate(s, "characters", f->name, &id, reason);
    }
}

/* `extra` has what is not in a column: the subscriber when there is none. */
static void judge_extra(Slow *s, const Contract *c, bool subscriber, Span extra) {
    Json j;
    size_t at = SIZE_MAX;
    bool good = slow_json_read(extra, &j), limited = good && broken_limit(&j, 1, &(const char *){NULL}) != NULL;
    for (size_t i = 0; good && !limited && j.kind == JSON_IS_OBJECT && i < j.count; i++) {
        CLEANUP(free_text) char *path = path_of("", j.keys[i]);
        if (!subscriber && same(j.keys[i], span("subscriber_id")))
            at = i;
        else
            add_drift(s, "unknown_envelope_field", path, j.items[i].raw);
    }
    size_t before = s->broken_count;
    if (!subscriber) judge_present(s, &c->entity, "subscriber_id", at != SIZE_MAX ? &j.items[at] : NULL);
    if (!subscriber && s->broken_count == before) violate(s, "required", "subscriber_id", NULL, "is missing");
    if (limited) keeps_limits(s, "extra_fields", extra, &j);
    size_t again = good && !limited && j.kind == JSON_IS_OBJECT ? find_again(&j, NULL, 0) : SIZE_MAX;
    if (again != SIZE_MAX) report_again(s, "", &j, again);
    slow_json_free(&j);
}

void slow_judge(const Contract *c, Span subscriber, Span extra, Span payload, int64_t message_us, Buf *out) {
    Slow s = {.message_us = message_us};
    Field envelope = c->entity;
    Contract without_column = *c;
    envelope.column = NULL; /* the row has it already */
    without_column.entity = envelope;
    if (subscriber.at != NULL) judge_entity(&s, &envelope, subscriber);
    if (extra.at != NULL)
        judge_extra(&s, &without_column, subscriber.at != NULL, extra);
    else if (subscriber.at == NULL)
        violate(&s, "required", "subscriber_id", NULL, "is missing");
    judge_payload(&s, c, payload);
    if (s.broken_count == 0) buf_add(out, s.values.data, s.values.len);
    buf_add(out, s.broken.data, s.broken.len);
    buf_add(out, s.drift.data, s.drift.len);
    buf_done(&s.values);
    buf_done(&s.broken);
    buf_done(&s.drift);
}

/* forms.c: see forms.h. */
#include "infer/forms.h"

#include "base/attr.h"
#include "base/clock.h"
#include <stdint.h>
#include <string.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- forms ---- */

static bool is_uuid(Span text) {
    if (text.len != 36) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.at[i] != '-' : !is_hex(text.at[i])) return false;
    }
    return true;
}

static bool is_email(Span text) {
    const char *at = memchr(text.at, '@', text.len);
    if (at == NULL || at == text.at || memchr(text.at, ' ', text.len) != NULL) return false;
    size_t rest = text.len - (size_t)(at - text.at) - 1;
    return rest > 2 && memchr(at + 1, '.', rest) != NULL && memchr(at + 1, '@', rest) == NULL;
}

/* The digits of a text that has only digits and these others. False: it has more, or too many digits. */
static bool take_digits(Span text, const char *others, char digits[20], size_t *ret_count) {
    *ret_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.at[i]) && *ret_count < 19)
            digits[(*ret_count)++] = text.at[i];
        else if (is_digit(text.at[i]) || strchr(others, text.at[i]) == NULL)
            return false;
    }
    return true;
}

static bool is_card(Span text) {
    char digits[20];
    size_t n;
    int sum = 0;
    if (!take_digits(text, " -", digits, &n) || n < 13) return false;
    for (size_t i = 0; i < n; i++) {
        int d = digits[n - 1 - i] - '0';
        if (i % 2 == 1) d = 2 * d > 9 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return sum % 10 == 0;
}

static bool is_phone(Span text) {
    char digits[20];
    size_t n;
    return take_digits(text, "+()- ", digits, &n) && n >= 9 && n <= 15;
}

TextForm text_form(Span text) {
    int64_t us;
    int32_t days;
    if (clock_read_date(text, &days) == CLOCK_READ) return FORM_DATE;
    if (clock_read(text, &us) == CLOCK_READ) return FORM_TIMESTAMP;
    if (clock_read_time(text, &us) == CLOCK_READ) return FORM_TIME;
    if (is_uuid(text)) return FORM_UUID;
    if (is_email(text)) return FORM_EMAIL;
    if (is_card(text)) return FORM_CARD;
    return is_phone(text) ? FORM_PHONE : FORM_OTHER;
}

/* ---- names ---- */

static bool is_small(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c);
}

void name_words(const char *name, Buf *out) {
    bool gap = false;
    for (const char *c = name; *c != '\0'; c++) {
        bool capital = *c >= 'A' && *c <= 'Z';
        if (capital && c > name && is_small(c[-1])) gap = true;
        if (!capital && !is_small(*c)) {
            gap = true;
            continue;
        }
        if (gap && out->len > 0) buf_add_char(out, ' ');
        buf_add_char(out, (char)(capital ? *c + 'a' - 'A' : *c));
        gap = false;
    }
    buf_add(out, "", 0);
}

bool is_property_name(Span name) {
    if (name.len == 0 || name.len > 100 || memmem(name.at, name.len, "{{", 2) != NULL) return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < ' ' || strchr("\"'\\", name.at[i]) != NULL) return false;
    return true;
}

/* The code point at *at, which moves behind it; the text is UTF-8. */
static uint32_t next_point(const char **at, const char *end) {
    unsigned char c = (unsigned char)*(*at)++;
    int more = c < 0xC0 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    uint32_t point = more == 0 ? c : c & (0x3FU >> more);
    for (; more > 0 && *at < end; more--) point = point << 6 | ((unsigned char)*(*at)++ & 0x3FU);
    return point;
}

bool is_plain_text(Span text) {
    static const uint32_t plain[][2] = {{' ', '~'}, {0xC0, 0x24F}, {0x400, 0x45F}, {0x4E00, 0x9FFF}}; /* Latin, Cyrillic, Chinese */
    for (const char *at = text.at, *end = at + text.len; at < end;) {
        uint32_t point = next_point(&at, end);
        size_t i = 0;
        while (i < ARRAY_LEN(plain) && (point < plain[i][0] || point > plain[i][1])) i++;
        if (i == ARRAY_LEN(plain)) return false;
    }
    return true;
}

static bool is_in(const char *word, size_t len, const char *list) {
    for (const char *at = list; *at != '\0'; at += strspn(at, ", ")) {
        size_t n = strcspn(at, ",");
        if (n == len && memcmp(at, word, n) == 0) return true;
        at += n;
    }
    return false;
}

bool has_word(const char *name, const char *list) {
    CLEANUP(buf_done) Buf words = {0};
    name_words(name, &words);
    for (const char *at = words.data != NULL ? words.data : ""; *at != '\0'; at += *at == ' ') {
        size_t n = strcspn(at, " ");
        if (is_in(at, n, list)) return true;
        at += n;
    }
    return false;
}

bool ends_with_word(const char *name, const char *list) {
    CLEANUP(buf_done) Buf words = {0};
    name_words(name, &words);
    if (words.data == NULL) return false;
    const char *space = strrchr(words.data, ' '), *last = space != NULL ? space + 1 : words.data;
    return is_in(last, strlen(last), list);
}

bool is_personal_name(const char *name) {
    return has_word(
               name,
               "name, firstname, lastname, surname, forename, fullname, username, email, mail, phone, telephone, tel, mobile, msisdn, "
               "imsi, imei, iban, card, pan, cvv, ssn, passport, address, street, birth, birthday, dob, ip, latitude, longitude, lat, lon, lng, "
               "plate, vin, zip, postcode, password, secret, salary, patient, diagnosis") ||
           ends_with_word(name, "id, ids, guid, uuid, number, no, key, token");
}

void mask_text(Span text, Buf *out) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c & 0xC0) == 0x80) continue;
        buf_add_char(out, is_digit((char)c) ? '9' : is_letter((char)c) || c >= 0x80 ? 'x' : (char)c);
    }
    buf_add(out, "", 0);
}

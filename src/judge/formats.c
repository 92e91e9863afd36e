/* formats.c: see formats.h. */
#include "judge/formats.h"

#include "base/clock.h"
#include <arpa/inet.h>
#include <string.h>

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Of an ASCII text without NUL. */
static bool is_one_of(char c, const char *list) {
    return c != '\0' && strchr(list, c) != NULL;
}

/* ---- times ---- */

static bool is_date(Span text) {
    int32_t days;
    return clock_read_date(text, &days) == CLOCK_READ;
}

static bool is_time(Span text) {
    int64_t us;
    return clock_read_time(text, &us) == CLOCK_READ;
}

static bool is_date_time(Span text) {
    int64_t us;
    return clock_read(text, &us) == CLOCK_READ;
}

/* ---- names of the Internet ---- */

static bool is_label(Span label) {
    enum { LABEL_MAX = 63 };
    if (label.len == 0 || label.len > LABEL_MAX || label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_letter(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-') return false;
    return true;
}

static bool is_hostname(Span text) {
    enum { NAME_MAX_LENGTH = 253 };
    size_t from = 0;
    if (text.len > NAME_MAX_LENGTH) return false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.at[i] != '.') continue;
        if (!is_label((Span){text.at + from, i - from})) return false;
        from = i + 1;
    }
    return true;
}

static bool is_email(Span text) {
    enum { LOCAL_MAX = 64 };
    size_t at = 0;
    while (at < text.len && (is_letter(text.at[at]) || is_digit(text.at[at]) || is_one_of(text.at[at], ".!#$%&'*+/=?^_`{|}~-"))) at++;
    if (at == 0 || at > LOCAL_MAX || at == text.len || text.at[at] != '@') return false;
    return is_hostname((Span){text.at + at + 1, text.len - at - 1});
}

static bool is_address(int family, Span text) {
    char copy[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.at, '\0', text.len) != NULL) return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

static bool is_uri(Span text) {
    size_t i = 0;
    while (i < text.len && (is_letter(text.at[i]) || (i > 0 && (is_digit(text.at[i]) || is_one_of(text.at[i], "+.-"))))) i++;
    if (i == 0 || i == text.len || text.at[i] != ':') return false;
    while (++i < text.len) {
        bool escape = text.at[i] == '%' && text.len - i > 2 && is_hex(text.at[i + 1]) && is_hex(text.at[i + 2]);
        if (!escape && !is_letter(text.at[i]) && !is_digit(text.at[i]) && !is_one_of(text.at[i], "-._~:/?#[]@!$&'()*+,;=")) return false;
    }
    return true;
}

static bool is_uuid(Span text) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.len != sizeof form - 1) return false;
    for (size_t i = 0; i < text.len; i++)
        if (form[i] == '-' ? text.at[i] != '-' : !is_hex(text.at[i])) return false;
    return true;
}

bool text_has_format(TextFormat format, Span text) {
    switch (format) {
    case FORMAT_DATE: return is_date(text);
    case FORMAT_TIME: return is_time(text);
    case FORMAT_DATE_TIME: return is_date_time(text);
    case FORMAT_EMAIL: return is_email(text);
    case FORMAT_HOSTNAME: return is_hostname(text);
    case FORMAT_IPV4: return is_address(AF_INET, text);
    case FORMAT_IPV6: return is_address(AF_INET6, text);
    case FORMAT_URI: return is_uri(text);
    case FORMAT_UUID: return is_uuid(text);
    case TEXT_FORMATS: break;
    }
    BUG("no format");
}

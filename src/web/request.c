/* request.c: reads the request target.
 *
 * Segments are matched while they are still escaped, so "%2F" in an id cannot change which route answers. Decoding is strict: a parameter
 * that is not valid UTF-8 text without control characters is refused here, so no other code meets a NUL or half a character. Only an {id}
 * may have them, with its length beside it.
 *
 * Invariant: after request_parse returned 0, path starts with '/', and every parameter is clean text. */
#include "web/request.h"

#include "base/buf.h"
#include "base/memory.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

Request *request_new(const char *target) {
    Request *r = xcalloc(1, sizeof *r);
    r->method = xstrdup("GET");
    r->target = xstrdup(target);
    r->path = xstrdup("/");
    return r;
}

void request_free(Request *r) {
    for (size_t i = 0; i < r->param_count; i++) {
        free(r->params[i].name);
        free(r->params[i].value);
    }
    free(r->method);
    free(r->target);
    free(r->authority);
    free(r->path);
    free(r->id);
    free(r->if_match);
    free(r->if_none_match);
    free(r->accept);
    free(r->accept_encoding);
    free(r->range);
    free(r->if_range);
    free(r->idempotency_key);
    free(r->last_event_id);
    free(r->authorization);
    free(r->cookie);
    free(r->who);
    free(r->content_type);
    free(r->content);
    free(r);
}

/* ---- decoding ---- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool has_control(const char *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) return true;
    return false;
}

static bool is_utf8(const char *s, size_t n) {
    json_t *text = json_stringn(s, n); /* NULL when it is not */
    json_decref(text);
    return text != NULL;
}

/* NULL for a broken escape. */
static char *unescape(const char *s, size_t n, bool plus_is_space, size_t *ret_len) {
    CLEANUP(free_text) char *out = xmalloc(n + 1);
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%') {
            int high = i + 2 < n ? hex_digit(s[i + 1]) : -1, low = i + 2 < n ? hex_digit(s[i + 2]) : -1;
            if (high < 0 || low < 0) return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = '\0';
    *ret_len = len;
    return TAKE(out);
}

char *request_decode(const char *s, size_t n, bool plus_is_space) {
    size_t len;
    CLEANUP(free_text) char *out = unescape(s, n, plus_is_space, &len);
    return out != NULL && !has_control(out, len) && is_utf8(out, len) ? TAKE(out) : NULL;
}

char *request_decode_id(const char *s, size_t n, size_t *ret_len) {
    CLEANUP(free_text) char *out = unescape(s, n, false, ret_len);
    return out != NULL && is_utf8(out, *ret_len) ? TAKE(out) : NULL;
}

/* ---- the target ---- */

static bool add_param(Request *r, const char *s, size_t n) {
    if (r->param_count == PARAMS_MAX) return false;
    const char *equals = memchr(s, '=', n);
    size_t name_len = equals == NULL ? n : (size_t)(equals - s);
    Param p = {.name = request_decode(s, name_len, true),
               .value = equals == NULL ? xstrdup("") : request_decode(equals + 1, n - name_len - 1, true)};
    if (p.name == NULL || p.value == NULL) {
        free(p.name);
        free(p.value);
        return false;
    }
    r->params[r->param_count++] = p;
    return true;
}

static bool parse_query(Request *r, const char *query) {
    while (*query != '\0') {
        size_t n = strcspn(query, "&");
        if (n > 0 && !add_param(r, query, n)) return false;
        query += n + (query[n] == '&');
    }
    return true;
}

int request_parse(Request *r, const char **ret_why) {
    if (strlen(r->target) > TARGET_MAX) {
        *ret_why = "The address is longer than 4096 bytes.";
        return 414;
    }
    const char *target = r->target;
    size_t path_len = strcspn(target, "?");
    if (target[0] != '/') {
        *ret_why = "The address must start with a slash.";
        return 400;
    }
    size_t len;
    CLEANUP(free_text) char *decoded = request_decode_id(target, path_len, &len);
    if (decoded == NULL) {
        *ret_why = "The path has a broken escape or is not UTF-8 text.";
        return 400;
    }
    r->path_has_controls = has_control(decoded, len);
    free(r->path);
    r->path = xstrndup(target, path_len);
    if (target[path_len] == '?' && !parse_query(r, target + path_len + 1)) {
        *ret_why = "The query has a broken escape, is not UTF-8 text, or has more than 16 parameters.";
        return 400;
    }
    return 0;
}

const char *request_param(const Request *r, const char *name) {
    for (size_t i = 0; i < r->param_count; i++)
        if (strcmp(r->params[i].name, name) == 0) return r->params[i].value;
    return NULL;
}

/* ---- parameters by their table ---- */

static bool parse_int(const char *text, int64_t *ret) {
    char *end;
    if (strspn(text, "-0123456789") != strlen(text)) return false; /* strtoll would take blanks and a plus */
    errno = 0;
    int64_t v = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) return false;
    *ret = v;
    return true;
}

static bool is_choice(const char *choices, const char *value) {
    size_t n = strlen(value);
    for (const char *c = choices;; c++) {
        size_t len = strcspn(c, "|");
        if (len == n && memcmp(c, value, n) == 0) return true;
        c += len;
        if (*c == '\0') return false;
    }
}

static int64_t characters_of(const char *utf8) {
    int64_t n = 0;
    for (; *utf8 != '\0'; utf8++) n += ((unsigned char)*utf8 & 0xC0) != 0x80;
    return n;
}

static char *check_value(const ParamSpec *spec, const char *value) {
    int64_t number;
    switch (spec->type) {
    case PARAM_INT:
        if (parse_int(value, &number) && number >= spec->least && number <= spec->most) return NULL;
        return xasprintf("The parameter '%s' must be a whole number from %" PRId64 " to %" PRId64 ".", spec->name, spec->least, spec->most);
    case PARAM_TEXT:
        if (characters_of(value) >= spec->least && characters_of(value) <= spec->most) return NULL;
        return xasprintf("The parameter '%s' must have %" PRId64 " to %" PRId64 " characters.", spec->name, spec->least, spec->most);
    case PARAM_CHOICE:
        if (is_choice(spec->choices, value)) return NULL;
        return xasprintf("The parameter '%s' must be one of %s.", spec->name, spec->choices);
    }
    return NULL;
}

static const ParamSpec *find_spec(const ParamSpec *specs, const char *name) {
    for (const ParamSpec *s = specs; s != NULL && s->name != NULL; s++)
        if (strcmp(s->name, name) == 0) return s;
    return NULL;
}

static const char *shown_name(const char *name) {
    return strlen(name) <= 64 ? name : "(a long name)";
}

static char *unknown_param(const char *name, const ParamSpec *specs) {
    Buf text = {0};
    buf_addf(&text, "The parameter '%s' is not known here; ", shown_name(name));
    if (specs == NULL || specs->name == NULL) buf_add_str(&text, "this address takes none.");
    for (const ParamSpec *s = specs; s != NULL && s->name != NULL; s++)
        buf_addf(&text, "%s%s%s", s == specs ? "known are " : ", ", s->name, s[1].name == NULL ? "." : "");
    return buf_take(&text);
}

/* Why the parameter cannot be; NULL: it can. The caller frees. */
static char *check_param(const Request *r, const Param *p, const ParamSpec *specs) {
    const ParamSpec *spec = find_spec(specs, p->name);
    if (spec == NULL) return unknown_param(p->name, specs);
    if (request_param(r, p->name) != p->value) return xasprintf("The parameter '%s' is given twice.", p->name);
    return check_value(spec, p->value);
}

json_t *request_check_params(const Request *r, const ParamSpec *specs) {
    json_t *faults = NULL;
    for (size_t i = 0; i < r->param_count; i++) {
        const Param *p = &r->params[i];
        CLEANUP(free_text) char *why = check_param(r, p, specs);
        if (why == NULL) continue;
        if (faults == NULL) faults = json_array();
        json_array_append_new(faults, json_pack("{s:s, s:s}", "parameter", shown_name(p->name), "reason", why));
    }
    return faults;
}

int64_t request_int(const Request *r, const ParamSpec *specs, const char *name) {
    const ParamSpec *spec = find_spec(specs, name);
    int64_t value = spec->otherwise;
    const char *text = request_param(r, name);
    if (text != NULL) (void)parse_int(text, &value);
    return value;
}

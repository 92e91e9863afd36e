/* note_content.c: see note_content.h. */
#include "web/note_content.h"

#include "base/document.h"
#include <string.h>

bool note_refuse_without_store(const Service *s, const Request *req, Response *resp) {
    if (s->notes == NULL) response_problem(resp, 404, req, "This server keeps no notes.");
    return s->notes == NULL;
}

static bool is_among(const char *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

bool note_read_content(const Request *req, const char *const *names, json_t **ret, Response *resp) {
    CLEANUP(json_freep) json_t *content = json_loadb(req->content, req->content_len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    const char *key;
    json_t *ignored;
    if (!json_is_object(content)) response_problem(resp, 400, req, "The content must be a JSON object.");
    json_object_foreach(content, key, ignored) if (!is_among(key, names))
        response_bad_param(resp, req, key, "The content has '%.64s', which this address does not take.", key);
    if (resp->status != 0) return false;
    *ret = TAKE(content);
    return true;
}

static bool is_choice(const json_t *value, const char *choices) {
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value) || strchr(text, '|') != NULL || text[0] == '\0') return false;
    for (const char *at = choices; *at != '\0'; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == strlen(text) && strncmp(at, text, strlen(text)) == 0) return true;
    return false;
}

bool note_check_choice(const Request *req, const json_t *content, const char *name, const char *choices, Response *resp) {
    bool fits = is_choice(json_object_get(content, name), choices);
    if (!fits) response_bad_param(resp, req, name, "'%s' must be one of %s.", name, choices);
    return fits;
}

/* UTF-8, as jansson has checked: what is no continuation begins a character. */
static size_t count_characters(const char *text, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static bool has_control(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f) return true;
    return false;
}

/* Embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069) turn what follows them wherever the note is shown; ids may not
 * have them either. The marks of a direction, which texts of two scripts need, may be there. */
static bool turns_direction(const char *text, size_t bytes) {
    for (size_t i = 0; i + 2 < bytes; i++) {
        const unsigned char *c = (const unsigned char *)text + i;
        if (c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9))) return true;
    }
    return false;
}

bool note_check_text(const Request *req, const json_t *content, Response *resp) {
    const json_t *value = json_object_get(content, "text");
    const char *text = json_string_value(value);
    if (value == NULL) return true;
    if (text == NULL)
        response_bad_param(resp, req, "text", "'text' must be a text.");
    else if (count_characters(text, json_string_length(value)) > NOTE_CHARACTERS_MAX)
        response_bad_param(resp, req, "text", "'text' must have at most %d characters.", NOTE_CHARACTERS_MAX);
    else if (has_control(text, json_string_length(value)))
        response_bad_param(resp, req, "text", "'text' must have no control characters besides line ends and tabs.");
    else if (turns_direction(text, json_string_length(value)))
        response_bad_param(resp, req, "text",
                           "'text' must have no characters that turn the direction of text (U+202A to U+202E, U+2066 to U+2069).");
    return resp->status == 0;
}

const char *note_text(const json_t *content) {
    const char *text = json_string_value(json_object_get(content, "text"));
    return text != NULL ? text : "";
}

/* tokens.c: see tokens.h.
 *
 *   {"tokens": [{"name": "grafana", "sha256": "...", "scopes": "status,aggregate", "created_at": TIME, "expires_at": TIME or null}]}
 *
 * Invariant: no token is written anywhere, only hashes. */
#include "web/tokens.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { HASH_TEXT = SHA256_TEXT_SIZE - 1 };

void tokens_done(Tokens *tokens) {
    for (size_t i = 0; i < tokens->count; i++) free(tokens->items[i].name);
    free(tokens->items);
    *tokens = (Tokens){0};
}

static void append(Tokens *tokens, Token token) {
    tokens->items = xrealloc(tokens->items, tokens->count + 1, sizeof *tokens->items);
    tokens->items[tokens->count++] = token;
}

/* ---- the file ---- */

static bool read_token(json_t *item, Token *ret) {
    const char *name, *hash, *scopes, *created, *expires = NULL;
    Error err = {0};
    if (json_unpack(item, "{s:s, s:s, s:s, s:s, s?s}", "name", &name, "sha256", &hash, "scopes", &scopes, "created_at", &created,
                    "expires_at", &expires) != 0 ||
        strlen(hash) != HASH_TEXT || strspn(hash, "0123456789abcdef") != HASH_TEXT)
        return false;
    Token token = {.expires_us = 0};
    bool good = scopes_parse(scopes, &token.scopes, &err) == 0 && clock_parse(created, &token.created_us, &err) == 0 &&
                (expires == NULL || clock_parse(expires, &token.expires_us, &err) == 0);
    error_clear(&err);
    if (!good) return false;
    memcpy(token.hash, hash, sizeof token.hash);
    token.name = xstrdup(name);
    *ret = token;
    return true;
}

int tokens_load(const char *path, Tokens *ret, Error *err) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(json_freep) json_t *document = NULL;
    CLEANUP(tokens_done) Tokens tokens = {.exists = file_exists(path)};
    json_t *item;
    size_t i;
    if (tokens.exists) {
        if (file_read(path, &text, err) != 0 || json_parse(text.data, text.len, path, &document, err) != 0) return -1;
        if (!json_is_array(json_object_get(document, "tokens"))) return error_set(err, ERR_CONFIG, "%s: there is no list 'tokens'", path);
    }
    json_array_foreach(json_object_get(document, "tokens"), i, item) {
        Token token;
        if (!read_token(item, &token)) return error_set(err, ERR_CONFIG, "%s: token %zu is not one that `smelt token` wrote", path, i + 1);
        append(&tokens, token);
    }
    *ret = tokens;
    tokens = (Tokens){0};
    return 0;
}

int tokens_save(const char *path, const Tokens *tokens, Error *err) {
    CLEANUP(json_freep) json_t *document = json_pack("{s:[]}", "tokens");
    for (size_t i = 0; i < tokens->count; i++) {
        const Token *t = &tokens->items[i];
        char created[CLOCK_TEXT_SIZE], expires[CLOCK_TEXT_SIZE];
        CLEANUP(free_text) char *scopes = scopes_text(t->scopes);
        json_array_append_new(json_object_get(document, "tokens"),
                              json_pack("{s:s, s:s, s:s, s:s, s:s*}", "name", t->name, "sha256", t->hash, "scopes", scopes, "created_at",
                                        clock_format(t->created_us, created), "expires_at",
                                        t->expires_us != 0 ? clock_format(t->expires_us, expires) : NULL));
    }
    CLEANUP(free_text) char *text = json_text(document);
    return file_write_atomic(path, text, strlen(text), err);
}

/* ---- tokens ---- */

void random_hex(char ret[SHA256_TEXT_SIZE]) {
    unsigned char bytes[HASH_TEXT / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) BUG("getrandom");
    for (size_t i = 0; i < sizeof bytes; i++) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

static bool is_name(const char *name) {
    size_t n = strlen(name);
    return n > 0 && n <= TOKEN_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

int tokens_add(Tokens *tokens, const char *name, ScopeSet scopes, int64_t expires_us, char ret_secret[TOKEN_TEXT_SIZE], Error *err) {
    if (!is_name(name)) return error_set(err, ERR_USAGE, "the name has 1 to 64 letters, digits, '.', '_' and '-', and is not '%s'", name);
    for (size_t i = 0; i < tokens->count; i++)
        if (strcmp(tokens->items[i].name, name) == 0)
            return error_set(err, ERR_USAGE, "there is a token '%s': revoke it first, or choose another name", name);
    char random[SHA256_TEXT_SIZE];
    Token token = {.name = xstrdup(name), .scopes = scopes, .created_us = clock_wall_us(), .expires_us = expires_us};
    random_hex(random);
    snprintf(ret_secret, TOKEN_TEXT_SIZE, "smelt_%s", random);
    sha256_hex(ret_secret, strlen(ret_secret), token.hash);
    append(tokens, token);
    return 0;
}

int tokens_remove(Tokens *tokens, const char *name, Error *err) {
    for (size_t i = 0; i < tokens->count; i++) {
        if (strcmp(tokens->items[i].name, name) != 0) continue;
        free(tokens->items[i].name);
        memmove(&tokens->items[i], &tokens->items[i + 1], (--tokens->count - i) * sizeof *tokens->items);
        return 0;
    }
    return error_set(err, ERR_USAGE, "there is no token '%s'; `smelt token list` names those that there are", name);
}

const Token *tokens_find(const Tokens *tokens, const char hash[SHA256_TEXT_SIZE]) {
    const Token *found = NULL;
    for (size_t i = 0; i < tokens->count; i++)
        if (CRYPTO_memcmp(tokens->items[i].hash, hash, HASH_TEXT) == 0) found = &tokens->items[i];
    return found;
}

/* ---- what may be shown ---- */

json_t *token_described(const Token *token, const json_t *uses) {
    char created[CLOCK_TEXT_SIZE], expires[CLOCK_TEXT_SIZE];
    CLEANUP(free_text) char *scopes = scopes_text(token->scopes);
    return json_pack("{s:s, s:s, s:s, s:s?, s:O?}", "name", token->name, "scopes", scopes, "created_at",
                     clock_format(token->created_us, created), "expires_at",
                     token->expires_us != 0 ? clock_format(token->expires_us, expires) : NULL, "last_used_at",
                     json_object_get(uses, token->name));
}

/* ---- last use ---- */

json_t *token_uses_load(const char *path) {
    CLEANUP(buf_done) Buf text = {0};
    json_t *uses = NULL;
    Error err = {0};
    if (!file_exists(path) || file_read(path, &text, &err) != 0 || json_parse(text.data, text.len, path, &uses, &err) != 0)
        error_clear(&err);
    if (json_is_object(uses)) return uses;
    json_decref(uses);
    return json_object();
}

int token_uses_merge(const char *path, json_t *uses, Error *err) {
    CLEANUP(json_freep) json_t *all = token_uses_load(path);
    const char *name;
    json_t *used;
    json_object_foreach(uses, name, used) {
        const char *before = json_string_value(json_object_get(all, name));
        if (before == NULL || strcmp(before, json_string_value(used)) < 0) json_object_set(all, name, used);
    }
    CLEANUP(free_text) char *text = json_text(all);
    return file_write_atomic(path, text, strlen(text), err);
}

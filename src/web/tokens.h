/* tokens.h: the file of the API's tokens, data.dir/tokens.json: names, scopes, times and the SHA-256 of each token. The token itself is
 * printed once and stored nowhere; it has 256 random bits, so its hash needs no salt. One thread at a time. */
#pragma once
#include "base/checksum.h"
#include "web/scopes.h"
#include <jansson.h>
#include <stdbool.h>

enum { TOKEN_TEXT_SIZE = 6 + 64 + 1, TOKEN_NAME_MAX = 64 };

typedef struct Token {
    char *name;                  /* letters, digits, '.', '_' and '-' */
    char hash[SHA256_TEXT_SIZE]; /* of the token as a client sends it */
    ScopeSet scopes;
    int64_t created_us, expires_us; /* 0: it does not expire */
    double allowance;               /* of a server: requests that are left now ... */
    int64_t asked_ns;               /* ... as of this moment; 0: none came */
} Token;

typedef struct Tokens {
    Token *items; /* owned, as are their names */
    size_t count;
    bool exists; /* there is a file, even if it has no token: from then on only tokens open the API */
} Tokens;

/* A file that does not exist is no error. ERR_IO; ERR_CONFIG: it is no such file. */
int tokens_load(const char *path, Tokens *ret, Error *err) MUST_CHECK;
/* Readable for its owner alone; replaced at once. ERR_IO. */
int tokens_save(const char *path, const Tokens *tokens, Error *err) MUST_CHECK;
void tokens_done(Tokens *tokens);
/* Makes a token "smelt_..." and adds its hash. ERR_USAGE: the name is taken, or is none. */
int tokens_add(Tokens *tokens, const char *name, ScopeSet scopes, int64_t expires_us, char ret_secret[TOKEN_TEXT_SIZE],
               Error *err) MUST_CHECK;
/* ERR_USAGE: there is none of that name. */
int tokens_remove(Tokens *tokens, const char *name, Error *err) MUST_CHECK;
/* The one with this hash, also one that has expired; NULL: none. Compares in a time that tells nothing about the hashes. */
const Token *tokens_find(const Tokens *tokens, const char hash[SHA256_TEXT_SIZE]);
/* 64 hex digits that nobody can guess. */
void random_hex(char ret[SHA256_TEXT_SIZE]);

/* What may be shown of one: {name, scopes, created_at, expires_at, last_used_at}, the last two null when there is none. `uses` as below. A
 * new reference. */
json_t *token_described(const Token *token, const json_t *uses) MUST_CHECK;

/* When each was used last, by name: {name: time}, in a file of its own, since servers write it. What cannot be read is {}. */
json_t *token_uses_load(const char *path) MUST_CHECK;
/* Adds `uses` to what the file has; the later time counts. ERR_IO. */
int token_uses_merge(const char *path, json_t *uses, Error *err) MUST_CHECK;

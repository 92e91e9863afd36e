/* gate.c: see gate.h.
 *
 * A session is a random number in a cookie; here is its hash, with the hash of the token that began it. So it ends with its token, with
 * this process, or after SESSION_SECONDS, whichever comes first, and neither the memory nor the cookie has the token.
 *
 * Invariant: when in doubt, closed. */
#include "web/gate.h"

#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/tokens.h"
#include <openssl/crypto.h>
#include <pthread.h>
#include <string.h>

enum { SESSIONS_MAX = 256, USES_EVERY_S = 60 };

typedef struct Session {
    char hash[SHA256_TEXT_SIZE], token[SHA256_TEXT_SIZE];
    int64_t ends_ns; /* by clock_mono_ns; 0: none */
} Session;

struct Gate {
    char *tokens_path, *uses_path;
    bool may_be_open;
    int per_second;
    pthread_mutex_t lock; /* of all below */
    bool is_open;
    bool had_tokens; /* since this server began */
    bool loaded;     /* at least once; of the thread that loads */
    FileStamp stamp;
    bool there; /* the file, when it was loaded; a link that leads nowhere has no stamp */
    Tokens tokens;
    Session sessions[SESSIONS_MAX];
    json_t *uses; /* since the last write */
    int64_t uses_written_ns;
};

/* ---- the file ---- */

/* A folder that was unmounted or moved away takes its tokens with it: they were not removed. */
static int check_removed(const Gate *gate, const Tokens *tokens, Error *err) {
    CLEANUP(free_text) char *folder = path_parent(gate->tokens_path);
    if (tokens->exists || !gate->had_tokens || file_exists(folder)) return 0;
    return error_set(err, ERR_IO, "%s is gone with its folder", gate->tokens_path);
}

static void say_if_changed(const Gate *gate, bool was_open) {
    if (was_open == gate->is_open) return;
    if (gate->is_open)
        log_warn("web", "there are no tokens any more: the API answers without one");
    else
        log_info("web", "the API asks for a token from now on");
}

static void load(Gate *gate) {
    Error err = {0};
    Tokens tokens = {0};
    FileStamp stamp = file_stamp(gate->tokens_path);
    bool there = file_exists(gate->tokens_path);
    bool good = tokens_load(gate->tokens_path, &tokens, &err) == 0 && check_removed(gate, &tokens, &err) == 0;
    if (!good) log_error("web", "every request is refused: %s", err.text);
    error_clear(&err);
    pthread_mutex_lock(&gate->lock);
    bool was_open = gate->is_open;
    tokens_done(&gate->tokens);
    gate->tokens = tokens;
    gate->stamp = stamp;
    gate->there = there;
    gate->had_tokens = gate->had_tokens || !good || tokens.exists;
    gate->is_open = good && !tokens.exists && gate->may_be_open;
    pthread_mutex_unlock(&gate->lock);
    if (gate->loaded) say_if_changed(gate, was_open);
    gate->loaded = true;
}

Gate *gate_new(const char *tokens_path, const char *uses_path, bool may_be_open, int per_second) {
    Gate *gate = xcalloc(1, sizeof *gate);
    gate->tokens_path = xstrdup(tokens_path);
    gate->uses_path = xstrdup(uses_path);
    gate->may_be_open = may_be_open;
    gate->per_second = per_second;
    gate->uses = json_object();
    pthread_mutex_init(&gate->lock, NULL);
    load(gate);
    return gate;
}

static void write_uses(Gate *gate) {
    Error err = {0};
    pthread_mutex_lock(&gate->lock);
    json_t *uses = gate->uses;
    gate->uses = json_object();
    gate->uses_written_ns = clock_mono_ns();
    pthread_mutex_unlock(&gate->lock);
    if (json_object_size(uses) > 0 && token_uses_merge(gate->uses_path, uses, &err) != 0) {
        log_debug("web", "the last use of tokens is not stored: %s", err.text); /* a volume that is mounted read-only */
        error_clear(&err);
    }
    json_decref(uses);
}

void gate_free(Gate *gate) {
    write_uses(gate);
    tokens_done(&gate->tokens);
    json_decref(gate->uses);
    pthread_mutex_destroy(&gate->lock);
    free(gate->tokens_path);
    free(gate->uses_path);
    free(gate);
}

/* Only this thread changes stamp, there and time. */
void gate_follow(Gate *gate) {
    FileStamp now = file_stamp(gate->tokens_path);
    bool there = file_exists(gate->tokens_path);
    if (!file_stamp_same(&now, &gate->stamp) || there != gate->there) load(gate);
    if (clock_seconds_since(gate->uses_written_ns) > USES_EVERY_S) write_uses(gate);
}

bool gate_is_open(Gate *gate) {
    pthread_mutex_lock(&gate->lock);
    bool is_open = gate->is_open;
    pthread_mutex_unlock(&gate->lock);
    return is_open;
}

json_t *gate_tokens(Gate *gate) {
    CLEANUP(json_freep) json_t *uses = token_uses_load(gate->uses_path);
    json_t *items = json_array();
    pthread_mutex_lock(&gate->lock);
    json_object_update(uses, gate->uses); /* what is not written yet is later */
    for (size_t i = 0; i < gate->tokens.count; i++) json_array_append_new(items, token_described(&gate->tokens.items[i], uses));
    json_t *out = json_pack("{s:b, s:o}", "open", gate->is_open, "items", items);
    pthread_mutex_unlock(&gate->lock);
    return out;
}

/* ---- sessions ---- */

/* The value of our cookie among those of the browser; 64 hex digits, or NULL. */
static const char *cookie_of(const Request *req) {
    static const char *const names[] = {"smelt_session=", "__Host-smelt_session="};
    for (const char *at = req->cookie; at != NULL; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            size_t n = strlen(names[i]);
            if (strncmp(at, names[i], n) == 0 && strspn(at + n, "0123456789abcdef") == SHA256_TEXT_SIZE - 1) return at + n;
        }
    }
    return NULL;
}

/* Under lock. */
static Session *find_session(Gate *gate, const Request *req) {
    const char *cookie = cookie_of(req);
    char hash[SHA256_TEXT_SIZE];
    Session *found = NULL;
    if (cookie == NULL) return NULL;
    sha256_hex(cookie, SHA256_TEXT_SIZE - 1, hash);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (CRYPTO_memcmp(gate->sessions[i].hash, hash, sizeof hash) == 0 && gate->sessions[i].ends_ns > clock_mono_ns())
            found = &gate->sessions[i];
    return found;
}

/* ---- who ---- */

static const char scheme[] = "Bearer ";

static bool is_bearer(const char *authorization) {
    return strncasecmp(authorization, scheme, sizeof scheme - 1) == 0;
}

bool gate_has_bearer(const Request *req) {
    return req->authorization != NULL && is_bearer(req->authorization);
}

/* "Bearer TOKEN": the hash of TOKEN. False: it is something else. */
static bool hash_of_bearer(const char *authorization, char ret[SHA256_TEXT_SIZE]) {
    if (!is_bearer(authorization)) return false;
    const char *token = authorization + sizeof scheme - 1;
    token += strspn(token, " ");
    sha256_hex(token, strlen(token), ret);
    return true;
}

/* Under lock. The token itself, or that of a session; NULL: none that is valid. */
static const Token *find_token(Gate *gate, const Request *req) {
    char hash[SHA256_TEXT_SIZE];
    const Session *session = req->authorization == NULL ? find_session(gate, req) : NULL;
    if (req->authorization != NULL && !hash_of_bearer(req->authorization, hash)) return NULL;
    if (req->authorization == NULL && session == NULL) return NULL;
    const Token *token = tokens_find(&gate->tokens, session != NULL ? session->token : hash);
    return token != NULL && (token->expires_us == 0 || token->expires_us > clock_wall_us()) ? token : NULL;
}

static void note_use(Gate *gate, const Token *token) {
    char now[CLOCK_TEXT_SIZE];
    json_object_set_new(gate->uses, token->name, json_string(clock_format(clock_wall_us(), now)));
}

/* A bucket that holds what one second allows. */
static bool is_too_many(const Gate *gate, Token *token) {
    int64_t now = clock_mono_ns();
    double most = gate->per_second, gained = most * (double)(now - token->asked_ns) / (double)NSEC_PER_SEC;
    if (gate->per_second == 0) return false;
    token->allowance = token->asked_ns == 0 || token->allowance + gained > most ? most : token->allowance + gained;
    token->asked_ns = now;
    if (token->allowance < 1) return true;
    token->allowance -= 1;
    return false;
}

static Admission admit(Gate *gate, Request *req, Scope scope) {
    req->is_operator = gate->is_open;
    if (scope == SCOPE_OPEN || gate->is_open) return ADMITTED;
    const Token *token = find_token(gate, req);
    bool came = req->authorization != NULL ? is_bearer(req->authorization) : cookie_of(req) != NULL;
    if (token == NULL) return came ? ADMISSION_UNKNOWN : ADMISSION_NEEDS_TOKEN;
    note_use(gate, token);
    req->who = xstrdup(token->name);
    req->scopes = token->scopes;
    req->is_operator = scope_allows(token->scopes, SCOPE_ADMIN);
    if (is_too_many(gate, &gate->tokens.items[token - gate->tokens.items])) return ADMISSION_TOO_MANY;
    return scope_allows(token->scopes, scope) ? ADMITTED : ADMISSION_LACKS_SCOPE;
}

Admission gate_admit(Gate *gate, Request *req, Scope scope) {
    pthread_mutex_lock(&gate->lock);
    Admission admission = admit(gate, req, scope);
    pthread_mutex_unlock(&gate->lock);
    return admission;
}

bool gate_admits_still(Gate *gate, const Request *req, Scope scope) {
    pthread_mutex_lock(&gate->lock);
    const Token *token = gate->is_open ? NULL : find_token(gate, req);
    bool admits = gate->is_open || (token != NULL && scope_allows(token->scopes, scope));
    pthread_mutex_unlock(&gate->lock);
    return admits;
}

/* Takes a free place, or that of the session that ends first. */
bool gate_begin_session(Gate *gate, const Request *req, char ret[SHA256_TEXT_SIZE]) {
    pthread_mutex_lock(&gate->lock);
    const Token *token = req->authorization != NULL ? find_token(gate, req) : NULL;
    Session *place = &gate->sessions[0];
    for (size_t i = 1; i < SESSIONS_MAX; i++)
        if (gate->sessions[i].ends_ns < place->ends_ns) place = &gate->sessions[i];
    if (token != NULL) {
        random_hex(ret);
        sha256_hex(ret, SHA256_TEXT_SIZE - 1, place->hash);
        memcpy(place->token, token->hash, sizeof place->token);
        place->ends_ns = clock_mono_ns() + SESSION_SECONDS * NSEC_PER_SEC;
    }
    pthread_mutex_unlock(&gate->lock);
    return token != NULL;
}

void gate_end_session(Gate *gate, const Request *req) {
    pthread_mutex_lock(&gate->lock);
    Session *session = find_session(gate, req);
    if (session != NULL) *session = (Session){0};
    pthread_mutex_unlock(&gate->lock);
}

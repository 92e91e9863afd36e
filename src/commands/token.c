/* token.c: `smelt token create|list|revoke`: who may use the API. Servers see a change within a second. */
#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "commands/all.h"
#include "commands/app.h"
#include "web/tokens.h"
#include <string.h>
#include <unistd.h>

enum { OPT_SCOPES = 1, OPT_EXPIRES };

typedef struct Options {
    const char *action, *name, *scopes, *expires;
} Options;

static error_t parse(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    switch (key) {
    case OPT_SCOPES: o->scopes = arg; return 0;
    case OPT_EXPIRES: o->expires = arg; return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1) return ARGP_ERR_UNKNOWN;
        *(state->arg_num == 0 ? &o->action : &o->name) = arg;
        return 0;
    case ARGP_KEY_END:
        if (o->action == NULL) argp_error(state, "expected create, list or revoke");
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    .options = (const struct argp_option[]){{"scopes", OPT_SCOPES, "LIST", 0, "create: what it allows, with commas between them", 0},
                                            {"expires", OPT_EXPIRES, "IN", 0, "create: after this time, as 90d; without it, never", 0},
                                            {0}},
    .parser = parse,
    .args_doc = "create|list|revoke [NAME]",
    .doc = "Once there is a token, the API asks for one: Authorization: Bearer TOKEN; the dashboards have a page to sign in. "
           "Scopes: status (the state of each part), aggregate (counts, sums, metrics), entities (persons), raw (payloads), query (SQL), "
           "admin (everything). "
           "create prints the token once; only its hash is stored, in data.dir/tokens.json. "
           "Servers see a change within a second, and need no restart."
           "\vExamples:\n"
           "  smelt token create grafana --scopes status,aggregate --expires 365d\n"
           "  smelt token list\n"
           "  smelt token revoke grafana\n",
};

#define EXPIRY_MAX_MS (INT64_C(36500) * 24 * 60 * 60 * 1000)

static int read_expiry(const char *text, int64_t *ret_us, Error *err) {
    int64_t ms;
    *ret_us = 0;
    if (text == NULL) return 0;
    if (duration_parse_ms(text, &ms, err) != 0) return error_prefix(err, "--expires");
    if (ms <= 0) return error_set(err, ERR_USAGE, "--expires is %s, expected a time ahead, as 90d", text);
    if (ms > EXPIRY_MAX_MS)
        return error_set(err, ERR_USAGE, "--expires is %s, expected at most 36500d; without it, a token does not expire", text);
    *ret_us = clock_wall_us() + ms * 1000;
    return 0;
}

static int create_token(App *app, const Options *o, Tokens *tokens, Error *err) {
    ScopeSet scopes;
    int64_t expires_us;
    char secret[TOKEN_TEXT_SIZE];
    if (o->scopes == NULL) return error_set(err, ERR_USAGE, "create needs --scopes, as --scopes status,aggregate");
    if (scopes_parse(o->scopes, &scopes, err) != 0 || read_expiry(o->expires, &expires_us, err) != 0 ||
        tokens_add(tokens, o->name, scopes, expires_us, secret, err) != 0 || tokens_save(app->layout.tokens_path, tokens, err) != 0)
        return -1;
    say(app, "%s\n", secret);
    if (isatty(STDERR_FILENO)) fprintf(stderr, "This is the only time that the token is shown. Send it as Authorization: Bearer TOKEN.\n");
    app->summary = json_pack("{s:s, s:s}", "name", o->name, "token", secret);
    return 0;
}

static int revoke_token(App *app, const Options *o, Tokens *tokens, Error *err) {
    if (tokens_remove(tokens, o->name, err) != 0 || tokens_save(app->layout.tokens_path, tokens, err) != 0) return -1;
    say(app, "'%s' is revoked.%s\n", o->name,
        tokens->count == 0 ? " There is none left, and the API stays closed: make another, or remove tokens.json." : "");
    app->summary = json_pack("{s:s}", "revoked", o->name);
    return 0;
}

static const char *text_or(const json_t *row, const char *key, const char *otherwise) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : otherwise;
}

static int list_tokens(App *app, const Options *o, Tokens *tokens, Error *err) {
    (void)o, (void)err;
    CLEANUP(json_freep) json_t *uses = token_uses_load(app->layout.token_uses_path);
    json_t *rows = json_array();
    if (tokens->count > 0) say(app, "%-20s %-30s %-28s %-28s %s\n", "name", "scopes", "created", "expires", "last used");
    for (size_t i = 0; i < tokens->count; i++) {
        const Token *t = &tokens->items[i];
        json_t *row = token_described(t, uses);
        const char *note = t->expires_us != 0 && t->expires_us <= clock_wall_us() ? " (expired)" : "";
        say(app, "%-20s %-30s %-28s %-28s %s%s\n", t->name, text_or(row, "scopes", ""), text_or(row, "created_at", ""),
            text_or(row, "expires_at", "never"), text_or(row, "last_used_at", "-"), note);
        json_array_append_new(rows, row);
    }
    if (!tokens->exists) say(app, "There are no tokens: a server on a loopback address answers everybody on this machine.\n");
    app->summary = json_pack("{s:o}", "tokens", rows);
    return 0;
}

static const struct Action {
    const char *name;
    bool names_one, changes;
    int (*run)(App *app, const Options *o, Tokens *tokens, Error *err);
} actions[] = {{"create", true, true, create_token}, {"list", false, false, list_tokens}, {"revoke", true, true, revoke_token}};

static int run(App *app, const struct Action *action, const Options *o, Error *err) {
    CLEANUP(file_lock_freep) FileLock *lock = NULL;
    CLEANUP(tokens_done) Tokens tokens = {0};
    CLEANUP(free_text) char *lock_path = xasprintf("%s.lock", app->layout.tokens_path);
    if (action->names_one != (o->name != NULL))
        return error_set(err, ERR_USAGE, action->names_one ? "%s needs the name of a token" : "%s takes no name", action->name);
    if (action->changes && (dir_make(app->layout.data_dir, err) != 0 || file_lock(lock_path, "smelt token", &lock, err) != 0)) return -1;
    return tokens_load(app->layout.tokens_path, &tokens, err) == 0 ? action->run(app, o, &tokens, err) : -1;
}

int command_token(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    if (command_parse(app, &argp, argc, argv, &o, err) != 0) return -1;
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, o.action) == 0) return run(app, &actions[i], &o, err);
    return error_set(err, ERR_USAGE, "expected create, list or revoke, not \"%s\"", o.action);
}

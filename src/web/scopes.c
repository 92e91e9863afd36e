/* scopes.c: see scopes.h. */
#include "web/scopes.h"

#include "base/buf.h"
#include "base/memory.h"
#include <string.h>

static const char *const names[SCOPES] = {
    [SCOPE_ADMIN] = "admin",       [SCOPE_STATUS] = "status", [SCOPE_AGGREGATE] = "aggregate",
    [SCOPE_ENTITIES] = "entities", [SCOPE_RAW] = "raw",       [SCOPE_QUERY] = "query",
};

bool scope_allows(ScopeSet set, Scope scope) {
    if (scope == SCOPE_OPEN) return true;
    if (scope == SCOPE_ANY) return set != 0;
    return (set & (1U << scope | 1U << SCOPE_ADMIN)) != 0;
}

const char *scope_name(Scope scope) {
    return scope < SCOPES ? names[scope] : "";
}

static int parse_one(const char *s, size_t n, ScopeSet *set, Error *err) {
    for (size_t i = 0; i < SCOPES; i++)
        if (strlen(names[i]) == n && memcmp(names[i], s, n) == 0) {
            *set |= 1U << i;
            return 0;
        }
    CLEANUP(free_text) char *known = scopes_text((1U << SCOPES) - 1);
    return error_set(err, ERR_USAGE, "there is no scope '%.*s'; there are %s", (int)n, s, known);
}

int scopes_parse(const char *list, ScopeSet *ret, Error *err) {
    ScopeSet set = 0;
    for (const char *at = list;; at++) {
        size_t n = strcspn(at, ",");
        if (parse_one(at, n, &set, err) != 0) return -1;
        at += n;
        if (*at == '\0') break;
    }
    *ret = set;
    return 0;
}

char *scopes_text(ScopeSet set) {
    Buf out = {0};
    buf_add_str(&out, "");
    for (size_t i = 0; i < SCOPES; i++)
        if (set & 1U << i) buf_addf(&out, "%s%s", out.len > 0 ? "," : "", names[i]);
    return buf_take(&out);
}

/* scopes.h: what a token allows. Pure; any thread. */
#pragma once
#include "base/error.h"
#include <stdbool.h>

/* A route names one. 0 is `admin`: an address that names none is closed to all others. */
typedef enum Scope {
    SCOPE_ADMIN,     /* everything, and what only operators may see */
    SCOPE_STATUS,    /* how the parts are */
    SCOPE_AGGREGATE, /* sums, counts, the metrics: nothing about one person */
    SCOPE_ENTITIES,  /* persons: lists, features, scores */
    SCOPE_RAW,       /* payloads as they came */
    SCOPE_QUERY,     /* SQL */
    SCOPES,
    SCOPE_ANY,  /* any token that is valid */
    SCOPE_OPEN, /* needs no token */
} Scope;

/* A set of scopes: a bit for each. */
typedef unsigned ScopeSet;

/* Whether a token with `set` may use what names `scope`; admin has all. */
bool scope_allows(ScopeSet set, Scope scope);
const char *scope_name(Scope scope);
/* "status,aggregate"; ERR_USAGE lists the names that there are. */
int scopes_parse(const char *list, ScopeSet *ret, Error *err) MUST_CHECK;
/* "status,aggregate"; the caller frees. */
char *scopes_text(ScopeSet set) MUST_CHECK;

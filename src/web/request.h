/* request.h: a request: path, parameters, conditions. Knows neither sockets nor the header that it came in (http.h).
 * One thread at a time; a Request goes from the event loop to one worker and back. */
#pragma once
#include "base/attr.h"
#include "web/scopes.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARGET_MAX = 4096, PARAMS_MAX = 16, SEGMENTS_MAX = 8, RESPONSE_TYPE_SIZE = 64, REQUEST_ID_SIZE = 65 };

typedef struct Param {
    char *name, *value; /* decoded, valid UTF-8 without control characters */
} Param;

typedef struct Request {
    char *method;           /* a token of any case; "GET" when nothing else was said */
    char *target;           /* in origin form: "/api/v1/towers?limit=5"; or "*" */
    char *authority;        /* whom the client means: "localhost:8080"; NULL: HTTP/1.0 without a Host */
    char *path;             /* the part before '?', still escaped; never NULL after request_parse */
    bool path_has_controls; /* escaped; only an {id} may have them */
    Param params[PARAMS_MAX];
    size_t param_count;
    const char *entity; /* the {entities} of the route, as it is in `path`, where it is; NULL when the route has none */
    size_t entity_len;
    char *id;                      /* the {id} of the route, decoded: UTF-8 of any characters, NUL too; NULL when the route has none */
    size_t id_len;                 /* in bytes */
    char type[RESPONSE_TYPE_SIZE]; /* of the media types that the route has, the one that the client wants: "text/csv" */
    bool has_types;                /* it has several, so that the answer varies with Accept */
    char *if_match, *if_none_match, *accept, *accept_encoding; /* the values of all such fields, in one list; NULL: none */
    char *authorization, *cookie;                              /* as they came; NULL: none */
    char *range, *if_range, *last_event_id;                    /* as they came; NULL: none */
    char *idempotency_key;                                     /* as it came; NULL: none */
    char request_id[REQUEST_ID_SIZE]; /* of the client, or made here: letters, digits, "-", "_", "."; "": not known yet */
    bool has_content, content_is_typed, content_is_coded;
    char *content_type; /* as it came; NULL: none */
    char *content;      /* of a route that takes some: its bytes, and a NUL behind them; NULL: not read */
    size_t content_len;
    bool came_by_https; /* as a proxy says; anybody can say so */
    bool is_secure;     /* it came over TLS */
    bool is_deliberate; /* it has the field Smelt-Request, which no page of a stranger can make a browser send */
    char *who;          /* the name of the token; NULL: none was asked for */
    ScopeSet scopes;    /* of that token */
    bool is_operator;   /* may see paths, addresses and process ids: it has admin, or no token was asked for */
} Request;

/* Takes a copy of `target`. Always succeeds; request_parse judges it. */
Request *request_new(const char *target) MUST_CHECK;
void request_free(Request *r);
DEFINE_CLEANUP(request_free, Request)
/* Splits the target and decodes the parameters. 0, or the HTTP status to refuse it with and why in one sentence (static). */
int request_parse(Request *r, const char **ret_why) MUST_CHECK;
/* NULL when it is not there. Valid as long as the request. */
const char *request_param(const Request *r, const char *name);
/* Percent-decodes n bytes; plus_is_space for queries. NULL for a broken escape, a control character or invalid UTF-8. The caller frees. */
char *request_decode(const char *s, size_t n, bool plus_is_space) MUST_CHECK;
/* The same for an id: control characters are let through, since a lake may hold such ids and each must be readable. */
char *request_decode_id(const char *s, size_t n, size_t *ret_len) MUST_CHECK;

/* What a route accepts, so that checking, error texts and documentation come from one table. Ends with name == NULL. */
/* Of which addresses of an entity: its list always, only when it has a risk, or that with the id as a parameter. */
typedef enum ParamOnly { PARAM_OF_ALL, PARAM_OF_RANKED, PARAM_OF_ONE } ParamOnly;
typedef enum ParamType { PARAM_INT, PARAM_TEXT, PARAM_CHOICE } ParamType;
typedef struct ParamSpec {
    const char *name;
    ParamType type;
    int64_t least, most; /* PARAM_INT: the value; PARAM_TEXT: the length in characters */
    int64_t otherwise;   /* PARAM_INT: when it is not given; 0: that is something else than any value */
    const char *choices; /* PARAM_CHOICE: "high|medium|low" */
    const char *help;
    ParamOnly only;
    bool required;       /* so says the description; the handler asks for it */
    const char *pattern; /* PARAM_TEXT: what the description says of it, as a regular expression; NULL: any text. The handler judges it */
} ParamSpec;
/* NULL when every parameter is known, given once and fits; otherwise [{parameter, reason}, ...] with a sentence each (the caller owns it).
 * `specs` NULL: none are allowed. */
json_t *request_check_params(const Request *r, const ParamSpec *specs) MUST_CHECK;
/* The value of a checked PARAM_INT. */
int64_t request_int(const Request *r, const ParamSpec *specs, const char *name);

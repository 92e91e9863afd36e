/* gate.h: who may ask: tokens in Authorization, sessions of browsers in a cookie. Any thread.
 *
 * The gate is closed as soon as there is a file of tokens, and then for good; before that it is open where web_start allows it. */
#pragma once
#include "web/request.h"
#include "web/scopes.h"
#include <jansson.h>

typedef struct Gate Gate;

/* `may_be_open`: without a file of tokens, everybody may ask. A file that cannot be read lets nobody in until it can.
 * `per_second`: requests of one token, with its sessions; 0: as many as it likes. */
Gate *gate_new(const char *tokens_path, const char *uses_path, bool may_be_open, int per_second) MUST_CHECK;
void gate_free(Gate *gate);
DEFINE_CLEANUP(gate_free, Gate)
/* Reads the file of tokens again when it has changed, and writes when tokens were used, at most once a minute. To be called a few times a
 * second. */
void gate_follow(Gate *gate);

typedef enum Admission {
    ADMITTED,
    ADMISSION_NEEDS_TOKEN, /* none came */
    ADMISSION_UNKNOWN,     /* wrong, revoked or expired */
    ADMISSION_LACKS_SCOPE, /* req->scopes is what it has */
    ADMISSION_TOO_MANY,    /* requests of this token, in this second */
} Admission;

/* Whether it has a token in Authorization, valid or not. */
bool gate_has_bearer(const Request *req);
/* Sets req->is_operator, and req->who and req->scopes when the token or session is valid. */
Admission gate_admit(Gate *gate, Request *req, Scope scope) MUST_CHECK;

/* Of a request that was admitted, while its answer goes on: whether it would be now. Counts as no use. */
bool gate_admits_still(Gate *gate, const Request *req, Scope scope) MUST_CHECK;

enum { SESSION_SECONDS = 12 * 3600 };
/* A session for the token that `req` came with: text[65] is what the browser sends back. False: it did not come with a valid one. */
bool gate_begin_session(Gate *gate, const Request *req, char ret[65]) MUST_CHECK;
void gate_end_session(Gate *gate, const Request *req);
/* {open, items}: the tokens as token_described has them, with the last use also of this minute. A new reference. */
json_t *gate_tokens(Gate *gate) MUST_CHECK;
/* Nobody needs a token now. */
bool gate_is_open(Gate *gate);

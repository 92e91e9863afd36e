/* bodies.h: answers of one content that are given again as they are: their bodies, encoded or not. A generation never changes, so an answer
 * that depends on it and the target alone is made once. It holds BODIES_MAX answers with BODIES_BYTES at most; the oldest goes first. Any
 * thread. */
#pragma once
#include "web/response.h"

enum { BODIES_MAX = 64, BODIES_BYTES = 8 * 1024 * 1024, BODY_KEEP_MAX = 1024 * 1024 };

/* What an answer depends on besides the content: who may see what, the media type, the coding, the target. The caller frees. */
char *bodies_key(const Request *req) MUST_CHECK;

typedef struct Bodies Bodies;
Bodies *bodies_new(void) MUST_CHECK;
void bodies_free(Bodies *b);

/* The answer of the state that was given to such a request, with its ETag; not one that is older than `most_ns` (0: however old). False:
 * there is none. With `makes`, who gets none makes the next one: meanwhile others still get the one before, up to BODIES_RENEW_NS longer,
 * so that not all who ask in that moment make it. */
#define BODIES_RENEW_NS INT64_C(400000000)
bool bodies_get(Bodies *b, const Request *req, uint64_t state, int64_t most_ns, bool makes, Response *resp) MUST_CHECK;
/* Keeps a copy of an answer with 200 or 404, as response_encode left it, when it is not too large. `state`: of what it is an answer, where
 * the content changes. */
void bodies_put(Bodies *b, const Request *req, uint64_t state, const Response *resp);

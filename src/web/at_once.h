/* at_once.h: answers of a generation that need no query: those that were given before (bodies.h), and what its rows in memory say
 * (entity_store.h). As handlers.h. */
#pragma once
#include "web/routes.h"

#define LAKE_CACHING "private, no-cache" /* it is about persons: for no cache that others use */

/* The ETag of an answer of the content `tag`. What operators see has another one, and each media type but JSON. */
void versioned_etag(const char *tag, const Request *req, char etag[ETAG_SIZE]);
/* Whether the answer depends on the content and the target alone; what people note is no content of a generation. */
bool is_versioned(const Route *route, const Request *req);
/* False: it needs a query, or, on the event loop, more time than others may wait. */
bool answer_at_once(Service *s, const Route *route, const Request *req, bool on_worker, Response *resp) MUST_CHECK;
/* Whether an answer with 200 to this request is kept (keep_answer), so that the next client with the same request gets it. */
bool will_be_kept(const Route *route, const Request *req);
/* Encodes the answer and keeps it, to give it again. */
void keep_answer(const Route *route, const Request *req, const Lease *lease, Response *resp);
/* A page goes on in the content that the page before was of: its Lease.scope; 0: in any. */
uint64_t scope_of(const Request *req);

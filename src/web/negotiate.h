/* negotiate.h: what a client wants of what there is: the fields Accept and Accept-Encoding. Pure; any thread. */
#pragma once
#include "web/request.h"

/* Which of the media types ("application/json text/csv", or one with parameters, that do not count) an Accept field (NULL: none came) likes
 * best; of equals the first. False: none of them. */
bool negotiate_type(const char *accept, const char *types, char ret[RESPONSE_TYPE_SIZE]);
/* The content coding that an Accept-Encoding field (NULL: none came) likes best of `codings` (ends with NULL); NULL: none of them. */
const char *negotiate_coding(const char *accept, const char *const *codings);

/* feed_form.h: is a file one of lines of JSON objects, as events are? */
#pragma once
#include "base/error.h"
#include "base/span.h"

/* How many bytes of a file are looked at. */
#define FEED_FORM_BYTES (256 * 1024)

/* `head`: the first bytes of the file, FEED_FORM_BYTES or all that there is; `grows`: more may be written to it, so that a head without
 * lines says nothing yet. ERR_DATA, with what the file is and what to do: none of its first lines begins an object. An empty file passes.
 */
int feed_check_form(const char *path, Span head, bool grows, Error *err) MUST_CHECK;

/* base64.h: base64 (RFC 4648, the alphabet of section 4, with its padding). Pure; any thread. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include <stdbool.h>

/* Adds what the text decodes to. False: it is no base64; then something may have been added. */
bool base64_decode(Span text, Buf *out) MUST_CHECK;

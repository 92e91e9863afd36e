/* slow_judge.h: a second judge, for comparison: slow and obvious. It reads JSON by hand into a tree, and numbers into strings of digits; it
 * knows contracts as they are declared, not as programs. */
#pragma once
#include "base/buf.h"
#include "base/span.h"
#include "contract/pipeline.h"

/* Appends what becomes of an event, in words: a line "column NAME VALUE" for each value, "broken RULE FIELD VALUE: REASON" for each
 * violation, "drift KIND FIELD VALUE" for each place of drift. `subscriber` (UTF-8) or `extra` may be absent; the rest of the envelope is
 * good. Of patterns it knows one, ^[a-z]*$. */
void slow_judge(const Contract *c, Span subscriber, Span extra, Span payload, int64_t message_us, Buf *out);
/* Whether a text is UTF-8. */
bool slow_is_utf8(Span text);

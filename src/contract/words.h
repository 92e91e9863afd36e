/* words.h: rules in words. Any thread. */
#pragma once
#include "base/buf.h"
#include "contract/declarations.h"

/* "must be at least 0", "must be one of a, b" */
void check_words(const Check *check, Buf *out);

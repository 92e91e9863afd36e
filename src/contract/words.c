/* words.c: see words.h. */
#include "contract/words.h"

#include <inttypes.h>

static void add_length(Buf *out, const char *end, int64_t n) {
    buf_addf(out, "must have at %s %" PRId64 " character%s", end, n, n == 1 ? "" : "s");
}

void check_words(const Check *check, Buf *out) {
    switch (check->kind) {
    case CHECK_MINIMUM: buf_addf(out, "must be at least %s", check->text); break;
    case CHECK_MAXIMUM: buf_addf(out, "must be at most %s", check->text); break;
    case CHECK_ABOVE: buf_addf(out, "must be above %s", check->text); break;
    case CHECK_BELOW: buf_addf(out, "must be below %s", check->text); break;
    case CHECK_MIN_LENGTH: add_length(out, "least", check->number); break;
    case CHECK_MAX_LENGTH: add_length(out, "most", check->number); break;
    case CHECK_PATTERN: buf_addf(out, "must match %s", check->text); break;
    case CHECK_VALUES:
        buf_add_str(out, "must be one of");
        for (size_t i = 0; i < check->value_count; i++) buf_addf(out, "%s %s", i > 0 ? "," : "", check->values[i]);
        break;
    case CHECK_AHEAD: buf_addf(out, "must be at most %g hours after the message", (double)check->number / 3.6e9); break;
    }
}

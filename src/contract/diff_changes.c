/* diff_changes.c: the list of changes. */
#include "base/error.h"
#include "contract/diff_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char diff_loosens[] = "loosens", diff_tightens[] = "tightens", diff_adds[] = "adds", diff_rebuild[] = "rebuild";

void diff_add(const Diff *d, const char *effect, const char *field, const char *fmt, ...) {
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) BUG("vasprintf");
    va_end(args);
    json_array_append_new(d->changes,
                          json_pack("{ss ss ss ss}", "effect", effect, "event_type", d->event_type, "field", field, "text", text));
    free(text);
}

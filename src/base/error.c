/* error.c: one kind, one sentence. A failed allocation here ends the process in memory.c, so there is always a text. */
#include "base/error.h"

#include "base/memory.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int exit_code;
    const char *name;
} kinds[] = {
    [ERR_NONE] = {0, "none"},       [ERR_USAGE] = {64, "usage"},
    [ERR_DATA] = {65, "data"},      [ERR_UNAVAILABLE] = {69, "unavailable"},
    [ERR_BUG] = {70, "bug"},        [ERR_IO] = {74, "io"},
    [ERR_BUSY] = {75, "busy"},      [ERR_CONFIG] = {78, "config"},
    [ERR_FULL] = {74, "disk_full"}, [ERR_STOPPED] = {130, "stopped"},
};

static char *format(const char *fmt, va_list args) {
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0) return xstrdup(fmt);
    return text;
}

static void replace(Error *err, Error by) {
    free(err->text);
    *err = by;
}

int error_set(Error *err, ErrorKind kind, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = format(fmt, args);
    va_end(args);
    replace(err, (Error){.kind = kind, .text = text});
    return -1;
}

int error_errno(Error *err, ErrorKind kind, int errnum, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *what = format(fmt, args);
    va_end(args);
    bool full = kind == ERR_IO && (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG);
    replace(err, (Error){.kind = full ? ERR_FULL : kind, .text = xasprintf("%s: %s", what, strerror(errnum))});
    return -1;
}

int error_prefix(Error *err, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    CLEANUP(free_text) char *context = format(fmt, args);
    va_end(args);
    char *text = xasprintf("%s: %s", context, err->text != NULL ? err->text : "failed");
    replace(err, (Error){.kind = err->kind, .fatal = err->fatal, .text = text});
    return -1;
}

int error_move(Error *err, Error *from) {
    replace(err, *from);
    *from = (Error){0};
    return -1;
}

void error_clear(Error *err) {
    replace(err, (Error){0});
}

int error_exit_code(ErrorKind kind) {
    return kinds[kind].exit_code;
}

const char *error_kind_name(ErrorKind kind) {
    return kinds[kind].name;
}

ErrorKind error_kind_of(const char *name) {
    for (size_t i = 1; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].name != NULL && strcmp(kinds[i].name, name) == 0) return (ErrorKind)i;
    return ERR_BUG;
}

void bug_at(const char *file, int line, const char *what) {
    fprintf(stderr, "smelt: BUG at %s:%d: %s. Please report this.\n", file, line, what);
    abort();
}

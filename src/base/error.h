/* error.h: what went wrong, in one sentence, and what the caller should do about it.
 *
 * Every function that can fail returns 0 or -1 and takes `Error *err` last. On -1 the error is set and no `ret_` output was touched.
 * Each layer that knows more puts its context in front (error_prefix); the top prints the sentence once. */
#pragma once
#include "base/attr.h"

/* The kind decides what happens next: retry (UNAVAILABLE, BUSY), stop (the others). Bad events are rows, never errors. */
typedef enum ErrorKind {
    ERR_NONE = 0,
    ERR_USAGE,       /* 64: the command line is wrong */
    ERR_DATA,        /* 65: input that we cannot accept and may not skip */
    ERR_UNAVAILABLE, /* 69: a service is away; trying again later may help */
    ERR_BUG,         /* 70: ours to fix */
    ERR_IO,          /* 74: disk, file, database */
    ERR_FULL,        /* 74: no room on the disk; who runs for ever waits for it */
    ERR_BUSY,        /* 75: somebody else holds the lake; trying again later helps */
    ERR_CONFIG,      /* 78: settings or pipeline files */
    ERR_STOPPED,     /* 130: the user asked us to stop before the work was complete */
} ErrorKind;

typedef struct Error {
    ErrorKind kind;
    char *text; /* owned; NULL while kind is ERR_NONE */
} Error;

/* Sets kind and text (an earlier text is replaced). Returns -1, so that `return error_set(...)` reads well. */
int error_set(Error *err, ErrorKind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As error_set, with ": <strerror(errnum)>" at the end. ERR_IO becomes ERR_FULL when the disk is. */
int error_errno(Error *err, ErrorKind kind, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Puts "<context>: " in front of the text. Returns -1. */
int error_prefix(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Frees the text; the error can be used again. */
void error_clear(Error *err);
/* The process exit code of a kind (sysexits.h numbers, see the enum). */
int error_exit_code(ErrorKind kind);
/* "unavailable", "busy", ...: stable words for JSON output and metrics labels. */
const char *error_kind_name(ErrorKind kind);
static inline int error_is_retriable(const Error *err) {
    return err->kind == ERR_UNAVAILABLE || err->kind == ERR_BUSY;
}

/* An impossible state: says where and aborts. Never for bad input. */
_Noreturn void bug_at(const char *file, int line, const char *what);
#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define BUG_IF(cond)                                                                                                                       \
    do {                                                                                                                                   \
        if (cond) BUG(#cond);                                                                                                              \
    } while (0)

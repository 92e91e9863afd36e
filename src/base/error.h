/* error.h: what went wrong, in one sentence, and what the caller may do about it.
 *
 * Every function that can fail returns 0 or -1 and takes `Error *err` last. On -1 the error is set and no `ret_` output was touched.
 * Each layer that knows more puts its context in front (error_prefix); the top prints the sentence once.
 *
 * The function that fails knows what may be done about it and says so in the error: by the kind, and by `fatal`. Its callers read that with
 * error_is_retriable and error_can_wait_for_space; they do not look at the state of the module that failed. */
#pragma once
#include "base/attr.h"
#include <stdbool.h>

/* The kind is the exit code, and says what happens next: retry (UNAVAILABLE, BUSY), wait for space (FULL), stop (the others). Bad events
 * are rows, never errors. */
typedef enum ErrorKind {
    ERR_NONE = 0,
    ERR_USAGE,       /* 64: the command line is wrong */
    ERR_DATA,        /* 65: input that cannot be accepted and may not be skipped */
    ERR_UNAVAILABLE, /* 69: a service is away; trying again later may help */
    ERR_BUG,         /* 70: a mistake in Smelt */
    ERR_IO,          /* 74: disk, file, database */
    ERR_FULL,        /* 74: the disk is full; a process that runs until it is stopped waits for space */
    ERR_BUSY,        /* 75: another process holds the lake; trying again later helps */
    ERR_CONFIG,      /* 78: settings or pipeline files */
    ERR_STOPPED,     /* 130: the user asked to stop before the work was complete */
} ErrorKind;

typedef struct Error {
    ErrorKind kind;
    bool fatal; /* this process cannot use what failed any more, whatever the kind: it has to leave; a new process may try again */
    char *text; /* owned; NULL while kind is ERR_NONE */
} Error;

/* Sets kind and text, not fatal (an earlier error is replaced). Returns -1, so that `return error_set(...)` reads well. */
int error_set(Error *err, ErrorKind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As error_set, with ": <strerror(errnum)>" at the end. ERR_IO becomes ERR_FULL when the disk is. */
int error_errno(Error *err, ErrorKind kind, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Puts "<context>: " in front of the text; the rest stays. Returns -1. */
int error_prefix(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Replaces `err` by `from`, which is empty afterwards. Returns -1. */
int error_move(Error *err, Error *from);
/* Frees the text; the error can be used again. */
void error_clear(Error *err);
/* The process exit code of a kind (sysexits.h numbers, see the enum). */
int error_exit_code(ErrorKind kind);
/* "unavailable", "busy", ...: stable words for JSON output and metrics labels. */
const char *error_kind_name(ErrorKind kind);
/* By its name; ERR_BUG for any other text. */
ErrorKind error_kind_of(const char *name);
/* Trying again in this process, after a pause, may help. */
static inline bool error_is_retriable(const Error *err) {
    return !err->fatal && (err->kind == ERR_UNAVAILABLE || err->kind == ERR_BUSY);
}
/* Trying again in this process helps as soon as the disk has space. */
static inline bool error_can_wait_for_space(const Error *err) {
    return !err->fatal && err->kind == ERR_FULL;
}

/* An impossible state: says where and aborts. Never for bad input. */
_Noreturn void bug_at(const char *file, int line, const char *what);
#define BUG(what) bug_at(__FILE__, __LINE__, what)
#define BUG_IF(cond)                                                                                                                       \
    do {                                                                                                                                   \
        if (cond) BUG(#cond);                                                                                                              \
    } while (0)

/* statuses.h: the statuses that this server answers with, and what each error means. Read-only; any thread. */
#pragma once
#include <stddef.h>

typedef struct Status {
    int code;
    const char *reason; /* "Not Found" */
    const char *name;   /* of its page, /problems/<name>; NULL: it is no error */
    const char *help;   /* what it means and what to do about it; NULL with name */
} Status;

extern const Status statuses[]; /* ends with code == 0; the first row of a code is the usual one */
/* NULL when this server does not use it. */
const Status *status_of_code(int code);
const Status *status_of_name(const char *name, size_t n);

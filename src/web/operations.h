/* operations.h: what tokens asked this server to change: one at a time, on a thread of its own, each with how it stands. The last ones are
 * kept, for a day at most, also when the server is restarted. Any thread.
 *
 * A request may have a key (Idempotency-Key): another one with the same key, of the same token and of the same content, is the same
 * operation, which is not done twice. What did nothing since the lake was in use is forgotten with its key: trying again means trying. */
#pragma once
#include "base/error.h"
#include <jansson.h>

/* Does it, and waits for its end; the answer becomes the operation's `result`. ERR_BUSY: nothing was done, since the lake is in use. */
typedef int (*OperationRun)(void *arg, const char *kind, const json_t *args, json_t **ret, Error *err);

typedef struct Operations Operations;
/* `log_path`: where they are kept (operation_log.h); NULL: only in memory. `on_end` (NULL: none) gets the view of each operation when it
 * has ended. `arg` and `end_arg` are borrowed. */
Operations *operations_new(OperationRun run, void *arg, const char *log_path, void (*on_end)(void *arg, const json_t *view),
                           void *end_arg) MUST_CHECK;
/* Waits for the one that runs: it ends when `run` does. */
void operations_free(Operations *o);

typedef struct OperationRequest {
    const char *kind;   /* "promote"; static */
    const char *target; /* "m1"; NULL: none */
    const json_t *args; /* what `run` gets */
    const char *by;     /* the name of the token */
    const char *key;    /* NULL: none */
} OperationRequest;

typedef enum OperationStart {
    OPERATION_BEGUN,
    OPERATION_REPEATED,   /* the one that began with this key */
    OPERATION_REFUSED,    /* another one runs; ret_id is that one's */
    OPERATION_OTHER_KIND, /* the key is that of another request */
} OperationStart;

enum { OPERATION_ID_SIZE = 32 };
OperationStart operations_begin(Operations *o, const OperationRequest *request, char ret_id[OPERATION_ID_SIZE]) MUST_CHECK;
/* {id, kind, target, state, by, started_at, finished_at, result, error}, state one of running, done, failed; error {kind, detail}. A new
 * reference; NULL: it is not known. Waits up to `wait_ms` for its end. `ret_failed` (NULL: not wanted): the error, ERR_NONE unless failed.
 */
json_t *operations_get(Operations *o, const char *id, int wait_ms, ErrorKind *ret_failed) MUST_CHECK;
/* The last ones, the newest first; a new reference. */
json_t *operations_list(Operations *o) MUST_CHECK;

/* query_socket.h: the writer answers the questions of other processes (flow/questions.h), because DuckDB lets no second process open the
 * file meanwhile.
 *
 * A local socket in Linux's abstract namespace, named after the lock file: it leaves no file behind, and is reached from the same network
 * namespace (the same container or pod). Only processes of the same user, and root, are answered. One question per connection: a JSON
 * object on a line, {ask, args}; the answer is {answer} or {error: {kind, text}}, as long as it takes. */
#pragma once
#include "lake/lake.h"

typedef struct QuerySocket QuerySocket;
/* Answers from two threads of its own; the question "check" is about the commit mark at `mark_path`. `lake` is borrowed: free the socket
 * first. NULL when there can be none: then other processes find the lake busy. */
QuerySocket *query_socket_new(Lake *lake, const char *lock_path, const char *mark_path);
/* Interrupts the questions that run. */
void query_socket_free(QuerySocket *s);
DEFINE_CLEANUP(query_socket_free, QuerySocket)

/* Asks the process that holds the lock. `wait_ms`: at most, until the answer begins; 0: as long as it takes, else ERR_UNAVAILABLE.
 * ERR_BUSY: no process can be asked; otherwise the error of the question. */
int query_socket_ask(const char *lock_path, const char *question, const json_t *args, int wait_ms, json_t **ret, Error *err) MUST_CHECK;

/* connection.h: one connection: bytes that came in, requests out of them, answers to bytes that go out. Knows no sockets and no threads, so
 * that tests and fuzzers can be its network. One request is answered at a time, in order; those behind it wait as bytes.
 *
 *   connection_space, connection_received ─▶ connection_next ─▶ connection_answer ─▶ connection_output, connection_sent
 *
 * One thread at a time. */
#pragma once
#include "web/hosts.h"
#include "web/response.h"
#include <stdbool.h>
#include <sys/uio.h>

typedef struct Connection Connection;

Connection *connection_new(const Hosts *hosts) MUST_CHECK; /* `hosts` is borrowed */
void connection_free(Connection *c);
DEFINE_CLEANUP(connection_free, Connection)

/* Where the next bytes go; never 0 of them while a request may come. */
char *connection_space(Connection *c, size_t *ret_n);
void connection_received(Connection *c, size_t n);
/* The next request, once it is complete; the caller owns it and answers it before it asks again. NULL: not yet, or there will be none. What
 * is no HTTP, or meant for another host, is answered here: `ret_refused` is its status then, else 0. */
Request *connection_next(Connection *c, int *ret_refused);
/* The content of that request is wanted: up to `most` bytes. Says so to a client that waits for it (100 Continue). False: its header says
 * that it is longer, so none of it is read. */
bool connection_want_content(Connection *c, size_t most);
/* Gives the request its content when all of it is here. False: not yet, or it is refused; `ret_why` is why then, and `ret_status` what to
 * answer, else 0. */
bool connection_take_content(Connection *c, Request *req, int *ret_status, const char **ret_why);
/* Takes what `resp` has. `last`: the connection ends with it, whatever the client wants. */
void connection_answer(Connection *c, const Request *req, Response *resp, bool last);
/* More of an answer that streams, once what was there is sent. */
void connection_stream(Connection *c, const Buf *bytes);
/* For a request that did not come in time: 408. False when no byte of it has come, and the connection can just end. */
bool connection_answer_late(Connection *c);

/* What is to be sent, in up to two parts; returns their number. */
int connection_output(const Connection *c, struct iovec parts[2]);
void connection_sent(Connection *c, size_t n);
/* Nothing is to be read any more; when everything is sent, the connection is to be closed. */
bool connection_has_ended(const Connection *c);
/* A part of a request is here. */
bool connection_has_input(const Connection *c);

/* connections.h: the open connections, with a deadline for each state.
 *
 * An inactivity timeout alone lets a client hold a connection for ever by sending a byte now and then. So each state has a deadline that no
 * byte moves: a request must be complete in time, an answer must be taken in time, an idle connection is closed after a while. And near the
 * limit, a new connection closes the one that has waited longest. Any thread. */
#pragma once
#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

typedef struct Connections Connections;
typedef struct Connection Connection;

Connections *connections_new(size_t limit) MUST_CHECK;
void connections_free(Connections *all); /* all must have been removed */
/* A client has connected. The caller hands the result to connections_remove before it closes the socket. */
Connection *connections_add(Connections *all, int socket) MUST_CHECK;
void connections_remove(Connections *all, Connection *c);
/* Its request is complete and being answered; then: the answer is sent, the next request may come. */
void connections_set_busy(Connections *all, Connection *c);
void connections_set_idle(Connections *all, Connection *c);
/* Shuts down the sockets that are past their deadline; their owner notices and closes them. To be called a few times a second. */
void connections_sweep(Connections *all);
size_t connections_count(Connections *all);

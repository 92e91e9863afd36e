/* connections.h: who is connected and how long they may stay in the state that they are in.
 *
 * An inactivity timeout alone lets a client hold a connection for ever by sending a byte now and then. So each state has an end that no
 * byte moves: a request must be complete in time, an answer must be taken in time, an idle connection goes after a while. And when nearly
 * all places are taken, the connection that has waited longest makes room for the newcomer. Any thread. */
#pragma once
#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

typedef struct Connections Connections;
typedef struct Connection Connection;

Connections *connections_new(size_t limit) MUST_CHECK;
void connections_free(Connections *all); /* all must have left */
/* A client came. The caller hands the result back with connections_leave before it closes the socket. */
Connection *connections_enter(Connections *all, int socket) MUST_CHECK;
void connections_leave(Connections *all, Connection *c);
/* Its request is complete and being answered; then: the answer is sent, the next request may come. */
void connections_busy(Connections *all, Connection *c);
void connections_idle(Connections *all, Connection *c);
/* Shuts the sockets down whose time is over; their owner notices and closes them. To be called a few times a second. */
void connections_sweep(Connections *all);
size_t connections_count(Connections *all);

/* peers.h: from which addresses the connections come: so that one that has many cannot take the place of others, and which are proxies
 * whose word counts. One thread at a time. */
#pragma once
#include "base/error.h"
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

typedef struct Peer {
    struct Peer *next;
    struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d; of IPv6 the first half, which is one customer's */
    size_t connections;
    bool is_proxy;
} Peer;

typedef struct Peers Peers;
/* `proxies`: addresses and networks, "10.0.0.7,10.1.0.0/16,fd00::/8"; NULL or "": none. ERR_CONFIG. */
int peers_new(const char *proxies, Peers **ret, Error *err) MUST_CHECK;
void peers_free(Peers *peers);
DEFINE_CLEANUP(peers_free, Peers)
/* One connection more; valid until peers_leave was called for each. */
Peer *peers_enter(Peers *peers, const struct sockaddr_storage *from) MUST_CHECK;
void peers_leave(Peers *peers, Peer *peer);
/* The one with the most connections that is no proxy; NULL: none. */
const Peer *peers_busiest(const Peers *peers);

/* peers.c: see peers.h. A list: there are at most as many as connections. */
#include "web/peers.h"

#include "base/memory.h"
#include <arpa/inet.h>
#include <string.h>

typedef struct Network {
    struct in6_addr address;
    unsigned bits;
} Network;

struct Peers {
    Peer *first;
    Network *proxies;
    size_t proxy_count;
};

/* ---- networks ---- */

static struct in6_addr mapped(struct in_addr address) {
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(out.s6_addr + 12, &address, sizeof address);
    return out;
}

static bool is_in(const struct in6_addr *address, const Network *network) {
    unsigned bytes = network->bits / 8, rest = network->bits % 8;
    if (memcmp(address->s6_addr, network->address.s6_addr, bytes) != 0) return false;
    return rest == 0 || (address->s6_addr[bytes] ^ network->address.s6_addr[bytes]) >> (8 - rest) == 0;
}

/* "10.1.0.0/16" */
static bool read_network(char *text, Network *ret) {
    struct in_addr v4;
    char *slash = strchr(text, '/'), *end = NULL;
    if (slash != NULL) *slash = '\0';
    bool is_v4 = inet_pton(AF_INET, text, &v4) == 1;
    if (is_v4)
        ret->address = mapped(v4);
    else if (inet_pton(AF_INET6, text, &ret->address) != 1)
        return false;
    unsigned long most = is_v4 ? 32 : 128, bits = slash != NULL ? strtoul(slash + 1, &end, 10) : most;
    ret->bits = (unsigned)bits + (is_v4 ? 96 : 0);
    return bits <= most && (slash == NULL || (slash[1] >= '0' && slash[1] <= '9' && *end == '\0'));
}

static int add_proxies(Peers *peers, const char *list, Error *err) {
    CLEANUP(free_text) char *copy = xstrdup(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", ")) != NULL;) {
        Network network;
        if (*word == '\0') continue;
        CLEANUP(free_text) char *shown = xstrdup(word);
        if (!read_network(word, &network))
            return error_set(err, ERR_CONFIG, "http.trusted_proxies has '%s', expected addresses or networks like 10.1.0.0/16", shown);
        peers->proxies = xrealloc(peers->proxies, peers->proxy_count + 1, sizeof network);
        peers->proxies[peers->proxy_count++] = network;
    }
    return 0;
}

int peers_new(const char *proxies, Peers **ret, Error *err) {
    CLEANUP(peers_freep) Peers *peers = xcalloc(1, sizeof *peers);
    if (proxies != NULL && add_proxies(peers, proxies, err) != 0) return -1;
    *ret = TAKE(peers);
    return 0;
}

void peers_free(Peers *peers) {
    for (Peer *peer = peers->first, *next; peer != NULL; peer = next) {
        next = peer->next;
        free(peer);
    }
    free(peers->proxies);
    free(peers);
}

/* ---- connections ---- */

static bool is_proxy(const Peers *peers, const struct in6_addr *address) {
    for (size_t i = 0; i < peers->proxy_count; i++)
        if (is_in(address, &peers->proxies[i])) return true;
    return false;
}

static struct in6_addr address_of(const struct sockaddr_storage *from) {
    if (from->ss_family == AF_INET) return mapped(((const struct sockaddr_in *)from)->sin_addr);
    return from->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)from)->sin6_addr : (struct in6_addr){0};
}

Peer *peers_enter(Peers *peers, const struct sockaddr_storage *from) {
    struct in6_addr address = address_of(from);
    bool proxy = is_proxy(peers, &address);
    if (!proxy && !IN6_IS_ADDR_V4MAPPED(&address)) memset(address.s6_addr + 8, 0, 8);
    for (Peer *peer = peers->first; peer != NULL; peer = peer->next)
        if (peer->is_proxy == proxy && memcmp(&peer->address, &address, sizeof address) == 0) {
            peer->connections++;
            return peer;
        }
    Peer *peer = xcalloc(1, sizeof *peer);
    *peer = (Peer){.next = peers->first, .address = address, .connections = 1, .is_proxy = proxy};
    peers->first = peer;
    return peer;
}

void peers_leave(Peers *peers, Peer *peer) {
    if (--peer->connections > 0) return;
    Peer **at = &peers->first;
    while (*at != peer) at = &(*at)->next;
    *at = peer->next;
    free(peer);
}

const Peer *peers_busiest(const Peers *peers) {
    const Peer *busiest = NULL;
    for (const Peer *peer = peers->first; peer != NULL; peer = peer->next)
        if (!peer->is_proxy && (busiest == NULL || peer->connections > busiest->connections)) busiest = peer;
    return busiest;
}

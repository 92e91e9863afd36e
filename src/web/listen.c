/* listen.c: host, [v6 host] or nothing (every address), a colon, a port. */
#include "web/listen.h"

#include "base/memory.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 256 };

static int split_address(const char *address, char **ret_host, char **ret_port, Error *err) {
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtol(colon + 1, NULL, 10) > 65535)
        return error_set(err, ERR_CONFIG, "http.listen is '%s', expected host:port like 127.0.0.1:8080", address);
    size_t n = (size_t)(colon - address);
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']')
        *ret_host = xstrndup(address + 1, n - 2);
    else
        *ret_host = xstrndup(address, n);
    *ret_port = xstrdup(colon + 1);
    return 0;
}

static int open_socket(const struct addrinfo *at) {
    int yes = 1, s = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0) return -1;
    if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 && bind(s, at->ai_addr, at->ai_addrlen) == 0 &&
        listen(s, BACKLOG) == 0)
        return s;
    int why = errno;
    close(s);
    errno = why;
    return -1;
}

static int port_of(int s) {
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    if (getsockname(s, (struct sockaddr *)&bound, &len) != 0) return 0;
    return bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                       : ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

static char *make_url(const char *scheme, const char *host, int port) {
    if (host[0] == '\0' || strcmp(host, "0.0.0.0") == 0) return xasprintf("%s://localhost:%d", scheme, port);
    if (strcmp(host, "::") == 0) return xasprintf("%s://[::1]:%d", scheme, port);
    return strchr(host, ':') != NULL ? xasprintf("%s://[%s]:%d", scheme, host, port) : xasprintf("%s://%s:%d", scheme, host, port);
}

int listen_on(const char *address, bool tls, int *ret_socket, char **ret_url, char **ret_host, Error *err) {
    CLEANUP(free_text) char *host = NULL;
    CLEANUP(free_text) char *port = NULL;
    if (split_address(address, &host, &port, err) != 0) return -1;
    struct addrinfo hints = {
        .ai_family = host[0] == '\0' ? AF_INET : AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int rc = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found);
    if (rc != 0) return error_set(err, ERR_CONFIG, "http.listen is '%s': %s", address, gai_strerror(rc));
    int s = open_socket(found);
    int why = errno;
    freeaddrinfo(found);
    if (s < 0) return error_errno(err, ERR_IO, why, "cannot listen on http.listen %s", address);
    *ret_socket = s;
    *ret_url = make_url(tls ? "https" : "http", host, port_of(s));
    *ret_host = TAKE(host);
    return 0;
}

bool listen_is_loopback(int s) {
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    if (getsockname(s, (struct sockaddr *)&bound, &len) != 0) return false;
    if (bound.ss_family == AF_INET) return ntohl(((struct sockaddr_in *)&bound)->sin_addr.s_addr) >> 24 == 127;
    return bound.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&bound)->sin6_addr);
}

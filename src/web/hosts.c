/* hosts.c: see hosts.h. Names are compared without regard to case, and without the dot that may end them. */
#include "web/hosts.h"

#include "base/memory.h"
#include "web/http.h"
#include <arpa/inet.h>
#include <string.h>

struct Hosts {
    char **names; /* IPv6 addresses with their brackets */
    size_t count;
    bool any, any_address;
};

static void add(Hosts *h, const char *name, size_t n) {
    h->names = xrealloc(h->names, h->count + 1, sizeof *h->names);
    h->names[h->count++] = xstrndup(name, n);
}

static int add_list(Hosts *h, const char *list, Error *err) {
    for (const char *at = list; *at != '\0';) {
        size_t n = strcspn(at, ","), host = 0;
        while (n > 0 && *at == ' ') at++, n--;
        size_t len = n;
        while (len > 0 && at[len - 1] == ' ') len--;
        while (len > 1 && at[len - 1] == '.') len--;
        if (len == 1 && *at == '*')
            h->any = true;
        else if (memchr(at, '*', len) != NULL)
            return error_set(err, ERR_CONFIG, "http.hosts has '%.*s': there are no patterns; list each name, or * for any", (int)len, at);
        else if (len > 0 && http_is_authority(at, len, &host) && host == len)
            add(h, at, len);
        else if (len > 0)
            return error_set(err, ERR_CONFIG, "http.hosts has '%.*s', expected names or addresses without a port, or *", (int)len, at);
        at += n + (at[n] == ',');
    }
    return 0;
}

static bool is_wildcard(const char *host) {
    return host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

int hosts_new(const char *more, const char *listen_host, Hosts **ret, Error *err) {
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    CLEANUP(hosts_freep) Hosts *h = xcalloc(1, sizeof *h);
    CLEANUP(free_text) char *own = xasprintf(strchr(listen_host, ':') != NULL ? "[%s]" : "%s", listen_host);
    for (size_t i = 0; i < ARRAY_LEN(loopback); i++) add(h, loopback[i], strlen(loopback[i]));
    h->any_address = is_wildcard(listen_host);
    if (!h->any_address) add(h, own, strlen(own));
    if (more != NULL && add_list(h, more, err) != 0) return -1;
    *ret = TAKE(h);
    return 0;
}

void hosts_free(Hosts *h) {
    for (size_t i = 0; i < h->count; i++) free(h->names[i]);
    free(h->names);
    free(h);
}

/* What a browser takes for an address and not for a name: four numbers, or brackets. */
static bool is_address(const char *host, size_t n) {
    struct in_addr address;
    CLEANUP(free_text) char *text = xstrndup(host, n);
    return host[0] == '[' || inet_pton(AF_INET, text, &address) == 1;
}

bool hosts_allow(const Hosts *h, const char *authority) {
    size_t n = 0;
    if (h->any || authority == NULL) return true;
    if (!http_is_authority(authority, strlen(authority), &n)) return false;
    if (h->any_address && is_address(authority, n)) return true;
    if (n > 1 && authority[n - 1] == '.') n--;
    for (size_t i = 0; i < h->count; i++)
        if (strlen(h->names[i]) == n && strncasecmp(h->names[i], authority, n) == 0) return true;
    return false;
}

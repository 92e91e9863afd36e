/* hosts.h: which hosts a request may be meant for. A web page of a stranger can make its own name lead to this server (DNS rebinding): the
 * browser then sends that name as Host and gives the answers to the stranger's scripts. So only known names are answered. An address is
 * never such a name. Read-only once made: any thread. */
#pragma once
#include "base/error.h"

typedef struct Hosts Hosts;

/* localhost, 127.0.0.1, [::1], `listen_host` (without brackets), those of `more` ("smelt,smelt.example", "*" for any; NULL or "": none);
 * and any address when `listen_host` is a wildcard ("", "0.0.0.0", "::"). ERR_CONFIG: not a host. */
int hosts_new(const char *more, const char *listen_host, Hosts **ret, Error *err) MUST_CHECK;
void hosts_free(Hosts *hosts);
DEFINE_CLEANUP(hosts_free, Hosts)
/* `authority`: a valid one, "localhost:8080"; NULL (HTTP/1.0 without a Host, which no browser sends) is allowed. Its port does not count:
 * a stranger's page cannot choose the name by it. */
bool hosts_allow(const Hosts *hosts, const char *authority);

/* listen.h: from "host:port" to a listening socket. */
#pragma once
#include "base/error.h"
#include <stdbool.h>

/* `ret_url`: "http://127.0.0.1:8080", https:// with `tls`, with the port that was picked and an address that a browser on this machine can
 * open; the caller frees it and closes the socket. `ret_host`: the host as it was given, without brackets, "" for every address; the caller
 * frees. ERR_CONFIG: not an address; ERR_IO: it is taken or not allowed. */
int listen_on(const char *address, bool tls, int *ret_socket, char **ret_url, char **ret_host, Error *err) MUST_CHECK;
/* Whether only this machine can reach the socket. */
bool listen_is_loopback(int socket);

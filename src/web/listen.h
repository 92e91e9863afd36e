/* listen.h: from "host:port" to a listening socket. */
#pragma once
#include "base/error.h"

/* `ret_url`: "http://127.0.0.1:8080", with the port that was picked and an address that a browser here can open; the caller frees it and
 * closes the socket. ERR_CONFIG: not an address; ERR_IO: taken or not ours. */
int listen_on(const char *address, int *ret_socket, char **ret_url, Error *err) MUST_CHECK;

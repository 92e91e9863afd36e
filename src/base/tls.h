/* tls.h: TLS 1.2 and 1.3 over sockets that do not block, by OpenSSL. The only file that includes its ssl.h. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A server's certificate and key. Any thread. */
typedef struct TlsServer TlsServer;
/* PEM files: the certificate with those that it was signed with behind it, and its key. ERR_CONFIG names the file and says why. */
int tls_server_new(const char *certificate_path, const char *key_path, TlsServer **ret, Error *err) MUST_CHECK;
void tls_server_free(TlsServer *server);
DEFINE_CLEANUP(tls_server_free, TlsServer)
/* Reads the files again when one has changed, for streams that begin from now on. What cannot be read is logged, and the old pair stays. To
 * be called a few times a second, by one thread. */
void tls_server_follow(TlsServer *server);

/* One connection; the socket is borrowed. One thread at a time. */
typedef struct TlsStream TlsStream;
TlsStream *tls_stream_accept(TlsServer *server, int socket) MUST_CHECK;
/* As a client that does not ask whom it talks to: only for this process's own address. */
TlsStream *tls_stream_connect(int socket) MUST_CHECK;
void tls_stream_free(TlsStream *stream);
DEFINE_CLEANUP(tls_stream_free, TlsStream)
/* As recv and send; the handshake happens inside. -1 with EAGAIN: try again when the socket is ready for tls_stream_wants. */
ssize_t tls_stream_read(TlsStream *stream, void *bytes, size_t n) MUST_CHECK;
ssize_t tls_stream_write(TlsStream *stream, const void *bytes, size_t n) MUST_CHECK;
/* POLLIN or POLLOUT (EPOLLIN, EPOLLOUT). */
short tls_stream_wants(const TlsStream *stream);
/* There are bytes that were taken from the socket and not read: no poll reports them. */
bool tls_stream_has_bytes(const TlsStream *stream);
/* Tells the other side that nothing more comes. */
void tls_stream_end(TlsStream *stream);

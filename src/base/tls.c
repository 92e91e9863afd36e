/* tls.c: see tls.h.
 *
 * Invariant: a TlsServer always has a certificate and a key that fit; a stream keeps the pair it began with. */
#include "base/tls.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

struct TlsServer {
    char *certificate_path, *key_path;
    FileStamp certificate, key;
    pthread_mutex_t lock;
    SSL_CTX *context; /* under lock; counts its users */
};

struct TlsStream {
    SSL *ssl;
    short wants;
};

/* ---- certificates ---- */

#define CERTIFICATE_SETTING "http.tls.certificate"
#define KEY_SETTING         "http.tls.key"

/* Is it a file that can be read? OpenSSL says of one that cannot "system library". */
static int check_file(const char *setting, const char *path, Error *err) {
    int fd;
    if (file_open_regular(path, &fd, err) != 0) {
        err->kind = ERR_CONFIG;
        return error_prefix(err, "%s", setting);
    }
    close(fd);
    return 0;
}

/* `what` the file should have; with OpenSSL's own reason. */
static int error_of(const char *setting, const char *what, const char *path, Error *err) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    error_set(err, ERR_CONFIG, "%s: there is no %s in PEM in %s, or it cannot be used%s%s", setting, what, path, reason != NULL ? ": " : "",
              reason != NULL ? reason : "");
    ERR_clear_error();
    return -1;
}

static int use_pair(const TlsServer *server, SSL_CTX *context, Error *err) {
    if (check_file(CERTIFICATE_SETTING, server->certificate_path, err) != 0 || check_file(KEY_SETTING, server->key_path, err) != 0)
        return -1;
    if (SSL_CTX_use_certificate_chain_file(context, server->certificate_path) != 1)
        return error_of(CERTIFICATE_SETTING, "certificate", server->certificate_path, err);
    int rc = SSL_CTX_use_PrivateKey_file(context, server->key_path, SSL_FILETYPE_PEM);
    bool is_other = rc != 1 && ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509; /* OpenSSL compares the two at once */
    if (rc != 1 && !is_other) return error_of(KEY_SETTING, "private key", server->key_path, err);
    if (rc == 1 && SSL_CTX_check_private_key(context) == 1) return 0;
    ERR_clear_error();
    return error_set(err, ERR_CONFIG, KEY_SETTING ": the key in %s does not belong to the certificate in %s", server->key_path,
                     server->certificate_path);
}

static int load(const TlsServer *server, SSL_CTX **ret, Error *err) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) BUG("SSL_CTX_new");
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    int rc = use_pair(server, context, err);
    if (rc == 0)
        *ret = context;
    else
        SSL_CTX_free(context);
    return rc;
}

static void note_stamps(TlsServer *server) {
    server->certificate = file_stamp(server->certificate_path);
    server->key = file_stamp(server->key_path);
}

int tls_server_new(const char *certificate_path, const char *key_path, TlsServer **ret, Error *err) {
    CLEANUP(tls_server_freep) TlsServer *server = xcalloc(1, sizeof *server);
    server->certificate_path = xstrdup(certificate_path);
    server->key_path = xstrdup(key_path);
    pthread_mutex_init(&server->lock, NULL);
    note_stamps(server);
    if (load(server, &server->context, err) != 0) return -1;
    *ret = TAKE(server);
    return 0;
}

void tls_server_free(TlsServer *server) {
    SSL_CTX_free(server->context);
    pthread_mutex_destroy(&server->lock);
    free(server->certificate_path);
    free(server->key_path);
    free(server);
}

void tls_server_follow(TlsServer *server) {
    FileStamp certificate = file_stamp(server->certificate_path), key = file_stamp(server->key_path);
    SSL_CTX *context;
    Error err = {0};
    if (file_stamp_same(&certificate, &server->certificate) && file_stamp_same(&key, &server->key)) return;
    server->certificate = certificate;
    server->key = key;
    if (load(server, &context, &err) != 0) {
        log_error("tls", "the certificate from before stays in use: %s", err.text);
        error_clear(&err);
        return;
    }
    pthread_mutex_lock(&server->lock);
    SSL_CTX *before = server->context;
    server->context = context;
    pthread_mutex_unlock(&server->lock);
    SSL_CTX_free(before);
    log_info("tls", "the certificate in %s is in use", server->certificate_path);
}

/* ---- streams ---- */

static TlsStream *new_stream(SSL_CTX *context, int socket) {
    TlsStream *stream = xcalloc(1, sizeof *stream);
    stream->ssl = SSL_new(context);
    stream->wants = POLLIN;
    if (stream->ssl == NULL || SSL_set_fd(stream->ssl, socket) != 1) BUG("SSL_new");
    return stream;
}

TlsStream *tls_stream_accept(TlsServer *server, int socket) {
    pthread_mutex_lock(&server->lock);
    TlsStream *stream = new_stream(server->context, socket);
    pthread_mutex_unlock(&server->lock);
    SSL_set_accept_state(stream->ssl);
    return stream;
}

TlsStream *tls_stream_connect(int socket) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) BUG("SSL_CTX_new");
    TlsStream *stream = new_stream(context, socket);
    SSL_CTX_free(context);
    SSL_set_connect_state(stream->ssl);
    return stream;
}

void tls_stream_free(TlsStream *stream) {
    SSL_free(stream->ssl);
    free(stream);
}

/* What read and write have in common; `n` is what SSL_read or SSL_write returned. */
static ssize_t result_of(TlsStream *stream, int n) {
    if (n > 0) return n;
    int error = SSL_get_error(stream->ssl, n), problem = errno;
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        stream->wants = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        errno = EAGAIN;
        return -1;
    }
    ERR_clear_error();
    errno = error == SSL_ERROR_SYSCALL && problem != 0 && problem != EAGAIN ? problem : EPROTO;
    return -1;
}

static int at_most(size_t n) {
    return n < INT_MAX ? (int)n : INT_MAX;
}

ssize_t tls_stream_read(TlsStream *stream, void *bytes, size_t n) {
    ERR_clear_error();
    errno = 0;
    return result_of(stream, SSL_read(stream->ssl, bytes, at_most(n)));
}

ssize_t tls_stream_write(TlsStream *stream, const void *bytes, size_t n) {
    ERR_clear_error();
    errno = 0;
    return result_of(stream, SSL_write(stream->ssl, bytes, at_most(n)));
}

short tls_stream_wants(const TlsStream *stream) {
    return stream->wants;
}

bool tls_stream_has_bytes(const TlsStream *stream) {
    return SSL_pending(stream->ssl) > 0;
}

void tls_stream_end(TlsStream *stream) {
    ERR_clear_error();
    if (SSL_is_init_finished(stream->ssl)) (void)SSL_shutdown(stream->ssl);
    ERR_clear_error();
}

/* query_socket.c: see query_socket.h. A client that sends nothing is dropped after CLIENT_MS, so that it cannot keep others waiting. */
#include "flow/query_socket.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "flow/questions.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENT_MS = 2000, QUESTION_MAX = 1 << 16, LOOK_MS = 100, THREADS = 2 };

/* One question at a time. */
typedef struct Answerer {
    struct QuerySocket *socket; /* borrowed */
    LakeConn *conn;
    pthread_t thread;
} Answerer;

struct QuerySocket {
    int listener, wake; /* wake: an eventfd that ends the threads */
    atomic_bool ending;
    char *mark_path;
    Answerer answerers[THREADS];
    size_t running;
};

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
}

/* ---- both sides ---- */

/* False when there is no lock file, and so no process that holds it. */
static bool address_of(const char *lock_path, struct sockaddr_un *ret, socklen_t *ret_len) {
    FileStamp lock = file_stamp(lock_path);
    if (lock.inode == 0) return false;
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(ret->sun_path + 1, sizeof ret->sun_path - 1, "smelt-%" PRIx64 "-%" PRIx64, lock.device, lock.inode);
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    return true;
}

/* The user of the process on the other side; (uid_t)-1 when it is not known. */
static uid_t peer_of(int fd) {
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? peer.uid : (uid_t)-1;
}

static bool wait_for(int fd, short events, int ms) {
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, ms) == 1;
}

static int send_line(int fd, json_t *message) {
    CLEANUP(free_text) char *text = json_text(message);
    CLEANUP(free_text) char *line = xasprintf("%s\n", text);
    size_t n = strlen(line), sent = 0;
    while (sent < n && wait_for(fd, POLLOUT, CLIENT_MS)) {
        ssize_t some = send(fd, line + sent, n - sent, MSG_NOSIGNAL);
        if (some < 0 && errno != EAGAIN && errno != EINTR) return -1;
        if (some > 0) sent += (size_t)some;
    }
    return sent == n ? 0 : -1;
}

/* Bytes that are there up to the end of the line; 1: the line is whole, 0: more is to come, -1: it never will. */
static int receive_some(int fd, Buf *line) {
    enum { PIECE = 4096 };
    ssize_t n = recv(fd, buf_reserve(line, PIECE), PIECE, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    line->len += (size_t)n;
    line->data[line->len] = '\0';
    if (line->len > 0 && line->data[line->len - 1] == '\n') return 1;
    return n == 0 ? -1 : 0;
}

/* ---- the writer ---- */

static json_t *error_message(Error *err) {
    json_t *message = json_pack("{s{si ss}}", "error", "kind", (int)err->kind, "text", err->text);
    error_clear(err);
    return message != NULL ? message : json_pack("{s{si ss}}", "error", "kind", (int)ERR_IO, "text", "the reason is not UTF-8");
}

static json_t *answer(Answerer *a, const char *line) {
    Error err = {0};
    const char *name = NULL;
    json_t *args = NULL, *found = NULL;
    CLEANUP(json_freep) json_t *question = NULL;
    question = json_loads(line, JSON_ALLOW_NUL, NULL);
    if (json_unpack(question, "{ss s?o}", "ask", &name, "args", &args) != 0) {
        error_set(&err, ERR_USAGE, "expected {ask, args}");
        return error_message(&err);
    }
    if (question_answer(a->conn, a->socket->mark_path, name, args, &found, &err) != 0) return error_message(&err);
    return json_pack("{so}", "answer", found);
}

static void serve(Answerer *a, int client) {
    CLEANUP(buf_done) Buf line = {0};
    uid_t user = peer_of(client);
    int whole = user == geteuid() || user == 0 ? 0 : -1;
    while (whole == 0 && line.len < QUESTION_MAX && wait_for(client, POLLIN, CLIENT_MS)) whole = receive_some(client, &line);
    if (whole != 1) return;
    CLEANUP(json_freep) json_t *message = answer(a, line.data);
    if (send_line(client, message) != 0) log_debug("lake", "the process that asked has gone");
}

static void *run(void *arg) {
    Answerer *a = arg;
    QuerySocket *s = a->socket;
    struct pollfd fds[] = {{.fd = s->listener, .events = POLLIN}, {.fd = s->wake, .events = POLLIN}};
    while (!atomic_load(&s->ending)) {
        if (poll(fds, ARRAY_LEN(fds), -1) <= 0 || (fds[0].revents & POLLIN) == 0) continue;
        CLEANUP(close_fd) int client = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client >= 0) serve(a, client);
    }
    return NULL;
}

static int listen_at(const char *lock_path) {
    struct sockaddr_un address;
    socklen_t len;
    CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !address_of(lock_path, &address, &len)) return -1;
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, SOMAXCONN) != 0) return -1;
    int listener = fd;
    fd = -1;
    return listener;
}

static int start(QuerySocket *s, Lake *lake, const char *lock_path, Error *err) {
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->listener = listen_at(lock_path);
    if (s->wake < 0 || s->listener < 0) return error_errno(err, ERR_IO, errno, "no socket");
    for (Answerer *a = s->answerers; a < s->answerers + THREADS; a++, s->running++) {
        a->socket = s;
        if (lake_connect(lake, &a->conn, err) != 0) return -1;
        int problem = pthread_create(&a->thread, NULL, run, a);
        if (problem == 0) continue;
        lake_conn_freep(&a->conn);
        return error_errno(err, ERR_IO, problem, "no thread");
    }
    return 0;
}

QuerySocket *query_socket_new(Lake *lake, const char *lock_path, const char *mark_path) {
    Error err = {0};
    QuerySocket *s = xcalloc(1, sizeof *s);
    s->listener = s->wake = -1;
    s->mark_path = xstrdup(mark_path);
    if (start(s, lake, lock_path, &err) == 0) return s;
    log_debug("lake", "other processes cannot ask this one about the lake: %s", err.text);
    error_clear(&err);
    query_socket_free(s);
    return NULL;
}

/* A question may begin just after it was interrupted: so it is interrupted until the thread has ended. */
static void end(Answerer *a) {
    struct timespec until;
    do {
        lake_interrupt(a->conn);
        until = clock_deadline(LOOK_MS);
    } while (pthread_clockjoin_np(a->thread, NULL, CLOCK_MONOTONIC, &until) != 0);
    lake_conn_free(a->conn);
}

void query_socket_free(QuerySocket *s) {
    uint64_t one = 1;
    atomic_store(&s->ending, true);
    if (s->wake >= 0 && write(s->wake, &one, sizeof one) < 0) BUG("an eventfd that cannot be written");
    for (size_t i = 0; i < s->running; i++) end(&s->answerers[i]);
    close_fd(&s->listener);
    close_fd(&s->wake);
    free(s->mark_path);
    free(s);
}

/* ---- who asks ---- */

/* Another user could have taken the name: only the owner of the lock file is believed, and processes of this user. */
static bool is_trusted(int fd, const char *lock_path) {
    struct stat lock;
    uid_t user = peer_of(fd);
    return user == geteuid() || (stat(lock_path, &lock) == 0 && user == lock.st_uid);
}

static int connect_to(const char *lock_path, Error *err) {
    struct sockaddr_un address;
    socklen_t len;
    CLEANUP(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !address_of(lock_path, &address, &len) || connect(fd, (struct sockaddr *)&address, len) != 0 ||
        !is_trusted(fd, lock_path))
        return error_set(err, ERR_BUSY, "it cannot be asked from here");
    int connected = fd;
    fd = -1;
    return connected;
}

static int read_answer(const char *text, json_t **ret, Error *err) {
    CLEANUP(json_freep) json_t *message = NULL;
    message = json_loads(text, JSON_ALLOW_NUL, NULL);
    const json_t *error = json_object_get(message, "error");
    const char *why = json_string_value(json_object_get(error, "text"));
    if (why != NULL) return error_set(err, (ErrorKind)json_integer_value(json_object_get(error, "kind")), "%s", why);
    json_t *found = json_object_get(message, "answer");
    if (found == NULL) return error_set(err, ERR_BUSY, "its answer cannot be read");
    *ret = json_incref(found);
    return 0;
}

int query_socket_ask(const char *lock_path, const char *question, const json_t *args, int wait_ms, json_t **ret, Error *err) {
    CLEANUP(close_fd) int fd = connect_to(lock_path, err);
    if (fd < 0) return -1;
    CLEANUP(buf_done) Buf line = {0};
    CLEANUP(json_freep) json_t *message = json_pack("{ss sO?}", "ask", question, "args", args);
    if (send_line(fd, message) != 0) return error_set(err, ERR_BUSY, "it does not take the question");
    int waited = 0, whole = 0;
    while (whole == 0) {
        if (stop_requested()) return error_set(err, ERR_STOPPED, "stopped while waiting for the answer");
        if (wait_for(fd, POLLIN, LOOK_MS))
            whole = receive_some(fd, &line);
        else if (wait_ms > 0 && (waited += LOOK_MS) >= wait_ms)
            return error_set(err, ERR_UNAVAILABLE, "it does not answer within %d ms", wait_ms);
    }
    return whole == 1 ? read_answer(line.data, ret, err) : error_set(err, ERR_BUSY, "it ended before it had answered");
}

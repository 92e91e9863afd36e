/* attempts.c: does a handle still try to reach its brokers?
 *
 * librdkafka 2.15 may forget all of them. The only broker of a cluster that is about to end answers that the cluster has no brokers: the
 * library gives up the one that it has, and schedules a return to the addresses of the settings; when that answer is dealt with, it takes
 * the schedule back (rd_kafka_rebootstrap_tmr_stop in rdkafka_request.c), and remembers it as under way: it never connects again. Seen from
 * here: no socket is open, and none is opened. Then it is given the addresses once more. */
#include "base/clock.h"
#include "base/log.h"
#include "kafka/client_internal.h"
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLACK_NS   (3 * NSEC_PER_SEC) /* beyond librdkafka's longest pause: it looks for a broker once a second */
#define LONGEST_NS (600 * NSEC_PER_SEC)

/* `tried_ns` is set at the end of an attempt too: the pause until the next one begins there. */
static void begin_attempt(KafkaClient *client) {
    atomic_store(&client->tried_ns, clock_mono_ns());
    atomic_fetch_add(&client->attempts, 1);
}

static void end_attempt(KafkaClient *client) {
    atomic_store(&client->tried_ns, clock_mono_ns());
    atomic_fetch_sub(&client->attempts, 1);
}

/* The same call as librdkafka's own. librdkafka's threads call this and the two functions below. */
static int open_socket(int domain, int type, int protocol, void *opaque) {
    begin_attempt(opaque);
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    if (fd < 0) end_attempt(opaque);
    return fd;
}

static int close_socket(int fd, void *opaque) {
    end_attempt(opaque);
    return close(fd);
}

/* Looking up a name is an attempt too, also when it fails. `node` and `service` NULL: librdkafka wants `*addresses` freed. */
static int resolve(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **addresses, void *opaque) {
    if (node == NULL && service == NULL) {
        freeaddrinfo(*addresses);
        return 0;
    }
    begin_attempt(opaque);
    int problem = getaddrinfo(node, service, hints, addresses);
    end_attempt(opaque);
    return problem;
}

/* Longer than librdkafka rests between two attempts. */
static int64_t patience_ns(const rd_kafka_conf_t *conf) {
    char value[KAFKA_VALUE_SIZE];
    size_t size = sizeof value;
    if (rd_kafka_conf_get(conf, "reconnect.backoff.max.ms", value, &size) != RD_KAFKA_CONF_OK) return LONGEST_NS;
    return SLACK_NS + strtoll(value, NULL, 10) * (NSEC_PER_SEC / 1000);
}

void kafka_attempts_watch(rd_kafka_conf_t *conf, KafkaClient *client) {
    client->patience_ns = patience_ns(conf);
    atomic_store(&client->tried_ns, clock_mono_ns());
    rd_kafka_conf_set_socket_cb(conf, open_socket);
    rd_kafka_conf_set_closesocket_cb(conf, close_socket);
    rd_kafka_conf_set_resolve_cb(conf, resolve);
}

/* The pause doubles as long as it does not help: librdkafka keeps every address that it is given. */
static int64_t longer(int64_t pause_ns) {
    return pause_ns < LONGEST_NS / 2 ? pause_ns * 2 : LONGEST_NS;
}

void kafka_client_keep_trying(KafkaClient *client) {
    if (atomic_load(&client->attempts) > 0) return;
    long long now = clock_mono_ns(), tried = atomic_load(&client->tried_ns);
    bool helped = tried != atomic_load(&client->revived_ns);
    int64_t pause = helped ? client->patience_ns : atomic_load(&client->pause_ns);
    if (now - tried < pause || !atomic_compare_exchange_strong(&client->tried_ns, &tried, now)) return;
    atomic_store(&client->revived_ns, now);
    atomic_store(&client->pause_ns, longer(pause));
    log_info("kafka", "%s: the client has not tried to connect for %lld s: it is given the address again", client->address,
             (now - tried) / NSEC_PER_SEC);
    rd_kafka_brokers_add(client->rk, client->address);
}

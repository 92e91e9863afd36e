/* feed_kafka.c: a topic as a feed. Connecting takes as long as opening the lake: so a thread of its own asks for the first description as
 * soon as the feed is opened, and another one makes the consumer. When that fails, the caller's own request fails too, and returns the
 * reason.
 *
 * Describing and reading have a client each: on one connection, answers would wait for the fetch before them. Several topics share the one
 * for describing, and have a client each for reading: it is made anew with each session, because librdkafka keeps what it knew of a topic
 * that was deleted meanwhile, and so that the errors and the full prefetch queue of one topic are of no concern to another. */
#include "base/memory.h"
#include "ingest/feed_internal.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define EARLY_MS 1000 /* freeing the feed waits no longer than this */

typedef struct TopicFeed {
    Feed feed;
    const Settings *settings; /* borrowed */
    KafkaClient *client;      /* for describing, before and while reading; borrowed */
    KafkaClient *own;         /* ... unless it is this one */
    size_t topics;            /* that are read at the same time */
    KafkaConsumer *consumer;  /* of the thread `making` until it was joined; NULL: not made yet */
    bool reading;
    pthread_t early, making;
    sem_t described;  /* by `early`, which sets the two below before */
    bool early_asked; /* `early` is to be joined */
    bool is_making;   /* `making` is to be joined */
    bool early_taken; /* the caller has, or does not want, the early description */
    KafkaTopic early_topic;
    int early_rc;
} TopicFeed;

/* A request makes it connect and learn the leaders. */
static void *make_consumer_early(void *arg) {
    TopicFeed *t = arg;
    CLEANUP(kafka_topic_done) KafkaTopic unused = {0};
    Error ignored = {0};
    if (kafka_consumer_open(t->settings, t->feed.topic, t->topics, &t->consumer, &ignored) != 0 ||
        kafka_topic_describe(kafka_consumer_client(t->consumer), t->feed.topic, EARLY_MS, &unused, &ignored) != 0)
        error_clear(&ignored);
    return NULL;
}

static void *ask_early(void *arg) {
    TopicFeed *t = arg;
    Error ignored = {0};
    t->early_rc = kafka_topic_describe(t->client, t->feed.topic, EARLY_MS, &t->early_topic, &ignored);
    sem_post(&t->described);
    error_clear(&ignored);
    return NULL;
}

/* True once, when there is an early description: the caller owns it. The consumer is made meanwhile. */
static bool take_early(TopicFeed *t, KafkaTopic *ret) {
    if (!t->early_asked || t->early_taken) return false;
    while (sem_wait(&t->described) != 0 && errno == EINTR)
        ;
    t->early_taken = true;
    if (t->early_rc == 0) *ret = t->early_topic;
    return t->early_rc == 0;
}

static void end_early(TopicFeed *t) {
    CLEANUP(kafka_topic_done) KafkaTopic unused = {0};
    take_early(t, &unused);
    if (t->early_asked) pthread_join(t->early, NULL);
    if (t->is_making) pthread_join(t->making, NULL);
    t->early_asked = t->is_making = false;
}

static void topic_free(Feed *feed) {
    TopicFeed *t = (TopicFeed *)feed;
    end_early(t);
    kafka_consumer_freep(&t->consumer);
    kafka_client_freep(&t->own);
    sem_destroy(&t->described);
    free(feed->topic);
    free(t);
}

static int topic_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) {
    TopicFeed *t = (TopicFeed *)feed;
    if (take_early(t, ret)) return 0;
    return kafka_topic_describe(t->client, feed->topic, timeout_ms, ret, err);
}

static int topic_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err) {
    TopicFeed *t = (TopicFeed *)feed;
    CLEANUP(kafka_topic_done) KafkaTopic now = {0};
    if (kafka_topic_identify(t->client, feed->topic, timeout_ms, &now, err) != 0) return -1;
    if (!now.exists) return error_set(err, ERR_DATA, "%s was deleted while it was read. What was stored stays", feed->topic);
    if (strcmp(now.topic_id, was->topic_id) != 0)
        return error_set(err, ERR_DATA,
                         "%s was deleted and recreated while it was read: its id was %s, now it is %s. Nothing of the new one was stored. "
                         "If that was meant, run `%s` once: it reads the new one from its beginning and keeps what the old one brought",
                         feed->topic, was->topic_id, now.topic_id, feed_new_epoch(feed));
    *ret_grown = now.partition_count > was->partition_count;
    return 0;
}

static int topic_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) {
    TopicFeed *t = (TopicFeed *)feed;
    end_early(t);
    if (t->reading) kafka_consumer_freep(&t->consumer);
    t->reading = true;
    if (t->consumer == NULL && kafka_consumer_open(t->settings, feed->topic, t->topics, &t->consumer, err) != 0) return -1;
    return kafka_consumer_read(t->consumer, partitions, n, err);
}

static int topic_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) {
    return kafka_consumer_poll(((TopicFeed *)feed)->consumer, timeout_ms, ret, err);
}

static int topic_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) {
    return kafka_consumer_seek(((TopicFeed *)feed)->consumer, partition, offset, err);
}

static int topic_verify(Feed *feed, const Offsets *p, int64_t offset, Error *err) {
    return kafka_consumer_verify(((TopicFeed *)feed)->consumer, p->partition, offset, p->leader_epoch, err);
}

static void topic_report(Feed *feed, const Offsets *partitions, size_t n) {
    kafka_consumer_report(((TopicFeed *)feed)->consumer, partitions, n);
}

static const char *topic_throttle(Feed *feed) {
    return kafka_consumer_throttle(((TopicFeed *)feed)->consumer);
}

static const FeedOps topic_ops = {topic_free, topic_describe, topic_check,  topic_start,   topic_poll,
                                  topic_seek, topic_verify,   topic_report, topic_throttle};

int feed_open_topic(const Settings *settings, KafkaClient *client, const char *topic, size_t topics, Feed **ret, Error *err) {
    TopicFeed *t = xcalloc(1, sizeof *t);
    CLEANUP(feed_freep) Feed *feed = &t->feed;
    *feed = (Feed){.ops = &topic_ops, .topic = xstrdup(topic)};
    sem_init(&t->described, 0, 0);
    t->settings = settings;
    t->topics = topics;
    if (client == NULL && kafka_connect(settings, &t->own, err) != 0) return -1;
    t->client = client != NULL ? client : t->own;
    t->early_asked = pthread_create(&t->early, NULL, ask_early, t) == 0;
    t->is_making = pthread_create(&t->making, NULL, make_consumer_early, t) == 0;
    *ret = TAKE(feed);
    return 0;
}

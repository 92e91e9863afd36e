/* feed_kafka.c: a topic as a feed. */
#include "base/memory.h"
#include "medallion/feed_internal.h"

typedef struct TopicFeed {
    Feed feed;
    const Settings *settings; /* borrowed */
    KafkaClient *client;      /* for describing, before and while reading */
    KafkaConsumer *consumer;  /* NULL before start */
} TopicFeed;

static void topic_free(Feed *feed) {
    TopicFeed *t = (TopicFeed *)feed;
    kafka_consumer_freep(&t->consumer);
    kafka_client_freep(&t->client);
    free(feed->topic);
    free(t);
}

static int topic_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) {
    return kafka_topic_describe(((TopicFeed *)feed)->client, feed->topic, timeout_ms, ret, err);
}

static int topic_ping(Feed *feed, int timeout_ms, Error *err) {
    KafkaPing ping;
    return kafka_ping(((TopicFeed *)feed)->client, timeout_ms, &ping, err);
}

static int topic_start(Feed *feed, const KafkaPosition *from, size_t n, Error *err) {
    TopicFeed *t = (TopicFeed *)feed;
    return kafka_consumer_open(t->settings, feed->topic, from, n, &t->consumer, err);
}

static int topic_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) {
    return kafka_consumer_poll(((TopicFeed *)feed)->consumer, timeout_ms, ret, err);
}

static int topic_seek(Feed *feed, KafkaPosition to, Error *err) {
    return kafka_consumer_seek(((TopicFeed *)feed)->consumer, to, err);
}

static void topic_report(Feed *feed, const KafkaPosition *positions, size_t n) {
    kafka_consumer_report(((TopicFeed *)feed)->consumer, positions, n);
}

static const FeedOps topic_ops = {topic_free, topic_describe, topic_ping, topic_start, topic_poll, topic_seek, topic_report};

int feed_open_kafka(const Settings *settings, Feed **ret, Error *err) {
    TopicFeed *t = xcalloc(1, sizeof *t);
    CLEANUP(feed_freep) Feed *feed = &t->feed;
    *feed = (Feed){.ops = &topic_ops, .topic = xstrdup(settings_text(settings, "kafka.topic"))};
    t->settings = settings;
    if (kafka_connect(settings, &t->client, err) != 0) return -1;
    *ret = TAKE(feed);
    return 0;
}
